"""Stores with hand-made records, and ways to read what was derived from them."""

from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest

from queries.summaries import rebuild
from tests.queries.records import Telling, empty_store, insert


@pytest.fixture
def store() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty store."""
    connection = empty_store()
    yield connection
    connection.close()


@pytest.fixture
def derived(store: duckdb.DuckDBPyConnection) -> Callable[[Telling], "Derived"]:
    """Inserts what was told, rebuilds, and reads back."""

    def derive(telling: Telling) -> Derived:
        insert(store, telling.rows)
        rebuild_all(store)
        return Derived(store)

    return derive


class Derived:
    """The derived tables as lists of dicts."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    @property
    def runs(self) -> list[dict[str, Any]]:
        return self._rows("from runs order by started_at, run_id")

    @property
    def run(self) -> dict[str, Any]:
        (run,) = self.runs
        return run

    @property
    def steps(self) -> dict[str, dict[str, Any]]:
        """Steps by their span's name."""
        return {row["name"]: row for row in self._rows("from steps order by run_id, step_order")}

    @property
    def counted(self) -> list[str]:
        """Names of the counted model and tool calls, in order."""
        return [name for name, row in self.steps.items() if row["counted"] and row["kind"] in ("llm", "tool")]

    @property
    def approvals(self) -> list[dict[str, Any]]:
        return self._rows("from approvals order by requested_at, approval_id")

    @property
    def corrections(self) -> list[dict[str, Any]]:
        return self._rows("from corrections order by corrected_at, correction_id")

    def _rows(self, sql: str) -> list[dict[str, Any]]:
        return self.connection.execute(sql).to_arrow_table().to_pylist()


def rebuild_all(connection: duckdb.DuckDBPyConnection) -> None:
    while rebuild(connection):
        pass


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/queries/golden with today's answers")
