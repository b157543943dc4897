"""Opens one run by any of its ids: as its summary has it, or computed from the records at hand if these are newer, so
that it is readable as soon as it is committed."""

import copy
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pyarrow as pa

from queries.content import EVERYTHING, Sight
from queries.database import Database
from queries.derive import derive_runs, derive_steps
from queries.locating import locate, window_version
from queries.statements import ask, ask_one, run

# Logs without a trace join the nearest run of their conversation, so the runs beside it must be known.
_NEIGHBOURS = 2

# A page opens step after step of one run, so the last few runs are kept; a step takes some kilobytes.
_KEPT_STEPS = 50_000


class NoSuchRun(LookupError):
    """No record of this project belongs to a run of this id."""


@dataclass(frozen=True, slots=True)
class OpenedRun:
    """One run on a cursor of its own, which holds its steps in `opened_steps`. Times are nanoseconds since 1970; its
    `number` is the one it has among the runs just derived; `sight` is what its answers show of content."""

    cursor: duckdb.DuckDBPyConnection
    project: str
    run_id: str
    number: int | None
    trace_ids: list[str]
    conversation_id: str | None
    since: int
    until: int
    sight: Sight = EVERYTHING

    def ask(self, name: str, **values: object) -> pa.Table:
        """The answer of a question about this run."""
        known = {
            "project": self.project,
            "run_id": self.run_id,
            "run": self.number,
            "trace_ids": self.trace_ids,
            "conversation_id": self.conversation_id,
            "since": self.since,
            "until": self.until,
        }
        found = ask(self.cursor, name, known | values).to_arrow_table()
        return self.sight.shown(name, self.project, found)


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

    def within(self, database: Database) -> "Opener":
        """The same runs at hand, opened as far as this view of the store sees them."""
        limited = copy.copy(self)
        limited._database = database
        return limited

    def forget(self, project: str) -> None:
        """Keep none of the project's runs at hand any more: some were removed."""
        with self._lock:
            for key in [key for key in self._kept if key[0] == project]:
                del self._kept[key]

    @contextmanager
    def open(self, project: str, asked_id: str) -> Iterator[OpenedRun]:
        """The run with this run id or trace id, or the newest of the conversation with this id. Raises NoSuchRun, and
        OtherProject."""
        with self._database.cursor(project) as cursor:
            place = _place(cursor, project, asked_id)
            newest = window_version(cursor, project, place["since"], place["until"])
            with self._lock:
                kept = self._kept.get((project, asked_id))
            if kept is None or kept.version != newest or newest is None:
                opened = _stored_run if place["is_settled"] else _derived_run
                kept = self._keep(asked_id, newest, *opened(cursor, project, asked_id, place))
            cursor.register("opened_steps", kept.steps)
            yield replace(kept.opened, cursor=cursor, sight=self._database.sight)

    @contextmanager
    def derive(self, project: str, asked_id: str) -> Iterator[OpenedRun]:
        """The run with all that is derived of it, for one that has no summary yet. Raises NoSuchRun, and
        OtherProject."""
        with self._database.cursor(project) as cursor:
            _seed(cursor, project, _place(cursor, project, asked_id))
            derive_runs(cursor, _NEIGHBOURS)
            yield replace(derived_run(cursor, project, asked_id), sight=self._database.sight)

    def _keep(self, asked_id: str, version: int | None, opened: OpenedRun, steps: pa.Table) -> _Kept:
        kept = _Kept(version, opened, steps)
        key = opened.project, asked_id
        with self._lock:
            self._kept[key] = kept
            self._kept.move_to_end(key)
            while len(self._kept) > 1 and sum(one.steps.num_rows for one in self._kept.values()) > _KEPT_STEPS:
                self._kept.popitem(last=False)
        return kept


def _stored_run(
    cursor: duckdb.DuckDBPyConnection, project: str, _: str, place: dict[str, Any]
) -> tuple[OpenedRun, pa.Table]:
    """The run and its steps as they were written with its summary."""
    told = {name: place[name] for name in ("run_id", "trace_ids", "conversation_id")}
    opened = OpenedRun(cursor, project, **told, number=None, since=place["first_ns"], until=place["last_ns"])
    return opened, stored_run_steps(opened)


def _derived_run(
    cursor: duckdb.DuckDBPyConnection, project: str, asked_id: str, place: dict[str, Any]
) -> tuple[OpenedRun, pa.Table]:
    """The run and its steps from the records at hand. Raises NoSuchRun."""
    _seed(cursor, project, place)
    derive_steps(cursor, _NEIGHBOURS)
    opened = derived_run(cursor, project, asked_id)
    return opened, derived_run_steps(opened)


def stored_run_steps(opened: OpenedRun) -> pa.Table:
    """The run's steps with every column that was kept of them with its summary."""
    return opened.ask("stored_run_steps")


def derived_run_steps(opened: OpenedRun) -> pa.Table:
    """The steps of the run just derived, with those columns and more."""
    return opened.ask("derived_run_steps")


def derived_run(cursor: duckdb.DuckDBPyConnection, project: str, asked_id: str) -> OpenedRun:
    """The run of this id among those just derived. Raises NoSuchRun."""
    found = ask_one(cursor, "derived_run", {"project": project, "id": asked_id})
    if found is None:
        raise _no_such_run(project, asked_id)
    return OpenedRun(cursor, project, **found)


def derived_run_facts(opened: OpenedRun, now_ns: int) -> pa.Table:
    """What the run comes to: one row, as run.sql gives it."""
    return opened.ask("derived_run_facts", now_ns=now_ns)


def _place(cursor: duckdb.DuckDBPyConnection, project: str, asked_id: str) -> dict[str, Any]:
    place = locate(cursor, project, asked_id)
    if place is None:
        raise _no_such_run(project, asked_id)
    return place


def _seed(cursor: duckdb.DuckDBPyConnection, project: str, place: dict[str, Any]) -> None:
    run(cursor, "derivation/seeds_of_run", {"project": project} | place)


def _no_such_run(project: str, asked_id: str) -> NoSuchRun:
    return NoSuchRun(f"project {project!r} has no run {asked_id[:200]!r}")
