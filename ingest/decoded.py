"""Records as Arrow columns, and where they come from: what every stage between socket and store works on."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from ingest.attributes import Attributes, attributes
from ingest.cells import Indices, Mask, Words, words
from ingest.intake import Signal


@dataclass(frozen=True)
class Records:
    """Records of one signal.

    `sources` has a row for each scope's part of a request: request (index into the requests), resource,
    resource_schema_url, scope, scope_schema_url (OTLP messages as bytes), and what later stages add; `source` tells
    each record's row of it. `data` is each record's OTLP message as bytes, `fields` a column per field of that
    message, in which nested attribute values are still bytes.
    """

    signal: Signal
    sources: pl.DataFrame
    source: Indices
    data: pa.BinaryArray
    fields: pa.RecordBatch

    def __len__(self) -> int:
        return len(self.source)

    def keep(self, chosen: Mask) -> "Records":
        """Some of the records."""
        if chosen.all():
            return self
        mask = pa.array(chosen)
        data, fields = self.data.filter(mask), self.fields.filter(mask)
        return Records(self.signal, self.sources, self.source[chosen], data, fields)

    def part(self, start: int, end: int) -> "Records":
        """The records from `start` to before `end`."""
        rows = np.arange(len(self))
        return self.keep((rows >= start) & (rows < end))

    def from_sources(self, *names: str) -> pl.DataFrame:
        """Columns of `sources`, a row a record."""
        return self.sources.select(names)[self.source]

    def record(self) -> pl.Series:
        """Each record's bytes."""
        return pl.Series("record", self.data)

    @cached_property
    def attributes(self) -> Attributes:
        """The records' own attributes."""
        return attributes(self.fields.column("attributes"))

    @cached_property
    def events(self) -> "Events":
        """The events of spans."""
        sent = self.fields.column("events")
        items = pc.list_flatten(sent)
        return Events(
            rows=pc.list_parent_indices(sent).to_numpy().astype(np.int64),
            names=words(items.field("name")),
            attributes=attributes(items.field("attributes")),
        )


@dataclass(frozen=True)
class Events:
    """The events of some spans in the order sent: each one's span and name; its attributes have it as their row."""

    rows: Indices
    names: Words
    attributes: Attributes
