"""Whole records read back from their blocks: as they came, and as their canonical content."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import duckdb
import polars as pl
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from ingest import wire
from ingest.batch import detect_dialects, fill, read_batch
from ingest.blocks import unpack
from ingest.content import conversation
from ingest.conventions import conventions
from ingest.intake import Signal
from ingest.normalise import fill_kind
from ingest.values import json_or_text

MOST_MENTIONS = 10_000
_TEXT_FIELDS = ("tool_args", "tool_result", "error_stack", "tool_definitions", "system_instructions")
_HEX = {"traceId", "spanId", "parentSpanId"}


class _Form(NamedTuple):
    """The names that OTLP/JSON gives the layers of one signal."""

    resources: str
    scopes: str
    records: str
    message: type[Message]


_FORMS = {
    Signal.SPAN: _Form("resourceSpans", "scopeSpans", "spans", Span),
    Signal.LOG: _Form("resourceLogs", "scopeLogs", "logRecords", LogRecord),
    Signal.METRIC: _Form("resourceMetrics", "scopeMetrics", "metrics", Metric),
}


@dataclass(frozen=True, slots=True)
class Ref:
    """Where a record is."""

    project: str
    signal: str
    block_id: int
    block_position: int
    resource_id: int
    scope_id: int


class Records:
    """Reads records from the store; safe to use from several threads, a cursor each."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def contents(self, refs: Sequence[Ref]) -> list[dict[str, Any]]:
        """Per record, JSON-ready: input_messages, output_messages (OTel messages), tool_args, tool_result,
        tool_definitions, system_instructions, error_stack (full length, null when unknown), attributes, events, links
        (OTLP/JSON), resource, scope, and record (the whole OTLP/JSON message).
        """
        loaded = self._load(refs)
        result: list[dict[str, Any]] = [{} for _ in refs]
        for signal in (Signal.SPAN, Signal.LOG):
            rows = [row for row, ref in enumerate(refs) if _block_signal(ref) is signal]
            if rows:
                sources = pl.DataFrame(
                    {
                        "resource": [loaded.resources[refs[row]][0] for row in rows],
                        "scope": [loaded.scopes[refs[row]][0] for row in rows],
                        "record": [loaded.records[refs[row]] for row in rows],
                    },
                    schema={"resource": pl.Binary, "scope": pl.Binary, "record": pl.Binary},
                )
                for row, content in zip(rows, _canonical(signal, sources), strict=True):
                    result[row] = content | _as_sent(refs[row], loaded)
        return result

    def otlp(self, refs: Sequence[Ref]) -> dict[str, Any]:
        """These records as one OTLP/JSON document, grouped by resource and scope: resourceSpans, and resourceLogs and
        resourceMetrics where there are any.
        """
        loaded = self._load(refs)
        documents = {form.resources: _grouped(refs, loaded, signal, form) for signal, form in _FORMS.items()}
        return {name: groups for name, groups in documents.items() if groups or name == "resourceSpans"}

    def mentioning(self, project: str, words: Sequence[str], since_ns: int, until_ns: int) -> list[tuple[int, int]]:
        """Where the spans and log records are that hold every word, in any case: block id and position, newest first.

        Looks into the blocks of the window's days and of those beside them, and stops after `MOST_MENTIONS` finds.
        """
        wanted = [word.lower().encode() for word in words]
        found: list[tuple[int, int]] = []
        with self._connection.cursor() as cursor:
            cursor.execute(
                """
                select block_id, data from content_blocks
                where project = $project and signal <> 'metric'
                    and day between make_timestamp_ns($since_ns)::date - 1 and make_timestamp_ns($until_ns)::date + 1
                order by day desc, block_id desc
                """,
                {"project": project, "since_ns": since_ns, "until_ns": until_ns},
            )
            while (row := cursor.fetchone()) is not None and len(found) < MOST_MENTIONS:
                for position, record in enumerate(unpack(row[1])):
                    lowered = record.lower()
                    if all(word in lowered for word in wanted):
                        found.append((row[0], position))
        return found

    def _load(self, refs: Sequence[Ref]) -> "_Loaded":
        cursor = self._connection.cursor()
        loaded = _Loaded({}, {}, {})
        for (project, signal), group in _groups(refs):
            blocks = dict(
                cursor.execute(
                    "select block_id, data from content_blocks "
                    "where project = $project and signal = $signal and list_contains($blocks, block_id)",
                    {"project": project, "signal": signal, "blocks": list({ref.block_id for ref in group})},
                ).fetchall()
            )
            unpacked = {block_id: unpack(data) for block_id, data in blocks.items()}
            for ref in group:
                loaded.records[ref] = unpacked[ref.block_id][ref.block_position]
            for name, table, known in (
                ("resource_id", "resources", loaded.resources),
                ("scope_id", "scopes", loaded.scopes),
            ):
                ids = {getattr(ref, name) for ref in group}
                found = {
                    row[0]: (row[1], row[2])
                    for row in cursor.execute(
                        f"select {name}, data, schema_url from {table} "
                        f"where project = $project and list_contains($ids, {name})",
                        {"project": project, "ids": list(ids)},
                    ).fetchall()
                }
                known.update({ref: found[getattr(ref, name)] for ref in group})
        return loaded


