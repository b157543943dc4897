"""Rows whose record has its place in a block, into the tables of their signal."""

import polars as pl

from ingest.intake import Signal
from ingest.store import Store

TABLES = {Signal.SPAN: "spans", Signal.LOG: "log_records", Signal.METRIC: "metric_points"}
TIMES = {Signal.SPAN: "started_at", Signal.LOG: "logged_at", Signal.METRIC: "measured_at"}

_SPEECH = ("input_preview", "output_preview", "proposed_calls", "answered_calls")


def insert_records(store: Store, signal: Signal, rows: pl.DataFrame, events: pl.DataFrame | None) -> None:
    """Insert `rows` of `Prepared`, each with batch_id, block_id and block_position, inside the caller's transaction.

    Log records and span events that are steps become rows of `spans` as well; what was touched is marked for the
    rebuild of its run.
    """
    if signal is Signal.LOG:
        steps = rows.filter("is_step")
        speaks = pl.any_horizontal(pl.col(name).is_not_null() for name in _SPEECH)
        _mark_touched(store, rows.filter(pl.col("is_step") | speaks))
        rows = rows.with_columns(step_id=pl.when("is_step").then("span_id"), span_id="parent_span_id")
        store.insert("spans", steps)
    store.insert(TABLES[signal], rows)
    if signal is Signal.SPAN:
        _mark_touched(store, rows)
        if events is not None:
            store.insert("spans", _placed_events(events, rows))


def _placed_events(events: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """The events of the spans that are stored now; their record is that of their span."""
    place = spans.select(
        "project", "trace_id", pl.col("span_id").alias("parent_span_id"), "batch_id", "block_id", "block_position"
    )
    return events.filter("is_step").join(place, on=["project", "trace_id", "parent_span_id"], how="inner")


def _mark_touched(store: Store, rows: pl.DataFrame) -> None:
    touched = rows.group_by("project", "trace_id", "run_key", "conversation_id").agg(
        pl.col("started_at").min().alias("first_at"),
        pl.max_horizontal(pl.col("ended_at").max(), pl.col("started_at").max()).alias("last_at"),
        pl.col("batch_id").max(),
    )
    store.insert("touched", touched)
