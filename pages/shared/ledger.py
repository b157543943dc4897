"""The ledger of what arrived, as tables whose first columns fit a telephone."""

from typing import Any

import polars as pl
import streamlit as st

from pages.shared import rows
from pages.shared.format import age, local_time

# Column → label and meaning. A record is a span, a log record or a metric point.
COUNTS = {
    "received_count": ("Received", "Records that arrived"),
    "stored_count": ("Stored", "Records kept"),
    "duplicate_count": ("Duplicates", "Sent again by an exporter's retry, kept once"),
    "conflicting_count": ("Conflicts", "Same ids, other content: the first is shown, the twin is kept aside"),
    "unread_count": ("Unread", "Our own code failed on them; kept raw"),
    "rejected_count": ("Rejected", "Unusable, and the exporter was told so"),
    "flawed_count": ("Marked", "Kept, but something in them could not be read"),
    "unmapped_count": ("Unmapped", "Of no known dialect and no known kind"),
    "unpriced_count": ("Unpriced", "Model calls with tokens but no known price"),
}
REQUESTS = {
    "request_count": ("Requests", "Export requests"),
    "body_kilobytes": ("Size, kB", "Bodies of the requests, inflated"),
}


def draw_totals(totals: pl.DataFrame, zone: str) -> None:
    """One row a count, one column a signal; what each count means stands beside it."""
    labels = COUNTS | REQUESTS
    totals = totals.sort("signal", descending=True)  # spans first
    kilobytes = (pl.col("body_bytes") / 1000).round().cast(pl.Int64)
    signals = totals.with_columns(body_kilobytes=kilobytes).select("signal", *labels)
    shown = signals.transpose(include_header=True, header_name="count", column_names="signal").with_columns(
        pl.col("count").replace_strict({name: label for name, (label, _) in labels.items()}),
        meaning=pl.Series([meaning for _, meaning in labels.values()]),
    )
    columns = {
        "count": _text("Records", 95),
        **{signal: st.column_config.NumberColumn(format="localized", width=80) for signal in totals["signal"]},
        "meaning": _text("Meaning", 380),
    }
    _draw("By signal", shown, columns)
    last = totals.select("signal", "last_commit_at").iter_rows()
    st.caption("Last commit: " + "  ·  ".join(f"{signal} {local_time(at, zone)}" for signal, at in last))


def draw_services(services: pl.DataFrame, zone: str) -> None:
    """One row a service and signal, the silent ones marked and first, then the longest quiet."""
    ordered = services.sort("is_silent", "last_commit_at", descending=[True, False])
    quiet = ordered.select("is_silent", "silent_s").iter_rows()
    shown = ordered.select(
        rows.words(ordered, "service_name", 200),
        pl.Series("state", [f"◌ silent for {age(s)}" if is_silent else f"{age(s)} ago" for is_silent, s in quiet]),
        "last_commit_at",
        "signal",
        pl.Series("pause", [age(pause_s) for pause_s in ordered["longest_pause_s"]]),
        "batch_count",
        *([] if zone == "UTC" else [pl.col("last_commit_at").alias("last_commit_utc")]),
    )
    columns = {
        "service_name": _text("Service", 155),
        "state": _text("Last arrival", 130),
        "last_commit_at": _time("Last commit", zone),
        "signal": _text("Signal", 65),
        "pause": _text("Longest pause", 110),
        "batch_count": _number("Commits", "Commits that held records of it"),
        "last_commit_utc": _time("Last commit (UTC)", "UTC"),
    }
    _draw("By service, the silent and longest quiet first", shown, columns)


def draw_batches(batches: pl.DataFrame, zone: str) -> None:
    """One row a commit and signal, newest first."""
    shown = batches.select(
        "committed_at",
        "signal",
        "stored_count",
        pl.col("lag_ms") / 1000,
        "request_count",
        pl.col("body_bytes") / 1000,
        rows.words(batches, pl.col("services").list.join(", "), 200),
        *(column for column in COUNTS if column != "stored_count"),
    )
    columns = {
        "committed_at": _time("Committed", zone),
        "signal": _text("Signal", 65),
        "stored_count": _number(*COUNTS["stored_count"]),
        "lag_ms": _measure("Lag", "%,.1f s", "From the newest record's own time to its commit"),
        "request_count": _number(*REQUESTS["request_count"]),
        "body_bytes": _measure("Size", "%,.1f kB", REQUESTS["body_kilobytes"][1]),
        "services": _text("Services", 220),
        **{column: _number(*COUNTS[column]) for column in COUNTS if column != "stored_count"},
    }
    _draw("Newest commits", shown, columns)


def _draw(title: str, shown: pl.DataFrame, columns: dict[str, Any]) -> None:
    st.subheader(title)
    st.dataframe(
        shown,
        hide_index=True,
        placeholder="—",
        alt=title,
        height="content" if shown.height <= 12 else "auto",
        column_config=columns,
    )


def _number(label: str, meaning: str) -> Any:
    return st.column_config.NumberColumn(label, format="localized", width=85, help=meaning)


def _measure(label: str, unit: str, meaning: str) -> Any:
    return st.column_config.NumberColumn(label, format=unit, width=85, help=meaning)


def _text(label: str, width: int) -> Any:
    return st.column_config.TextColumn(label, width=width)


def _time(label: str, zone: str) -> Any:
    help_text = f"On the clock of {zone}"
    return st.column_config.DatetimeColumn(label, format="D MMM, HH:mm:ss", timezone=zone, width=125, help=help_text)
