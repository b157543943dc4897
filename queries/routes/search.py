"""One box for whatever somebody has in hand: an id of any kind, or words."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from queries import questions
from queries.filters import BadFilter
from queries.routes.asking import Asking, Encoding, Project

router = APIRouter(tags=["search"])

_MOST_LETTERS = 1_000


@router.get("/api/search", summary="What goes by an id, of all time; exact ids first, then the words")
async def search(
    asker: Asking,
    encoding: Encoding,
    project: Project,
    q: Annotated[
        str, Query(description="An id of a run, trace, span, tool call, response, conversation or user; or words.")
    ],
    limit: Annotated[int, Query(ge=1, le=100, description="Rows in the answer, at most.")] = 20,
) -> Response:
    text = q.strip()
    if not text or len(text) > _MOST_LETTERS:
        raise BadFilter(f"q is an id or words, 1 to {_MOST_LETTERS:,} characters")
    person = asker.pseudonym(text) if asker.pseudonym else None
    return await asker.table(
        encoding, lambda: questions.search(asker.database, project, text, person=person, limit=limit)
    )
