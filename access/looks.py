"""Who looked at content that is restricted, in the audit log: once an hour, however often it is asked for."""

import threading
import time
from collections.abc import Callable

from access.audit import AuditLog, Who

LOOKED = "looked at content"
_HOUR_NS = 3_600 * 10**9
_MOST_NOTED = 100_000  # some megabytes; beyond, a look may be noted twice an hour, but is never left out

Look = tuple[Who, str, str | None]


class Looks:
    """Remembers which looks of this hour are in the log. Safe to use from threads."""

    def __init__(self, audit: AuditLog, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._audit = audit
        self._clock_ns = clock_ns
        self._lock = threading.Lock()
        self._hour = 0
        self._noted: set[Look] = set()

    def note(self, who: Who, about: str, project: str | None) -> None:
        """That somebody looked at this is in the log when this returns."""
        look, hour = (who, about, project), self._clock_ns() // _HOUR_NS
        with self._lock:
            if hour != self._hour or len(self._noted) >= _MOST_NOTED:
                self._hour, self._noted = hour, set()
            if look not in self._noted:
                self._audit.add(who, LOOKED, about, project)
                self._noted.add(look)
