"""How many rows and bytes the store reads for a question, as DuckDB's profiler counts them; in this process."""

from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import duckdb
import orjson
from starlette.testclient import TestClient

from bench.asking import OUT_OF_TIME
from bench.questions import Question
from ingest.store import Store
from ingest.stored import Records
from queries.api import create_api
from queries.database import Database


@dataclass(slots=True)
class Reads:
    """Of all statements so far."""

    rows: int = 0
    bytes: int = 0
    statements: int = 0


def reads_of(path: Path, question: Question) -> Reads | None:
    """What the first URL of a question reads from a store that was just opened, and that no server has open; None if
    the server alone answers it, as it does what is not about telemetry, or if it is given up."""
    store = Store.open(path)
    try:
        counted = Reads()
        connection = profiled(store.cursor(), counted)
        api = create_api(Database(connection), Records(profiled(store.cursor(), counted)))
        with TestClient(api) as client:
            before = Reads(counted.rows, counted.bytes, counted.statements)
            answer = client.get(question.urls[0], headers={"accept": question.accept})
        if answer.status_code in (HTTPStatus.NOT_FOUND, *OUT_OF_TIME):
            return None
        answer.raise_for_status()
        return Reads(counted.rows - before.rows, counted.bytes - before.bytes, counted.statements - before.statements)
    finally:
        store.close()


def profiled(connection: duckdb.DuckDBPyConnection, counted: Reads) -> duckdb.DuckDBPyConnection:
    """A connection that acts as the given one, and counts what its statements, and those of its cursors, read."""
    return cast(duckdb.DuckDBPyConnection, _Profiled(connection, counted))


class _Profiled:
    """A statement's profile is whole once its rows are fetched, so it is read before the next thing is done."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, counted: Reads) -> None:
        self._connection = connection
        self._counted = counted
        self._is_running = False
        connection.execute("set enable_profiling = 'no_output'")

    def cursor(self) -> "_Profiled":
        return _Profiled(self._connection.cursor(), self._counted)

    def execute(self, *arguments: Any) -> "_Profiled":
        self._count()
        self._connection.execute(*arguments)
        self._is_running = True
        return self

    def rollback(self) -> None:
        self._count()
        self._connection.rollback()

    def close(self) -> None:
        self._count()
        self._connection.close()

    def __enter__(self) -> "_Profiled":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def _count(self) -> None:
        if not self._is_running:
            return
        self._is_running = False
        profile = orjson.loads(self._connection.get_profiling_information(format="json"))
        self._counted.rows += profile.get("cumulative_rows_scanned", 0)  # a definition has no plan, and so no counts
        self._counted.bytes += profile.get("total_bytes_read", 0)
        self._counted.statements += 1
