"""The tables that read-only SQL and exports show: the rows of one project and window, in typed columns.

Each is the question `noun_<name>.sql`; its comments are the one description of the table and its columns. Runs are
those that began in the window; steps, tool calls, approvals and corrections are theirs; spans, log records and points
of metrics count by their own time. The rows come in no order.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from queries import statements
from queries.database import Database
from queries.filters import Filters
from queries.locating import latest_start

NOUNS = ("runs", "steps", "tool_calls", "approvals", "corrections", "spans", "log_records", "metric_points")

_COLUMN = re.compile(r"^    (?P<expression>.+?),?(?:\s+-- (?P<meaning>.*))?$")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its DuckDB type, and what it says beyond its name ('' if nothing)."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Noun:
    """A table: what a row of it is, and its columns in their order."""

    name: str
    about: str
    columns: tuple[Column, ...]


def question(name: str) -> str:
    """The question that a noun's rows answer."""
    return f"noun_{name}"


@contextmanager
def reading(database: Database, window: Filters) -> Iterator["Reader"]:
    """The nouns of a project and window, all as of the same moment. Raises OtherProject."""
    with database.cursor(window.project) as cursor:
        values = window.values()
        yield Reader(cursor, values | {"latest_ns": latest_start(cursor, values)})


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads nouns on one cursor, one after the other."""

    cursor: duckdb.DuckDBPyConnection
    values: Mapping[str, object]

    def batches(self, name: str, rows_per_batch: int = 8_192) -> pa.RecordBatchReader:
        """The rows of a noun, some at a time; to be read before the next one is asked for."""
        return statements.ask(self.cursor, question(name), self.values).to_arrow_reader(rows_per_batch)

    def described(self, name: str) -> Noun:
        """What there is to know of a noun beside its rows."""
        asked = statements.ask(self.cursor, question(name), self.values).description or []
        types = {str(column[0]): str(column[1]) for column in asked}
        text = statements.text(question(name))
        meanings = dict(_columns(text))
        columns = tuple(Column(column, types[column], meanings[column]) for column in types)
        return Noun(name, _about(text), columns)


def _about(text: str) -> str:
    return " ".join(line.removeprefix("--").strip() for line in text.splitlines() if line.startswith("--"))


def _columns(text: str) -> Iterator[tuple[str, str]]:
    """Each column of the statement's first list with its comment."""
    selected = text.partition("\nselect\n")[2].partition("\nfrom ")[0]
    for line in selected.splitlines():
        if found := _COLUMN.match(line):
            name = found["expression"].rpartition(" as ")[2].rpartition(".")[2]
            yield name, found["meaning"] or ""
