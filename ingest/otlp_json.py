"""OTLP/JSON → the same message in protobuf.

The rules are those of the OTLP specification, section "JSON Protobuf Encoding": trace and span ids are hex, other
bytes base64, 64-bit integers strings or numbers, enums numbers (names are read too), field names lowerCamelCase
(the names of the .proto are read too), unknown fields ignored.
"""

import base64
import binascii
from collections.abc import Callable
from functools import cache

import orjson
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from ingest.errors import Undecodable
from ingest.intake import Signal

_HEX_FIELDS = {"trace_id", "span_id", "parent_span_id"}
_MAX_DEPTH = 100
_DOUBLE_NAMES = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def to_protobuf(signal: Signal, body: bytes) -> bytes:
    """The request in protobuf. Raises `Undecodable` with the path of the value that cannot be read."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Undecodable(f"the body is not valid JSON: {error}") from None
    message = {Signal.SPAN: TracesData, Signal.LOG: LogsData, Signal.METRIC: MetricsData}[signal]()
    try:
        _fill(message, value, _MAX_DEPTH)
    except _Unreadable as error:
        raise Undecodable(f"the body is not valid OTLP/JSON: {error}") from None
    return bytes(message.SerializeToString())


class _Unreadable(Exception):
    """A value does not fit its field; grows the path to it on its way up."""

    def under(self, name: str) -> "_Unreadable":
        return _Unreadable(f"{name}.{self}" if "." in str(self) or ":" in str(self) else f"{name}: {self}")


def _fill(message: Message, value: object, depth: int) -> None:
    if not isinstance(value, dict):
        raise _Unreadable(f"expected an object, found {_kind(value)}")
    if depth == 0:
        raise _Unreadable("nested too deeply")
    readers = _readers(message.DESCRIPTOR)
    for key, item in value.items():
        if item is None or key not in readers:
            continue
        field, read = readers[key]
        try:
            if read is None:
                if field.is_repeated:
                    for element in _list(item):
                        _fill(getattr(message, field.name).add(), element, depth - 1)
                else:
                    child = getattr(message, field.name)
                    child.SetInParent()
                    _fill(child, item, depth - 1)
            elif field.is_repeated:
                getattr(message, field.name).extend(read(element) for element in _list(item))
            else:
                setattr(message, field.name, read(item))
        except _Unreadable as error:
            raise error.under(key) from None


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise _Unreadable(f"expected a list, found {_kind(value)}")
    return value


@cache
def _readers(descriptor: Descriptor) -> dict[str, tuple[FieldDescriptor, Callable[[object], object] | None]]:
    readers = {}
    for field in descriptor.fields:
        readers[field.json_name] = readers[field.name] = (field, None if field.message_type else _reader(field))
    return readers


def _reader(field: FieldDescriptor) -> Callable[[object], object]:
    if field.enum_type is not None:
        enum = field.enum_type
        return lambda value: _enum(enum, value)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _hex if field.name in _HEX_FIELDS else _base64
    if field.type == FieldDescriptor.TYPE_STRING:
        return _string
    if field.type == FieldDescriptor.TYPE_BOOL:
        return _bool
    if field.type == FieldDescriptor.TYPE_DOUBLE:
        return _double
    low, high = {
        FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31),
        FieldDescriptor.CPPTYPE_UINT32: (0, 2**32),
        FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63),
        FieldDescriptor.CPPTYPE_UINT64: (0, 2**64),
    }[field.cpp_type]
    return lambda value: _integer(value, low, high)


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise _Unreadable(f"expected a string, found {_kind(value)}")
    return value


def _bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise _Unreadable(f"expected true or false, found {_kind(value)}")
    return value


def _double(value: object) -> float:
    if isinstance(value, str) and value in _DOUBLE_NAMES:
        return _DOUBLE_NAMES[value]
    try:
        if isinstance(value, (int, float, str)) and not isinstance(value, bool):
            return float(value)
    except (ValueError, OverflowError):
        pass
    raise _Unreadable(f"expected a number, found {_kind(value)}")


def _integer(value: object, low: int, high: int) -> int:
    number: int | None = None
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    elif isinstance(value, str) and value.removeprefix("-").isascii() and value.removeprefix("-").isdigit():
        number = int(value) if len(value) <= 20 else None
    if number is None or not low <= number < high:
        raise _Unreadable(f"expected an integer from {low} to {high - 1}, found {_kind(value)}")
    return number


def _enum(enum: EnumDescriptor, value: object) -> int:
    if isinstance(value, str) and value in enum.values_by_name:
        return enum.values_by_name[value].number
    return _integer(value, -(2**31), 2**31)


def _hex(value: object) -> bytes:
    try:
        return bytes.fromhex(_string(value))
    except ValueError:
        raise _Unreadable("expected hexadecimal digits") from None


def _base64(value: object) -> bytes:
    text = _string(value).replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise _Unreadable("expected base64") from None


def _kind(value: object) -> str:
    return {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}.get(
        type(value), "a number"
    )
