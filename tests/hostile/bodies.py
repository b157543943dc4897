"""Requests that nobody should send: valid OTLP with hostile content, and bodies that only pretend to be OTLP."""

import json
from collections.abc import Callable
from typing import Any

from google.protobuf import json_format
from opentelemetry.proto.trace.v1.trace_pb2 import Span, TracesData

from ingest.intake import Encoding, Signal
from ingest.otlp_json import to_protobuf
from tests.ingest.otlp_samples import SECOND_NS, START_NS

TRACE = "0af7651916cd43dd8448eb211c80319c"
ROOT = "00f067aa0ba902b7"
HOSTILE_KEYS = [
    *("__proto__", "constructor.prototype", 'a"b', "a'b", "a.b..c.", "'; drop table spans; --", "$.a[0]", "\\", ""),
    *("\x00", "a\nb", "<script>alert(1)</script>", "../../etc/passwd", "{{7*7}}", "\u202egnp.exe", "k" * 10_000),
]
HOSTILE_TEXTS = [
    *("\x00", "a\x00b", "\ufffd\ufffe", "\u202e", "'; delete from spans; --", "[" * 100_000, '{"a":' * 50_000)
]


def span(**fields: Any) -> dict[str, Any]:
    """A sound span in OTLP/JSON, with other fields as given."""
    return {
        "traceId": TRACE,
        "spanId": ROOT,
        "name": "invoke_agent tester",
        "startTimeUnixNano": str(START_NS),
        "endTimeUnixNano": str(START_NS + SECOND_NS),
        "attributes": [attribute("gen_ai.operation.name", "invoke_agent")],
    } | fields


def attribute(key: str, text: str) -> dict[str, Any]:
    """An attribute in OTLP/JSON."""
    return {"key": key, "value": {"stringValue": text}}


def request(*spans: dict[str, Any], resource: dict[str, Any] | None = None) -> dict[str, Any]:
    """An export request in OTLP/JSON."""
    return {"resourceSpans": [{"resource": resource or {}, "scopeSpans": [{"spans": list(spans)}]}]}


def encoded(document: dict[str, Any], encoding: Encoding) -> bytes:
    """The request as it is sent."""
    body = json.dumps(document).encode()
    return body if encoding == "json" else to_protobuf(Signal.SPAN, body)


def hostile_keys(_: int) -> dict[str, Any]:
    values = [attribute(key, "value") for key in HOSTILE_KEYS]
    nested = {"key": "nested", "value": {"kvlistValue": {"values": values}}}
    return request(span(attributes=[*values, *values, nested]), resource={"attributes": values})


def hostile_texts(_: int) -> dict[str, Any]:
    keys = ("gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.tool.call.arguments", "gen_ai.agent.name")
    return request(
        *(
            span(
                spanId=f"{number:016x}",
                name=text[:100],
                attributes=[*span()["attributes"], *(attribute(key, text) for key in keys)],
            )
            for number, text in enumerate(HOSTILE_TEXTS, 1)
        )
    )


def many_attributes(scale: int) -> dict[str, Any]:
    return request(span(attributes=[attribute(f"k{number}", "") for number in range(20_000 * scale)]))


def many_spans(scale: int) -> dict[str, Any]:
    return request(*({"traceId": TRACE, "spanId": f"{number:016x}"} for number in range(1, 5_000 * scale + 1)))


def many_children(scale: int) -> dict[str, Any]:
    children = range(1, 500 * scale + 1)
    return request(span(), *(span(spanId=f"{number:016x}", parentSpanId=ROOT) for number in children))


def many_events(scale: int) -> dict[str, Any]:
    return request(span(events=[{"name": "e", "timeUnixNano": str(START_NS)}] * (5_000 * scale)))


def parents_in_a_cycle(_: int) -> dict[str, Any]:
    ids = [f"{number:016x}" for number in range(1, 4)]
    cycle = (span(spanId=own, parentSpanId=parent) for own, parent in zip(ids, ids[1:] + ids[:1], strict=True))
    return request(*cycle, span(parentSpanId=ROOT))


def strange_times(_: int) -> dict[str, Any]:
    times = (0, 1, 2**63 - 1, 2**63, 2**64 - 1, START_NS)
    pairs = [(start, end) for start in times for end in times]
    return request(
        *(
            span(spanId=f"{number:016x}", startTimeUnixNano=str(start), endTimeUnixNano=str(end))
            for number, (start, end) in enumerate(pairs, 1)
        )
    )


def one_id_with_many_contents(_: int) -> dict[str, Any]:
    return request(*(span(name=f"invoke_agent {number}") for number in range(50)))


