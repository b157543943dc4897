"""How a report writes numbers, times and telemetry's own words; unknown is a dash, never zero."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

DASH, MINUS = "—", "−"


def one_line(text: str, limit: int) -> str:
    """Text on one line, cut to `limit` characters; controls and marks that reorder or hide text are made visible."""
    folded = " ".join(_INVISIBLE.sub(_visible, text[: 4 * limit]).split())
    return folded if len(folded) <= limit else folded[: limit - 1] + "…"


def count(value: float) -> str:
    """1,429"""
    return f"{value:,.0f}"


def number(value: float) -> str:
    """A number that need not be whole: 14.3, 1,429."""
    return f"{value:,.1f}" if abs(value) < 100 and value != round(value) else f"{value:,.0f}"


def usd(value: float) -> str:
    """US dollars to a precision that shows something: $12.30, $0.0042, below a hundredth of a cent <$0.0001."""
    if value == 0:
        return "$0"
    if value < 0.0001:
        return "<$0.0001"
    return f"${value:,.4f}" if value < 0.995 else f"${value:,.2f}"


def share(value: float) -> str:
    """A fraction as a percentage: 2.1%; a smaller one with a digit more, so that it is not zero."""
    return f"{value:.2%}" if 0 < abs(value) < 0.001 else f"{value:.1%}"


def duration(milliseconds: float) -> str:
    """In the unit one would say: 850 ms, 1.24 s, 2 min 05 s, 3 h 10 min, 4 d 2 h."""
    if milliseconds < 999.5:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 59.95:
        return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02} min"
    return f"{hours // 24:,} d {hours % 24} h"


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
    size = f"{abs(value) * 100:.1f} pp" if unit == "share" else _WRITTEN[unit](abs(value))
    if not re.search(r"[1-9]", size):
        return "±0"
    return f"{'+' if value > 0 else MINUS}{size}"


def plural(value: int, noun: str, many: str = "") -> str:
    """1 run, 2 runs"""
    return f"{value:,} {noun if value == 1 else many or noun + 's'}"


def listed(parts: list[str]) -> str:
    """a, b and c"""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


# Controls, marks that change the direction of text, zero-width and tag characters, and what XML cannot hold.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code in (0x0B, 0x0C, 0x0D):
        return " "
    return chr(0x2400 + code) if code < 0x20 else f"\\u{code:04x}"
