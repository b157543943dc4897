"""How values and telemetry's own words are written on a page.

Unknown prints as a dash, never as zero. Whatever an agent sent is shown as text: the pages put it only into
sinks that do not read Markdown or HTML, through `plain` and its siblings.
"""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from queries import words

DASH = words.DASH
STATUS_LABELS = {
    "ok": "✓ ok",
    "error": "✕ error",
    "waiting": "◷ waiting",
    "running": "▸ running",
    "abandoned": "◌ abandoned",
    "denied": "⊘ denied",
    "cancelled": "⊘ cancelled",
    "pending": "◷ pending",
}


def plain(text: str | None) -> str:
    """Telemetry for a sink that shows text as it is (`st.text`, `st.code`, a text cell); a dash for null.

    Control characters and marks that reorder or hide text come out as visible pictures and escapes.
    """
    return DASH if text is None else words.visible(text)


def one_line(text: str | None, limit: int = 200) -> str:
    """`plain` with line breaks folded, cut to `limit` characters with an ellipsis."""
    return DASH if text is None else words.one_line(text, limit)


def chart_text(text: str | None, limit: int = 200) -> str:
    """Telemetry for a Plotly label or hover, which reads tags, entities and TeX: every such sign is an entity.

    `#` too, because Streamlit's chart theme replaces some colour codes anywhere in a figure.
    """
    return _CHART_SYNTAX.sub(lambda sign: f"&#{ord(sign[0])};", one_line(text, limit))


def file_name(text: str) -> str:
    """Telemetry as a file's name: letters, digits, dot, dash and underscore, at most 80 characters."""
    return words.file_name(text) or "run"


def count(value: int | None) -> str:
    return DASH if value is None else words.count(value)


def percent(part: int, whole: int) -> str:
    """`part` of `whole` as a percent with one decimal; a dash where there is nothing to divide by."""
    return DASH if whole == 0 else f"{part / whole:.1%}"


def plural(value: int, noun: str, many: str = "") -> str:
    """1 run, 2 runs"""
    return words.plural(value, noun, many)


def cost(usd: float | None) -> str:
    """US dollars to a precision that shows something: $12.30, $0.0042, below a hundredth of a cent <$0.0001."""
    return DASH if usd is None else words.usd(usd)


def duration(milliseconds: float | None) -> str:
    """Milliseconds in the unit one would say: <0.1 ms, 0.4 ms, 850 ms, 1.24 s, 2 min 05 s, 3 h 10 min, 4 d 2 h."""
    return DASH if milliseconds is None else words.duration(milliseconds)


def age(seconds: float) -> str:
    """How long ago, in the largest unit that fits, rounded down: 12 s, 3 min, 2 h, 4 d."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length):,} {unit}"
    return f"{max(0, int(seconds))} s"


def size(byte_count: float | None) -> str:
    """Bytes in the decimal unit one would say: 850 B, 12.3 kB, 64.8 MB."""
    if byte_count is None:
        return DASH
    for unit, length in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if byte_count >= length:
            return f"{byte_count / length:,.1f} {unit}"
    return f"{byte_count:.0f} B"


def local_time(at: datetime | None, zone: str) -> str:
    """A moment on the viewer's clock, to the second."""
    return DASH if at is None else f"{at.astimezone(ZoneInfo(zone)):%a %d %b %Y, %H:%M:%S}"


def utc_time(at: datetime | None) -> str:
    """The same in UTC, to the millisecond."""
    return DASH if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03} UTC"


def status_label(status: str) -> str:
    """A status as a sign and a word, so that colour is never the only bearer."""
    return STATUS_LABELS.get(status, "unknown")


_CHART_SYNTAX = re.compile(r"[<>&$#%{}]")
