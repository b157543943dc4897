"""Whole records read back from their blocks: as they came, and as their canonical content."""

import base64
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from ingest.batch import detect_dialects, read_batch
from ingest.blocks import unpack
from ingest.content import conversation
from ingest.decoded import Records as Decoded
from ingest.intake import Signal
from ingest.mentions import Cursors, Mentions
from ingest.normalise import fill_kind
from ingest.rules import fill, rules_at_work
from ingest.values import json_or_text
from ingest.wire import read_records

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


_BLOCKS = """
select block_id, data from content_blocks
where project = $project and block_id in (select block_id from places)
"""

_SOURCES = """
select
    places.*,
    resources.data as resource,
    resources.schema_url as resource_schema_url,
    scopes.data as scope,
    scopes.schema_url as scope_schema_url
from places
left join resources on resources.project = $project and places.resource_id = resources.resource_id
left join scopes on scopes.project = $project and places.scope_id = scopes.scope_id
order by places.place
"""


class Records:
    """Reads records from the store; safe to use from several threads, a cursor each.

    Records are named by their places: a table with the columns record_signal, block_id, block_position, resource_id and
    scope_id as `spans` and `log_records` have them; the signal is span, log, metric, or event for a span's event.
    """

    def __init__(self, cursors: Cursors) -> None:
        self._cursors = cursors
        self._mentions = Mentions(cursors)

    def contents(self, project: str, places: pa.Table) -> list[dict[str, Any]]:
        """Per place, JSON-ready: input_messages, output_messages (OTel messages), tool_args, tool_result,
        tool_definitions, system_instructions, error_stack (full length, null when unknown), attributes, events, links
        (OTLP/JSON), resource, scope, and record (the whole OTLP/JSON message).
        """
        loaded = self._load(project, places)
        result: list[dict[str, Any]] = [{} for _ in range(loaded.height)]
        for (signal,), part in loaded.group_by("signal"):
            data = part["record"].to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.binary())
            sources = part.select("resource", "scope")
            texts = _canonical(read_records(Signal(signal), sources, np.arange(part.height), data))
            for source, content in zip(part.iter_rows(named=True), texts, strict=True):
                result[source["place"]] = content | _as_sent(source)
        return result

    def otlp(self, project: str, places: pa.Table) -> dict[str, Any]:
        """These records, each once, as one OTLP/JSON document, grouped by resource and scope: resourceSpans, and
        resourceLogs and resourceMetrics where there are any.
        """
        once = ["record_signal", "block_id", "block_position"]
        loaded = self._load(project, places).unique(once, maintain_order=True)
        documents = {
            form.resources: _grouped(loaded.filter(pl.col("record_signal") == signal), form)
            for signal, form in _FORMS.items()
        }
        return {name: groups for name, groups in documents.items() if groups or name == "resourceSpans"}

    def mentioning(self, project: str, words: Sequence[str], since_ns: int, until_ns: int, most: int) -> pa.Table:
        """block_id and block_position of the spans and log records of these times that hold every word, newest first,
        and not many more than `most`."""
        return self._mentions.find(project, words, since_ns, until_ns, most)

    def _load(self, project: str, places: pa.Table) -> pl.DataFrame:
        """The places in their order, `place` from 0, each with the `signal` of its `record` and what these were sent
        under: resource and scope with their schema_url.
        """
        with self._cursors.cursor() as cursor:
            cursor.register("places", pl.DataFrame(places).with_row_index("place"))
            blocks = cursor.execute(_BLOCKS, {"project": project}).fetchall()
            sources = cursor.execute(_SOURCES, {"project": project}).pl()
        unpacked = {block_id: unpack(data) for block_id, data in blocks}
        records = [unpacked[block][position] for block, position in sources["block_id", "block_position"].iter_rows()]
        return sources.with_columns(
            pl.Series("record", records, pl.Binary),
            pl.col("record_signal").replace("event", Signal.SPAN).alias("signal"),
        )


def _canonical(records: Decoded) -> list[dict[str, Any]]:
    batch = read_batch(records)
    detect_dialects(batch)
    rules = rules_at_work(batch)
    fill_kind(batch, rules)
    for name in _TEXT_FIELDS:
        fill(batch, name, rules.get(name, ()))
    texts = {name: dict(batch.fields[name].texts()) if name in batch.fields else {} for name in _TEXT_FIELDS}
    everyone = ~batch.nowhere()
    asked, said = conversation(batch, "input_messages", everyone), conversation(batch, "output_messages", everyone)
    return [
        {"input_messages": asked[row], "output_messages": said[row]}
        | {name: _value(texts[name].get(row)) for name in _TEXT_FIELDS}
        for row in range(batch.height)
    ]


def _value(text: str | None) -> Any:
    return None if text is None else json_or_text(text)


def _as_sent(source: dict[str, Any]) -> dict[str, Any]:
    record = to_json(_FORMS[Signal(source["signal"])].message, source["record"])
    return {
        "attributes": record.get("attributes", []),
        "events": record.get("events", []),
        "links": record.get("links", []),
        "resource": to_json(Resource, source["resource"]),
        "scope": to_json(InstrumentationScope, source["scope"]),
        "record": record,
    }


def _grouped(loaded: pl.DataFrame, form: _Form) -> list[dict[str, Any]]:
    return [
        {
            "resource": to_json(Resource, of_resource["resource"][0]),
            "schemaUrl": of_resource["resource_schema_url"][0],
            form.scopes: [
                {
                    "scope": to_json(InstrumentationScope, of_scope["scope"][0]),
                    "schemaUrl": of_scope["scope_schema_url"][0],
                    form.records: [to_json(form.message, record) for record in of_scope["record"]],
                }
                for of_scope in of_resource.partition_by("scope_id", maintain_order=True)
            ],
        }
        for of_resource in loaded.partition_by("resource_id", maintain_order=True)
    ]


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
