"""The questions over HTTP: parameters typed and checked, answers as JSON, CSV or Arrow."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeVar

import orjson
import pyarrow as pa
from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException

from queries import details, metrics, questions
from queries.api_docs import docs_page
from queries.cursors import read_cursor, write_cursor
from queries.database import Database
from queries.encoding import MediaType, choose_media_type, encode_table, rows_json
from queries.filters import BadFilter, Filters, expect, read_filters, read_project
from queries.opening import NoSuchRun, OpenedRun, Opener

# Questions run beside ingestion on the same cores, so only a few at a time; the rest waits its turn.
QUESTION_THREADS = 4
MOST_ROWS = 1_000
_NEXT_HEADER = "x-runlight-next"
_REMOVABLE_PROJECT = "demo"
_UNTIL_NS = 9_191_000_000 * 10**9

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")


def create_api(
    database: Database,
    records: details.Records,
    *,
    waiting_bytes: Callable[[], int] = lambda: 0,
    remove_project: Callable[[str], None] | None = None,
    clock_ns: Callable[[], int] = time.time_ns,
) -> FastAPI:
    """The read API. `waiting_bytes` tells what waits for its commit; `remove_project` deletes a project's data."""
    api = FastAPI(
        title="Runlight",
        description="What production AI agents did. Times are RFC 3339 in UTC, ids hex, unknown is null.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    pool = ThreadPoolExecutor(QUESTION_THREADS, thread_name_prefix="question")
    asker = _Asker(database, Opener(database), records, pool, clock_ns)
    _answer_errors(api)
    _add_lists(api, asker)
    _add_runs(api, asker)
    _add_ledger(api, asker, waiting_bytes, remove_project)

    @api.get("/api/docs", include_in_schema=False)
    async def docs() -> Response:
        return Response(docs_page(api.openapi()), media_type="text/html; charset=utf-8")

    return api


@dataclass(frozen=True, slots=True)
class _Asker:
    database: Database
    opener: Opener
    records: details.Records
    pool: ThreadPoolExecutor
    clock_ns: Callable[[], int]

    async def ask(self, question: Callable[[], Answer]) -> Answer:
        """Run a question in the pool, off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, question)

    async def table(self, request: Request, question: Callable[[], pa.Table]) -> Response:
        """A question's rows in the encoding that was asked for."""
        media_type = _media_type(request)
        body = await self.ask(lambda: encode_table(question(), media_type))
        return Response(body, media_type=media_type.value)

    async def page(self, request: Request, order: str, question: Callable[[], questions.Page]) -> Response:
        """A page of a list in this order; where the next one begins is in the body of JSON and in a header of all."""
        media_type = _media_type(request)

        def answer() -> tuple[bytes, str | None]:
            page = question()
            following = None if page.next is None else write_cursor(order, page.next)
            return encode_table(page.rows, media_type, following), following

        body, following = await self.ask(answer)
        headers = {} if following is None else {_NEXT_HEADER: following}
        return Response(body, media_type=media_type.value, headers=headers)

    def filters(self, request: Request, asked: "_Asked") -> Filters:
        """The common filters of a request, with its `attr.<key>` parameters."""
        attributes = {
            name.removeprefix("attr."): value
            for name, value in request.query_params.items()
            if name.startswith("attr.")
        }
        return read_filters(self.clock_ns(), attributes=attributes, **asked.values)

    def search(self, filters: Filters, text: str) -> Filters:
        """The filters, narrowed to the runs whose names and ids hold all words of the text, or one of whose records."""
        words = tuple(text.split())
        if not words:
            return filters
        places = self.records.mentioning(filters.project, words, filters.since_ns, filters.until_ns)
        mentioned = questions.runs_of_records(self.database, filters.project, places)
        return replace(filters, words=words, mentioned=tuple(mentioned))


@dataclass(frozen=True, slots=True)
class _Asked:
    values: dict[str, Any]


def _asked(
    project: Annotated[str, Query(description="Project.")] = "default",
    since: Annotated[
        str | None,
        Query(description="Start of the window: RFC 3339, a day, or relative like -24h. Default: 7 days before until."),
    ] = None,
    until: Annotated[str | None, Query(description="End of the window, not included. Default: now.")] = None,
    tz: Annotated[str, Query(description="Time zone that days and hours are cut in.")] = "UTC",
    workflow: Annotated[str | None, Query(description="Workflow name.")] = None,
    agent: Annotated[str | None, Query(description="Name of any step's agent.")] = None,
    service: Annotated[str | None, Query(description="Service name.")] = None,
    environment: Annotated[str | None, Query(description="Deployment environment.")] = None,
    release: Annotated[str | None, Query(description="Service version.")] = None,
    model: Annotated[str | None, Query(description="Requested or served model.")] = None,
    tool: Annotated[str | None, Query(description="Tool name.")] = None,
    user: Annotated[str | None, Query(description="User id.")] = None,
    conversation: Annotated[str | None, Query(description="Conversation id.")] = None,
    status: Annotated[list[str] | None, Query(description="Status; repeat it for several.")] = None,
    evidence: Annotated[
        str | None,
        Query(description="Only with approvals or corrections of this evidence: explicit, content, inferred."),
    ] = None,
) -> _Asked:
    """Also `attr.<key>=<value>`, for any attribute, tag or metadata key."""
    return _Asked(
        {
            "project": project,
            "since": since,
            "until": until,
            "tz": tz,
            "workflow": workflow,
            "agent": agent,
            "service": service,
            "environment": environment,
            "release": release,
            "model": model,
            "tool": tool,
            "user": user,
            "conversation": conversation,
            "statuses": status or (),
            "evidence": evidence,
        }
    )


_Common = Annotated[_Asked, Depends(_asked)]
_Words = Annotated[str, Query(description="Words that names and ids, or one message, must all hold.")]
_Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="Rows in the answer, at most.")]
_Cursor = Annotated[str | None, Query(description="`next` of the page before.")]
_Project = Annotated[str, Query(description="Project.")]


