"""The window and the narrowing that every question about many runs accepts, read from text and checked."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

DEFAULT_WINDOW_NS = 7 * 86_400 * 10**9
RUN_STATUSES = ("ok", "error", "waiting", "running", "abandoned")
STEP_STATUSES = ("ok", "error", "denied", "cancelled", "pending", "running")
EVIDENCE = ("explicit", "content", "inferred")

# The times that the store can hold: 1970 up to a year before nanoseconds overflow 64 bits.
EARLIEST_NS, LATEST_NS = 0, 9_191_000_000 * 10**9
_UNITS_NS = {"s": 10**9, "m": 60 * 10**9, "h": 3_600 * 10**9, "d": 86_400 * 10**9, "w": 7 * 86_400 * 10**9}
_HOUR_NS, _DAY_NS = _UNITS_NS["h"], _UNITS_NS["d"]
_BUCKETS = ((6 * _HOUR_NS, "5 minutes"), (3 * _DAY_NS, "hour"), (90 * _DAY_NS, "day"), (2**63, "week"))
_RELATIVE = re.compile(r"-(\d{1,9})([smhdw])")
_RFC_3339 = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_PROJECT = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)


class BadFilter(ValueError):
    """A parameter that cannot be read; its text says what would be right."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a question. Times are nanoseconds since 1970, the window is [since_ns, until_ns); null filters
    nothing. `attributes` are `key=value` of any attribute, tag or metadata key; all must be there. `words` must all be
    in a run's names, ids or previews, or the run is one of `mentioned`; `is_cut` if there may be more.
    `begins_before_ns` is where the window before begins if it is not as long: a week with a change of clocks is not."""

    project: str
    now_ns: int
    since_ns: int
    until_ns: int
    tz: str = "UTC"
    workflow: str | None = None
    agent: str | None = None
    service: str | None = None
    environment: str | None = None
    release: str | None = None
    model: str | None = None
    tool: str | None = None
    user: str | None = None
    conversation: str | None = None
    statuses: tuple[str, ...] | None = None
    evidence: str | None = None
    attributes: tuple[str, ...] | None = None
    words: tuple[str, ...] | None = None
    mentioned: tuple[str, ...] | None = None
    is_cut: bool = False
    begins_before_ns: int | None = None

    @property
    def bucket(self) -> str:
        """What trends of this window are cut into, so that a chart has some dozen points."""
        return next(bucket for most_ns, bucket in _BUCKETS if self.until_ns - self.since_ns <= most_ns)

    @property
    def before_ns(self) -> int:
        """Where the window before this one begins, which ends where this one begins and is as long unless told."""
        if self.begins_before_ns is not None:
            return self.begins_before_ns
        return max(EARLIEST_NS, 2 * self.since_ns - self.until_ns)

    def last(self, length_ns: int) -> "Filters":
        """The same of the end of the window alone."""
        return replace(self, since_ns=max(self.since_ns, self.until_ns - length_ns))

    def values(self) -> dict[str, Any]:
        """By the names that the SQL files bind."""
        values = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        return values | {"bucket": self.bucket, "before_ns": self.before_ns}


def read_filters(
    now_ns: int,
    *,
    project: str = "default",
    since: str | None = None,
    until: str | None = None,
    tz: str = "UTC",
    evidence: str | None = None,
    attributes: Mapping[str, str] | None = None,
    **narrowing: str | None,
) -> Filters:
    """Filters from what was asked in text; the window defaults to the last 7 days. Raises BadFilter."""
    until_ns = read_time("until", until, now_ns) if until else now_ns
    since_ns = read_time("since", since, now_ns) if since else max(EARLIEST_NS, until_ns - DEFAULT_WINDOW_NS)
    if since_ns > until_ns:
        raise BadFilter("the window ends before it begins: since is later than until")
    if evidence is not None:
        expect("evidence", evidence, EVIDENCE)
    return Filters(
        project=read_project(project),
        now_ns=now_ns,
        since_ns=since_ns,
        until_ns=until_ns,
        tz=read_zone(tz),
        statuses=None,
        evidence=evidence,
        attributes=tuple(f"{key}={value}" for key, value in (attributes or {}).items()) or None,
        words=None,
        mentioned=None,
        is_cut=False,
        begins_before_ns=None,
        **narrowing,
    )


def read_statuses(asked: Iterable[str], known: Iterable[str]) -> tuple[str, ...] | None:
    """The statuses asked for, or None for any. Raises BadFilter."""
    statuses = tuple(asked)
    for status in statuses:
        expect("status", status, known)
    return statuses or None


def read_time(name: str, text: str, now_ns: int) -> int:
    """Nanoseconds since 1970 of an RFC 3339 time, a day (its start in UTC), `now`, or a time before now such as
    `-24h` (units s, m, h, d, w). Raises BadFilter."""
    if text == "now":
        return now_ns
    if relative := _RELATIVE.fullmatch(text):
        return max(EARLIEST_NS, now_ns - int(relative[1]) * _UNITS_NS[relative[2]])
    parts = _RFC_3339.fullmatch(f"{text}T00:00:00Z" if _DAY.fullmatch(text) else text)
    if parts is None:
        raise BadFilter(
            f"{name} reads like 2026-01-31T09:00:00Z, 2026-01-31 or -24h (units s, m, h, d, w), not {_shown(text)}"
        )
    try:
        moment = datetime.fromisoformat(f"{parts[1]}T{parts[2]}{parts[4].upper().replace('Z', '+00:00')}")
        seconds = round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    except (ValueError, OverflowError):
        raise BadFilter(f"{name} is no time that exists: {_shown(text)}") from None
    moment_ns = seconds * 10**9 + int((parts[3] or "").ljust(9, "0"))
    if not EARLIEST_NS <= moment_ns <= LATEST_NS:
        raise BadFilter(f"{name} must lie between 1970 and 2261, not {_shown(text)}")
    return moment_ns


def read_project(text: str) -> str:
    """A project's name. Raises BadFilter."""
    if not _PROJECT.fullmatch(text):
        raise BadFilter(f"a project's name is 1 to 64 lower-case letters, digits, - and _, not {_shown(text)}")
    return text


def read_zone(text: str) -> str:
    """An IANA time zone's name. Raises BadFilter."""
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise BadFilter(f"tz is a time zone such as UTC or Europe/Berlin, not {_shown(text)}") from None
    return text


def expect(name: str, value: str, known: Iterable[str]) -> None:
    """Raises BadFilter unless the value is a known one."""
    if value not in known:
        raise BadFilter(f"{name} is one of {', '.join(known)}, not {_shown(value)}")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:80] + "…")
