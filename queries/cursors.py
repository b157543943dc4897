"""Where the next page begins, as an opaque text."""

import base64
import binascii
import json
from dataclasses import dataclass

from queries.filters import BadFilter


@dataclass(frozen=True, slots=True)
class LastRow:
    """The last row of a page by what it was sorted by: a value, then a time in nanoseconds, then a name."""

    value: float
    time: int
    name: str


def write_cursor(order: str, last: LastRow) -> str:
    """The row as text that fits into a URL; `order` names the list and how it is sorted."""
    text = json.dumps([order, last.value, last.time, last.name])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str, order: str) -> LastRow:
    """The row that a cursor names. Raises BadFilter if it is none of ours or of a list in another order."""
    try:
        padded = text + "=" * (-len(text) % 4)
        parts = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
    except (binascii.Error, ValueError):
        raise BadFilter("the cursor is not one that this server gave; begin without it") from None
    match parts:
        case [str(given), float() | int() as value, int(time), str(name)] if abs(time) < 2**63:
            if given != order:
                raise BadFilter(f"the cursor belongs to another list ({given[:80]}); begin without it")
            return LastRow(float(value), time, name)
    raise BadFilter("the cursor is not one that this server gave; begin without it")
