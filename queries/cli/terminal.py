"""Telemetry on a terminal, which obeys what it is sent: only what can be printed gets there."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TextIO

_COLOURS = {
    "ok": "32",
    "approved": "32",
    "error": "31",
    "rejected": "31",
    "waiting": "33",
    "pending": "33",
    "running": "36",
}
_WIDEST = 60
_NUMBER = re.compile(r"-?|[-+<$]*(\d+ days?, )?[\d,.:]+(%| s)?")  # a duration is one; a date and an id are none


def visible(text: str) -> str:
    """The text with its line breaks, in which every other sign that does not print shows as its number: escapes, marks
    that turn or hide text, and characters of no width."""
    return "".join(sign if sign.isprintable() or sign == "\n" else f"\\u{{{ord(sign):x}}}" for sign in text)


def one_line(text: str, most: int = _WIDEST) -> str:
    """The same as one line of so many columns at most."""
    told = visible(" ".join(text[: 4 * most].split()))
    if columns(told) <= most:
        return told
    while columns(told) > most - 1:
        told = told[:-1]
    return f"{told}…"


def columns(text: str) -> int:
    """How many columns of a terminal it takes."""
    return sum(_width(sign) for sign in text)


def table(rows: Sequence[Mapping[str, str]], *, with_colours: bool) -> str:
    """Rows of cells under their names; numbers to the right. Cells are told by `one_line` already."""
    names = list(rows[0])
    widths = {name: max(columns(name), *(columns(row[name]) for row in rows)) for name in names}
    numbers = {name for name in names if all(_NUMBER.fullmatch(row[name]) for row in rows)}

    def line(cells: Mapping[str, str], colours: bool) -> str:
        return "  ".join(_cell(cells[name], widths[name], name in numbers, colours) for name in names).rstrip()

    head = line({name: name for name in names}, colours=False)
    return "\n".join([head, *(line(row, with_colours) for row in rows)])


def write(out: TextIO, text: str) -> None:
    """Put it out at once, with what the terminal's encoding lacks as question marks."""
    encoding = out.encoding or "utf-8"
    out.write(text.encode(encoding, "replace").decode(encoding) + "\n")
    out.flush()


def _cell(text: str, width: int, is_number: bool, with_colours: bool) -> str:
    padding = " " * (width - columns(text))
    colour = _COLOURS.get(text) if with_colours else None
    told = f"\x1b[{colour}m{text}\x1b[0m" if colour else text
    return padding + told if is_number else told + padding


def _width(sign: str) -> int:
    if unicodedata.combining(sign):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