def _add_lists(api: FastAPI, asker: _Asker) -> None:
    """Questions about many runs."""

    @api.get("/api/runs", summary="Runs of a window", tags=["runs"])
    async def runs(
        request: Request,
        asked: _Common,
        q: _Words = "",
        sort: Annotated[str, Query(description=f"One of {', '.join(questions.RUN_SORTS)}.")] = "started_at",
        order: Annotated[str, Query(description="desc, the largest and newest first, or asc.")] = "desc",
        limit: _Limit = 100,
        cursor: _Cursor = None,
    ) -> Response:
        expect("sort", sort, questions.RUN_SORTS)
        expect("order", order, questions.ORDERS)
        list_order = f"runs by {sort} {order}"
        after = read_cursor(cursor, list_order) if cursor else None
        filters = asker.filters(request, asked)
        return await asker.page(
            request,
            list_order,
            lambda: questions.runs(
                asker.database, asker.search(filters, q), sort=sort, order=order, after=after, limit=limit
            ),
        )

    @api.get("/api/summary", summary="Totals over the runs of a window", tags=["runs"])
    async def summary(request: Request, asked: _Common, q: _Words = "") -> Response:
        filters = asker.filters(request, asked)
        return await asker.table(request, lambda: questions.summary(asker.database, asker.search(filters, q)))

    @api.get("/api/tool-calls", summary="Executed and refused tool calls of a window, newest first", tags=["runs"])
    async def tool_calls(
        request: Request,
        asked: _Common,
        run: Annotated[str | None, Query(description="Only of this run.")] = None,
        limit: _Limit = 100,
        cursor: _Cursor = None,
    ) -> Response:
        list_order = "tool calls"
        after = read_cursor(cursor, list_order) if cursor else None
        values = dict(asked.values)
        step_statuses = tuple(values.pop("statuses"))
        filters = asker.filters(request, _Asked(values))
        return await asker.page(
            request,
            list_order,
            lambda: questions.tool_calls(
                asker.database, filters, statuses=step_statuses, run_id=run, after=after, limit=limit
            ),
        )

    @api.get("/api/filter-values", summary="What runs can be narrowed by", tags=["runs"])
    async def filter_values(request: Request, asked: _Common, limit: _Limit = 100) -> Response:
        filters = asker.filters(request, asked)
        return await asker.table(request, lambda: questions.filter_values(asker.database, filters, limit))

    @api.get("/api/label-keys", summary="Attribute keys seen on runs of a window", tags=["runs"])
    async def label_keys(request: Request, asked: _Common, limit: _Limit = 200) -> Response:
        filters = asker.filters(request, asked)
        return await asker.table(request, lambda: questions.label_keys(asker.database, filters, limit))

    @api.get("/api/label-values", summary="Values of an attribute key seen on runs of a window", tags=["runs"])
    async def label_values(
        request: Request,
        asked: _Common,
        key: Annotated[str, Query(min_length=1, description="The attribute, tag or metadata key.")],
        limit: _Limit = 100,
    ) -> Response:
        filters = asker.filters(request, asked)
        return await asker.table(request, lambda: questions.label_values(asker.database, filters, key, limit))

    @api.get("/api/version", summary="Changes when answers about the window may have changed", tags=["store"])
    async def store_version(request: Request, asked: _Common) -> Response:
        filters = asker.filters(request, asked)
        return await asker.table(request, lambda: questions.store_version(asker.database, filters))


