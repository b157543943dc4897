"""Questions about many runs."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Response

from queries import questions
from queries.cursors import read_cursor
from queries.filters import RUN_STATUSES, Filters, expect, read_statuses
from queries.routes.asking import Asking, Encoding, Limit, Project, RunFilters, ToolCallFilters, Window

router = APIRouter(tags=["runs"])

_Words = Annotated[str, Query(description="Words that names and ids, or one message, must all hold.")]
_Cursor = Annotated[str | None, Query(description="`next` of the page before.")]


@router.get("/api/runs", summary="Runs of a window")
async def runs(
    asker: Asking,
    encoding: Encoding,
    filters: RunFilters,
    q: _Words = "",
    sort: Annotated[str, Query(description=f"One of {', '.join(questions.RUN_SORTS)}.")] = "started_at",
    order: Annotated[str, Query(description="desc, the largest and newest first, or asc.")] = "desc",
    limit: Limit = 100,
    cursor: _Cursor = None,
) -> Response:
    expect("sort", sort, questions.RUN_SORTS)
    expect("order", order, questions.ORDERS)
    list_order = f"runs by {sort} {order}"
    after = read_cursor(cursor, list_order) if cursor else None

    def page_of(narrowed: Filters) -> questions.Page:
        searched = asker.search(narrowed, q)
        return questions.runs(asker.database, searched, sort=sort, order=order, after=after, limit=limit)

    def answer() -> questions.Page:
        if (sort, order) == ("started_at", "desc"):
            return asker.newest(filters, q, after, page_of)
        return page_of(filters)

    return await asker.page(encoding, list_order, answer)


@router.get("/api/summary", summary="Totals over the runs of a window")
async def summary(asker: Asking, encoding: Encoding, filters: RunFilters, q: _Words = "") -> Response:
    return await asker.table(encoding, lambda: questions.summary(asker.database, asker.search(filters, q)))


@router.get("/api/conversation", summary="The runs of a conversation, in their order")
async def conversation_turns(
    asker: Asking,
    encoding: Encoding,
    project: Project,
    conversation: Annotated[str, Query(description="Conversation id.")],
    after: Annotated[int, Query(ge=0, lt=2**31, description="Only the turns after this one.")] = 0,
    limit: Limit = 100,
) -> Response:
    now_ns = asker.clock_ns()
    return await asker.table(
        encoding,
        lambda: questions.conversation(asker.database, project, conversation, now_ns, after_turn=after, limit=limit),
    )


@router.get("/api/tool-calls", summary="Executed and refused tool calls of a window, newest first")
async def tool_calls(
    asker: Asking,
    encoding: Encoding,
    filters: ToolCallFilters,
    run: Annotated[str | None, Query(description="Only of this run.")] = None,
    run_status: Annotated[list[str] | None, Query(description="Only of runs with this status; repeatable.")] = None,
    q: Annotated[str, Query(description="Words that a call's texts and ids, or its whole record, must all hold.")] = "",
    limit: Limit = 100,
    cursor: _Cursor = None,
) -> Response:
    list_order = "tool calls"
    after = read_cursor(cursor, list_order) if cursor else None
    run_statuses = read_statuses(run_status or (), RUN_STATUSES)

    def page_of(narrowed: Filters) -> questions.Page:
        return questions.tool_calls(
            asker.database,
            replace(narrowed, words=tuple(q.split()) or None),
            run_id=run,
            run_statuses=run_statuses,
            places=asker.places(narrowed, q),
            after=after,
            limit=limit,
        )

    return await asker.page(encoding, list_order, lambda: asker.newest(filters, q, after, page_of))


@router.get("/api/evaluation-runs", summary="Runs of a window that were judged, the worst first")
async def evaluation_runs(
    asker: Asking,
    encoding: Encoding,
    filters: RunFilters,
    name: Annotated[str | None, Query(description="Only judgements of this name.")] = None,
    evaluator: Annotated[str | None, Query(description="Only by human, model, code or unknown.")] = None,
    limit: Limit = 100,
) -> Response:
    return await asker.table(
        encoding,
        lambda: questions.evaluation_runs(asker.database, filters, name=name, evaluator=evaluator, limit=limit),
    )


@router.get("/api/filter-values", summary="What runs can be narrowed by")
async def filter_values(asker: Asking, encoding: Encoding, filters: RunFilters, limit: Limit = 100) -> Response:
    return await asker.table(encoding, lambda: questions.filter_values(asker.database, filters, limit))


@router.get("/api/label-keys", summary="Attribute keys seen on runs of a window")
async def label_keys(asker: Asking, encoding: Encoding, filters: RunFilters, limit: Limit = 200) -> Response:
    return await asker.table(encoding, lambda: questions.label_keys(asker.database, filters, limit))


@router.get("/api/label-values", summary="Values of an attribute key seen on runs of a window")
async def label_values(
    asker: Asking,
    encoding: Encoding,
    filters: RunFilters,
    key: Annotated[str, Query(min_length=1, description="The attribute, tag or metadata key.")],
    limit: Limit = 100,
) -> Response:
    return await asker.table(encoding, lambda: questions.label_values(asker.database, filters, key, limit))


@router.get("/api/version", summary="Changes when answers about the window may have changed", tags=["store"])
async def store_version(asker: Asking, encoding: Encoding, window: Window) -> Response:
    return await asker.table(encoding, lambda: questions.store_version(asker.database, window))
