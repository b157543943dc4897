"""Writes the log beside the file into it: beside the commits, and never where the disk has no room for it.

A checkpoint that fails half-way leaves the process without a store until it is started again, while a commit that finds
the disk full is only told to its client.
"""

import logging
import shutil
from pathlib import Path

import duckdb

_ROOM = 2  # times the log: what is written, and parts of the file that it replaces
_LEAST_ROOM_BYTES = 4 * 1024 * 1024

log = logging.getLogger(__name__)


class Checkpoints:
    """Looks after the log of an open store, with a connection that nobody else uses."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, log_bytes: int) -> None:
        self._connection = connection
        self._path = path_of(connection)
        self._log_bytes = log_bytes
        self._is_short = False

    def take_if_due(self) -> bool:
        """Write the log into the file if it has become as long as asked for; whether it was written.

        What only adds rows is committed meanwhile as well. A checkpoint that a commit begins by itself would make that
        commit, and those behind it, wait for it.
        """
        if length_of_log(self._path) < self._log_bytes:
            return False
        was_short, self._is_short = self._is_short, not has_room(self._path)
        if self._is_short and not was_short:
            log.warning("the disk has no room to write the log into the file; it grows until there is")
        return checkpoint(self._connection)


def checkpoint(connection: duckdb.DuckDBPyConnection) -> bool:
    """Write the log into the file, unless somebody changes rows or the disk lacks room; whether it was written."""
    if not has_room(path_of(connection)):
        return False
    try:
        connection.execute("checkpoint")
    except duckdb.TransactionException:
        return False
    return True


def has_room(path: Path) -> bool:
    """Whether the disk can take what a checkpoint of this file may write."""
    return shutil.disk_usage(path.parent).free >= _ROOM * length_of_log(path) + _LEAST_ROOM_BYTES


def path_of(connection: duckdb.DuckDBPyConnection) -> Path:
    """The file that is open."""
    row = connection.execute("select path from duckdb_databases() where database_name = current_database()").fetchone()
    if row is None or row[0] is None:
        raise ValueError("this store is in memory alone")
    return Path(row[0])


def length_of_log(path: Path) -> int:
    """The bytes of the log beside a file, which comes and goes."""
    try:
        return path.with_name(f"{path.name}.wal").stat().st_size
    except FileNotFoundError:
        return 0
