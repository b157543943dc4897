"""Opens one run by any of its ids, computed from the records at hand: readable as soon as it is committed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from queries.database import Database
from queries.derive import derive_runs, derive_steps
from queries.statements import ask, run

# Logs without a trace join the nearest run of their conversation, so the runs beside it must be known.
_NEIGHBOURS = 2


class NoSuchRun(LookupError):
    """No record of this project belongs to a run of this id."""


@dataclass(frozen=True, slots=True)
class OpenedRun:
    """One run on a cursor of its own, which holds its steps in `derived_steps`. Times are nanoseconds since 1970."""

    cursor: duckdb.DuckDBPyConnection
    project: str
    run_id: str
    number: int
    trace_ids: list[str]
    conversation_id: str | None
    since: int
    until: int

    def ask(self, name: str, **values: object) -> pa.Table:
        """The answer of a question about this run."""
        known = {
            "project": self.project,
            "run_id": self.run_id,
            "run": self.number,
            "trace_ids": self.trace_ids,
            "run_key": self.run_id.partition(":")[0],
            "conversation_id": self.conversation_id,
            "since": self.since,
            "until": self.until,
        }
        return ask(self.cursor, name, known | values).to_arrow_table()


@contextmanager
def opened_run(database: Database, project: str, asked_id: str, *, with_facts: bool = False) -> Iterator[OpenedRun]:
    """The run with this run id or trace id, or the newest of the conversation with this id. Raises NoSuchRun.

    With `with_facts` its cursor holds `derived_runs` too.
    """
    with database.cursor() as cursor:
        run(cursor, "seeds_of_run", _seeds(cursor, project, asked_id))
        (derive_runs if with_facts else derive_steps)(cursor, _NEIGHBOURS)
        found = _row(cursor, "derived_run", {"project": project, "id": asked_id})
        if found is None:
            raise NoSuchRun(f"project {project!r} has no run {asked_id[:200]!r}")
        yield OpenedRun(cursor, project, **found)


def _seeds(cursor: duckdb.DuckDBPyConnection, project: str, asked_id: str) -> dict[str, Any]:
    """Where to start reading: what the summary says of the run, else what the records say of the id."""
    known = _row(cursor, "run_place", {"project": project, "id": asked_id})
    if known is not None:
        return known | {"project": project}
    trace_id = _trace_id(asked_id)
    key = asked_id.rpartition(":")[0] or asked_id
    extent = _row(cursor, "run_extent", {"project": project, "trace_id": trace_id, "run_keys": [asked_id, key]})
    if extent is None or not extent["record_count"]:
        raise NoSuchRun(f"project {project!r} has no run {asked_id[:200]!r}")
    return {
        "project": project,
        "trace_ids": [trace_id.hex()] if trace_id else [],
        "run_key": key,
        "conversation_id": None,
        "since": extent["since"],
        "until": extent["until"],
    }


def _trace_id(text: str) -> bytes | None:
    try:
        value = bytes.fromhex(text)
    except ValueError:
        return None
    return value if len(value) == 16 else None


def _row(cursor: duckdb.DuckDBPyConnection, name: str, values: dict[str, Any]) -> dict[str, Any] | None:
    rows = ask(cursor, name, values).to_arrow_table().to_pylist()
    return rows[0] if rows else None
