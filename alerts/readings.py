"""What a question said of each group, and where the app and the API show the same."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from queries.filters import Filters

# What the pages narrow by under the same names as the API.
_SHARED = ("workflow", "agent", "service", "environment", "release", "model", "tool", "user")


@dataclass(frozen=True, slots=True)
class Measured:
    """A group's number, how much is behind it, the page and query of its runs, and what the number is in words of
    ours."""

    group: str
    value: float
    sample_count: int
    address: str
    detail: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a question answered: its name, how the API is asked the same, and the number of each group."""

    question: str
    asked: str
    measured: Mapping[str, Measured]


def reading(question: str, filters: Filters, measured: Iterable[Measured], **more: str) -> Reading:
    """The reading of a question that was asked with these filters, and `more` parameters of the API; of several groups
    with one name the one with the largest number."""
    by_group: dict[str, Measured] = {}
    for one in measured:
        if one.group not in by_group or by_group[one.group].value < one.value:
            by_group[one.group] = one
    return Reading(question, _asked(question, filters, more), by_group)


def page(name: str, filters: Filters, since_ns: int | None = None, **narrowing: str | None) -> str:
    """The path and query of a page of the app about the window, without the project; it begins at `since_ns` if that is
    given."""
    bounds = {"window": "custom", **_bounds(filters.since_ns if since_ns is None else since_ns, filters.until_ns)}
    given = {name: value for name, value in narrowing.items() if value}
    return f"/{name}?{urlencode(bounds | _narrowing(filters) | given)}"


def counted(number: int, what: str) -> str:
    """1 run, 2,345 runs."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def joined(*parts: str | None) -> str:
    """The parts that are known, as the name of a group."""
    return " · ".join(part for part in parts if part)


def ns(at: datetime) -> int:
    """A time of a question's row, which is in UTC and says so or not, as nanoseconds since 1970."""
    return int(at.replace(tzinfo=UTC).timestamp()) * 10**9


def _asked(question: str, filters: Filters, more: Mapping[str, str]) -> str:
    """The path and query by which the API answers the same."""
    path = "ingest" if question.startswith("ingest_") else question.replace("_", "-")
    zone = {} if filters.tz == "UTC" else {"tz": filters.tz}
    bounds = _bounds(filters.since_ns, filters.until_ns)
    return f"/api/{path}?{urlencode({'project': filters.project, **bounds, **zone, **_narrowing(filters), **more})}"


def _narrowing(filters: Filters) -> dict[str, Any]:
    return {name: value for name, value in asdict(filters).items() if name in _SHARED and value}


def _bounds(since_ns: int, until_ns: int) -> dict[str, str]:
    return {"since": _rfc_3339(since_ns), "until": _rfc_3339(until_ns)}


def _rfc_3339(at_ns: int) -> str:
    return f"{datetime.fromtimestamp(at_ns // 10**9, UTC):%Y-%m-%dT%H:%M:%SZ}"
