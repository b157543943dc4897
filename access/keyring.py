"""All keys of a store: in memory, where each request is checked without a query, and in the table `api_keys`."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import duckdb

from access.audit import COMMAND, AuditLog
from access.keys import Key, Projects, Scope, id_in, new_key

log = logging.getLogger(__name__)

_SAVE_SECONDS = 60.0

_ALL = """
    select
        key_id, name, secret_hash, scopes, projects,
        epoch_ns(created_at), epoch_ns(revoked_at), epoch_ns(last_used_at)
    from api_keys
    order by created_at, key_id
"""
_ADD = """
    insert into api_keys (key_id, name, secret_hash, scopes, projects, created_at)
    values ($key_id, $name, $secret_hash, $scopes, $projects, make_timestamp_ns($created_ns))
"""
_REVOKE = "update api_keys set revoked_at = make_timestamp_ns($revoked_ns) where key_id = $key_id"
_USED = "update api_keys set last_used_at = make_timestamp_ns($used_ns) where key_id = $key_id"


class NoSuchKey(LookupError):
    """No key has this id."""


class Keyring:
    """The keys of the store behind `connection`, a cursor that nobody else uses. Safe to use from several threads."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._connection = connection
        self._clock_ns = clock_ns
        self._audit = AuditLog(connection, clock_ns)
        self._lock = threading.Lock()  # looking a key up needs none, since `_keys` is only ever replaced
        self._keys = {key.key_id: key for key in map(_key, connection.execute(_ALL).fetchall())}
        self._unsaved_uses_ns: dict[str, int] = {}
        self._stopping = threading.Event()
        self._saver = threading.Thread(target=self._save_forever, name="keyring")

    def __len__(self) -> int:
        """How many keys were ever made. Revoked ones count, so that revoking the last one opens nothing."""
        return len(self._keys)

    def find(self, sent: str) -> Key | None:
        """The key that was sent, or None for one that is unknown or revoked. Counts as a use of it."""
        key_id = id_in(sent)
        key = self._keys.get(key_id) if key_id else None
        if key is None or not key.is_of(sent) or key.revoked_ns is not None:
            return None
        self._unsaved_uses_ns[key.key_id] = self._clock_ns()
        return key

    def add(self, name: str, scopes: Iterable[Scope], projects: Projects) -> str:
        """A new key, valid from now on: what its holder has to send."""
        key, sent = new_key(name, scopes, projects, self._clock_ns())
        with self._lock:
            told = {
                "scopes": sorted(map(str, key.scopes)),
                "projects": None if projects is None else sorted(projects),
                **{field: getattr(key, field) for field in ("key_id", "name", "secret_hash", "created_ns")},
            }
            with self._audit.doing(COMMAND, "made a key", f"{key.key_id} {name}"):
                self._connection.execute(_ADD, told)
            self._keys = self._keys | {key.key_id: key}
        log.info("key added id=%s scopes=%s projects=%s", key.key_id, told["scopes"], told["projects"] or "all")
        return sent

    def revoke(self, key_id: str) -> None:
        """From now on the key is refused. Raises NoSuchKey; one that was revoked before stays as it is."""
        with self._lock:
            key = self._keys.get(key_id)
            if key is None:
                raise NoSuchKey(key_id)
            if key.revoked_ns is not None:
                return
            revoked = replace(key, revoked_ns=self._clock_ns())
            with self._audit.doing(COMMAND, "revoked a key", f"{key_id} {key.name}"):
                self._connection.execute(_REVOKE, {"key_id": key_id, "revoked_ns": revoked.revoked_ns})
            self._keys = self._keys | {key_id: revoked}
        log.info("key revoked id=%s", key_id)

    def listed(self) -> list[Key]:
        """All keys, the oldest first, with their last use up to now."""
        used = dict(self._unsaved_uses_ns)
        return [replace(key, last_used_ns=used.get(key.key_id, key.last_used_ns)) for key in self._keys.values()]

    def start(self) -> None:
        """From now on, when keys were last used is written down once a minute."""
        self._saver.start()

    def stop(self) -> None:
        """Write it down for the last time."""
        self._stopping.set()
        self._saver.join()

    def _save_forever(self) -> None:
        while not self._stopping.wait(_SAVE_SECONDS):
            self._save_uses()
        self._save_uses()

    def _save_uses(self) -> None:
        with self._lock:
            noted, self._unsaved_uses_ns = self._unsaved_uses_ns, {}
            used = dict(noted)  # a request may still add to the other
            self._keys = self._keys | {
                key_id: replace(self._keys[key_id], last_used_ns=used_ns) for key_id, used_ns in used.items()
            }
            try:
                for key_id, used_ns in used.items():
                    self._connection.execute(_USED, {"key_id": key_id, "used_ns": used_ns})
            except duckdb.Error:  # a full disk, for one; the next use tells again
                log.exception("uses of keys not saved")


def _key(row: tuple[Any, ...]) -> Key:
    key_id, name, secret_hash, scopes, projects, *times_ns = row
    return Key(
        key_id,
        name,
        secret_hash,
        frozenset(map(Scope, scopes)),
        None if projects is None else frozenset(projects),
        *times_ns,
    )
