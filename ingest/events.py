"""Span events that are steps of their own, such as an approval, as the log records they might as well have been."""

import polars as pl
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from ingest.conventions import conventions

# Message events and exceptions belong to their span; these stand for themselves.
_PREFIXES = ("oversight.", "gen_ai.evaluation.", "gen_ai.agent.pause")


def event_records(fields: pl.DataFrame, records: pl.Series) -> tuple[pl.Series, pl.Series]:
    """For each such event, the row of the span that holds it, and the log record in its place (OTLP bytes)."""
    names = [name for name in conventions().events if name.startswith(_PREFIXES)]
    is_step = pl.element().struct.field("name").is_in(names)
    holders = fields.select(pl.col("events").list.eval(is_step).list.any().fill_null(False).alias("holds"))["holds"]
    rows, found = [], []
    for row in holders.arg_true():
        span = Span.FromString(records[row])
        for event in span.events:
            if event.name in names:
                record = LogRecord(
                    time_unix_nano=event.time_unix_nano,
                    event_name=event.name,
                    attributes=event.attributes,
                    trace_id=span.trace_id,
                    span_id=span.span_id,
                )
                rows.append(row)
                found.append(record.SerializeToString())
    return pl.Series(rows, dtype=pl.UInt32), pl.Series(found, dtype=pl.Binary)