def nested_values(_: int) -> dict[str, Any]:
    value: dict[str, Any] = {"stringValue": "deep"}
    for _level in range(15):
        value = {"arrayValue": {"values": [{"kvlistValue": {"values": [{"key": "k", "value": value}]}}]}}
    return request(span(attributes=[{"key": "gen_ai.input.messages", "value": value}]))


# Valid OTLP, so it is stored, at every scale: 1 in `make test`.
STORED: tuple[Callable[[int], dict[str, Any]], ...] = (
    hostile_keys,
    hostile_texts,
    many_attributes,
    many_spans,
    many_children,
    many_events,
    parents_in_a_cycle,
    strange_times,
    one_id_with_many_contents,
    nested_values,
)


def _length_delimited(number: int, data: bytes) -> bytes:
    size, prefix = len(data), bytearray([number << 3 | 2])
    while size > 127:
        prefix.append(size & 127 | 128)
        size >>= 7
    return bytes(prefix) + bytes([size]) + data


def _in_span(field: bytes) -> bytes:
    return _length_delimited(1, _length_delimited(2, _length_delimited(2, field)))


def _deep_protobuf(depth: int) -> bytes:
    value = b"\x0a\x01x"
    for _ in range(depth):
        value = _length_delimited(5, _length_delimited(1, value))
    ids = Span(trace_id=bytes.fromhex(TRACE), span_id=bytes.fromhex(ROOT)).SerializeToString()
    return _in_span(ids + _length_delimited(9, _length_delimited(1, b"password") + _length_delimited(2, value)))


_SOUND = json_format.ParseDict(request(), TracesData()).SerializeToString() + _in_span(
    Span(trace_id=bytes.fromhex(TRACE), span_id=bytes.fromhex(ROOT), name="sound").SerializeToString()
)
_SOUND_JSON = json.dumps(request(span())).encode()

# No valid OTLP, so it is refused with 400: what it is → its encoding and its bytes.
REFUSED: dict[str, tuple[Encoding, bytes]] = {
    "protobuf cut off": ("protobuf", _SOUND[:-3]),
    "protobuf of random bytes": ("protobuf", bytes(range(255, 0, -1))),
    "protobuf with a length of 2^63": ("protobuf", b"\x0a" + b"\xff" * 8 + b"\x7f"),
    "protobuf with an endless varint": ("protobuf", b"\x0a" + b"\xff" * 1000),
    "protobuf with a resource that is none": ("protobuf", _length_delimited(1, b"\x0a\x03\xff\xff\xff\x12\x00")),
    "protobuf with a scope that is none": (
        "protobuf",
        _length_delimited(1, _length_delimited(2, b"\x0a\x03\xff\xff\xff")),
    ),
    "protobuf with a wrong wire type": ("protobuf", b"\x08\x01" * 10 + _in_span(b"\x0d\x01\x02\x03")),
    "protobuf with a name that is no UTF-8": ("protobuf", _in_span(_length_delimited(5, b"\xff\xfe"))),
    "protobuf nested too deeply around a secret": ("protobuf", _deep_protobuf(1_000)),
    "JSON sent as protobuf": ("protobuf", _SOUND_JSON),
    "protobuf sent as JSON": ("json", _SOUND),
    "JSON cut off": ("json", _SOUND_JSON[:-3]),
    "JSON that goes on": ("json", _SOUND_JSON * 2),
    "JSON nested 100,000 deep": ("json", b"[" * 100_000 + b"]" * 100_000),
    "objects nested 100,000 deep": ("json", b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "JSON that is no UTF-8": ("json", _SOUND_JSON.replace(b"tester", b"\xff\xfe")),
    "JSON with a lone surrogate": ("json", _SOUND_JSON.replace(b"tester", rb"\ud800")),
    "JSON with a byte order mark": ("json", b"\xef\xbb\xbf" + _SOUND_JSON),
    "JSON with NaN": ("json", _SOUND_JSON.replace(b'"name"', b'"flags": NaN, "name"')),
    "a list": ("json", b"[]"),
    "a null": ("json", b"null"),
    "a text where a list is due": ("json", b'{"resourceSpans": "x"}'),
    "a number as a name": ("json", json.dumps(request(span(name=7))).encode()),
    "a time before 1970": ("json", json.dumps(request(span(startTimeUnixNano="-62135596800000000000"))).encode()),
    "an id that is not hexadecimal": ("json", json.dumps(request(span(traceId="z" * 32))).encode()),
    "an integer of 10,000 digits": ("json", json.dumps(request(span(startTimeUnixNano="9" * 10_000))).encode()),
}
