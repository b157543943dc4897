"""How numbers and telemetry's own words are written wherever people read them: on pages, in reports and messages.

Nothing here imports anything of ours, so that pages may use it too.
"""

import re
from collections.abc import Callable

DASH, MINUS = "—", "−"
FORMULA = r"^[=+\-@\t\r\n＝＋－＠]"  # a spreadsheet takes a cell that begins so for a formula


def visible(text: str) -> str:
    """Text in which controls, and marks that reorder or hide text, have become visible pictures and escapes."""
    return _INVISIBLE.sub(_picture, text)


def one_line(text: str, limit: int) -> str:
    """`visible` text on one line, cut to `limit` characters with an ellipsis."""
    folded = " ".join(visible(text[: 4 * limit]).split())
    return folded if len(folded) <= limit else folded[: limit - 1] + "…"


def file_name(text: str) -> str:
    """Telemetry as a file's name: letters, digits, dot, dash and underscore, at most 80 characters; perhaps none."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text)[:80].strip("._")


def count(value: float) -> str:
    """1,429"""
    return f"{value:,.0f}"


def share(value: float) -> str:
    """A fraction as a percentage: 2.1%, 2,000%; a small one with a digit more, so that it is not zero."""
    if abs(value) >= 9.995:
        return f"{value:,.0%}"
    return f"{value:.2%}" if 0 < abs(value) < 0.001 else f"{value:.1%}"


def usd(value: float) -> str:
    """US dollars to a precision that shows something: $12.30, $0.0042, below a hundredth of a cent <$0.0001."""
    if value == 0:
        return "$0"
    if value < 0.0001:
        return "<$0.0001"
    return f"${value:,.4f}" if value < 0.99995 else f"${value:,.2f}"


def signed(value: float, written: Callable[[float], str]) -> str:
    """How much more or less something is, its size as `written`: +$12.30, −850 ms."""
    return f"{'+' if value > 0 else MINUS}{written(abs(value))}"


def plural(value: int, noun: str, many: str = "") -> str:
    """1 run, 2 runs"""
    return f"{value:,} {noun if value == 1 else many or noun + 's'}"


def duration(milliseconds: float) -> str:
    """In the unit one would say: <0.1 ms, 0.4 ms, 850 ms, 1.24 s, 2 min 05 s, 3 h 10 min, 4 d 2 h."""
    if milliseconds < 0.05:
        return "<0.1 ms" if milliseconds else "0 ms"
    if milliseconds < 999.5:
        return f"{milliseconds:.1f} ms" if milliseconds < 9.95 else f"{milliseconds:.0f} ms"
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


# Controls but tab and line feed, marks that change the direction of text, zero-width and tag characters, and what XML
# cannot hold.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code == 0x0D:
        return ""
    if code < 0x20:
        return chr(0x2400 + code)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
