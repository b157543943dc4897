"""Conventions improve, and history should too: reads every kept record anew and replaces what was derived from it."""

from collections.abc import Iterator

import numpy as np
import polars as pl
import pyarrow as pa

from ingest.blocks import unpack
from ingest.intake import Signal
from ingest.prepare import Preparer
from ingest.records import insert_records
from ingest.store import Store
from ingest.wire import read_records

_BLOCKS_PER_STEP = 64


def renormalise(store: Store, preparer: Preparer) -> Iterator[tuple[int, int]]:
    """Rewrite the canonical columns of all records, some blocks to a transaction; yields blocks done, blocks in all.

    What was interrupted can be run again. Every run is marked for the rebuild of its summary.
    """
    blocks = store.connection.execute("select signal, block_id from content_blocks order by all").fetchall()
    done = 0
    for signal in Signal:
        ids = [int(block_id) for name, block_id in blocks if name == signal]
        for start in range(0, len(ids), _BLOCKS_PER_STEP):
            step = ids[start : start + _BLOCKS_PER_STEP]
            with store.transaction():
                _rewrite(store, preparer, signal, step)
            done += len(step)
            yield done, len(blocks)


def _rewrite(store: Store, preparer: Preparer, signal: Signal, block_ids: list[int]) -> None:
    stored = _stored(store, signal, block_ids)
    if stored.is_empty():
        return
    place = stored.select("batch_id", "block_id", "block_position")
    data = stored["record"].to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.binary())
    sources = stored.drop("record").with_columns(request=pl.lit(0, pl.UInt32))
    rows, events = preparer.reread(read_records(signal, sources, np.arange(len(stored)), data))
    rows = pl.concat([rows, place], how="horizontal")
    if signal is Signal.LOG:  # an identity is given once: it tells equal records of one request apart
        rows = rows.with_columns(
            log_id=stored["log_id"],
            span_id=pl.Series([value.to_bytes(8, "big") for value in stored["log_id"]], dtype=pl.Binary),
        )
    for delete in _DELETE[signal]:
        store.connection.execute(delete, {"blocks": block_ids})
    insert_records(store, signal, rows, events)


def _stored(store: Store, signal: Signal, block_ids: list[int]) -> pl.DataFrame:
    """One row per stored record: what `Preparer.reread` needs, its place, and a log record's identity."""
    rows = store.connection.execute(_STORED[signal], {"blocks": block_ids}).pl()
    blocks = store.connection.execute(
        "select block_id, data from content_blocks where signal = $signal and list_contains($blocks, block_id)",
        {"signal": str(signal), "blocks": block_ids},
    ).fetchall()
    records = {block_id: unpack(data) for block_id, data in blocks}
    places = rows.select("block_id", "block_position").iter_rows()
    return rows.with_columns(
        record=pl.Series([records[block_id][position] for block_id, position in places], dtype=pl.Binary),
        received_at=pl.col("received_at").cast(pl.Datetime("ns")),
    )


_SOURCES = """
    t.project, t.batch_id, t.block_id, t.block_position, t.received_at, t.resource_id, t.scope_id,
    r.data as resource, r.schema_url as resource_schema_url, s.data as scope, s.schema_url as scope_schema_url
"""
_JOINS = """
    t join resources r on t.project = r.project and t.resource_id = r.resource_id
    join scopes s on t.project = s.project and t.scope_id = s.scope_id
    where list_contains($blocks, t.block_id)
"""
_STORED = {
    Signal.SPAN: f"select {_SOURCES} from spans {_JOINS} and t.signal = 'span'",
    Signal.LOG: f"select t.log_id, {_SOURCES} from log_records {_JOINS}",
    Signal.METRIC: f"select {_SOURCES} from metric_points {_JOINS}",
}
_DELETE = {
    Signal.SPAN: ["delete from spans where list_contains($blocks, block_id) and signal in ('span', 'event')"],
    Signal.LOG: [
        "delete from log_records where list_contains($blocks, block_id)",
        "delete from spans where list_contains($blocks, block_id) and signal = 'log'",
    ],
    Signal.METRIC: ["delete from metric_points where list_contains($blocks, block_id)"],
}
