"""Weekly reports that were made, in the table `weekly_reports`; none is ever changed."""

import threading
import time
from collections.abc import Callable
from typing import Any

import duckdb

_KNOWN = """
    select 1
    from weekly_reports
    where
        project = $project and week = $week and tz = $tz and workflow is not distinct from $workflow
        and version = $version
"""
_REMOVALS = "select removal_count from removal_counter"
_UNREMOVED = """
    update removal_counter
    set removal_count = removal_count
    where removal_count = $seen
    returning removal_count
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

    def removals(self) -> int:
        """How many removals there were so far. A report is made of what was there after this was asked."""
        with self._lock:
            row = self._connection.execute(_REMOVALS).fetchone()
        return int(row[0]) if row else 0

    def keep(
        self,
        *,
        seen: int,
        project: str,
        week: str,
        tz: str,
        workflow: str | None,
        version: int,
        made_at: str,
        is_final: bool,
        document: str,
    ) -> bool:
        """Keep a report under this version; whether it was kept. It is not if there is one already, or if something was
        removed since there were `seen` removals, of which it may tell."""
        key = {"project": project, "week": week, "tz": tz, "workflow": workflow, "version": version}
        told = {"made_at": made_at, "is_final": is_final, "document": document, "kept_ns": self._clock_ns()}
        with self._lock:
            return self._add(seen, key, told)

    def _add(self, seen: int, key: dict[str, Any], told: dict[str, Any]) -> bool:
        self._connection.begin()
        try:
            is_unremoved = self._connection.execute(_UNREMOVED, {"seen": seen}).fetchone() is not None
            is_new = is_unremoved and self._connection.execute(_KNOWN, key).fetchone() is None
            if is_new:
                self._connection.execute(_ADD, key | told)
        except duckdb.TransactionException:  # a removal is at work
            self._connection.rollback()
            return False
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()
        return is_new
