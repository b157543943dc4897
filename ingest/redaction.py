"""Secrets out of a batch: a quick look over whole columns finds the few records to take apart and rewrite."""

from collections import Counter
from collections.abc import Iterator
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
    for name, message in (("resource", Resource), ("scope", InstrumentationScope)):
        replaced: dict[bytes, tuple[bytes, Counter[str]]] = {
            data: _rewritten(redactor, message, data) for data in sources[name].unique()
        }
        for project, data in sources.select("project", name).unique().iter_rows():
            counts.setdefault(project, Counter()).update(replaced[data][1])
        sources = sources.with_columns(pl.Series(name, [replaced[data][0] for data in sources[name]], dtype=pl.Binary))
    suspicious = _suspicious_rows(signal, redactor, fields)
    if suspicious:
        records = sources["record"].to_list()
        projects = sources["project"]
        for row in suspicious:
            records[row], found = _rewritten(redactor, _MESSAGES[signal], records[row])
            counts.setdefault(projects[row], Counter()).update(found)
        sources = sources.with_columns(pl.Series("record", records, dtype=pl.Binary))
        fields = wire.fields_of(signal, sources["record"])
    return Redaction(sources, fields, counts)


def _rewritten(redactor: Redactor, kind: type[Message], data: bytes) -> tuple[bytes, Counter[str]]:
    message = kind.FromString(data)
    counts = redactor.redact_message(message)
    return (message.SerializeToString(), counts) if counts else (data, counts)


def _suspicious_rows(signal: Signal, redactor: Redactor, fields: pl.DataFrame) -> list[int]:
    rows = fields.with_row_index("row")
    found: set[int] = set()
    for texts in _texts(signal, rows):
        found.update(texts.filter(redactor.suspects(texts["text"]))["row"])
    return sorted(found)


def _texts(signal: Signal, rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Every text of every record, as frames of row and text; an attribute's text begins with its key."""
    keyed = (pl.col("key") + ": " + pl.col("text")).alias("text")
    if signal is Signal.METRIC:
        # Points hold few and short texts: the description, the exemplars and the attributes are looked at whole.
        yield rows.select("row", pl.col("description").alias("text"))
        for point_type in wire.POINT_TYPES:
            points = rows.select("row", pl.col(point_type).struct.field("data_points").alias("points"))
            points = points.explode("points").drop_nulls("points")
            yield attributes(
                points.select("row", pl.col("points").struct.field("attributes").alias("attributes"))
            ).select("row", keyed)
        return
    yield attributes(rows.select("row", "attributes")).select("row", keyed).drop_nulls()
    if signal is Signal.LOG:
        yield rows.select("row", as_text("body")).drop_nulls()
        return
    yield rows.select("row", pl.col("name").alias("text"))
    yield rows.select("row", pl.col("status").struct.field("message").alias("text")).drop_nulls()
    for column in ("events", "links"):
        parts = rows.select("row", column).explode(column).drop_nulls(column)
        yield (
            attributes(parts.select("row", pl.col(column).struct.field("attributes").alias("attributes")))
            .select("row", keyed)
            .drop_nulls()
        )
