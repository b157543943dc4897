"""What people and holders of keys did, in the table `audit_log`. Rows are only ever added."""

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum

import duckdb

_LONGEST_ABOUT = 500
_ADD = """
    insert into audit_log (project, done_at, who, via, role, key_id, act, about)
    values ($project, make_timestamp_ns($now_ns), $name, $via, $role, $key_id, $act, $about)
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

    def add(self, who: Who, act: str, about: str, project: str | None = None) -> None:
        """Note that it was done: the act in words, what it was about, and the project, if it was of one."""
        row = {"act": act, "about": about[:_LONGEST_ABOUT], "project": project, "now_ns": self._clock_ns()}
        with self._lock:
            self._connection.execute(_ADD, asdict(who) | row)
