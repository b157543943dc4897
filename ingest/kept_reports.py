"""Weekly reports that were made, in the table `weekly_reports`; none is ever changed."""

import threading
import time
from collections.abc import Callable

import duckdb

_KNOWN = """
    select 1
    from weekly_reports
    where
        project = $project and week = $week and tz = $tz and workflow is not distinct from $workflow
        and version = $version
"""
_ADD = """
    insert into weekly_reports (project, week, tz, workflow, version, made_at, is_final, kept_at, document)
    values (
        $project, $week, $tz, $workflow, $version, $made_at::timestamp_ns, $is_final, make_timestamp_ns($kept_ns),
        $document
    )
"""


class KeptReports:
    """The reports in the store behind `connection`, a cursor that nobody else uses. Safe to use from threads."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._connection = connection
        self._clock_ns = clock_ns
        self._lock = threading.Lock()

    def keep(
        self,
        *,
        project: str,
        week: str,
        tz: str,
        workflow: str | None,
        version: int,
        made_at: str,
        is_final: bool,
        document: str,
    ) -> bool:
        """Keep a report under this version, unless there is one already; whether it was kept."""
        key = {"project": project, "week": week, "tz": tz, "workflow": workflow, "version": version}
        told = {"made_at": made_at, "is_final": is_final, "document": document, "kept_ns": self._clock_ns()}
        with self._lock:
            if self._connection.execute(_KNOWN, key).fetchone():
                return False
            self._connection.execute(_ADD, key | told)
        return True
