"""How a report writes numbers and times, in the words of every page; unknown is a dash, never zero."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from queries.words import DASH, MINUS, count, duration, share, signed, usd


def number(value: float) -> str:
    """A number that need not be whole: 14.3, 1,429."""
    return f"{value:,.1f}" if abs(value) < 100 and value != round(value) else f"{value:,.0f}"


def moment(text: str, tz: str) -> str:
    """A time of RFC 3339 on the report's clock: 2026-11-14 08:00."""
    return f"{datetime.fromisoformat(text).astimezone(ZoneInfo(tz)):%Y-%m-%d %H:%M}"


_WRITTEN: Mapping[str, Callable[[float], str]] = {
    "count": count,
    "number": number,
    "usd": usd,
    "ms": duration,
    "share": share,
}


def shown(value: float | str | None, unit: str, tz: str = "UTC") -> str:
    """A value as people read it; nothing of what is not asked for."""
    if value is None:
        return DASH
    if isinstance(value, str):
        return moment(value, tz) if unit == "time" else value
    return _WRITTEN[unit](value) if value >= 0 else MINUS + _WRITTEN[unit](-value)


def difference(value: float | None, unit: str) -> str:
    """How much more or less, with its sign: +73, −$2.08, +1.4 pp for percentage points."""
    if value is None:
        return DASH
    told = signed(value, _points if unit == "share" else _WRITTEN[unit])
    return told if re.search(r"[1-9]", told) else "±0"


def _points(value: float) -> str:
    return f"{value * 100:.1f} pp"


def listed(parts: list[str]) -> str:
    """a, b and c"""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
