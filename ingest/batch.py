"""A batch of records as the rules of the conventions see it: attributes, envelope, resource, dialects."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.attributes import Attributes, attributes, texts
from ingest.cells import Cells, Indices, Mask, Words, cells, first_of_each, truth, words
from ingest.conventions import conventions
from ingest.decoded import Records
from ingest.intake import Signal
from ingest.pseudonyms import Pseudonyms
from ingest.wire import fields_of_message

_STATUS_NAMES = {"1": "OK", "2": "ERROR"}
_VENDOR_PREFIXES = {
    "claude-code": "claude_code.",
    "gemini-cli": "gemini_cli.",
    "qwen-code": "qwen-code.",
    "codex": "codex.",
}
_EVENT_LIKE = r"^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+$"
_KEY_PREFIXES = ("any_attr_prefix", "event_or_attr_prefix")
_KNOWN_KEYS = 10_000  # what telemetry can name is without end


@dataclass
class Batch:
    """The records of one signal, and the fields filled so far: texts, by the names of conventions.json."""

    records: Records
    scope: Words
    resource: "Resources"
    pseudonyms: Pseudonyms | None = None
    fields: dict[str, Cells] = field(default_factory=dict)
    dialects: dict[str, Mask] = field(default_factory=dict)
    flaws: list[tuple[Indices, str]] = field(default_factory=list)
    masks: dict[tuple[str, ...], Mask] = field(default_factory=dict)

    @cached_property
    def events(self) -> Mapping[tuple[str, str], Cells]:
        """By event and key, what the events of spans say; of several such events of a span, the first."""
        if self.signal is not Signal.SPAN or not len(self.records.events.rows):
            return {}
        sent, found = self.records.events, {}
        for event, key in conventions().event_keys:
            said = sent.attributes.cells(key) if event in sent.names.distinct else None
            if said is not None and len(said := said.where(sent.names.among([event]))):
                spans = sent.rows[said.rows]
                found[event, key] = Cells(spans, said.values).keep(first_of_each(spans))
        return found

    @property
    def signal(self) -> Signal:
        """What kind of records these are."""
        return self.records.signal

    @property
    def height(self) -> int:
        """How many there are."""
        return len(self.records)

    def nowhere(self) -> Mask:
        """False for every record."""
        return np.zeros(self.height, dtype=np.bool_)

    def attribute(self, key: str) -> Cells | None:
        """The values of an attribute of the records themselves."""
        return self.records.attributes.cells(key)

    def is_of(self, dialects: Iterable[str]) -> Mask:
        """Which records are of any of these dialects."""
        found = self.nowhere()
        for name in dialects:
            if name in self.dialects:
                found |= self.dialects[name]
        return found

    def kind(self, kinds: Iterable[str]) -> Mask:
        """Which records are of one of these kinds; those whose kind nothing tells are "other"."""
        wanted = frozenset(kinds)
        filled = self.fields.get("kind")
        found = np.full(self.height, "other" in wanted)
        if filled is not None:
            found[filled.rows] = words(filled.values).among(wanted)
        return found

    @cached_property
    def root(self) -> Mask:
        """Which are spans without a parent."""
        if self.signal is not Signal.SPAN:
            return self.nowhere()
        return truth(pc.equal(pc.binary_length(self.records.fields.column("parent_span_id")), 0))

    @cached_property
    def name(self) -> Words:
        """The names of spans; of log records those of their events, "" without."""
        return words(self.records.fields.column("name")) if self.signal is Signal.SPAN else self.event

    @cached_property
    def event(self) -> Words:
        """The events' names as sent, "" without; the attribute first, as Codex puts a source line into the field."""
        if self.signal is Signal.SPAN:
            return words(pa.repeat("", self.height))
        named = cells(_nonempty(self.records.fields.column("event_name")))
        known = named if (sent := self.attribute("event.name")) is None else sent.beside(named)
        body = cells(self.body)
        known = known.beside(body.matching(pc.match_substring_regex(body.values, _EVENT_LIKE)))
        return words(known.column(self.height))

    @cached_property
    def full_event(self) -> Words:
        """The same with their vendor's prefix, which some leave out of `event.name`; the dialects must be known."""
        column = self.event.column()
        for dialect, prefix in _VENDOR_PREFIXES.items():
            if dialect in self.dialects:
                bare = self.dialects[dialect] & self.event.where(lambda text: text != "" and "." not in text)
                column = pc.if_else(pa.array(bare), pc.binary_join_element_wise(prefix, column, ""), column)
        return words(column)

    @cached_property
    def body(self) -> pa.StringArray:
        """The bodies of log records as text."""
        return texts(self.records.fields.column("body"))

    def has_status(self, name: str) -> Mask:
        """Which spans have this status; "UNSET", "OK" or "ERROR"."""
        return self._status.among([name]) if self.signal is Signal.SPAN else self.nowhere()

    @cached_property
    def _status(self) -> Words:
        sent = words(self.records.fields.column("status").field("code").cast(pa.string()))
        return Words(sent.codes, [_STATUS_NAMES.get(code, "UNSET") for code in sent.distinct])

    def column(self, name: str) -> Cells | None:
        """What rules can read beside attributes, by the name that they use; None for what this signal has not."""
        read = (_SPAN_COLUMNS if self.signal is Signal.SPAN else _LOG_COLUMNS).get(name)
        return None if read is None else read(self)

    def _durations_ms(self) -> Cells:
        start = self.records.fields.column("start_time_unix_nano").to_numpy()
        end = self.records.fields.column("end_time_unix_nano").to_numpy()
        rows = np.flatnonzero((start > 0) & (end >= start))
        elapsed_ms = (end[rows] - start[rows]).astype(np.float64) / 1e6
        return Cells(rows, pa.array([repr(value) for value in elapsed_ms.tolist()], pa.string()))


