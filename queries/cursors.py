"""Where the next page begins, as an opaque text."""

import base64
import binascii
import json
from dataclasses import dataclass

from queries.filters import BadFilter


@dataclass(frozen=True, slots=True)
class Place:
    """The last row of a page: the value it was sorted by, its time in nanoseconds, and its id."""

    sort: str
    value: float
    time_ns: int
    name: str


def write_cursor(place: Place) -> str:
    """The place as text that fits into a URL."""
    text = json.dumps([place.sort, place.value, place.time_ns, place.name])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str, sort: str) -> Place:
    """The place that a cursor names. Raises BadFilter if it is none of ours or of a list sorted otherwise."""
    try:
        padded = text + "=" * (-len(text) % 4)
        parts = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
    except (binascii.Error, ValueError):
        raise BadFilter("the cursor is not one that this server gave; begin without it") from None
    match parts:
        case [str(asked), float() | int() as value, int(time_ns), str(name)] if abs(time_ns) < 2**63:
            if asked != sort:
                raise BadFilter(f"the cursor belongs to a list sorted by {asked!r}; begin without it")
            return Place(asked, float(value), time_ns, name)
    raise BadFilter("the cursor is not one that this server gave; begin without it")
