"""Records as Arrow columns, and where they come from: what every stage between socket and store works on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from ingest.attributes import Attributes, attributes
from ingest.cells import Indices, Mask, Words, words
from ingest.intake import Signal

# What is worked on at once. Ordinary requests stay far below; the rest of the pipeline needs up to 2 KB for each.
RECORDS_PER_PART = 16_384
_ATTRIBUTES_PER_PART = 500_000


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

    def parts(self) -> Iterator["Records"]:
        """All of them in order, in parts that need a bounded amount of memory; at least one part."""
        places = np.arange(len(self)) // RECORDS_PER_PART
        if "attributes" in self.fields.schema.names:
            counts = pc.list_value_length(self.fields.column("attributes")).to_numpy(zero_copy_only=False)
            places += np.cumsum(counts).astype(np.int64) // _ATTRIBUTES_PER_PART
        bounds = [0, *(np.flatnonzero(np.diff(places)) + 1).tolist(), len(self)]
        for start, end in pairwise(bounds):
            yield self.part(start, end)

    def narrowed(self, most_attributes: int) -> "Records":
        """The same with no more than the first so many attributes of each; their bytes stay whole."""
        sent = pc.list_slice(self.fields.column("attributes"), 0, most_attributes)
        at = self.fields.schema.get_field_index("attributes")
        return replace(self, fields=self.fields.set_column(at, "attributes", sent))

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
