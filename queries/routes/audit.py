"""Who did what: acts of people and of the holders of keys."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from queries import questions
from queries.routes.asking import Asking, Encoding, Limit, Window

router = APIRouter(tags=["store"])


@router.get("/api/audit", summary="Who did what in a window, the newest first; with scope admin")
async def audit(
    asker: Asking,
    encoding: Encoding,
    window: Window,
    who: Annotated[str | None, Query(description="Only of this person or key, by name.")] = None,
    act: Annotated[str | None, Query(description="Only this, in the words of the log.")] = None,
    limit: Limit = 100,
) -> Response:
    return await asker.table(encoding, lambda: questions.audit_log(asker.database, window, who, act, limit))
