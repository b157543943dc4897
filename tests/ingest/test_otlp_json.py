"""OTLP/JSON is read by the specification's rules, and what cannot be read is named."""

import json

import orjson
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from ingest.errors import Undecodable
from ingest.intake import Signal
from ingest.otlp_json import to_protobuf

TRACE, SPAN = "0102030405060708090a0b0c0d0e0f10", "0102030405060708"


def _span(**fields: object) -> bytes:
    span = {"traceId": TRACE, "spanId": SPAN, "name": "n", **fields}
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()


def _read(body: bytes) -> object:
    message = TracesData.FromString(to_protobuf(Signal.SPAN, body))
    return message.resource_spans[0].scope_spans[0].spans[0]


def test_ids_are_hexadecimal_in_either_case() -> None:
    assert _read(_span()).trace_id == bytes.fromhex(TRACE)
    assert _read(_span(spanId=SPAN.upper())).span_id == bytes.fromhex(SPAN)


@pytest.mark.parametrize("sent", [1790000000000000001, "1790000000000000001"])
def test_64_bit_integers_are_numbers_or_strings(sent: object) -> None:
    span = _read(_span(startTimeUnixNano=sent, attributes=[{"key": "n", "value": {"intValue": sent}}]))
    assert span.start_time_unix_nano == 1790000000000000001
    assert span.attributes[0].value.int_value == 1790000000000000001


@pytest.mark.parametrize("sent", [3, "SPAN_KIND_CLIENT", "3"])
def test_enums_are_numbers_or_names(sent: object) -> None:
    assert _read(_span(kind=sent)).kind == 3


def test_bytes_are_base64_and_doubles_may_be_named() -> None:
    values = [{"bytesValue": "AQID"}, {"doubleValue": "NaN"}, {"doubleValue": 3}, {"boolValue": False}]
    span = _read(_span(attributes=[{"key": str(index), "value": value} for index, value in enumerate(values)]))
    assert span.attributes[0].value.bytes_value == b"\x01\x02\x03"
    assert span.attributes[1].value.double_value != span.attributes[1].value.double_value
    assert span.attributes[2].value.double_value == 3.0
    assert span.attributes[3].value.WhichOneof("value") == "bool_value"


def test_null_is_absent_and_an_empty_value_stays_empty() -> None:
    span = _read(
        _span(parentSpanId=None, attributes=[{"key": "a", "value": {}}, {"key": "b", "value": {"kvlistValue": {}}}])
    )
    assert span.parent_span_id == b""
    assert span.attributes[0].value.WhichOneof("value") is None
    assert span.attributes[1].value.WhichOneof("value") == "kvlist_value"


def test_names_of_the_proto_file_are_read_too() -> None:
    body = orjson.dumps({"resource_spans": [{"scope_spans": [{"spans": [{"trace_id": TRACE, "span_id": SPAN}]}]}]})
    assert _read(body).trace_id == bytes.fromhex(TRACE)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "not valid JSON"),
        (b"[]", "expected an object, found a list"),
        (b'{"resourceSpans": 3}', "resourceSpans: expected a list, found a number"),
        (_span(traceId="xyz"), "expected hexadecimal digits"),
        (_span(startTimeUnixNano="soon"), "expected an integer"),
        (_span(startTimeUnixNano=-1), "expected an integer"),
        (_span(name=7), "expected a string, found a number"),
        (_span(kind="SPAN_KIND_NEW"), "expected an integer"),
        (_span(attributes=[{"key": "a", "value": {"bytesValue": "%"}}]), "expected base64"),
        (b'{"resourceSpans": ' * 200 + b"1" + b"}" * 200, "expected a list"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(body: bytes, told: str) -> None:
    with pytest.raises(Undecodable, match=told):
        to_protobuf(Signal.SPAN, body)


def test_nesting_is_bounded() -> None:
    value: object = {"stringValue": "deep"}
    for _ in range(300):
        value = {"arrayValue": {"values": [value]}}
    with pytest.raises(Undecodable, match="nested too deeply|not valid JSON"):
        to_protobuf(Signal.SPAN, _span(attributes=[{"key": "a", "value": value}]))
