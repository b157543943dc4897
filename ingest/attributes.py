"""OTLP attributes as columns: one row per attribute, its value as text."""

import base64
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import orjson
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValueList

from ingest.cells import Cells, Indices, Mask, Words, first_of_each, truth, words

UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Attributes:
    """The attributes of some records in the order sent, a row each.

    `rows` tells whose it is (never falling) and `keys` what it is called. `strings` has the values that are strings,
    `others` the text of all others: numbers and booleans in JSON's spelling, bytes in base64, lists and maps as JSON
    text, null for an empty value. `nested` is true for lists and maps. A key that stands twice in one record is there
    twice.
    """

    rows: Indices
    keys: Words
    strings: pa.StringArray
    others: pa.StringArray
    nested: Mask

    @cached_property
    def sent_keys(self) -> frozenset[str]:
        """All keys."""
        return frozenset(self.keys.distinct)

    def cells(self, key: str) -> Cells | None:
        """The values of a key, of a repeated one the first; None if nobody sent it."""
        if key not in self._by_key:
            self._by_key[key] = self._cells(key)
        return self._by_key[key]

    def of(self, row: int) -> dict[str, str | None]:
        """Text by key of one record, of a repeated key the last."""
        start, end = np.searchsorted(self.rows, [row, row + 1])
        names = [self.keys.distinct[code] for code in self.keys.codes[start:end]]
        return dict(zip(names, self.texts[start:end].to_pylist(), strict=True))

    def rows_with(self, keys: Iterable[str]) -> Indices:
        """The records that have any of these keys."""
        return np.unique(self.rows[self.keys.among(keys)])

    def having(self, chosen: Mask) -> "Attributes":
        """Some of the attributes."""
        keys, mask = Words(self.keys.codes[chosen], self.keys.distinct), pa.array(chosen)
        strings, others = self.strings.filter(mask), self.others.filter(mask)
        return Attributes(self.rows[chosen], keys, strings, others, self.nested[chosen])

    @cached_property
    def texts(self) -> pa.StringArray:
        """Every value's text."""
        return pc.coalesce(self.strings, self.others) if self.strings.null_count else self.strings

    def frame(self) -> pl.DataFrame:
        """Columns row, key, text, nested."""
        columns = [pa.array(self.rows, pa.uint32()), self.keys.column(), self.texts, pa.array(self.nested)]
        return pl.DataFrame(pa.table(columns, names=["row", "key", "text", "nested"]))

    def _cells(self, key: str) -> Cells | None:
        if key not in self._places:
            return None
        start, end = self._places[key]
        places = self._order[start:end]
        texts = self.strings.take(pa.array(places))
        if texts.null_count:
            texts = pc.coalesce(texts, self.others.take(pa.array(places)))
        found = Cells(self.rows[places], texts).matching(texts.is_valid())
        return found.keep(first_of_each(found.rows)) if len(found) else None

    @cached_property
    def _by_key(self) -> dict[str, Cells | None]:
        return {}

    @cached_property
    def _order(self) -> Indices:
        order: Indices = np.argsort(self.keys.codes, kind="stable")
        return order

    @cached_property
    def _places(self) -> Mapping[str, tuple[int, int]]:
        """Where in `_order` each key's attributes stand."""
        bounds = np.concatenate([[0], np.cumsum(np.bincount(self.keys.codes, minlength=len(self.keys.distinct)))])
        return {
            key: (int(start), int(end))
            for key, start, end in zip(self.keys.distinct, bounds[:-1], bounds[1:], strict=True)
            if end > start
        }


def attributes(sent: pa.ListArray) -> Attributes:
    """The attributes in a column of lists of OTLP's KeyValue, a list a record."""
    items = pc.list_flatten(sent)
    value = items.field("value")
    return Attributes(
        rows=pc.list_parent_indices(sent).to_numpy().astype(np.int64),
        keys=words(items.field("key")),
        strings=value.field("string_value"),
        others=_other_texts(value),
        nested=truth(value.field("array_value").is_valid()) | truth(value.field("kvlist_value").is_valid()),
    )


def texts(values: pa.StructArray) -> pa.StringArray:
    """A column of AnyValue as text, as `Attributes` has it."""
    strings = values.field("string_value")
    return pc.coalesce(strings, _other_texts(values)) if strings.null_count else strings


def _other_texts(values: pa.StructArray) -> pa.StringArray:
    found = pa.nulls(len(values), pa.string())
    for kind, read in _KINDS.items():
        column = values.field(kind)
        if column.null_count < len(column):
            found = pc.coalesce(found, read(column))
    return found


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


def _plainly(column: pa.Array) -> pa.StringArray:
    return column.cast(pa.string())


def _double_texts(column: pa.DoubleArray) -> pa.StringArray:
    """As JSON spells them: Arrow leaves out the fraction of a whole number."""
    return _each_distinct(column, lambda number: _json(number) if math.isfinite(number) else str(number))


def _each_distinct(column: pa.Array, read: Callable[[Any], str]) -> pa.StringArray:
    """Apply a Python function once per distinct value."""
    encoded = column.dictionary_encode()
    return pa.array([read(value) for value in encoded.dictionary.to_pylist()], pa.string()).take(encoded.indices)


_KINDS: dict[str, Callable[[pa.Array], pa.StringArray]] = {
    "int_value": _plainly,
    "double_value": _double_texts,
    "bool_value": _plainly,
    "array_value": lambda column: _each_distinct(column, _array_text),
    "kvlist_value": lambda column: _each_distinct(column, _kvlist_text),
    "bytes_value": lambda column: _each_distinct(column, lambda data: base64.b64encode(data).decode()),
}
