"""OTLP bytes → records as Arrow columns, whatever the encoding. Only this module knows protobuf's wire format.

Protobuf goes to Arrow through `ptars`, in two steps and with descriptors of our own that are wire-compatible with
OTLP: first the envelope, in which resources, scopes and records are declared as `bytes`, so that every record keeps
its own bytes; then the records, in which nested attribute values are declared as `bytes`, because Arrow cannot hold
a recursive type. OTLP/JSON is turned into the same bytes first.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
import ptars
import pyarrow as pa
import pyarrow.compute as pc
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

from ingest.cells import Indices
from ingest.decoded import Records
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
_ENVELOPES = {
    Signal.SPAN: ("trace.v1.TracesData", "resource_spans", "scope_spans", "spans"),
    Signal.LOG: ("logs.v1.LogsData", "resource_logs", "scope_logs", "log_records"),
    Signal.METRIC: ("metrics.v1.MetricsData", "resource_metrics", "scope_metrics", "metrics"),
}
_WHOLE: dict[Signal, type[Message]] = {
    Signal.SPAN: trace_pb2.TracesData,
    Signal.LOG: logs_pb2.LogsData,
    Signal.METRIC: metrics_pb2.MetricsData,
}
MESSAGES: dict[Signal, type[Message]] = {
    Signal.SPAN: trace_pb2.Span,
    Signal.LOG: logs_pb2.LogRecord,
    Signal.METRIC: metrics_pb2.Metric,
}
_RECORDS = {Signal.SPAN: "trace.v1.Span", Signal.LOG: "logs.v1.LogRecord", Signal.METRIC: "metrics.v1.Metric"}


def decode(
    signal: Signal, requests: Sequence[Request], *, is_strict: bool = False
) -> tuple[Records, dict[int, Undecodable]]:
    """The records of some requests of one signal, and the requests that are no valid OTLP; these harm no other.

    Resources, scopes and nested values stay bytes that nobody looked into, unless `is_strict`.
    """
    bodies: dict[int, bytes] = {}
    failures: dict[int, Undecodable] = {}
    for index, request in enumerate(requests):
        try:
            bodies[index] = request.body if request.encoding == "protobuf" else to_protobuf(signal, request.body)
            if is_strict:
                _WHOLE[signal].FromString(bodies[index])
        except Undecodable as failure:
            failures[index] = failure
        except DecodeError as error:
            del bodies[index]
            failures[index] = _malformed(signal, error)
    try:
        return _records(signal, bodies), failures
    except ValueError:
        sound = {}
        for index, body in bodies.items():
            try:
                _records(signal, {index: body})
                sound[index] = body
            except ValueError as error:
                failures[index] = _malformed(signal, error)
        return _records(signal, sound), failures


def read_records(signal: Signal, sources: pl.DataFrame, source: Indices, data: pa.BinaryArray) -> Records:
    """Records of which all but the fields is known. Raises ValueError if one is not valid."""
    return Records(signal, sources, source, data, fields_of_message(_RECORDS[signal], data))


def fields_of_message(name: str, messages: pa.BinaryArray) -> pa.RecordBatch:
    """A row per message and a column per field; `name` stands below `opentelemetry.proto.`, such as
    `resource.v1.Resource`. Raises ValueError if one is not valid."""
    return _RECORD_FORMAT.handler(name).array_to_record_batch(messages)


def _records(signal: Signal, bodies: Mapping[int, bytes]) -> Records:
    message, by_resource, by_scope, records = _ENVELOPES[signal]
    requests = _ENVELOPE_FORMAT.handler(message).list_to_record_batch(list(bodies.values()))
    request, of_resource = _exploded(requests.column(by_resource))
    resource, of_scope = _exploded(of_resource.field(by_scope))
    source, data = _exploded(of_scope.field(records))
    if signal is Signal.METRIC:
        source, data = _one_point_each(source, data)
    parents = pa.array(resource)
    sources = {
        "request": pa.array(np.array(list(bodies), dtype=np.uint32)[request][resource]),
        "resource": of_resource.field("resource").take(parents),
        "resource_schema_url": of_resource.field("schema_url").take(parents),
        "scope": of_scope.field("scope"),
        "scope_schema_url": of_scope.field("schema_url"),
    }
    return read_records(signal, pl.DataFrame(pa.table(sources)), source, data)


def _exploded(column: pa.ListArray) -> tuple[Indices, Any]:
    """The elements of all lists, and for each the list that it is of."""
    return pc.list_parent_indices(column).to_numpy().astype(np.int64), pc.list_flatten(column)


def _one_point_each(source: Indices, metrics: pa.BinaryArray) -> tuple[Indices, pa.BinaryArray]:
    """A metric holds many points; a record of ours is a metric with one, or with none if it was sent so."""
    parts = [_split_metric(metric) for metric in metrics.to_pylist()]
    data = pa.array([record for part in parts for record in part], pa.binary())
    return np.repeat(source, [len(part) for part in parts]), data


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


def _malformed(signal: Signal, error: Exception) -> Undecodable:
    reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
    return Undecodable(f"the body is not a valid OTLP {signal} request: {reason}")
