"""The questions over HTTP: parameters typed and checked, answers as JSON, CSV or Arrow."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fastapi import FastAPI, Request, Response

from queries.database import Database
from queries.details import PriceOf, Records
from queries.opening import Opener
from queries.routes import (
    acts,
    audit,
    catalogue,
    compare,
    export,
    failures,
    ledger,
    lists,
    oversight,
    reports,
    run,
    search,
    sql,
    store,
    telemetry,
    views,
)
from queries.routes.asking import Acts, Asker, NoActs
from queries.routes.docs import docs_page
from queries.routes.errors import answer_errors
from queries.routes.restricting import TellWithheld
from queries.saved import SavedViews
from queries.sql.asking import SqlLimits, Workbench
from queries.weekly.keeping import WeeklyReports

# Questions run beside ingestion on the same cores, so only a few at a time; the rest waits its turn.
QUESTION_THREADS = 4


def create_api(
    database: Database,
    records: Records,
    *,
    waiting_bytes: Callable[[], int] = lambda: 0,
    remove_project: Callable[[str], None] | None = None,
    record: Callable[[str, str, Mapping[str, Any]], str] | None = None,
    pseudonym: Callable[[str], str] | None = None,
    saved_views: SavedViews | None = None,
    clock_ns: Callable[[], int] = time.time_ns,
    most_seconds: float = 45.0,
    price_of: PriceOf | None = None,
    projects_of: Callable[[Request], frozenset[str] | None] = lambda _: None,
    acts_of: Callable[[Request], Acts] = lambda _: NoActs(),
    database_bytes: Callable[[], int] = lambda: 0,
    read_keys: Sequence[str] = (),
    sql_limits: SqlLimits | None = None,
    weekly: WeeklyReports | None = None,
    restricted: frozenset[str] = frozenset(),
    sees_content: Callable[[Request], bool] = lambda _: True,
) -> FastAPI:
    """The read API. `waiting_bytes` tells what waits for its commit; `remove_project` deletes a project's data;
    `record` takes in what a person tells about a run and returns '' once it is committed, or why it was not;
    `pseudonym` tells what stands for a person's address; `saved_views` keeps the views that people name; a question
    that takes more than `most_seconds` is stopped; `price_of` tells what a call costs by today's prices; `projects_of`
    tells which projects a request may ask about, None for all; `acts_of` takes what it does; `database_bytes` tells how
    large the store is; `read_keys` are the attributes that some rule reads; `sql_limits` are those of questions in SQL,
    which are refused without; `weekly` makes and keeps reports; `restricted` are the projects whose content
    is shown only to those of whom `sees_content` is true, `*` for all."""
    api = FastAPI(
        title="Runlight",
        description="What production AI agents did. Times are RFC 3339 in UTC, ids hex, unknown is null. "
        "A server with API keys takes one as x-api-key or Authorization: Bearer.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    pool = ThreadPoolExecutor(QUESTION_THREADS, thread_name_prefix="question")
    api.state.measured = tuple  # what the process measures of itself, where somebody does
    api.state.asker = Asker(
        database,
        Opener(database),
        records,
        pool,
        clock_ns,
        waiting_bytes,
        remove_project,
        record,
        pseudonym,
        saved_views,
        most_seconds,
        price_of,
        projects_of,
        acts_of,
        database_bytes,
        read_keys,
        Workbench(sql_limits) if sql_limits else None,
        restricted,
        sees_content,
    )
    api.state.weekly = weekly or WeeklyReports()
    answer_errors(api)
    api.add_middleware(TellWithheld)
    for router in (
        lists.router,
        catalogue.router,
        oversight.router,
        acts.router,
        audit.router,
        compare.router,
        failures.router,
        run.router,
        search.router,
        sql.router,
        export.router,
        views.router,
        reports.router,
        ledger.router,
        store.router,
        telemetry.router,
        store.health,
    ):
        api.include_router(router)

    @api.get("/api/docs", include_in_schema=False)
    async def docs() -> Response:
        return Response(docs_page(api.openapi()), media_type="text/html; charset=utf-8")

    return api
