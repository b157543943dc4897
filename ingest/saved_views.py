"""Views of the app that people have named, in the table `saved_views`."""

import secrets
import threading
import time
from collections.abc import Callable

import duckdb

_DELETE = "delete from saved_views where project = $project and (view_id = $view_id or name = $name)"
_ADD = """
    insert into saved_views (project, view_id, name, address, saved_at)
    values ($project, $view_id, $name, $address, make_timestamp_ns($saved_ns))
"""
_ID_BYTES = 8


class SavedViews:
    """The named views of the store behind `connection`, a cursor that nobody else uses. Safe to use from threads."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._connection = connection
        self._clock_ns = clock_ns
        self._lock = threading.Lock()

    def save(self, project: str, name: str, address: str) -> str:
        """Keep an address under a name, in place of the view that had it before; its id."""
        view = {"project": project, "name": name, "view_id": secrets.token_hex(_ID_BYTES)}
        with self._lock:
            self._connection.begin()
            try:
                self._connection.execute(_DELETE, view)
                self._connection.execute(_ADD, view | {"address": address, "saved_ns": self._clock_ns()})
            except duckdb.Error:
                self._connection.rollback()
                raise
            self._connection.commit()
        return view["view_id"]

    def delete(self, project: str, view_id: str) -> None:
        """Forget a view, if there is one with this id."""
        with self._lock:
            self._connection.execute(_DELETE, {"project": project, "view_id": view_id, "name": None})
