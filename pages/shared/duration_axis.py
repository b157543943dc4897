"""The logarithmic axis of durations: round times, as few as are read and as many as it takes to read the values."""

from collections.abc import Iterable
from math import log10
from typing import Any

from pages.shared.format import duration

_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
_COARSE_MS = [0.1, 1, 10, 100, _SECOND, 10 * _SECOND, _MINUTE, 10 * _MINUTE, _HOUR, 10 * _HOUR, 4 * _DAY, 40 * _DAY]
_FINE_MS = sorted(
    [lead * 10**power for power in range(-1, 5) for lead in (1, 2, 5) if lead * 10**power < 50 * _SECOND]
    + [_MINUTE * minutes for minutes in (1, 2, 5, 15, 30)]
    + [_HOUR * hours for hours in (1, 2, 6, 12)]
    + [_DAY * days for days in (1, 2, 5, 10, 20, 40)]
)
_WIDE = 300  # from here on, longest ÷ shortest, a tick for each power of ten is enough
_AIR = 0.04  # of the axis, beyond the outer ticks


def duration_axis(values_ms: Iterable[float | None]) -> dict[str, Any]:
    """What of a Plotly axis shows these milliseconds between the ticks next to the shortest and the longest."""
    known = [ms for ms in values_ms if ms is not None and ms > 0] or [_SECOND]
    shortest, longest = min(known), max(known)
    ticks = _COARSE_MS if longest / shortest > _WIDE else _FINE_MS
    first = max((tick for tick in ticks if tick <= shortest), default=ticks[0])
    last = min((tick for tick in ticks if tick >= longest), default=ticks[-1])
    shown = [tick for tick in ticks if first <= tick <= last]
    low, high = log10(min(first, shortest)), log10(max(last, longest))
    air = max(_AIR * (high - low), 0.02)
    return {
        "type": "log",
        "range": [low - air, high + air],
        "tickvals": shown,
        "ticktext": [tick_text(tick) for tick in shown],
        "fixedrange": True,
    }


def tick_text(ms: float) -> str:
    """A round duration without the digits that say nothing: 50 ms, 5 s, 2 min, 6 h, 10 d."""
    for unit, length in (("d", _DAY), ("h", _HOUR), ("min", _MINUTE)):
        if ms >= length and ms % length == 0:
            return f"{ms / length:g} {unit}"
    if ms >= _MINUTE:
        return duration(ms)
    return f"{ms / _SECOND:g} s" if ms >= _SECOND else f"{ms:g} ms"
