"""What humans were asked and what they corrected, one by one."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from queries import questions
from queries.catalogue import CATALOGUE
from queries.cursors import read_cursor
from queries.filters import expect
from queries.routes.asking import Asking, Encoding, Limit, RunFilters

router = APIRouter()

_Cursor = Annotated[str | None, Query(description="`next` of the page before.")]
_GROUPS = CATALOGUE["approvals_by"].by


@router.get("/api/approvals", summary="Questions put to humans and policies, newest first", tags=["approvals"])
async def approvals(
    asker: Asking,
    encoding: Encoding,
    filters: RunFilters,
    outcome: Annotated[
        list[str] | None, Query(description=f"{', '.join(questions.OUTCOMES)}; repeat it for several.")
    ] = None,
    by: Annotated[str, Query(description=f"What `value` is of: {', '.join(_GROUPS)}.")] = "tool",
    value: Annotated[str | None, Query(description="Only of this tool, workflow, agent or decider.")] = None,
    limit: Limit = 100,
    cursor: _Cursor = None,
) -> Response:
    for name in outcome or ():
        expect("outcome", name, questions.OUTCOMES)
    expect("by", by, _GROUPS)
    list_order = "approvals"
    after = read_cursor(cursor, list_order) if cursor else None
    return await asker.page(
        encoding,
        list_order,
        lambda: questions.approvals(
            asker.database, filters, outcomes=outcome or (), by=by, value=value, after=after, limit=limit
        ),
    )


@router.get("/api/corrections", summary="What humans corrected, newest first", tags=["corrections"])
async def corrections(
    asker: Asking,
    encoding: Encoding,
    filters: RunFilters,
    kind: Annotated[str | None, Query(description="Only of this kind, such as edited_output.")] = None,
    step: Annotated[str | None, Query(description="Only of this step's or tool's name.")] = None,
    limit: Limit = 100,
    cursor: _Cursor = None,
) -> Response:
    list_order = "corrections"
    after = read_cursor(cursor, list_order) if cursor else None
    return await asker.page(
        encoding,
        list_order,
        lambda: questions.corrections(asker.database, filters, kind=kind, step=step, after=after, limit=limit),
    )
