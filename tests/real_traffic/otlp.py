"""OTLP requests as the stock protobuf messages: read, turned into JSON and back, cut into single records."""

import base64
import gzip
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.real_traffic.captures import Delivery

REQUEST_TYPES: dict[str, type[Message]] = {
    "traces": ExportTraceServiceRequest,
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}
_LEVELS = {
    "traces": ("resource_spans", "scope_spans", "spans"),
    "logs": ("resource_logs", "scope_logs", "log_records"),
}
_ID_KEYS = {"traceId", "spanId", "parentSpanId"}


class Record(NamedTuple):
    """A span or log record with all it hangs on, each part serialised deterministically, so that equals are equal."""

    resource: bytes
    resource_schema: str
    scope: bytes
    scope_schema: str
    message: bytes


def request_of(delivery: Delivery) -> Message:
    """The request message of a delivery, whatever its encoding and compression."""
    body = gzip.decompress(delivery.body) if delivery.encoding == "gzip" else delivery.body
    if delivery.media_type == "application/json":
        return request_from_json(delivery.signal, body)
    return REQUEST_TYPES[delivery.signal].FromString(body)


def request_from_json(signal: str, body: bytes | str) -> Message:
    """The request message that OTLP/JSON describes: its ids are hex, where protobuf's own JSON has base64."""
    fields = _with_ids(json.loads(body), lambda text: base64.b64encode(bytes.fromhex(text)).decode())
    return ParseDict(fields, REQUEST_TYPES[signal](), ignore_unknown_fields=True)


def request_to_json(request: Message) -> bytes:
    """OTLP/JSON of a request message."""
    fields = MessageToDict(request, use_integers_for_enums=True)
    return json.dumps(_with_ids(fields, lambda text: base64.b64decode(text).hex())).encode()


def records(signal: str, request: Message) -> Iterator[tuple[Record, Message]]:
    """Each span or log record of a traces or logs request, as a comparable `Record` and as its message."""
    of_resource, of_scope, of_record = _LEVELS[signal]
    for resource in getattr(request, of_resource):
        for scope in getattr(resource, of_scope):
            for message in getattr(scope, of_record):
                yield (
                    Record(
                        _bytes(resource.resource),
                        resource.schema_url,
                        _bytes(scope.scope),
                        scope.schema_url,
                        _bytes(message),
                    ),
                    message,
                )


def single_record_requests(signal: str, request: Message) -> Iterator[Message]:
    """The same records in as many requests as there are records; a metrics request stays whole."""
    if signal == "metrics":
        yield request
        return
    of_resource, of_scope, of_record = _LEVELS[signal]
    for resource in getattr(request, of_resource):
        for scope in getattr(resource, of_scope):
            for message in getattr(scope, of_record):
                alone = REQUEST_TYPES[signal]()
                resource_copy = getattr(alone, of_resource).add(schema_url=resource.schema_url)
                resource_copy.resource.CopyFrom(resource.resource)
                scope_copy = getattr(resource_copy, of_scope).add(schema_url=scope.schema_url)
                scope_copy.scope.CopyFrom(scope.scope)
                getattr(scope_copy, of_record).add().CopyFrom(message)
                yield alone


def _bytes(message: Message) -> bytes:
    return message.SerializeToString(deterministic=True)


def _with_ids(value: Any, convert: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: convert(item) if key in _ID_KEYS and isinstance(item, str) else _with_ids(item, convert)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_with_ids(item, convert) for item in value]
    return value
