"""Values longer than the limit are cut, and say so: one of them must not make every later stage and page slow."""

import logging
from collections.abc import Iterator

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from ingest.decoded import Records
from ingest.wire import MESSAGES, read_records

_log = logging.getLogger(__name__)
_SOURCES: dict[str, type[Message]] = {"resource": Resource, "scope": InstrumentationScope}
_CUT_TYPES = (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES)


def cut_sources(sources: pl.DataFrame, limit: int) -> pl.DataFrame:
    """The `sources` of records with no text or bytes value longer than `limit` bytes in resources and scopes: what was
    longer ends in a marker with its true length."""
    for name, kind in _SOURCES.items():
        if (sources[name].bin.size() > limit).any():
            sources = sources.with_columns(
                pl.Series(name, [_cut(kind, data, limit) for data in sources[name]], dtype=pl.Binary)
            )
    return sources


def cut_records(records: Records, limit: int) -> Records:
    """The records, cut likewise. One without such a value stays byte for byte as it came."""
    large = np.flatnonzero(pc.greater(pc.binary_length(records.data), limit).to_numpy(zero_copy_only=False))
    if not len(large):
        return records
    messages = records.data.to_pylist()
    for row in large.tolist():
        messages[row] = _cut(MESSAGES[records.signal], messages[row], limit)
    return read_records(records.signal, records.sources, records.source, pa.array(messages, pa.binary()))


def _cut(kind: type[Message], data: bytes, limit: int) -> bytes:
    if len(data) <= limit:
        return data
    message = kind.FromString(data)
    sizes = list(_cut_values(message, limit))
    if not sizes:
        return data
    _log.warning("values cut limit_bytes=%d count=%d largest_bytes=%d", limit, len(sizes), max(sizes))
    return bytes(message.SerializeToString())


def _cut_values(message: Message, limit: int) -> Iterator[int]:
    """Cuts in place, and yields the true length of each value that was cut."""
    waiting = [message]
    while waiting:
        owner = waiting.pop()
        for field, value in owner.ListFields():
            if field.type == FieldDescriptor.TYPE_MESSAGE:
                waiting += value if field.is_repeated else [value]
            elif field.type in _CUT_TYPES and not field.is_repeated:
                size = len(value.encode() if isinstance(value, str) else value)
                if size > limit:
                    setattr(owner, field.name, _beginning(value, size, limit))
                    yield size


def _beginning(value: str | bytes, size: int, limit: int) -> str | bytes:
    marker = f" [CUT: the first {limit} of {size} bytes]"
    if isinstance(value, bytes):
        return value[:limit] + marker.encode()
    return value.encode()[:limit].decode(errors="ignore") + marker
