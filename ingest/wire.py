"""OTLP bytes → one frame row per record, whatever the encoding. Only this module knows protobuf's wire format.

Protobuf goes to Arrow through `ptars`, in two steps and with descriptors of our own that are wire-compatible with
OTLP: first the envelope, in which resources, scopes and records are declared as `bytes`, so that every record keeps
its own bytes; then the records, in which nested attribute values are declared as `bytes`, because Arrow cannot hold
a recursive type. OTLP/JSON is turned into the same bytes first.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import ptars
import pyarrow as pa
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

from ingest.errors import Undecodable
from ingest.intake import Request, Signal
from ingest.otlp_json import to_protobuf

POINT_TYPES = ("gauge", "sum", "histogram", "exponential_histogram", "summary")

_PACKAGE = "opentelemetry.proto."
_NESTED_VALUES = {"AnyValue.array_value", "AnyValue.kvlist_value"}
_RECORDS_AND_SOURCES = {
    "ResourceSpans.resource",
    "ScopeSpans.scope",
    "ScopeSpans.spans",
    "ResourceLogs.resource",
    "ScopeLogs.scope",
    "ScopeLogs.log_records",
    "ResourceMetrics.resource",
    "ScopeMetrics.scope",
    "ScopeMetrics.metrics",
}
_SOURCE_COLUMNS = ("resource", "resource_schema_url", "scope", "scope_schema_url")


@dataclass(frozen=True, slots=True)
class Decoded:
    """The records of some requests of one signal, and the requests that could not be decoded.

    `sources` has one row per record: request (index into the requests), ordinal (within its request), resource,
    resource_schema_url, scope, scope_schema_url, record (the bytes of its OTLP message). `fields` has the same rows
    with a column per field of the OTLP message; nested attribute values are still bytes.
    """

    sources: pl.DataFrame
    fields: pl.DataFrame
    failures: dict[int, Undecodable]


def decode(signal: Signal, requests: Sequence[Request]) -> Decoded:
    """Take requests of one signal apart into records; one that is no valid OTLP is named, and harms no other."""
    bodies: dict[int, bytes] = {}
    failures: dict[int, Undecodable] = {}
    for index, request in enumerate(requests):
        try:
            bodies[index] = request.body if request.encoding == "protobuf" else to_protobuf(signal, request.body)
        except Undecodable as failure:
            failures[index] = failure
    try:
        sources = _sources(signal, bodies)
        return Decoded(sources, fields_of(signal, sources["record"]), failures)
    except ValueError:
        sound = {}
        for index, body in bodies.items():
            try:
                fields_of(signal, _sources(signal, {index: body})["record"])
                sound[index] = body
            except ValueError as error:
                failures[index] = Undecodable(f"the body is not a valid OTLP {signal} request: {_brief(error)}")
        sources = _sources(signal, sound)
        return Decoded(sources, fields_of(signal, sources["record"]), failures)


def fields_of(signal: Signal, records: pl.Series) -> pl.DataFrame:
    """One row per record with a column per field of its OTLP message. Raises ValueError if one is not valid."""
    name = {Signal.SPAN: "trace.v1.Span", Signal.LOG: "logs.v1.LogRecord", Signal.METRIC: "metrics.v1.Metric"}[signal]
    return fields_of_message(name, records)


def fields_of_message(name: str, messages: pl.Series) -> pl.DataFrame:
    """The same for the message called `name` below `opentelemetry.proto.`, such as `resource.v1.Resource`."""
    array = messages.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.binary())
    return _frame(_RECORD_FORMAT.handler(name).array_to_record_batch(array))


def _sources(signal: Signal, bodies: Mapping[int, bytes]) -> pl.DataFrame:
    message, by_resource, by_scope, records = {
        Signal.SPAN: ("trace.v1.TracesData", "resource_spans", "scope_spans", "spans"),
        Signal.LOG: ("logs.v1.LogsData", "resource_logs", "scope_logs", "log_records"),
        Signal.METRIC: ("metrics.v1.MetricsData", "resource_metrics", "scope_metrics", "metrics"),
    }[signal]
    frame = _frame(_ENVELOPE_FORMAT.handler(message).list_to_record_batch(list(bodies.values())))
    frame = (
        frame.with_columns(request=pl.Series(list(bodies), dtype=pl.UInt32))
        .explode(by_resource)
        .drop_nulls(by_resource)
        .unnest(by_resource)
        .rename({"schema_url": "resource_schema_url"})
        .explode(by_scope)
        .drop_nulls(by_scope)
        .unnest(by_scope)
        .rename({"schema_url": "scope_schema_url", records: "record"})
        .explode("record")
        .drop_nulls("record")
    )
    if signal is Signal.METRIC:
        frame = _one_point_each(frame)
    ordinal = pl.int_range(pl.len(), dtype=pl.UInt32).over("request").alias("ordinal")
    return frame.select("request", ordinal, *_SOURCE_COLUMNS, "record")


def _one_point_each(frame: pl.DataFrame) -> pl.DataFrame:
    """A metric holds many points; a record of ours is a metric with one, or with none if it was sent so."""
    return frame.with_columns(
        record=pl.Series([_split_metric(record) for record in frame["record"]], dtype=pl.List(pl.Binary))
    ).explode("record")


def _split_metric(record: bytes) -> list[bytes]:
    try:
        metric = metrics_pb2.Metric.FromString(record)
    except DecodeError as error:
        raise ValueError(str(error)) from None
    kind = metric.WhichOneof("data")
    if kind is None or len(getattr(metric, kind).data_points) <= 1:
        return [record]
    points = list(getattr(metric, kind).data_points)
    records = []
    for point in points:
        del getattr(metric, kind).data_points[:]
        getattr(metric, kind).data_points.append(point)
        records.append(metric.SerializeToString())
    return records


class _Format:
    """OTLP's descriptors, with some message fields declared as the bytes that they are on the wire."""

    def __init__(self, as_bytes: Collection[str]) -> None:
        self._pool = DescriptorPool()
        files = []
        for module in (common_pb2, resource_pb2, trace_pb2, logs_pb2, metrics_pb2):
            file = descriptor_pb2.FileDescriptorProto()
            module.DESCRIPTOR.CopyToProto(file)
            for message in file.message_type:
                for field in message.field:
                    if f"{message.name}.{field.name}" in as_bytes:
                        field.type = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
                        field.ClearField("type_name")
            self._pool.Add(file)
            files.append(self._pool.FindFileByName(file.name))
        self._handlers = ptars.HandlerPool(files)

    def handler(self, name: str) -> Any:
        return self._handlers.get_for_message(self._pool.FindMessageTypeByName(_PACKAGE + name))


_ENVELOPE_FORMAT = _Format(_NESTED_VALUES | _RECORDS_AND_SOURCES)
_RECORD_FORMAT = _Format(_NESTED_VALUES)


def _frame(batch: pa.RecordBatch) -> pl.DataFrame:
    frame = pl.from_arrow(batch)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _brief(error: ValueError) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
