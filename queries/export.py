"""Everything of a project and window for elsewhere, in parts that are asked for one after the other.

No part holds the store for long, and none is large, however slowly it is fetched and however much there is: a table is
cut into stretches of time, whole records come a block at a time.
"""

import io
import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
import pyarrow as pa

from queries import nouns, questions
from queries.database import Database
from queries.details import Records
from queries.filters import Filters

_ROWS_OF_A_PART = 50_000


def parts(database: Database, noun: str, window: Filters) -> list[Filters]:
    """Windows one after the other that make up the whole, each with so few rows that they are read at once."""
    minutes = questions.export_minutes(database, window, noun)
    ends = [window.since_ns]
    row_count = 0
    for minute, more in zip(
        minutes["minute"].cast(pa.int64()).to_pylist(), minutes["row_count"].to_pylist(), strict=True
    ):
        if row_count and row_count + more > _ROWS_OF_A_PART:
            ends.append(max(window.since_ns, minute * 1_000))  # microseconds
            row_count = 0
        row_count += more
    ends.append(window.until_ns)
    return [replace(window, since_ns=since, until_ns=until) for since, until in itertools.pairwise(ends)]


def rows(database: Database, noun: str, part: Filters) -> pa.Table:
    """The rows of a noun, with times in UTC."""
    with nouns.reading(database, part) as reader:
        found = reader.batches(noun).read_all()
    return found.cast(pa.schema([_in_utc(field) for field in found.schema]))


class ParquetStream:
    """A Parquet file that is written part by part: each call gives the bytes that have come to it."""

    def __init__(self) -> None:
        self._file = _Growing()
        self._writer: Any = None

    def add(self, found: pa.Table) -> bytes:
        """Write a part's rows."""
        import pyarrow.parquet  # a moment to load, which other answers need not wait for

        if self._writer is None:
            self._writer = pyarrow.parquet.ParquetWriter(self._file, found.schema, compression="zstd")
        self._writer.write_table(found)
        return self._file.take()

    def end(self) -> bytes:
        """Close the file."""
        self._writer.close()
        return self._file.take()


def blocks(database: Database, window: Filters) -> list[Mapping[str, Any]]:
    """The blocks that hold whole records of the window, in order."""
    found: list[Mapping[str, Any]] = questions.export_blocks(database, window).to_pylist()
    return found


def otlp_line(database: Database, records: Records, window: Filters, block: Mapping[str, Any]) -> bytes:
    """The window's records of a block as one OTLP/JSON request and a line end; or nothing."""
    places = questions.export_records(database, window, block["signal"], block["block_id"])
    if not places.num_rows:
        return b""
    document = records.otlp(window.project, places)
    return orjson.dumps({name: groups for name, groups in document.items() if groups}, option=orjson.OPT_APPEND_NEWLINE)


class _Growing(io.RawIOBase):
    """A file that is written from its beginning to its end, and read as it grows."""

    def __init__(self) -> None:
        self._written, self._taken = io.BytesIO(), 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._taken + self._written.tell()

    def write(self, data: Any) -> int:
        return self._written.write(data)

    def take(self) -> bytes:
        taken = self._written.getvalue()
        self._taken += len(taken)
        self._written = io.BytesIO()
        return taken


def _in_utc(field: pa.Field) -> pa.Field:
    return field.with_type(pa.timestamp(field.type.unit, "UTC")) if pa.types.is_timestamp(field.type) else field
