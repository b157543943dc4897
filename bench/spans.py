"""Spans before any encoding."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Value = str | int | float | list[str]


@dataclass(slots=True)
class Event:
    """A span event."""

    name: str
    time_ns: int
    attributes: Mapping[str, Value]


@dataclass(slots=True)
class Span:
    """One span, free of any encoding."""

    trace_id: bytes
    span_id: bytes
    parent_span_id: bytes
    name: str
    kind: int
    scope: str
    started_ns: int
    ended_ns: int
    attributes: dict[str, Value]
    error: str | None = None
    events: list[Event] = field(default_factory=list)
