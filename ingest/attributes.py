"""OTLP attributes as columns: one row per attribute, its value as text."""

import base64
from collections.abc import Callable

import orjson
import polars as pl
from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValueList

UNREADABLE = "unreadable"


def attributes(rows: pl.DataFrame, column: str = "attributes") -> pl.DataFrame:
    """One row per attribute of `rows[column]`, with every other column of `rows` repeated beside it.

    Adds key, text (strings as they are, numbers and booleans in JSON's spelling, bytes in base64, lists and maps as
    JSON text; null for an empty value) and nested (whether the value is a list or a map). A key that stands twice in
    one record is kept twice, in the order sent.
    """
    long = rows.explode(column).drop_nulls(column).unnest(column)
    return long.with_columns(as_text("value"), is_nested("value")).drop("value", "key_strindex")


def as_text(column: str) -> pl.Expr:
    """The text of an AnyValue column, as `text`."""
    value = pl.col(column).struct
    return pl.coalesce(
        value.field("string_value"),
        value.field("int_value").cast(pl.String),
        value.field("double_value").map_batches(_double_text, return_dtype=pl.String),
        value.field("bool_value").cast(pl.String),
        value.field("array_value").map_batches(_each_distinct(_array_text), return_dtype=pl.String),
        value.field("kvlist_value").map_batches(_each_distinct(_kvlist_text), return_dtype=pl.String),
        value.field("bytes_value").bin.encode("base64"),
    ).alias("text")


def is_nested(column: str) -> pl.Expr:
    """Whether an AnyValue column holds a list or a map, as `nested`."""
    value = pl.col(column).struct
    return (value.field("array_value").is_not_null() | value.field("kvlist_value").is_not_null()).alias("nested")


def plain(value: AnyValue) -> object:
    """An AnyValue as plain Python: str, bool, int, float, base64 text, list, dict or None."""
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [plain(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return {item.key: plain(item.value) for item in value.kvlist_value.values}
    if kind == "bytes_value":
        return base64.b64encode(value.bytes_value).decode()
    return getattr(value, kind)


def _array_text(data: bytes) -> str:
    try:
        return _json([plain(item) for item in ArrayValue.FromString(data).values])
    except (DecodeError, RecursionError):
        return UNREADABLE


def _kvlist_text(data: bytes) -> str:
    try:
        return _json({item.key: plain(item.value) for item in KeyValueList.FromString(data).values})
    except (DecodeError, RecursionError):
        return UNREADABLE


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _double_text(values: pl.Series) -> pl.Series:
    if values.null_count() == len(values):
        return pl.repeat(None, len(values), dtype=pl.String, eager=True)
    return values.cast(pl.String)


def _each_distinct(read: Callable[[bytes], str]) -> Callable[[pl.Series], pl.Series]:
    """Apply a Python function once per distinct value."""

    def apply(values: pl.Series) -> pl.Series:
        if values.null_count() == len(values):
            return pl.repeat(None, len(values), dtype=pl.String, eager=True)
        distinct = {value: read(value) for value in values.drop_nulls().unique()}
        return pl.Series([None if value is None else distinct[value] for value in values], dtype=pl.String)

    return apply
