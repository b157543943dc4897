"""Sparse columns: a value for some of a batch's records. Most attributes stand on few of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """Texts of some records: `rows` are the records' numbers, rising, and `values` has a text for each, never null."""

    rows: Indices
    values: pa.StringArray

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, mask: Mask) -> "Cells":
        """Those of the records that the mask is true for."""
        return self.keep(mask[self.rows])

    def keep(self, chosen: Mask) -> "Cells":
        """Those cells that `chosen`, one truth value a cell, is true for."""
        return self if chosen.all() else Cells(self.rows[chosen], self.values.filter(pa.array(chosen)))

    def matching(self, matches: pa.BooleanArray) -> "Cells":
        """Those cells that an Arrow function said true of; null is false."""
        return self.keep(truth(matches))

    def holding(self, word: str) -> "Cells":
        """Those whose text has the word in it."""
        return self.keep(pl.Series(self.values).str.contains(word, literal=True).to_numpy())

    def beside(self, other: "Cells | None") -> "Cells":
        """These, and those of `other` on records that have none here."""
        if other is None or not len(other):
            return self
        return merged([self, other.keep(~np.isin(other.rows, self.rows))]) or self

    def mask(self, height: int) -> Mask:
        """For each of `height` records, whether it has a value."""
        found = np.zeros(height, dtype=np.bool_)
        found[self.rows] = True
        return found

    def column(self, height: int) -> pa.StringArray:
        """A text for each of `height` records, null where there is none."""
        if len(self.rows) == height:
            return self.values
        places = np.full(height, -1, dtype=np.int64)
        places[self.rows] = np.arange(len(self.rows))
        return self.values.take(pa.array(places, mask=places < 0))

    def texts(self) -> Iterable[tuple[int, str]]:
        """Record and text, one by one."""
        return zip(self.rows.tolist(), self.values.to_pylist(), strict=True)

    def each(self, read: Callable[[str], str | None]) -> "Cells":
        """What `read` makes of each text, asked once per distinct one; where it says None there is no value."""
        encoded = self.values.dictionary_encode()
        table = pa.array([read(text) for text in encoded.dictionary.to_pylist()], pa.string())
        values = table.take(encoded.indices)
        if not values.null_count:
            return Cells(self.rows, values)
        chosen = truth(values.is_valid())
        return Cells(self.rows[chosen], values.drop_null())


@dataclass(frozen=True)
class Words:
    """A column of few distinct texts: `codes` says for each record which of `distinct` it has."""

    codes: Indices
    distinct: Sequence[str]

    def where(self, holds: Callable[[str], bool]) -> Mask:
        """For each record, whether this holds of its text."""
        return self._spread([holds(text) for text in self.distinct])

    def among(self, texts: Iterable[str]) -> Mask:
        """For each record, whether its text is one of these."""
        wanted = frozenset(texts)
        return self._spread([text in wanted for text in self.distinct])

    def starting(self, prefix: str) -> Mask:
        """For each record, whether its text begins so."""
        return self._spread([text.startswith(prefix) for text in self.distinct])

    def map(self, read: Callable[[str], str | None]) -> Cells:
        """What `read` makes of each text; where it says None there is no value."""
        return cells(self.column(read))

    def column(self, read: Callable[[str], Any] = str) -> pa.Array:
        """A value for each record."""
        table = pa.array([read(text) for text in self.distinct], pa.string())
        return table.take(pa.array(self.codes))

    @cached_property
    def cells(self) -> Cells:
        """As a column that has a value everywhere."""
        return Cells(np.arange(len(self.codes)), self.column())

    def _spread(self, truths: list[bool]) -> Mask:
        return np.array(truths, dtype=np.bool_)[self.codes]


def words(column: pa.StringArray) -> Words:
    """A column of texts, null as the empty text."""
    encoded = pc.fill_null(column, "").dictionary_encode()
    return Words(encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_pylist())


def cells(column: pa.StringArray) -> Cells:
    """The cells of a column with a place for each record."""
    if not column.null_count:
        return Cells(np.arange(len(column)), column)
    return Cells(np.flatnonzero(truth(column.is_valid())), column.drop_null())


def merged(parts: Sequence[Cells]) -> Cells | None:
    """The cells of parts that share no record; None without any."""
    if len(parts) < 2:
        return parts[0] if parts else None
    rows = np.concatenate([part.rows for part in parts])
    order = np.argsort(rows, kind="stable")
    values = pa.concat_arrays([part.values for part in parts])
    return Cells(rows[order], values.take(pa.array(order)))


def column_of(found: Cells | None, height: int) -> pl.Series:
    """A text for each of `height` records, null where there is none."""
    return pl.Series(pa.nulls(height, pa.string()) if found is None else found.column(height))


def lists(rows: Indices, values: pa.StringArray, height: int) -> pa.ListArray:
    """For each of `height` records the list of its values; `rows` says whose each is, and never falls."""
    offsets = np.zeros(height + 1, dtype=np.int32)
    np.cumsum(np.bincount(rows, minlength=height), out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), values)


def first_of_each(rows: Indices) -> Mask:
    """Of neighbours that are equal, the first."""
    found = np.ones(len(rows), dtype=np.bool_)
    found[1:] = rows[1:] != rows[:-1]
    return found


def truth(matches: pa.BooleanArray) -> Mask:
    """An Arrow truth column as a mask; null is false."""
    if matches.null_count:
        matches = pc.fill_null(matches, False)
    mask: Mask = matches.to_numpy(zero_copy_only=False)
    return mask
