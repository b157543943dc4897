"""Answers as bytes: JSON, CSV or an Arrow stream, chosen by `Accept`."""

import io
from enum import StrEnum

import orjson
import polars as pl
import polars.selectors as cs
import pyarrow as pa

from queries.words import FORMULA

_NANOSECONDS = "%Y-%m-%dT%H:%M:%S%.9fZ"


class MediaType(StrEnum):
    """What an answer can be encoded as."""

    JSON = "application/json"
    CSV = "text/csv"
    ARROW = "application/vnd.apache.arrow.stream"


def choose_media_type(accept: str | None) -> MediaType | None:
    """The first acceptable of JSON, CSV and Arrow by the header's order and weights; null if none is."""
    offers: list[tuple[float, str]] = []
    for part in (accept or "*/*").split(","):
        name, _, parameters = part.strip().lower().partition(";")
        offers.append((_weight(parameters), name.strip()))
    for weight, name in sorted(offers, key=lambda offer: -offer[0]):
        if weight <= 0:
            continue
        for media_type in MediaType:
            if name in (media_type, "*/*", media_type.partition("/")[0] + "/*"):
                return media_type
    return None


def encode_table(table: pa.Table, media_type: MediaType, next_cursor: str | None = None) -> bytes:
    """Rows as JSON `{"rows": […], "next": …}`, as CSV with a header, or as an Arrow stream (times in UTC)."""
    if media_type is MediaType.ARROW:
        return _arrow(table)
    if media_type is MediaType.CSV:
        return _csv(table)
    return b'{"rows":' + rows_json(table) + b',"next":' + orjson.dumps(next_cursor) + b"}"


def rows_json(table: pa.Table) -> bytes:
    """A JSON array of objects: times RFC 3339 with nanoseconds, unknown null."""
    return _with_text_times(table).write_json().encode()


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _with_text_times(table: pa.Table) -> pl.DataFrame:
    frame = _frame(table)
    return frame.with_columns(pl.col(pl.Datetime).dt.strftime(_NANOSECONDS)) if frame.width else frame


def _csv(table: pa.Table) -> bytes:
    """Lists and records as JSON; a text that a spreadsheet would calculate is led by an apostrophe."""
    frame = _with_text_times(table)
    nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
    as_text = [
        pl.Series(
            name,
            [None if value is None else orjson.dumps(value).decode() for value in frame[name].to_list()],
            pl.String,
        )
        for name in nested
    ]
    told = frame.with_columns(as_text)
    is_formula = cs.string().str.contains(FORMULA)
    harmless = pl.when(is_formula).then(cs.string().str.replace("^", "'")).otherwise(cs.string()).name.keep()
    return told.with_columns(harmless).write_csv().encode()


def _arrow(table: pa.Table) -> bytes:
    fields = [
        field.with_type(pa.timestamp(field.type.unit, "UTC")) if pa.types.is_timestamp(field.type) else field
        for field in table.schema
    ]
    target = io.BytesIO()
    typed = table.cast(pa.schema(fields))
    with pa.ipc.new_stream(target, typed.schema) as stream:
        stream.write_table(typed)
    return target.getvalue()


def _frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    if not isinstance(frame, pl.DataFrame):
        raise TypeError("a table became no frame")
    return frame
