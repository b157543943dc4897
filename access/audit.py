"""What people and holders of keys did, in the table `audit_log`. Rows are added before the act, and go by age alone."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum

import duckdb

_LONGEST_ABOUT = 500
_FORGOTTEN_AT_ONCE = 1_000
_DAY_NS = 86_400 * 10**9
_ADD = """
    insert into audit_log (project, done_at, who, via, role, key_id, act, about)
    values ($project, make_timestamp_ns($now_ns), $name, $via, $role, $key_id, $act, $about)
"""
_FORGET = """
    delete from audit_log
    where rowid in (
        select rowid
        from audit_log
        where done_at < make_timestamp_ns($cut_ns)
        limit $limit
    )
"""


class Via(StrEnum):
    """By which way somebody came."""

    APP = "app"
    KEY = "key"
    LOCAL = "local"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Who:
    """A person in the app, with a role; the name of a key; or whoever is on this machine, where there are no keys."""

    name: str
    via: Via
    role: str | None = None
    key_id: str | None = None


LOCAL, COMMAND = Who("local", Via.LOCAL), Who("local", Via.COMMAND)


class AuditLog:
    """The log of the store behind `connection`, a cursor that nobody else uses. Safe to use from threads."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._connection = connection
        self._clock_ns = clock_ns
        self._lock = threading.Lock()

    @contextmanager
    def doing(self, who: Who, act: str, about: str, project: str | None = None) -> Iterator[None]:
        """What is done in the block is noted before it begins; should it fail, that too."""
        self.add(who, act, about, project)
        try:
            yield
        except BaseException:
            self.add_failure(who, act, about, project)
            raise

    def add_failure(self, who: Who, act: str, about: str, project: str | None = None) -> None:
        """Note that what was noted before has failed."""
        self.add(who, f"failed: {act}", about, project)

    def add(self, who: Who, act: str, about: str, project: str | None = None) -> None:
        """Note what is done: the act in words, what it is about, and the project, if it is of one."""
        row = {"act": act, "about": about[:_LONGEST_ABOUT], "project": project, "now_ns": self._clock_ns()}
        with self._lock:
            self._connection.execute(_ADD, asdict(who) | row)

    def forget_older(self, days: int) -> None:
        """Forget what was done before so many days, in small steps between which others add."""
        cut_ns = self._clock_ns() - days * _DAY_NS
        while self._forget_some(cut_ns) == _FORGOTTEN_AT_ONCE:
            pass

    def _forget_some(self, cut_ns: int) -> int:
        with self._lock:
            gone = self._connection.execute(_FORGET, {"cut_ns": cut_ns, "limit": _FORGOTTEN_AT_ONCE}).fetchone()
        return int(gone[0]) if gone else 0