@dataclass(slots=True)
class _Loaded:
    records: dict[Ref, bytes]
    resources: dict[Ref, tuple[bytes, str]]
    scopes: dict[Ref, tuple[bytes, str]]


def _groups(refs: Sequence[Ref]) -> list[tuple[tuple[str, str], list[Ref]]]:
    groups: dict[tuple[str, str], list[Ref]] = {}
    for ref in refs:
        groups.setdefault((ref.project, _block_signal(ref)), []).append(ref)
    return list(groups.items())


def _block_signal(ref: Ref) -> Signal:
    """The signal of the record itself: a span event is in its span's."""
    return Signal.SPAN if ref.signal == "event" else Signal(ref.signal)


def _canonical(signal: Signal, sources: pl.DataFrame) -> list[dict[str, Any]]:
    batch = read_batch(signal, sources, wire.fields_of(signal, sources["record"]))
    detect_dialects(batch)
    fill_kind(batch)
    for name in _TEXT_FIELDS:
        fill(batch, name, [rule for rule in conventions().rules[name] if rule.on != "indexed"])
    everyone = batch.everywhere(True)
    asked, said = conversation(batch, "input_messages", everyone), conversation(batch, "output_messages", everyone)
    return [
        {"input_messages": asked[row], "output_messages": said[row]}
        | {name: _value(batch.fields[name][row]) for name in _TEXT_FIELDS}
        for row in range(batch.height)
    ]


def _value(text: str | None) -> Any:
    return None if text is None else json_or_text(text)


def _as_sent(ref: Ref, loaded: _Loaded) -> dict[str, Any]:
    record = to_json(_FORMS[_block_signal(ref)].message, loaded.records[ref])
    return {
        "attributes": record.get("attributes", []),
        "events": record.get("events", []),
        "links": record.get("links", []),
        "resource": to_json(Resource, loaded.resources[ref][0]),
        "scope": to_json(InstrumentationScope, loaded.scopes[ref][0]),
        "record": record,
    }


def _grouped(refs: Sequence[Ref], loaded: _Loaded, signal: Signal, form: _Form) -> list[dict[str, Any]]:
    resources: dict[int, dict[int, list[Ref]]] = {}
    for ref in refs:
        if ref.signal == signal:
            resources.setdefault(ref.resource_id, {}).setdefault(ref.scope_id, []).append(ref)
    groups = []
    for scopes in resources.values():
        parts = []
        for members in scopes.values():
            data, schema_url = loaded.scopes[members[0]]
            part = {"scope": to_json(InstrumentationScope, data), "schemaUrl": schema_url}
            parts.append(part | {form.records: [to_json(form.message, loaded.records[ref]) for ref in members]})
        data, schema_url = loaded.resources[next(iter(scopes.values()))[0]]
        groups.append({"resource": to_json(Resource, data), "schemaUrl": schema_url, form.scopes: parts})
    return groups


def to_json(kind: type[Message], data: bytes) -> dict[str, Any]:
    """A message in OTLP/JSON: trace and span ids in hex, enums as numbers (OTLP specification, JSON encoding)."""
    value: dict[str, Any] = MessageToDict(kind.FromString(data), use_integers_for_enums=True)
    result: dict[str, Any] = _with_hex_ids(value)
    return result


def _with_hex_ids(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_hex_ids(item) for item in value]
    if isinstance(value, dict):
        return {
            key: base64.b64decode(item).hex() if key in _HEX and isinstance(item, str) else _with_hex_ids(item)
            for key, item in value.items()
        }
    return value
