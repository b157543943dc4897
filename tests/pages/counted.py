"""What the samples' README counts for the pages: its tables by their headings, and whether a cell says the same."""

import re
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from tests.test_sample_traces import README, UNKNOWN

Row = dict[str, str]  # by its headings

SECTION = README.partition("## What the pages say\n")[2].partition("\n## ")[0]
ALL_AT_ONCE = ("By another grouping", "Hour by hour", "Kind by kind", "Part by part")  # of several pages each


def tables_of(text: str) -> list[list[Row]]:
    found = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    return [rows_of(lines.splitlines()) for lines in found]


def rows_of(lines: list[str]) -> list[Row]:
    headings, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return [dict(zip(headings, row, strict=True)) for row in rows]


def under(level: str, text: str) -> dict[str, list[list[Row]]]:
    """The tables below each heading of that level, such as `###`."""
    parts = re.split(rf"^{level} (.+)\n", text + "\n", flags=re.MULTILINE)
    return {title: tables_of(tables) for title, tables in zip(parts[1::2], parts[2::2], strict=True)}


COUNTED = under("###", SECTION)
PAGES = [title for title in COUNTED if title not in ALL_AT_ONCE]
OVER_TIME, BESIDE_BARS = COUNTED["Hour by hour"][0], COUNTED["Kind by kind"][0]
GROUPED = under("####", SECTION.partition("### By another grouping\n")[2].partition("\n### ")[0])
NARROWED = [
    title for title in dict.fromkeys([*GROUPED, *(row["page"] for row in OVER_TIME + BESIDE_BARS)]) if "?" in title
]
"""A page and what its address asks for, as in `Cost?by=agent`."""
RANGES, SLOWEST, TOOLS_CALLED, TOOLS_ASKED_FOR = COUNTED["Part by part"]


def of_page(rows: list[Row], title: str) -> list[Row]:
    return [row for row in rows if row["page"] == title]


def by_hour(row: Row) -> dict[str, str]:
    """What a row says of each hour that it tells of."""
    return {hour: value for hour, value in row.items() if hour.isdecimal() and value != UNKNOWN}


def numbers_of(row: Row, name: str) -> dict[str, float]:
    """Its numbers by their headings, all but the column of its name."""
    return {part: float(value) for part, value in row.items() if part != name and value != UNKNOWN}


def total(rows: list[Row], heading: str) -> float:
    """What the rows come to, those left out that do not tell."""
    return sum(float(row[heading]) for row in rows if row[heading] != UNKNOWN)


def is_same(shown: Any, counted: str) -> bool:
    """Whether a cell says what was counted, numbers to the digits that were written down; `*` is anything."""
    if isinstance(shown, str | list):
        return counted in ("*", shown, *shown)
    if pd.isna(shown):
        return counted == UNKNOWN
    if isinstance(shown, datetime):
        return f"{shown.astimezone(UTC):%H:%M:%S}" == counted
    if not re.fullmatch(r"-?[\d.]+", counted):
        return False
    digits = len(counted.partition(".")[2])
    return abs(float(shown) - float(counted)) <= 0.5001 * 10**-digits
