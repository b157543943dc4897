"""Which run an id means, and where its records are: what must be known before the run can be opened."""

from collections.abc import Mapping
from typing import Any

import duckdb

from queries.derive import LATEST_NS
from queries.statements import ask_one

# Parts of a run's records may have come long after it happened; a commit is looked for within a day of the run.
_DAY_NS = 86_400 * 10**9


def locate(cursor: duckdb.DuckDBPyConnection, project: str, asked_id: str) -> dict[str, Any] | None:
    """Where to start reading: run_id, trace_ids, run_key, conversation_id, since and until in nanoseconds, is_settled;
    None if no record bears this id."""
    if (place := run_place(cursor, project, asked_id)) is not None:
        return place
    run_id = run_of(cursor, project, asked_id)
    return run_extent(cursor, project, asked_id) if run_id is None else run_place(cursor, project, run_id)


def run_of(cursor: duckdb.DuckDBPyConnection, project: str, asked_id: str) -> str | None:
    """The run id that a run id, trace id or conversation id leads to; None before the run's first summary."""
    found = ask_one(cursor, "run_of", {"project": project, "id": asked_id})
    return None if found is None else str(found["run_id"])


def run_place(cursor: duckdb.DuckDBPyConnection, project: str, run_id: str) -> dict[str, Any] | None:
    """Where the run's summary says that its records are."""
    return ask_one(cursor, "run_place", {"project": project, "run_id": run_id})


def run_extent(cursor: duckdb.DuckDBPyConnection, project: str, asked_id: str) -> dict[str, Any] | None:
    """Where the records themselves are that bear this id."""
    return ask_one(cursor, "run_extent", {"project": project, "id": asked_id})


def window_version(cursor: duckdb.DuckDBPyConnection, project: str, since: int, until: int) -> int | None:
    """The newest commit that may have changed a run of this time."""
    around = {"project": project, "since": max(0, since - _DAY_NS), "until": min(LATEST_NS, until + _DAY_NS)}
    found = ask_one(cursor, "window_version", around)
    return None if found is None else found["batch_id"]


def latest_start(cursor: duckdb.DuckDBPyConnection, values: Mapping[str, object]) -> int:
    """Until when steps of the runs that started before the end of the window (`until_ns`) may have started."""
    found = ask_one(cursor, "latest_start", values)
    return LATEST_NS if found is None or found["latest_ns"] is None else int(found["latest_ns"])
