"""Whole records in blocks: each is found at its place, and no block grows beyond its bounds."""

from collections.abc import Sequence

import polars as pl
import pytest

from ingest.blocks import BLOCK_BYTES, RECORDS_PER_BLOCK, into_blocks, unpack


def _packed(records: Sequence[bytes], days: Sequence[int]) -> tuple[pl.DataFrame, dict[int, list[bytes]]]:
    times = pl.Series("started_at", [day * 86_400 * 10**9 for day in days]).cast(pl.Datetime("ns"))
    rows = pl.DataFrame([pl.Series("record", records, pl.Binary), times]).with_columns(project=pl.lit("shop"))
    placed, blocks = into_blocks(rows, "span", "started_at", 7)
    return placed, {block["block_id"]: unpack(block["data"]) for block in blocks.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("records", "days", "sizes"),
    [
        ([b"%d" % n for n in range(RECORDS_PER_BLOCK + 3)], [1] * (RECORDS_PER_BLOCK + 3), [RECORDS_PER_BLOCK, 3]),
        ([bytes(BLOCK_BYTES // 2)] * 5, [1] * 5, [1, 2, 2]),
        ([b"a", b"b", b"c", b"d"], [1, 2, 1, 2], [2, 2]),
        ([bytes(3 * BLOCK_BYTES), b"small"], [1, 1], [2]),
    ],
    ids=["many", "large", "two days", "one larger than a block"],
)
def test_every_record_is_at_its_place_in_a_bounded_block(
    records: list[bytes], days: list[int], sizes: list[int]
) -> None:
    placed, blocks = _packed(records, days)
    places = placed.select("block_id", "block_position", "record").rows()
    assert [blocks[block_id][position] for block_id, position, _ in places] == [record for _, _, record in places]
    assert sorted(min(blocks) + at for at in range(len(blocks))) == sorted(blocks)
    assert min(blocks) == 7
    assert sorted(map(len, blocks.values())) == sorted(sizes)
    largest = max(map(len, records))
    assert all(sum(map(len, block)) < BLOCK_BYTES + largest for block in blocks.values())
