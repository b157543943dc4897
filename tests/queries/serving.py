"""The read API over hand-made records, on a real socket."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import uvicorn

from ingest.stored import Records
from queries.api import create_api
from queries.client import Client
from queries.database import Database
from queries.sql.asking import SqlLimits
from tests.queries.records import SECOND, START_NS

# Every question is asked an hour after the first record.
NOW_NS = START_NS + 3_600 * SECOND


@contextmanager
def serving(connection: duckdb.DuckDBPyConnection, sql_limits: SqlLimits | None = None) -> Iterator[str]:
    """The API's URL while it serves."""
    database = Database(connection)
    api = create_api(
        database, Records(database), clock_ns=lambda: NOW_NS, waiting_bytes=lambda: 7, sql_limits=sql_limits
    )
    server = uvicorn.Server(
        uvicorn.Config(api, host="127.0.0.1", port=0, log_config=None, lifespan="off", timeout_keep_alive=75)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        tick = threading.Event()
        while not server.started:
            tick.wait(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def asking(connection: duckdb.DuckDBPyConnection) -> Iterator[Client]:
    """A client of the API while it serves."""
    with serving(connection) as url:
        client = Client(url)
        try:
            yield client
        finally:
            client.close()
