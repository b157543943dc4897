"""The ledger of what arrived, as tables."""

from typing import Any

import polars as pl
import streamlit as st

from pages.shared.format import count, one_line

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


def draw_losses(totals: pl.DataFrame) -> None:
    """The four numbers that say whether anything was lost, over all signals."""
    with st.grid(4, min_column_width=130, gap="small"):
        for column in ("stored_count", "duplicate_count", "rejected_count", "unread_count"):
            label, meaning = COUNTS[column]
            st.metric(label, count(int(totals[column].sum())), help=meaning)


def draw_totals(totals: pl.DataFrame, zone: str) -> None:
    """One row a signal."""
    shown = totals.select("signal", *COUNTS, "request_count", pl.col("body_bytes") / 1000, "last_commit_at")
    _draw(
        "By signal", shown, {"signal": _text("Signal", 80), **_counts(), **_requests(), "last_commit_at": _time(zone)}
    )


def draw_services(services: pl.DataFrame, zone: str) -> None:
    """One row a service and signal, the longest silent first."""
    shown = services.sort("last_commit_at").select(
        pl.col("service_name").map_elements(one_line, return_dtype=pl.String),
        "signal",
        "batch_count",
        "last_commit_at",
        pl.col("last_commit_at").alias("utc"),
    )
    columns = {
        "service_name": _text("Service", 240),
        "signal": _text("Signal", 80),
        "batch_count": _number("Commits", "Commits that held records of it"),
        "last_commit_at": _time(zone),
        "utc": _time("UTC"),
    }
    _draw("By service, the longest silent first", shown, columns)


def draw_batches(batches: pl.DataFrame, zone: str) -> None:
    """One row a commit and signal, newest first."""
    shown = batches.select(
        "committed_at",
        "signal",
        *COUNTS,
        "request_count",
        pl.col("body_bytes") / 1000,
        pl.col("lag_ms") / 1000,
        pl.col("services").list.join(", ").map_elements(lambda names: one_line(names, 200), return_dtype=pl.String),
    )
    columns = {
        "committed_at": _time(zone, "Committed"),
        "signal": _text("Signal", 80),
        **_counts(),
        **_requests(),
        "lag_ms": st.column_config.NumberColumn(
            "Lag", format="%.1f s", width=90, help="From the newest record's own time to its commit"
        ),
        "services": _text("Services", 240),
    }
    _draw("Newest commits", shown, columns)


def _draw(title: str, shown: pl.DataFrame, columns: dict[str, Any]) -> None:
    st.subheader(title)
    st.dataframe(shown, hide_index=True, placeholder="—", alt=title, column_config=columns)


def _counts() -> dict[str, Any]:
    return {column: _number(label, meaning) for column, (label, meaning) in COUNTS.items()}


def _requests() -> dict[str, Any]:
    return {
        "request_count": _number("Requests", "Export requests"),
        "body_bytes": st.column_config.NumberColumn("Size", format="%.1f kB", width=90, help="Bodies, inflated"),
    }


def _number(label: str, meaning: str) -> Any:
    return st.column_config.NumberColumn(label, format="localized", width=90, help=meaning)


def _text(label: str, width: int) -> Any:
    return st.column_config.TextColumn(label, width=width)


def _time(zone: str, label: str = "Last commit") -> Any:
    return st.column_config.DatetimeColumn(
        f"{label} (UTC)" if zone == "UTC" else label,
        format="D MMM YYYY, HH:mm:ss",
        timezone=zone,
        width=165,
        help=f"On the clock of {zone}",
    )
