"""Span events that are steps of their own, such as an approval, as the log records they might as well have been."""

import numpy as np
import pyarrow as pa
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from ingest.cells import Indices
from ingest.conventions import conventions
from ingest.decoded import Records

# Message events and exceptions belong to their span; these stand for themselves.
_PREFIXES = ("oversight.", "gen_ai.evaluation.", "gen_ai.agent.pause")


def event_records(spans: Records) -> tuple[Indices, pa.BinaryArray]:
    """For each such event, the row of the span that holds it, and the log record in its place (OTLP bytes)."""
    names = frozenset(name for name in conventions().events if name.startswith(_PREFIXES))
    rows: list[int] = []
    found: list[bytes] = []
    for row in np.unique(spans.events.rows[spans.events.names.among(names)]).tolist():
        span = Span.FromString(spans.data[row].as_py())
        records = [_log_record(span, event) for event in span.events if event.name in names]
        rows += [row] * len(records)
        found += [record.SerializeToString() for record in records]
    return np.array(rows, dtype=np.int64), pa.array(found, pa.binary())


def _log_record(span: Span, event: Span.Event) -> LogRecord:
    return LogRecord(
        time_unix_nano=event.time_unix_nano,
        event_name=event.name,
        attributes=event.attributes,
        trace_id=span.trace_id,
        span_id=span.span_id,
    )
