"""What the same data costs at the least: each library on its own, without anything of ours around it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import ptars
import pyarrow as pa
import zstandard
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor_pool import DescriptorPool
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

from bench.bodies import Body
from bench.serving import ROOT
from ingest.blocks import RECORDS_PER_BLOCK
from queries.summaries import DERIVED

_ROWS_PER_COMMIT = 4_096
_LEVEL = 3
_RECORDS = ("spans", "content_blocks")


@dataclass(frozen=True, slots=True)
class Limits:
    """Processor seconds for a million spans."""

    decode: float
    insert_records: float
    insert_derived: float
    compress: float

    @property
    def total(self) -> float:
        """All of it, one after the other."""
        return self.decode + self.insert_records + self.insert_derived + self.compress


def limits(requests: Sequence[Body], store: Path, scratch: Path) -> Limits:
    """The least for these protobuf requests, whose rows are in `store`; `scratch` is a file to be made and filled."""
    span_count = sum(body.span_count for body in requests)
    with duckdb.connect(str(store), read_only=True) as source:
        stored = source.execute("select count(*) from spans where signal = 'span'").fetchall()[0][0]
        records = {table: _batches(source, table) for table in _RECORDS}
        derived = {table: _batches(source, table) for table in DERIVED}
    return Limits(
        decode=_decode_seconds([body.data for body in requests]) / span_count * 1e6,
        insert_records=_insert_seconds(records, scratch) / stored * 1e6,
        insert_derived=_insert_seconds(derived, scratch) / stored * 1e6,
        compress=_compress_seconds(requests) / span_count * 1e6,
    )


def _decode_seconds(requests: Sequence[bytes]) -> float:
    """`ptars` on whole requests, eight at a time."""
    handler = _whole_requests()
    begun = time.process_time()
    for first in range(0, len(requests), 8):
        handler.list_to_record_batch(list(requests[first : first + 8]))
    return time.process_time() - begun


def _compress_seconds(requests: Sequence[Body]) -> float:
    """zstd over the spans' bytes, a block's worth at a time."""
    compressor = zstandard.ZstdCompressor(level=_LEVEL)
    seconds = 0.0
    for body in requests:
        size = max(1, len(body.data) * RECORDS_PER_BLOCK // body.span_count)
        blocks = [body.data[begin : begin + size] for begin in range(0, len(body.data), size)]
        begun = time.process_time()
        for block in blocks:
            compressor.compress(block)
        seconds += time.process_time() - begun
    return seconds


def _batches(source: duckdb.DuckDBPyConnection, table: str) -> list[pa.Table]:
    rows = source.table(table).to_arrow_table()
    return [rows.slice(begin, _ROWS_PER_COMMIT) for begin in range(0, rows.num_rows, _ROWS_PER_COMMIT)]


def _insert_seconds(tables: dict[str, list[pa.Table]], scratch: Path) -> float:
    """DuckDB appending finished rows, a commit for each few thousand, and the checkpoint."""
    scratch.unlink(missing_ok=True)
    with duckdb.connect(str(scratch), config={"checkpoint_threshold": "256MB"}) as connection:
        connection.execute((ROOT / "ingest" / "schema.sql").read_text())
        begun = time.process_time()
        for table, batches in tables.items():
            for batch in batches:
                connection.from_arrow(batch).insert_into(table)
        connection.execute("checkpoint")
        seconds = time.process_time() - begun
    scratch.unlink()
    return seconds


def _whole_requests() -> Any:
    """OTLP's descriptors with nested attribute values as bytes, since Arrow holds no recursive type."""
    pool, files = DescriptorPool(), []
    for module in (common_pb2, resource_pb2, trace_pb2):
        file = descriptor_pb2.FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        for message in file.message_type:
            for field in message.field:
                if message.name == "AnyValue" and field.name in ("array_value", "kvlist_value"):
                    field.type = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
                    field.ClearField("type_name")
        pool.Add(file)
        files.append(pool.FindFileByName(file.name))
    message_type = pool.FindMessageTypeByName("opentelemetry.proto.trace.v1.TracesData")
    return ptars.HandlerPool(files).get_for_message(message_type)
