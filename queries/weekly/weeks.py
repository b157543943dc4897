"""ISO weeks in a time zone: `2026-W46` is Monday the 9th to Monday the 16th of November."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from queries.filters import BadFilter

_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1971, 2200
_S_NS = 10**9


@dataclass(frozen=True, slots=True)
class Week:
    """A week from Monday's midnight to the next one's in a zone; with a change of clocks in it it is an hour off."""

    monday: date
    tz: str

    @property
    def name(self) -> str:
        """As ISO 8601 writes it."""
        year, week, _ = self.monday.isocalendar()
        return f"{year}-W{week:02}"

    @property
    def since_ns(self) -> int:
        """When it begins, in nanoseconds since 1970."""
        return self.day_ns(0)

    @property
    def until_ns(self) -> int:
        """When it ends, which does not belong to it."""
        return self.day_ns(7)

    def day_ns(self, day: int) -> int:
        """When the day of this number begins, Monday's being 0."""
        midnight = datetime.combine(self.monday + timedelta(days=day), time(), ZoneInfo(self.tz))
        return round(midnight.timestamp()) * _S_NS

    def before(self, weeks: int = 1) -> "Week":
        """The week so many weeks earlier."""
        return Week(self.monday - timedelta(weeks=weeks), self.tz)

    def days(self) -> list[date]:
        """Its seven days."""
        return [self.monday + timedelta(days=day) for day in range(7)]


def read_week(text: str, tz: str) -> Week:
    """The week of this ISO name. Raises BadFilter."""
    parts = _WEEK.fullmatch(text)
    if parts is None or not _FIRST_YEAR <= int(parts[1]) <= _LAST_YEAR:
        raise BadFilter(f"a week reads like 2026-W46, not {text[:40]!r}")
    year, week = int(parts[1]), int(parts[2])
    try:
        return Week(date.fromisocalendar(year, week, 1), tz)
    except ValueError:
        weeks = date(year, 12, 28).isocalendar().week
        raise BadFilter(f"the year {year} has weeks 1 to {weeks}, not {week}") from None


def week_of(moment_ns: int, tz: str) -> Week:
    """The week that a moment lies in."""
    day = datetime.fromtimestamp(moment_ns // _S_NS, ZoneInfo(tz)).date()
    return Week(day - timedelta(days=day.weekday()), tz)


def written(moment_ns: int) -> str:
    """A moment to the second, as RFC 3339 in UTC."""
    return f"{datetime.fromtimestamp(moment_ns // _S_NS, UTC):%Y-%m-%dT%H:%M:%SZ}"
