"""A question that is slow, large or no longer wanted is stopped, and nobody else waits for it."""

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

import duckdb
import httpx
import pytest
import uvicorn

from ingest.intake import Signal
from ingest.stored import Records
from queries.api import QUESTION_THREADS, create_api
from queries.database import Database
from queries.routes.asking import Asking
from tests.ingest.otlp_samples import request_of
from tests.ingest.pipeline import Pipeline, pipeline
from tests.serving import until

SLOW = "select sum(a.range * b.range) from range(10_000_000) a, range(10_000_000) b"
LARGE = "select len(list(range)) from range(200_000_000)"
QUICK = "select 1"


class Asked:
    """The API with a question of any statement, and how many of these are at work."""

    def __init__(self, url: str, database: Database) -> None:
        self.url = url
        self.at_work = 0
        self._database = database
        self._released = threading.Event()

    def statement(self, sql: str) -> Callable[[], str]:
        def question() -> str:
            self.at_work += 1
            try:
                with self._database.cursor() as cursor:
                    return str(cursor.execute(sql).fetchall())
            finally:
                self.at_work -= 1

        return question

    def held(self) -> str:
        """A question that no interrupt reaches."""
        self.at_work += 1
        try:
            self._released.wait()
            return "released"
        finally:
            self.at_work -= 1

    def get(self, sql: str, timeout: float = 60) -> httpx.Response:
        return httpx.get(f"{self.url}/statement", params={"sql": sql}, timeout=timeout)

    @contextmanager
    def threads_held(self) -> Iterator[None]:
        """Every thread for questions is taken meanwhile."""
        with ThreadPoolExecutor(QUESTION_THREADS) as clients:
            try:
                for _ in range(QUESTION_THREADS):
                    clients.submit(httpx.get, f"{self.url}/held", timeout=60)
                until(lambda: self.at_work == QUESTION_THREADS)
                yield
            finally:
                self._released.set()
        until(lambda: self.at_work == 0)


@contextmanager
def asking(connection: duckdb.DuckDBPyConnection, most_seconds: float) -> Iterator[Asked]:
    database = Database(connection)
    api = create_api(database, Records(database), most_seconds=most_seconds)
    asked = Asked("", database)

    @api.get("/statement")
    async def statement(asker: Asking, sql: str) -> str:
        return await asker.ask(asked.statement(sql))

    @api.get("/held")
    async def held(asker: Asking) -> str:
        return await asker.ask(asked.held)

    server = uvicorn.Server(
        uvicorn.Config(api, host="127.0.0.1", port=0, log_config=None, lifespan="off", timeout_keep_alive=75)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started)
        asked.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        yield asked
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Pipeline]:
    with pipeline(tmp_path / "runlight.duckdb") as opened:
        yield opened


def test_a_question_that_takes_too_long_is_stopped_and_told_so(running: Pipeline) -> None:
    with asking(running.store.cursor(), most_seconds=2) as asked:
        answer = asked.get(SLOW)
        assert answer.status_code == 504
        assert answer.json() == {"error": "the question took more than 2 seconds; ask for a shorter window"}
        until(lambda: asked.at_work == 0)
        until(lambda: asked.get(QUICK).status_code == 200)


def test_a_question_whose_client_has_left_is_stopped(running: Pipeline) -> None:
    with asking(running.store.cursor(), most_seconds=60) as asked:
        with pytest.raises(httpx.ReadTimeout):
            asked.get(SLOW, timeout=0.5)
        until(lambda: asked.at_work == 0)
        assert asked.get(QUICK).status_code == 200


def test_slow_questions_hold_up_no_commit(running: Pipeline) -> None:
    with asking(running.store.cursor(), most_seconds=60) as asked, ExitStack() as clients:
        address = httpx.URL(asked.url)
        for _ in range(2 * QUESTION_THREADS):
            client = clients.enter_context(socket.create_connection((address.host, address.port)))
            client.sendall(f"GET /statement?sql={quote(SLOW)} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        until(lambda: asked.at_work == QUESTION_THREADS)
        for signal, name in ((Signal.SPAN, "traces"), (Signal.LOG, "logs"), (Signal.METRIC, "metrics")):
            assert running.send(signal, request_of(name)).rejected_count == 0
        assert asked.at_work == QUESTION_THREADS
        clients.close()
        until(lambda: asked.at_work == 0)


def test_a_question_that_finds_no_thread_in_time_is_told_to_return(running: Pipeline) -> None:
    with asking(running.store.cursor(), most_seconds=0.5) as asked:
        with asked.threads_held():
            busy = asked.get(QUICK)
            assert busy.status_code == 503
            assert busy.headers["retry-after"] == "5"
            assert "too many questions" in busy.json()["error"]
        until(lambda: asked.get(QUICK).status_code == 200)


def test_a_question_that_needs_too_much_memory_is_refused_and_the_next_commit_is_stored(running: Pipeline) -> None:
    running.store.connection.execute("set global memory_limit = '200MB'; set global max_temp_directory_size = '1MB'")
    with asking(running.store.cursor(), most_seconds=60) as asked:
        answer = asked.get(LARGE)
        assert answer.status_code == 503
        assert "needs more memory" in answer.json()["error"]
        assert running.send(Signal.SPAN, request_of("traces")).rejected_count == 0
        assert asked.get(QUICK).status_code == 200
