"""Whole records, packed: the records of one project, signal and UTC day, some hundred to a zstd block.

Agents repeat themselves from call to call (instructions, tools, the conversation so far), so that a large block is half
the size of many small ones; a block is unpacked whole for one record, which bounds it.
"""

import struct
from collections.abc import Sequence

import polars as pl
import zstandard

RECORDS_PER_BLOCK = 512
BLOCK_BYTES = 2 * 1024 * 1024  # before compression; a longer record has a block to itself
_COMPRESSOR = zstandard.ZstdCompressor(level=3)


def pack(records: Sequence[bytes]) -> tuple[bytes, int]:
    """The block of these records, and how many bytes it holds uncompressed."""
    raw = b"".join([struct.pack(f"<I{len(records)}I", len(records), *map(len, records)), *records])
    return _COMPRESSOR.compress(raw), len(raw)


def inflate(block: bytes) -> bytes:
    """A block's records one after the other, behind their lengths."""
    return zstandard.ZstdDecompressor().decompress(block)


def unpack(block: bytes) -> list[bytes]:
    """The records of a block, by position."""
    return split(inflate(block))


def split(raw: bytes) -> list[bytes]:
    """The records of an inflated block, by position."""
    (count,) = struct.unpack_from("<I", raw)
    lengths = struct.unpack_from(f"<{count}I", raw, 4)
    records, offset = [], 4 + 4 * count
    for length in lengths:
        records.append(raw[offset : offset + length])
        offset += length
    return records


def into_blocks(rows: pl.DataFrame, signal: str, time: str, first_id: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Pack `rows.record`: the rows with block_id and block_position, and the rows of `content_blocks`.

    `rows` has project, record and the time column that tells the day (1970-01-01 when null).
    """
    if rows.is_empty():
        placed = rows.with_columns(block_id=pl.lit(0, pl.UInt64), block_position=pl.lit(0, pl.UInt16))
        return placed, pl.DataFrame()
    day = pl.col(time).cast(pl.Date).fill_null(pl.date(1970, 1, 1))
    rows = rows.with_columns(day.alias("day")).sort("project", "day", maintain_order=True)
    rows = rows.with_columns(
        (pl.int_range(pl.len()) // RECORDS_PER_BLOCK).over("project", "day").alias("by_count"),
        (pl.col("record").bin.size().cum_sum() // BLOCK_BYTES).over("project", "day").alias("by_bytes"),
    )
    block = pl.struct("project", "day", "by_count", "by_bytes").rle_id()
    rows = rows.with_columns(
        (block + first_id).cast(pl.UInt64).alias("block_id"),
        pl.int_range(pl.len()).over(block).cast(pl.UInt16).alias("block_position"),
    )
    blocks = []
    for part in rows.select("project", "day", "block_id", "record").partition_by("block_id", maintain_order=True):
        data, raw_bytes = pack(part["record"].to_list())
        blocks.append((part["project"][0], signal, part["day"][0], part["block_id"][0], len(part), raw_bytes, data))
    schema = {
        "project": pl.String,
        "signal": pl.String,
        "day": pl.Date,
        "block_id": pl.UInt64,
        "record_count": pl.UInt16,
        "raw_bytes": pl.UInt32,
        "data": pl.Binary,
    }
    return rows.drop("day", "by_count", "by_bytes"), pl.DataFrame(blocks, schema=schema, orient="row")