def _add_runs(api: FastAPI, asker: _Asker) -> None:
    """Questions about one run. An id may hold slashes, so the longest paths come first."""

    def within(project: str, run_id: str, answer: Callable[[OpenedRun], Answer]) -> Callable[[], Answer]:
        def question() -> Answer:
            with asker.opener.open(project, run_id) as opened:
                return answer(opened)

        return question

    @api.get("/api/runs/{run_id:path}/steps/{step_id}", summary="Everything of one step", tags=["run"])
    async def step(run_id: str, step_id: str, project: _Project = "default") -> Response:
        read_project(project)
        body = await asker.ask(
            within(project, run_id, lambda opened: details.step_detail(asker.records, opened, step_id))
        )
        return Response(body, media_type=MediaType.JSON.value)

    @api.get("/api/runs/{run_id:path}/steps", summary="The steps of a run", tags=["run"])
    async def steps(request: Request, run_id: str, project: _Project = "default") -> Response:
        read_project(project)
        return await asker.table(
            request, within(project, run_id, lambda opened: details.public(questions.run_steps(opened)))
        )

    @api.get("/api/runs/{run_id:path}/logs", summary="The log records of a run", tags=["run"])
    async def logs(request: Request, run_id: str, project: _Project = "default", limit: _Limit = MOST_ROWS) -> Response:
        read_project(project)
        return await asker.table(
            request, within(project, run_id, lambda opened: details.public(questions.run_logs(opened, limit=limit)))
        )

    @api.get("/api/runs/{run_id:path}/conversation", summary="The other runs of its conversation", tags=["run"])
    async def conversation_runs(request: Request, run_id: str, project: _Project = "default") -> Response:
        read_project(project)
        now_ns = asker.clock_ns()
        return await asker.table(
            request, within(project, run_id, lambda opened: questions.conversation_runs(opened, now_ns))
        )

    @api.get("/api/runs/{run_id:path}/otlp", summary="The run as OTLP/JSON, as it came in", tags=["run"])
    async def otlp(run_id: str, project: _Project = "default") -> Response:
        read_project(project)
        body = await asker.ask(within(project, run_id, lambda opened: details.run_otlp(asker.records, opened)))
        return Response(body, media_type=MediaType.JSON.value)

    @api.get("/api/runs/{run_id:path}", summary="One run, by its id or any of its trace ids", tags=["run"])
    async def run(request: Request, run_id: str, project: _Project = "default") -> Response:
        read_project(project)
        now_ns = asker.clock_ns()
        media_type = _media_type(request)

        def answer() -> bytes:
            found = questions.run(asker.database, asker.opener, project, run_id, now_ns)
            if media_type is not MediaType.JSON:
                return encode_table(found, media_type)
            name = found["run_id"][0].as_py()
            approvals = questions.run_approvals(asker.database, project, name)
            corrections = questions.run_corrections(asker.database, project, name)
            return _merged(rows_json(found), {"approvals": rows_json(approvals), "corrections": rows_json(corrections)})

        return Response(await asker.ask(answer), media_type=media_type.value)


