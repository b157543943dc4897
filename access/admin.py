"""Orders about keys and backups, carried out by whoever owns the file: the running server, by a unix socket beside it.

Only the user that the server runs as can open the socket, so it asks for no key. An order is one line of JSON, and so
is its answer.
"""

import asyncio
import json
import logging
import socket
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from access.keyring import Keyring, NoSuchKey
from access.keys import Key, Scope

log = logging.getLogger(__name__)

_SECONDS = 10.0
_LONGEST_PATH = 107  # bytes, of a socket's address on Linux
_OWNER_ONLY = 0o600

Order = Mapping[str, Any]


def socket_path(database: Path) -> Path:
    """Where the server of this file takes orders."""
    return database.with_suffix(".sock")


def carry_out(keyring: Keyring, order: Order) -> dict[str, Any]:
    """The answer to an order: `key` and `is_first` for add, `keys` for list, nothing for revoke, or an `error`."""
    match order:
        case {"do": "add", "name": str(name), "scopes": [*scopes], "projects": None | [*_] as projects}:
            is_first = not keyring
            key = keyring.add(name, map(Scope, scopes), None if projects is None else frozenset(projects))
            return {"key": key, "is_first": is_first}
        case {"do": "list"}:
            return {"keys": [_told(key) for key in keyring.listed()]}
        case {"do": "revoke", "key_id": str(key_id)}:
            try:
                keyring.revoke(key_id)
            except NoSuchKey:
                return {"error": f"no key has the id {key_id[:80]!r}"}
            return {}
    return {"error": "this is no order that the server knows"}


def order_of_server(database: Path, order: Order, *, seconds: float | None = _SECONDS) -> dict[str, Any] | None:
    """The answer of the server that owns the file; None if none listens. Raises OSError if it gives none in time."""
    if len(bytes(socket_path(database))) > _LONGEST_PATH:
        return None
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(seconds)
        try:
            connection.connect(str(socket_path(database)))
        except (FileNotFoundError, ConnectionRefusedError):  # no server, or one that was killed
            return None
        connection.sendall(json.dumps(order).encode() + b"\n")
        with connection.makefile() as lines:
            answer: dict[str, Any] = json.loads(lines.readline() or '{"error": "the server gave no answer"}')
            return answer


class AdminSocket:
    """The running server's ear for orders. `back_up` copies the store to a path, and answers with an `error` if not."""

    def __init__(self, database: Path, keyring: Keyring, back_up: Callable[[Path], dict[str, Any]]) -> None:
        self._path = socket_path(database)
        self._keyring = keyring
        self._back_up = back_up
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen from now on; where that cannot be, say so in the log and go without."""
        listener = socket.socket(socket.AF_UNIX)
        try:
            self._path.unlink(missing_ok=True)  # left by a server that was killed: this one owns the file now
            listener.bind(str(self._path))
            self._path.chmod(_OWNER_ONLY)  # before anybody can connect, which needs a socket that listens
            self._server = await asyncio.start_unix_server(self._answer, sock=listener)
        except OSError as error:
            listener.close()
            log.warning("keys cannot be managed while this server runs: no socket at %s (%s)", self._path, error)

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                order = json.loads(await reader.readline())
            answer = await asyncio.to_thread(self._carried_out, order)
            async with asyncio.timeout(_SECONDS):
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError) as error:  # ValueError: no JSON, or no scope
            log.warning("order not carried out reason=%r", type(error).__name__)
        finally:
            writer.close()

    def _carried_out(self, order: Order) -> dict[str, Any]:
        match order:
            case {"do": "backup", "out": str(out)}:
                return self._back_up(Path(out))
        return carry_out(self._keyring, order)


def _told(key: Key) -> dict[str, Any]:
    told = asdict(key) | {
        "scopes": sorted(key.scopes),
        "projects": None if key.projects is None else sorted(key.projects),
    }
    del told["secret_hash"]
    return told
