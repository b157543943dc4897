"""Who did what: acts of people and of the holders of keys."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from queries import questions
from queries.routes.asking import Asking, Encoding, Limit, Project, Window

router = APIRouter(tags=["store"])


class Export(BaseModel):
    """A file that was made of answers elsewhere, as by the app."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)]


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


@router.post("/api/exports", summary="Note that a table was taken along as a file", status_code=204)
async def note_export(asker: Asking, project: Project, export: Export) -> Response:
    asker.act("exported a table", export.name, project)
    return Response(status_code=204)
