"""Opens one run by any of its ids, computed from the records at hand: readable as soon as it is committed."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pyarrow as pa

from queries.database import Database
from queries.derive import LATEST_NS, derive_runs, derive_steps
from queries.statements import ask, run

# Logs without a trace join the nearest run of their conversation, so the runs beside it must be known.
_NEIGHBOURS = 2

# A commit changes an opened run only if its records happened within a day of the run.
_DAY_NS = 86_400 * 10**9

# A page opens step after step of one run, so the last few runs are kept; a step takes some kilobytes.
_KEPT_STEPS = 50_000


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


@dataclass(frozen=True, slots=True)
class _Kept:
    version: int | None
    opened: OpenedRun
    steps: pa.Table


class Opener:
    """Opens runs, and keeps those opened last until something is committed that may change them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def open(self, project: str, asked_id: str) -> Iterator[OpenedRun]:
        """The run with this run id or trace id, or the newest of the conversation with this id. Raises NoSuchRun."""
        with self._database.cursor() as cursor:
            seeds = _seeds(cursor, project, asked_id)
            version = _row(cursor, "window_version", _around(seeds))
            newest = version["batch_id"] if version else None
            with self._lock:
                kept = self._kept.get((project, asked_id))
            if kept is None or kept.version != newest or newest is None:
                kept = self._derive(cursor, seeds, asked_id, newest)
            cursor.register("kept_steps", kept.steps)
            cursor.execute("create or replace temp view derived_steps as from kept_steps")
            yield replace(kept.opened, cursor=cursor)

    def facts(self, project: str, asked_id: str, now_ns: int) -> pa.Table:
        """The summary of a run that has none yet: one row, as run.sql gives it. Raises NoSuchRun."""
        with self._database.cursor() as cursor:
            run(cursor, "seeds_of_run", _seeds(cursor, project, asked_id))
            derive_runs(cursor, _NEIGHBOURS)
            return _found(cursor, project, asked_id).ask("derived_run_facts", now_ns=now_ns)

    def _derive(
        self, cursor: duckdb.DuckDBPyConnection, seeds: dict[str, Any], asked_id: str, version: int | None
    ) -> _Kept:
        run(cursor, "seeds_of_run", seeds)
        derive_steps(cursor, _NEIGHBOURS)
        opened = _found(cursor, seeds["project"], asked_id)
        kept = _Kept(version, opened, opened.ask("derived_run_steps"))
        cursor.execute("drop table derived_steps")
        with self._lock:
            self._kept[seeds["project"], asked_id] = kept
            self._kept.move_to_end((seeds["project"], asked_id))
            while len(self._kept) > 1 and sum(one.steps.num_rows for one in self._kept.values()) > _KEPT_STEPS:
                self._kept.popitem(last=False)
        return kept


def _seeds(cursor: duckdb.DuckDBPyConnection, project: str, asked_id: str) -> dict[str, Any]:
    """Where to start reading: what the summary says of the run, else what the records say of the id."""
    known = _row(cursor, "run_place", {"project": project, "run_id": asked_id})
    if known is None and (other := _row(cursor, "run_of", {"project": project, "id": asked_id})):
        known = _row(cursor, "run_place", {"project": project, "run_id": other["run_id"]})
    if known is not None:
        return known | {"project": project}
    trace_id = _trace_id(asked_id)
    key = asked_id.rpartition(":")[0] or asked_id
    extent = _row(cursor, "run_extent", {"project": project, "trace_id": trace_id, "run_keys": [asked_id, key]})
    if extent is None or not extent["record_count"]:
        raise _no_such_run(project, asked_id)
    return {
        "project": project,
        "trace_ids": [trace_id.hex()] if trace_id else [],
        "run_key": key,
        "conversation_id": None,
        "since": extent["since"],
        "until": extent["until"],
    }


def _around(seeds: dict[str, Any]) -> dict[str, Any]:
    return {
        "project": seeds["project"],
        "since": max(0, seeds["since"] - _DAY_NS),
        "until": min(LATEST_NS, seeds["until"] + _DAY_NS),
    }


def _found(cursor: duckdb.DuckDBPyConnection, project: str, asked_id: str) -> OpenedRun:
    found = _row(cursor, "derived_run", {"project": project, "id": asked_id})
    if found is None:
        raise _no_such_run(project, asked_id)
    return OpenedRun(cursor, project, **found)


def _no_such_run(project: str, asked_id: str) -> NoSuchRun:
    return NoSuchRun(f"project {project!r} has no run {asked_id[:200]!r}")


def _trace_id(text: str) -> bytes | None:
    try:
        value = bytes.fromhex(text)
    except ValueError:
        return None
    return value if len(value) == 16 else None


def _row(cursor: duckdb.DuckDBPyConnection, name: str, values: dict[str, Any]) -> dict[str, Any] | None:
    rows = ask(cursor, name, values).to_arrow_table().to_pylist()
    return rows[0] if rows else None
