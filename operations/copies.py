"""`python server.py backup | restore | compact`: copies of the store, by the running server or in the file itself."""

import argparse
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from access.admin import order_of_server, socket_path
from access.audit import COMMAND, AuditLog
from ingest.copying import back_up, compact, restore, unfinished_bytes
from ingest.store import Store, StoreError, file_bytes
from settings import SettingsError, read_settings

_TELL_SECONDS = 0.5
_COMPACTED = "compacted the store"
COMMANDS = ("backup", "restore", "compact")
_ABOUT = {
    "backup": "Copy the whole store into a new file, also while a server is at work on it.",
    "restore": "Put a backup where no store is yet. No server may run on it.",
    "compact": "Rewrite the file without what was removed. No server may run on it.",
}


def copies_command(arguments: Sequence[str]) -> int:
    """Carry out the command that comes first among the arguments. Returns the exit code: 1 if it came to nothing, 2 if
    the arguments make no sense."""
    command = arguments[0]
    parser = argparse.ArgumentParser(prog=f"server.py {command}", description=_ABOUT[command])
    if command == "backup":
        parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the new file")
    if command == "restore":
        parser.add_argument("backup", type=Path, metavar="FILE", help="what `backup` wrote")
    try:
        database = read_settings(parser, ("database",), arguments[1:]).database
    except SettingsError as error:
        parser.error(str(error))
    asked = parser.parse_args(arguments[1:])
    target = asked.out.absolute() if command == "backup" else database.absolute()
    source = asked.backup if command == "restore" else database
    try:
        with _progress(command, source, target.parent):
            if command == "backup":
                told = _back_up(database, target)
            elif command == "restore":
                told = f"restored {database} bytes={restore(source, database, _noting(source))}"
            else:
                told = _compact(database)
    except (StoreError, OSError) as error:
        print(f"runlight: {error}", file=sys.stderr)
        return 1
    print(f"runlight: {told}")
    return 0


@contextmanager
def _progress(command: str, source: Path, folder: Path) -> Iterator[None]:
    """Tells on a terminal how much of the copy in the folder is there; it ends below what the source takes."""
    is_over = threading.Event()
    with tqdm(total=file_bytes(source), desc=command, unit="B", unit_scale=True, leave=False, disable=None) as progress:

        def tell() -> None:
            while not is_over.wait(_TELL_SECONDS):
                progress.update(unfinished_bytes(folder) - progress.n)

        telling = threading.Thread(target=tell, name="progress")
        telling.start()
        try:
            yield
        finally:
            is_over.set()
            telling.join()


def _back_up(database: Path, out: Path) -> str:
    answer = order_of_server(database, {"do": "backup", "out": str(out)}, seconds=None)
    if answer is None:
        store = _opened(database)
        try:
            with AuditLog(store.cursor()).doing(COMMAND, "made a backup", str(out)):
                answer = {"bytes": back_up(store.connection, out)}
        finally:
            store.close()
    if "error" in answer:
        raise StoreError(answer["error"])
    return f"backed up {out} bytes={answer['bytes']}"


def _compact(database: Path) -> str:
    if order_of_server(database, {"do": "list"}) is not None:
        raise StoreError(f"a server is at work on {database} ({socket_path(database)}): stop it first")
    store = _opened(database)
    AuditLog(store.cursor()).add(COMMAND, _COMPACTED, str(database.absolute()))
    try:
        before, after = compact(database, store)
    except (StoreError, OSError):
        AuditLog(store.cursor()).add_failure(COMMAND, _COMPACTED, str(database.absolute()))
        raise
    return f"compacted {database} bytes_before={before} bytes_after={after}"


def _noting(source: Path) -> Callable[[Store], None]:
    """Notes in the restored store what it comes from."""
    return lambda store: AuditLog(store.cursor()).add(COMMAND, "restored the store", str(source.absolute()))


def _opened(database: Path) -> Store:
    if not database.exists():
        raise StoreError(f"there is no file {database}; name it by --database")
    return Store.open(database)