def _add_ledger(
    api: FastAPI, asker: _Asker, waiting_bytes: Callable[[], int], remove_project: Callable[[str], None] | None
) -> None:
    """Questions about the store itself."""

    @api.get("/api/ingest", summary="The ledger: newest batches, totals, services", tags=["store"])
    async def ingest(
        request: Request,
        asked: _Common,
        all_projects: Annotated[bool, Query(description="Of every project.")] = False,
        part: Annotated[str, Query(description="For CSV and Arrow: batches, totals or services.")] = "batches",
        limit: _Limit = 100,
    ) -> Response:
        filters = asker.filters(request, asked)
        project = None if all_projects else filters.project
        window = (filters.since_ns, filters.until_ns)
        parts: dict[str, Callable[[], pa.Table]] = {
            "batches": lambda: questions.ingest_batches(asker.database, project, limit),
            "totals": lambda: questions.ingest_totals(asker.database, project, *window),
            "services": lambda: questions.ingest_services(asker.database, project, *window),
        }
        expect("part", part, parts)
        if _media_type(request) is not MediaType.JSON:
            return await asker.table(request, parts[part])
        body = await asker.ask(lambda: _object({name: rows_json(question()) for name, question in parts.items()}))
        return Response(body, media_type=MediaType.JSON.value)

    @api.get("/api/projects", summary="The projects that hold anything", tags=["store"])
    async def projects(request: Request) -> Response:
        return await asker.table(request, lambda: questions.projects(asker.database))

    @api.delete("/api/projects/{name}", summary="Remove the samples", tags=["store"], status_code=204)
    async def delete_project(name: str) -> Response:
        if name != _REMOVABLE_PROJECT or remove_project is None:
            raise HTTPException(403, f"only the project {_REMOVABLE_PROJECT} can be removed here")
        remove = remove_project
        await asker.ask(lambda: remove(name))
        return Response(status_code=204)

    @api.get("/healthz", summary="The process is alive", tags=["health"])
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @api.get("/readyz", summary="The store answers", tags=["health"])
    async def readyz() -> dict[str, str]:
        await asker.ask(lambda: questions.projects(asker.database))
        return {"status": "ok"}

    @api.get("/metrics", summary="For Prometheus", tags=["health"])
    async def prometheus() -> Response:
        now_ns = asker.clock_ns()

        def answer() -> str:
            totals = questions.ingest_totals(asker.database, None, 0, _UNTIL_NS)
            return metrics.exposition(totals, questions.run_counts(asker.database, now_ns), waiting_bytes())

        return Response(await asker.ask(answer), media_type="text/plain; version=0.0.4; charset=utf-8")


def _answer_errors(api: FastAPI) -> None:
    """Every error is `{"error": "…"}` in plain words."""

    @api.exception_handler(BadFilter)
    async def bad_filter(_: Request, error: BadFilter) -> Response:
        return _error(422, str(error))

    @api.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        return _error(422, "; ".join(f"{problem['loc'][-1]}: {problem['msg']}" for problem in error.errors()))

    @api.exception_handler(NoSuchRun)
    async def no_such_run(_: Request, error: NoSuchRun) -> Response:
        return _error(404, str(error))

    @api.exception_handler(StarletteHTTPException)
    async def refused(_: Request, error: StarletteHTTPException) -> Response:
        return _error(error.status_code, str(error.detail), error.headers)

    @api.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        log.error("question failed path=%s", request.url.path, exc_info=error)
        return _error(500, "the question failed; the server's log says why")


def _error(status: int, text: str, headers: Any = None) -> Response:
    return Response(orjson.dumps({"error": text}), status, headers, MediaType.JSON.value)


def _media_type(request: Request) -> MediaType:
    chosen = choose_media_type(request.headers.get("accept"))
    if chosen is None:
        raise HTTPException(406, f"answers are {', '.join(MediaType)}")
    return chosen


def _merged(one_row: bytes, more: dict[str, bytes]) -> bytes:
    """The object of a one-row JSON array, with more members."""
    return one_row.strip()[1:-2] + b"," + _object(more)[1:]


def _object(members: dict[str, bytes]) -> bytes:
    return b"{" + b",".join(orjson.dumps(name) + b":" + value for name, value in members.items()) + b"}"