# Functions of any batch: bound to one and kept by it they would be a cycle, and its records, four times the size of
# their bodies, would stay until the garbage collector finds it.
_SHARED_COLUMNS: Mapping[str, Callable[[Batch], Cells]] = {
    "scope.name": lambda batch: batch.scope.cells,
    "name": lambda batch: batch.name.cells,
}
_SPAN_COLUMNS: Mapping[str, Callable[[Batch], Cells]] = {
    **_SHARED_COLUMNS,
    "status.code": lambda batch: batch._status.cells,
    "status.message": lambda batch: cells(_nonempty(batch.records.fields.column("status").field("message"))),
    "start": lambda batch: cells(batch.records.fields.column("start_time_unix_nano").cast(pa.string())),
    "end": lambda batch: cells(batch.records.fields.column("end_time_unix_nano").cast(pa.string())),
    "duration_ms": lambda batch: batch._durations_ms(),
}
_LOG_COLUMNS: Mapping[str, Callable[[Batch], Cells]] = {
    **_SHARED_COLUMNS,
    "event_name": lambda batch: cells(_nonempty(batch.event.column())),
    "body": lambda batch: cells(batch.body),
    "severity_number": lambda batch: cells(batch.records.fields.column("severity_number").cast(pa.string())),
    "time": lambda batch: cells(log_time(batch.records.fields).cast(pa.string())),
}


@dataclass(frozen=True)
class Resources:
    """The attributes of the records' resources; `codes` says for each record which resource is its own."""

    codes: Indices
    attributes: Attributes
    known: dict[str, Cells | None] = field(default_factory=dict)

    def cells(self, key: str) -> Cells | None:
        """The values of a key, a cell for each record whose resource has it."""
        if key not in self.known:
            sent = self.attributes.cells(key)
            if sent is not None:
                count = int(self.codes.max(initial=0)) + 1
                sent = cells(sent.column(max(count, int(sent.rows[-1]) + 1)).take(pa.array(self.codes)))
            self.known[key] = sent
        return self.known[key]


def read_batch(records: Records, pseudonyms: Pseudonyms | None = None) -> Batch:
    """The records as a batch with no field filled. Only with pseudonyms can it be asked who somebody is."""
    scopes = _distinct(records, "scope")
    names = fields_of_message("common.v1.InstrumentationScope", scopes[1]).column("name").to_pylist()
    resources = _distinct(records, "resource")
    sent = fields_of_message("resource.v1.Resource", resources[1]).column("attributes")
    return Batch(records, Words(scopes[0], names), Resources(resources[0], attributes(sent)), pseudonyms)


def detect_dialects(batch: Batch) -> None:
    """Set `batch.dialects`: for each dialect seen, which records are of it; a record can be of several."""
    by_key: dict[str, list[str]] = {}
    for key in batch.records.attributes.sent_keys:
        for dialect in _dialects_of_key(key):
            by_key.setdefault(dialect, []).append(key)
    services = batch.resource.cells("service.name")
    service = words(services.column(batch.height) if services else pa.repeat("", batch.height))
    for entry in conventions().dialects:
        found = batch.nowhere()
        for column, names in ((batch.scope, "scope"), (service, "service")):
            if names in entry:
                found |= column.among(entry[names])
        for column, prefix in (
            (batch.scope, "scope_prefix"),
            (service, "service_prefix"),
            (batch.name, "name_prefix"),
            (batch.event, "event_prefix"),
            (batch.event, "event_or_attr_prefix"),
        ):
            if prefix in entry:
                found |= column.starting(entry[prefix])
        if entry["dialect"] in by_key:
            found[batch.records.attributes.rows_with(by_key[entry["dialect"]])] = True
        if found.any():
            batch.dialects[entry["dialect"]] = found


def log_time(fields: pa.RecordBatch) -> pa.UInt64Array:
    """When it happened, in ns; when it was observed, if that is all that was sent (OTLP LogRecord)."""
    time, observed = fields.column("time_unix_nano"), fields.column("observed_time_unix_nano")
    return pc.if_else(pc.equal(time, pa.scalar(0, pa.uint64())), observed, time)


@lru_cache(_KNOWN_KEYS)
def _dialects_of_key(key: str) -> tuple[str, ...]:
    if _key_of_any_dialect().search(key) is None:  # a request may have a million keys that nobody knows
        return ()
    return tuple(entry["dialect"] for entry in conventions().dialects if _is_key_of(entry, key))


@cache
def _key_of_any_dialect() -> re.Pattern[str]:
    patterns = []
    for entry in conventions().dialects:
        patterns += [rf"\A{re.escape(key)}\Z" for key in entry.get("any_attr", ())]
        patterns += [rf"\A{re.escape(entry[name])}" for name in _KEY_PREFIXES if name in entry]
        patterns += [entry["any_attr_regex"]] if "any_attr_regex" in entry else []
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


def _is_key_of(entry: Mapping[str, Any], key: str) -> bool:
    prefixes = tuple(entry[name] for name in _KEY_PREFIXES if name in entry)
    pattern = entry.get("any_attr_regex")
    return (
        key in entry.get("any_attr", ())
        or key.startswith(prefixes)
        or (pattern is not None and re.search(pattern, key) is not None)
    )


def _distinct(records: Records, name: str) -> tuple[Indices, pa.BinaryArray]:
    """For each record which of the distinct values of a column of its sources it has, and these."""
    table: dict[bytes, int] = {}
    codes = np.array([table.setdefault(value, len(table)) for value in records.sources[name]], dtype=np.int64)
    return codes[records.source], pa.array(list(table), pa.binary())


def _nonempty(column: pa.StringArray) -> pa.StringArray:
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
