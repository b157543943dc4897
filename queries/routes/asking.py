"""What routes share: how they ask, the parameters that many of them take, and the encodings of their answers."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Protocol, TypeVar

import pyarrow as pa
from fastapi import Depends, HTTPException, Query, Request, Response
from starlette.types import Message, Receive

from queries import questions
from queries.cursors import LastRow, write_cursor
from queries.database import Database
from queries.details import PriceOf, Records
from queries.encoding import MediaType, choose_media_type, encode_table
from queries.filters import RUN_STATUSES, STEP_STATUSES, Filters, read_filters, read_project, read_statuses
from queries.locating import latest_start
from queries.opening import OpenedRun, Opener
from queries.patience import Question, Stopped
from queries.routes.restricting import ANSWERED, route_of, sight_of
from queries.saved import SavedViews
from queries.seen_records import SeenRecords
from queries.sql.asking import Workbench

MOST_ROWS = 1_000
MOST_MENTIONS = 10_000  # records that hold the words, of which the runs are listed and counted
_NEXT_HEADER = "x-runlight-next"

_STOP_AGAIN_SECONDS = 0.05
_BEFORE_NS = 60 * 10**9  # a run's records may tell of times a little before its start
_MONTH_NS = 30 * 86_400 * 10**9
_PARTS = (512, 16)  # of a window, or of its last month, to look for words in the last of them first
_STOPPING: set["asyncio.Task[None]"] = set()  # the loop itself only keeps weak references

Answer = TypeVar("Answer")
log = logging.getLogger(__name__)


async def _stays() -> Message:
    """What a client sends who never leaves."""
    never: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
    return await never


class Acts(Protocol):
    """What one request does, on its way into the audit log."""

    @property
    def person(self) -> str | None:
        """Who does it, where the app acts for somebody who is logged in."""
        ...

    def say(self, act: str, about: str, project: str | None) -> None:
        """What is done in words, the id or name of what it is done to, and the project if any."""
        ...

    def look(self, about: str, project: str | None) -> None:
        """Restricted content is shown: of what, and in which project, None for several."""
        ...

    def write(self) -> None:
        """What was said is in the log when this returns."""
        ...


class NoActs:
    """For an API without an audit log."""

    person: str | None = None

    def say(self, act: str, about: str, project: str | None) -> None:
        """Nobody listens."""

    def look(self, about: str, project: str | None) -> None:
        """Nobody listens."""

    def write(self) -> None:
        """There is nothing to write."""


class Unanswered(Exception):
    """The question was given up: with which status, and why in plain words."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks the store. `waiting_bytes` tells what waits for its commit; `remove_project` deletes a project's data;
    `record` takes in what a person tells (project, event name, columns) and returns '' or why it could not;
    `pseudonym` tells what stands for a person's address in every column;
    `price_of` tells what a call costs by today's prices;
    `projects_of` tells which projects a request may ask about, None for all; `acts_of` has what it does, for the audit
    log; `database_bytes` how large the store is;
    `read_keys` are the attributes that some rule reads; `workbench` answers in SQL, where that is on; `receive` tells
    when its client has left; `restricted` are the projects whose content is shown only to those of whom `sees_content`
    is true.
    """

    database: Database
    opener: Opener
    records: Records
    pool: ThreadPoolExecutor
    clock_ns: Callable[[], int]
    waiting_bytes: Callable[[], int]
    remove_project: Callable[[str], None] | None
    record: Callable[[str, str, Mapping[str, Any]], str] | None
    pseudonym: Callable[[str], str] | None
    saved_views: SavedViews | None
    most_seconds: float
    price_of: PriceOf | None
    projects_of: Callable[[Request], frozenset[str] | None]
    acts_of: Callable[[Request], Acts]
    database_bytes: Callable[[], int]
    read_keys: Sequence[str]
    workbench: Workbench | None
    restricted: frozenset[str]
    sees_content: Callable[[Request], bool]
    receive: Receive = _stays
    acts: Acts = field(default_factory=NoActs)

    def act(self, done: str, about: str, project: str | None = None) -> None:
        """Say what this request does. It is in the audit log before `finish` begins with it; at the latest, before its
        success is told."""
        self.acts.say(done, about, project)

    async def ask(self, question: Callable[[], Answer]) -> Answer:
        """Run a question in the pool, off the event loop. It is stopped when it takes too long, when its client leaves
        and when the server stops; raises `Unanswered`.
        """
        at_work = Question()
        working = self.pool.submit(at_work.answer, question)
        answered, left = asyncio.wrap_future(working), asyncio.ensure_future(self._left())
        try:
            await asyncio.wait((answered, left), timeout=self.most_seconds, return_when=asyncio.FIRST_COMPLETED)
            if answered.done():
                return answered.result()
            if working.cancel():
                raise Unanswered(503, "too many questions are waiting; ask again later")
            raise Unanswered(
                504, f"the question took more than {self.most_seconds:g} seconds; ask for a shorter window"
            )
        finally:
            left.cancel()
            if not answered.done():
                at_work.stop()
                stopping = asyncio.ensure_future(_keep_stopping(at_work, answered))
                _STOPPING.add(stopping)
                stopping.add_done_callback(_STOPPING.discard)

    async def finish(self, task: Callable[[], Answer]) -> Answer:
        """Run what must not be stopped halfway, however long it takes. What it does is in the audit log before."""

        def noted() -> Answer:
            self.acts.write()
            return task()

        return await asyncio.get_running_loop().run_in_executor(self.pool, noted)

    async def _left(self) -> None:
        """Returns when the client has left."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def table(self, media_type: MediaType, question: Callable[[], pa.Table]) -> Response:
        """A question's rows in this encoding."""
        body = await self.ask(lambda: encode_table(question(), media_type))
        return Response(body, media_type=media_type.value)

    async def page(self, media_type: MediaType, order: str, question: Callable[[], questions.Page]) -> Response:
        """A page of a list in this order; where the next one begins is in the body of JSON and in a header of all."""

        def answer() -> tuple[bytes, str | None]:
            page = question()
            following = None if page.next is None else write_cursor(order, page.next)
            return encode_table(page.rows, media_type, following), following

        body, following = await self.ask(answer)
        headers = {} if following is None else {_NEXT_HEADER: following}
        return Response(body, media_type=media_type.value, headers=headers)

    def opened(self, project: str, run_id: str, question: Callable[[OpenedRun], Answer]) -> Callable[[], Answer]:
        """A question about one run, as a question that opens it."""

        def answer() -> Answer:
            with self.opener.open(project, run_id) as opened:
                return question(opened)

        return answer

    def search(self, filters: Filters, text: str) -> Filters:
        """The filters, narrowed to the runs whose names and ids hold all words of the text, or one of whose records."""
        if not text.split():
            return filters
        found = self._mentions(filters, text)
        mentioned = questions.runs_of_records(self.database, filters.project, pa.concat_tables(found))
        is_cut = any(places.num_rows >= MOST_MENTIONS for places in found)
        return replace(filters, words=tuple(text.split()), mentioned=tuple(mentioned), is_cut=is_cut)

    def newest(
        self, filters: Filters, text: str, after: LastRow | None, page_of: Callable[[Filters], questions.Page]
    ) -> questions.Page:
        """The page of a list that has the newest first, which `page_of` narrows to the words of the text.

        Words are looked for in ever longer ends of the window, until the page is full: that of a longer one begins with
        the same rows. The window of a page after another one ends where that one did.
        """
        if not text.split():
            return page_of(filters)
        if after is not None:
            filters = replace(filters, until_ns=max(filters.since_ns, min(filters.until_ns, after.time + 1)))
        for parts in _PARTS:
            page = page_of(filters.last(min(filters.until_ns - filters.since_ns, _MONTH_NS) // parts))
            if page.next is not None:
                return page
        return page_of(filters)

    def places(self, filters: Filters, text: str) -> pa.Table | None:
        """Where the records are that hold all words of the text; None without a word."""
        return pa.concat_tables(self._mentions(filters, text)) if text.split() else None

    def _mentions(self, filters: Filters, text: str) -> list[pa.Table]:
        """Of the window, and apart from it, so that neither crowds out the other, of its runs while they go on after
        it."""
        with self.database.cursor(filters.project) as cursor:
            latest_ns = latest_start(cursor, filters.values())
        times = [(filters.since_ns - _BEFORE_NS, filters.until_ns), (filters.until_ns + 1, latest_ns)]
        words = tuple(text.split())
        return [
            self.records.mentioning(filters.project, words, since_ns, until_ns, MOST_MENTIONS)
            for since_ns, until_ns in times
            if since_ns <= until_ns
        ]


async def _keep_stopping(question: Question, answered: "asyncio.Future[Answer]") -> None:
    """A statement that begins just after a stop knows nothing of it."""
    while not answered.done():
        question.stop()
        await asyncio.wait((answered,), timeout=_STOP_AGAIN_SECONDS)
    if not answered.cancelled() and (error := answered.exception()) is not None and not isinstance(error, Stopped):
        log.warning("question failed after it was given up reason=%r", type(error).__name__)


async def _asker(request: Request) -> Asker:
    asker: Asker = request.app.state.asker
    acts = asker.acts_of(request)
    sight = sight_of(request, asker.restricted, asker.sees_content(request), acts.look)
    database = asker.database.limited(asker.projects_of(request), sight)
    return replace(
        asker,
        database=database,
        opener=asker.opener.within(database),
        records=SeenRecords(asker.records, sight),
        receive=request.receive,
        acts=acts,
    )


async def _media_type(request: Request) -> MediaType:
    chosen = choose_media_type(request.headers.get("accept"))
    if chosen is None:
        raise HTTPException(406, f"answers are {', '.join(MediaType)}")
    return chosen


_ProjectName = Annotated[
    str | None, Query(alias="project", description="Project. Default: the only one of the API key, else `default`.")
]
_Since = Annotated[
    str | None,
    Query(description="Start of the window: RFC 3339, a day, or relative like -24h. Default: 7 days before until."),
]
_Until = Annotated[str | None, Query(description="End of the window, not included. Default: now.")]


Asking = Annotated[Asker, Depends(_asker)]
Encoding = Annotated[MediaType, Depends(_media_type)]


async def _project(request: Request, asker: Asking, name: _ProjectName = None) -> str:
    project = asker.database.usual_project if name is None else read_project(name)
    asker.database.expect_seen(project)
    if route_of(request) not in ANSWERED:
        asker.database.sight.expect(project)
    return project


Project = Annotated[str, Depends(_project)]


async def _window(asker: Asking, project: Project, since: _Since = None, until: _Until = None) -> Filters:
    return read_filters(asker.clock_ns(), project=project, since=since, until=until)


async def _filters(
    request: Request,
    asker: Asking,
    project: Project,
    since: _Since = None,
    until: _Until = None,
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
    evidence: Annotated[
        str | None,
        Query(description="Only with approvals or corrections of this evidence: explicit, content, inferred."),
    ] = None,
) -> Filters:
    """Also `attr.<key>=<value>`, for any attribute, tag or metadata key."""
    attributes = {
        name.removeprefix("attr."): value for name, value in request.query_params.items() if name.startswith("attr.")
    }
    if attributes:  # any text that was sent may be one
        asker.database.sight.expect(project)
    return read_filters(
        asker.clock_ns(),
        project=project,
        since=since,
        until=until,
        tz=tz,
        evidence=evidence,
        attributes=attributes,
        workflow=workflow,
        agent=agent,
        service=service,
        environment=environment,
        release=release,
        model=model,
        tool=tool,
        user=user,
        conversation=conversation,
    )


_Narrowed = Annotated[Filters, Depends(_filters)]
_Statuses = Annotated[list[str] | None, Query(description="Status; repeat it for several.")]


async def _run_filters(filters: _Narrowed, status: _Statuses = None) -> Filters:
    return replace(filters, statuses=read_statuses(status or (), RUN_STATUSES))


async def _tool_call_filters(filters: _Narrowed, status: _Statuses = None) -> Filters:
    return replace(filters, statuses=read_statuses(status or (), STEP_STATUSES))


Window = Annotated[Filters, Depends(_window)]
RunFilters = Annotated[Filters, Depends(_run_filters)]
ToolCallFilters = Annotated[Filters, Depends(_tool_call_filters)]
Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="Rows in the answer, at most.")]
