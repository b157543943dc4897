"""Spans as OTLP: protobuf and JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1 import trace_pb2

from bench.spans import Span, Value
from bench.telemetry import Run

Origin = tuple[str, str]  # service and version, what a resource consists of

_SCOPE_VERSION = "1.4.0"
_ERROR_STATUS = 2
_REMOTE_KNOWN = 0x100  # in `flags`: it is known whether the parent is remote; it is not


def origin(run: Run) -> Origin:
    """What tells the resource of a run's spans."""
    return run.service.name, run.version


def protobuf(sender: Origin, spans: Sequence[tuple[str, bytes]]) -> bytes:
    """An ExportTraceServiceRequest of spans that are (scope, serialized message)."""
    resource = Resource()
    _add(resource.attributes, _resource(sender))
    scope_spans = b"".join(
        _field(2, _scope(scope) + b"".join(_field(2, message) for _, message in found))
        for scope, found in _by_scope(spans).items()
    )
    return _field(1, _field(1, resource.SerializeToString()) + scope_spans)


def json(sender: Origin, spans: Sequence[tuple[str, bytes]]) -> bytes:
    """The same as OTLP/JSON, of spans that are (scope, JSON text)."""
    resource = orjson.dumps({"attributes": _json_attributes(_resource(sender))})
    scopes = b",".join(
        b'{"scope":%s,"spans":[%s]}'
        % (orjson.dumps({"name": scope, "version": _SCOPE_VERSION}), b",".join(text for _, text in found))
        for scope, found in _by_scope(spans).items()
    )
    return b'{"resourceSpans":[{"resource":%s,"scopeSpans":[%s]}]}' % (resource, scopes)


def protobuf_span(span: Span) -> bytes:
    """The span's message."""
    message = trace_pb2.Span(
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_span_id=span.parent_span_id,
        name=span.name,
        kind=trace_pb2.Span.SpanKind.ValueType(span.kind),
        start_time_unix_nano=span.started_ns,
        end_time_unix_nano=span.ended_ns,
        flags=_REMOTE_KNOWN,
    )
    _add(message.attributes, span.attributes)
    for event in span.events:
        _add(message.events.add(name=event.name, time_unix_nano=event.time_ns).attributes, event.attributes)
    if span.error is not None:
        message.status.code = trace_pb2.Status.STATUS_CODE_ERROR
        message.status.message = span.error
    return message.SerializeToString()


def json_span(span: Span) -> bytes:
    """The span as a JSON object."""
    fields: dict[str, Any] = {
        "traceId": span.trace_id.hex(),
        "spanId": span.span_id.hex(),
        "parentSpanId": span.parent_span_id.hex(),
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": str(span.started_ns),
        "endTimeUnixNano": str(span.ended_ns),
        "flags": _REMOTE_KNOWN,
        "attributes": _json_attributes(span.attributes),
    }
    if span.events:
        fields["events"] = [
            {
                "name": event.name,
                "timeUnixNano": str(event.time_ns),
                "attributes": _json_attributes(event.attributes),
            }
            for event in span.events
        ]
    if span.error is not None:
        fields["status"] = {"code": _ERROR_STATUS, "message": span.error}
    return orjson.dumps(fields)


def _resource(sender: Origin) -> dict[str, Value]:
    service, version = sender
    return {
        "service.name": service,
        "service.version": version,
        "service.instance.id": f"{service}-7c9f",
        "deployment.environment.name": "production",
        "telemetry.sdk.language": "python",
        "telemetry.sdk.name": "opentelemetry",
        "telemetry.sdk.version": "1.45.2",
    }


def _scope(name: str) -> bytes:
    scope = common_pb2.InstrumentationScope(name=name, version=_SCOPE_VERSION)
    return _field(1, scope.SerializeToString())


def _by_scope(spans: Sequence[tuple[str, bytes]]) -> dict[str, list[tuple[str, bytes]]]:
    found: dict[str, list[tuple[str, bytes]]] = {}
    for span in spans:
        found.setdefault(span[0], []).append(span)
    return found


def _add(to: Any, attributes: Mapping[str, Value]) -> None:
    """Onto a repeated field of KeyValue; `add` beats building each message apart by half."""
    for key, value in attributes.items():
        pair = to.add()
        pair.key = key
        if isinstance(value, str):
            pair.value.string_value = value
        elif isinstance(value, int):
            pair.value.int_value = value
        elif isinstance(value, float):
            pair.value.double_value = value
        else:
            for item in value:
                pair.value.array_value.values.add().string_value = item


def _json_attributes(attributes: Mapping[str, Value]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _json_value(value)} for key, value in attributes.items()]


def _json_value(value: Value) -> dict[str, Any]:
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"arrayValue": {"values": [{"stringValue": item} for item in value]}}


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited field of protobuf's wire format."""
    length, prefix = len(content), bytearray([number << 3 | 2])
    while length > 127:
        prefix.append(length & 127 | 128)
        length >>= 7
    prefix.append(length)
    return bytes(prefix) + content
