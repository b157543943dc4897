"""Copies of the whole store: a backup while it is at work, its restoration, and a file without what was given back."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from ingest.checkpoints import checkpoint
from ingest.store import SCHEMA_VERSION, STORAGE_VERSION, Store, StoreError, file_bytes

_OWNER_ONLY = 0o600
_SPARE_BYTES = 16 * 1024 * 1024
_UNFINISHED = ".runlight-copy-"


def back_up(connection: duckdb.DuckDBPyConnection, target: Path) -> int:
    """Write the store, as it is at one moment, into a new file; returns its bytes. Whoever writes meanwhile goes on.

    The file appears under its name when it is complete, and only its owner can read it. Raises `StoreError` if there is
    one already or too little space, and OSError.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _expect_new(target)
    _expect_space(target.parent, _used_bytes(connection))
    with _unfinished(target.parent) as unfinished:
        with connection.cursor() as cursor:
            _copy(cursor, unfinished)
        return _publish(unfinished, target)


def restore(source: Path, target: Path, note: Callable[[Store], None]) -> int:
    """Put a backup where no store is yet; returns its bytes. Before it gets its name it is read through, brought up to
    date, and given to `note`, which may add to it.

    Raises `StoreError` if it is damaged, of a newer version or no backup, if something is there, or for want of space.
    """
    if not source.is_file():
        raise StoreError(f"there is no file {source}")
    target.parent.mkdir(parents=True, exist_ok=True)
    _expect_new(target)
    _expect_space(target.parent, source.stat().st_size)
    with _unfinished(target.parent) as unfinished:
        shutil.copyfile(source, unfinished)
        _expect_whole(unfinished, source)
        store = Store.open(unfinished)
        note(store)
        store.close()
        return _publish(unfinished, target)


def compact(path: Path, store: Store) -> tuple[int, int]:
    """Replace the file of an open store, which nobody else uses, by a copy that holds what is there and nothing that
    was removed; closes it. Returns the bytes before and after. Whatever happens, one of the two is there, and whole."""
    checkpoint(store.connection)
    before = file_bytes(path)
    _expect_space(path.parent, _used_bytes(store.connection))
    with _unfinished(path.parent) as unfinished:
        with store.cursor() as cursor:
            _copy(cursor, unfinished)
        _settle(unfinished)
        after = unfinished.stat().st_size
        os.replace(unfinished, path)  # while the old one is still locked
        _sync_folder(path.parent)
    store.close()
    return before, after


def unfinished_bytes(folder: Path) -> int:
    """How large the copy is that is being made in a folder; 0 when there is none, or it is just done."""
    try:
        return sum(path.stat().st_size for path in folder.glob(f"{_UNFINISHED}*/*"))
    except OSError:
        return 0  # it got its name in the middle


def _copy(cursor: duckdb.DuckDBPyConnection, target: Path) -> None:
    """In one transaction, which sees nothing of what is committed meanwhile."""
    (source,) = cursor.execute("select current_database()").fetchone() or ("",)
    name = target.parent.name
    cursor.execute(f"attach '{_quoted(str(target))}' as \"{name}\" (storage_version '{STORAGE_VERSION}')")
    try:
        cursor.begin()
        cursor.execute(f'copy from database "{source}" to "{name}"')
        cursor.commit()
        cursor.execute(f'checkpoint "{name}"')
    finally:
        cursor.execute(f'detach "{name}"')


def _expect_whole(path: Path, source: Path) -> None:
    """Read all of it, which compares the file with its checksums."""
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            row = connection.execute("select max(version) from schema_version").fetchone()
            version = row[0] if row else None
            tables = connection.execute("select table_name from duckdb_tables() where not temporary").fetchall()
            for (table,) in tables:
                connection.execute(f'select count(*), bit_xor(hash(t)) from "{table}" t').fetchall()
    except duckdb.Error as error:
        raise StoreError(f"{source} cannot be restored: {str(error).splitlines()[0]}") from None
    if version is None:
        raise StoreError(f"{source} cannot be restored: it is no store of Runlight's")
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{source} was written by a newer Runlight (schema {version}, this one knows {SCHEMA_VERSION}): "
            "restore it with that version"
        )


@contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    """A file's path in a folder of its own, gone afterwards; the remains of a copy that was killed go first."""
    for left in folder.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=folder) as own:
        yield Path(own) / "copy.duckdb"


def _publish(unfinished: Path, target: Path) -> int:
    _settle(unfinished)
    try:
        os.link(unfinished, target)  # unlike a renaming, it never replaces what came meanwhile
    except FileExistsError:
        raise _there_already(target) from None
    _sync_folder(target.parent)
    return target.stat().st_size


def _settle(path: Path) -> None:
    path.chmod(_OWNER_ONLY)
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _expect_new(target: Path) -> None:
    for path in (target, target.with_name(f"{target.name}.wal")):
        if path.exists():
            raise _there_already(path)


def _there_already(path: Path) -> StoreError:
    return StoreError(f"{path} is there already, and nothing is overwritten: name another file, or move it away")


def _expect_space(folder: Path, needed_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed_bytes + _SPARE_BYTES:
        raise StoreError(f"{folder} has {free} bytes left, and a copy takes up to {needed_bytes + _SPARE_BYTES}")


def _used_bytes(connection: duckdb.DuckDBPyConnection) -> int:
    """As much as a copy can take: what is in the file, and in the log beside it."""
    with connection.cursor() as cursor:
        row = cursor.execute(
            "select used_blocks * block_size from pragma_database_size() where database_name = current_database()"
        ).fetchone()
        found = cursor.execute(
            "select path from duckdb_databases() where database_name = current_database()"
        ).fetchone()
    log = Path(f"{found[0]}.wal") if found else None
    return (int(row[0]) if row else 0) + (log.stat().st_size if log and log.exists() else 0)


def _quoted(text: str) -> str:
    return text.replace("'", "''")
