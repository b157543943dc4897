"""Runs that people pinned, so that retention leaves them, in the table `pins`."""

import threading
import time
from collections.abc import Callable

import duckdb

_ADD = """
    insert into pins (project, run_id, pinned_at, pinned_by)
    select $project, $run_id, make_timestamp_ns($now_ns), $by
    where not exists (select 1 from pins where project = $project and run_id = $run_id)
"""
_DELETE = "delete from pins where project = $project and run_id = $run_id"


class Pins:
    """The pins of the store behind `connection`, a cursor that nobody else uses. Safe to use from threads."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._connection = connection
        self._clock_ns = clock_ns
        self._lock = threading.Lock()

    def pin(self, project: str, run_id: str, by: str | None) -> None:
        """Pin a run, once."""
        with self._lock:
            values = {"project": project, "run_id": run_id, "by": by, "now_ns": self._clock_ns()}
            self._connection.execute(_ADD, values)

    def unpin(self, project: str, run_id: str) -> None:
        """Let it go with the others."""
        with self._lock:
            self._connection.execute(_DELETE, {"project": project, "run_id": run_id})
