"""Backups that the running server makes, one after the other."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from ingest.copying import back_up
from ingest.store import StoreError


class Backups:
    """Copies of the store behind `connection` into `folder`, or wherever an order says. Safe to use from threads."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path | None) -> None:
        self._connection = connection
        self._folder = folder
        self._lock = threading.Lock()

    def next_path(self) -> Path:
        """A new one's, named by the time in UTC. Raises `StoreError` if there is no folder."""
        if self._folder is None:
            raise StoreError("there is no folder for backups: set RUNLIGHT_BACKUP_FOLDER")
        return self._folder.absolute() / f"runlight-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}.duckdb"

    def make(self, path: Path) -> dict[str, Any]:
        """A new one: its `path` and `bytes`. Raises `StoreError`."""
        with self._lock:
            try:
                return {"path": str(path), "bytes": back_up(self._connection, path)}
            except (OSError, duckdb.Error) as error:
                raise StoreError(f"no backup was made at {path}: {str(error).splitlines()[0]}") from None
