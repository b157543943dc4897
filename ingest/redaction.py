"""Secrets out of a batch: a quick look over whole columns finds the few records to take apart and rewrite."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl
from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from ingest import wire
from ingest.attributes import as_text, attributes
from ingest.intake import Signal
from ingest.redact import Redactor

_NESTED_KEY = r"(?i)(?:authorization|cookie|passw[a-z]*|passphrase|secret|credentials|key|token)\"\s*:"
_MESSAGES: dict[Signal, type[Message]] = {Signal.SPAN: Span, Signal.LOG: LogRecord, Signal.METRIC: Metric}


@dataclass(frozen=True, slots=True)
class Redaction:
    """`sources` and `fields` of `wire.Decoded` without secrets, and per project how many each rule replaced."""

    sources: pl.DataFrame
    fields: pl.DataFrame
    counts: dict[str, Counter[str]]


def redact_records(signal: Signal, redactor: Redactor, sources: pl.DataFrame, fields: pl.DataFrame) -> Redaction:
    """Replace every secret in records, resources and scopes by a marker that names its rule."""
    counts: dict[str, Counter[str]] = {}
    for name, kind in (("resource", Resource), ("scope", InstrumentationScope)):
        distinct = sources[name].unique().to_list()
        rewritten = dict(zip(distinct, _rewritten(redactor, kind, distinct), strict=True))
        for project, data in sources.select("project", name).unique().iter_rows():
            counts.setdefault(project, Counter()).update(rewritten[data][1])
        clean = [rewritten[data][0] for data in sources[name]]
        sources = sources.with_columns(pl.Series(name, clean, dtype=pl.Binary))
    suspicious = _suspicious_rows(signal, redactor, fields)
    if suspicious:
        records, projects = sources["record"].to_list(), sources["project"]
        found = _rewritten(redactor, _MESSAGES[signal], [records[row] for row in suspicious])
        for row, (record, count) in zip(suspicious, found, strict=True):
            records[row] = record
            counts.setdefault(projects[row], Counter()).update(count)
        sources = sources.with_columns(pl.Series("record", records, dtype=pl.Binary))
        fields = wire.fields_of(signal, sources["record"])
    return Redaction(sources, fields, counts)


def _rewritten(redactor: Redactor, kind: type[Message], data: Sequence[bytes]) -> list[tuple[bytes, Counter[str]]]:
    """Each message without its secrets, byte for byte as it came where there are none."""
    messages = [kind.FromString(item) for item in data]
    counts = redactor.redact_messages(messages)
    return [
        (message.SerializeToString() if count else item, count)
        for item, message, count in zip(data, messages, counts, strict=True)
    ]


def _suspicious_rows(signal: Signal, redactor: Redactor, fields: pl.DataFrame) -> list[int]:
    rows = fields.with_row_index("row")
    found: set[int] = set()
    for named in _attributes(signal, rows):
        suspect = redactor.suspects(named["text"]) | redactor.suspect_keys(named["key"])
        # Keys inside a nested value are only seen when the value is taken apart.
        found.update(named.filter(suspect | (named["nested"] & named["text"].str.contains(_NESTED_KEY)))["row"])
    for texts in _texts(signal, rows):
        found.update(texts.filter(redactor.suspects(texts["text"]))["row"])
    return sorted(found)


def _attributes(signal: Signal, rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """All attributes of every record and of its parts, as frames of row, key, text and nested."""
    if signal is Signal.METRIC:
        for point_type in wire.POINT_TYPES:
            yield _attributes_of(rows.select("row", pl.col(point_type).struct.field("data_points").alias("part")))
        return
    yield attributes(rows.select("row", "attributes"))
    if signal is Signal.SPAN:
        for column in ("events", "links"):
            yield _attributes_of(rows.select("row", pl.col(column).alias("part")))


def _attributes_of(parts: pl.DataFrame) -> pl.DataFrame:
    parts = parts.explode("part").drop_nulls("part")
    return attributes(parts.select("row", pl.col("part").struct.field("attributes").alias("attributes")))


def _texts(signal: Signal, rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Every other text of every record, as frames of row and text."""
    if signal is Signal.METRIC:
        yield rows.select("row", pl.col("description").alias("text"))
    elif signal is Signal.LOG:
        yield rows.select("row", as_text("body"))
    else:
        yield rows.select("row", pl.col("name").alias("text"))
        yield rows.select("row", pl.col("status").struct.field("message").alias("text"))
