"""What became of all that came: what is missing of it, what is late or not understood, and the size of the store."""

from typing import Any

import polars as pl
import streamlit as st

from pages.shared import behind, data, figures_ingest, rows
from pages.shared.filters import Filters
from pages.shared.format import age, count, duration, percent, plain, plural, size

_CHART = {"displayModeBar": False}
_DRY_RUN = "dry_run."  # before the name of a rule that only counted


def draw_losses(totals: pl.DataFrame, rejections: pl.DataFrame, late: pl.DataFrame, services: pl.DataFrame) -> None:
    """The numbers that say whether what is shown is all there is, over all signals."""
    received, stored = int(totals["received_count"].sum()), int(totals["stored_count"].sum())
    refused, late_count = int(rejections["refused_count"].sum()), int(late["late_count"].sum())
    conflicts, silent = int(totals["conflicting_count"].sum()), services.filter("is_silent")
    with st.grid(6, min_column_width=130, gap="small"):
        _number("Stored", count(stored), f"of {count(received)} received", "Spans, log records and metric points")
        _number(
            "Duplicates",
            count(int(totals["duplicate_count"].sum())),
            f"{count(conflicts)} conflicting",
            "Sent again by an exporter's retry and kept once; conflicting: same ids, other content",
        )
        _number(
            "Rejected",
            count(refused),
            plural(rejections["reason"].n_unique(), "reason"),
            "Unusable records and undecodable requests; their exporters were told so",
        )
        _number("Unread", count(int(totals["unread_count"].sum())), "kept raw", "Our own code failed on them")
        _number(
            "Late",
            count(late_count),
            percent(late_count, int(late["timed_count"].sum())),
            "Arrived more than 5 minutes after their own time",
        )
        _number(
            "Silent",
            count(silent.height),
            f"of {plural(services.height, 'sender')}",
            "Of services by signal: nothing came for 15 minutes and for twice the longest pause before",
        )


def draw_store(store: pl.DataFrame, growth: pl.DataFrame, times: pl.DataFrame) -> None:
    """How large the store is and grows, what waits, and how fast records are stored."""
    now = store.row(0, named=True)
    per_record = now["bytes_per_record"]
    per_day = growth["stored_count"].sum() / max(1, growth["committed_day"].n_unique())
    st.subheader("Store")
    with st.grid(6, min_column_width=130, gap="small"):
        _number(
            "Database",
            size(now["database_bytes"]),
            plural(now["stored_count"], "record"),
            "The file with its log, of all projects; a dash: this app's key may not see all",
        )
        _number("Per record", size(per_record), "on disk", "The file's size ÷ all records ever stored in it")
        _number(
            "Growth per day",
            size(None if per_record is None else per_day * per_record),
            plural(round(per_day), "record"),
            "An estimate: the records of an average day with arrivals × the bytes per record. The file's size has "
            "no history",
        )
        _number("Queue", size(now["waiting_bytes"]), "waiting", "Bodies that wait for their commit, of all projects")
        _number(
            "p95 commit",
            _slowest(times, "p95_commit_ms"),
            f"max {_slowest(times, 'max_commit_ms')}",
            "From a batch's arrival to its commit; of the slowest signal",
        )
        _number(
            "p95 lag",
            _slowest(times, "p95_lag_ms"),
            f"max {_slowest(times, 'max_lag_ms')}",
            "From a batch's newest record's own time to its commit; of the slowest signal",
        )
    st.plotly_chart(
        figures_ingest.stored_by_day(growth),
        key="stored_by_day",
        config=_CHART,
        alt="Records stored per day and signal; the same as a table below",
    )
    estimated = growth.with_columns(estimated_file_bytes=pl.col("stored_count") * per_record)
    behind.draw("ingest_growth", estimated)


def draw_times(times: pl.DataFrame) -> None:
    """One row a signal: lag and commit time, p50, p95 and max."""
    st.subheader("Lag and commit times")
    names = {
        f"{quantile}_{what}_ms": f"{label} {quantile}"
        for what, label in (("commit", "Commit"), ("lag", "Lag"))
        for quantile in ("p50", "p95", "max")
    }
    shown = times.select(
        "signal",
        "batch_count",
        *(pl.Series(name, [duration(value) for value in times[name]], dtype=pl.String) for name in names),
    )
    columns = {
        "signal": rows.text("Signal", 70),
        "batch_count": rows.number("Commits", "Batches committed"),
        **{name: rows.text(label, 110) for name, label in names.items()},
    }
    _table("Lag and commit times by signal", shown, columns)
    behind.draw("ingest_times", times)


def draw_rejections(rejections: pl.DataFrame, zone: str) -> None:
    """What was refused, by reason."""
    st.subheader("Rejected, and why")
    if rejections.is_empty():
        st.caption(
            "Nothing that could be read was rejected. Requests that are refused at the door (no key, too large, full "
            "queue) are on no ledger: their exporters are told, and the server's log has a line each."
        )
        return
    shown = rejections.select(
        "signal", rows.words(rejections, "reason", 200), "refused_count", "batch_count", "last_commit_at"
    )
    columns = {
        "signal": rows.text("Signal", 70),
        "reason": rows.text("Reason", 320),
        "refused_count": rows.number("Rejected", "Records; of undecodable requests, requests"),
        "batch_count": rows.number("Commits", "Batches that held some"),
        "last_commit_at": rows.time("Last", zone),
    }
    _table("Rejections by reason", shown, columns)
    behind.draw("ingest_rejections", rejections)


def draw_late(late: pl.DataFrame) -> None:
    """The services whose records came late, or bear a time to come."""
    st.subheader("Late")
    odd = late.filter((pl.col("late_count") > 0) | (pl.col("ahead_count") > 0))
    if odd.is_empty():
        st.caption("No record came more than 5 minutes after its own time, none bears a time to come.")
        return
    shown = odd.select(
        rows.words(odd, "service_name", 120),
        "signal",
        "late_count",
        pl.Series("share", [percent(*row) for row in odd.select("late_count", "timed_count").iter_rows()]),
        *(_ages(odd, name) for name in ("p95_late_s", "max_late_s")),
        "ahead_count",
    )
    columns = {
        "service_name": rows.text("Service", 200),
        "signal": rows.text("Signal", 70),
        "late_count": rows.number("Late", "Arrived more than 5 minutes after their own time"),
        "share": rows.text("Share", 80),
        "p95_late_s": rows.text("p95 late by", 100),
        "max_late_s": rows.text("Latest by", 100),
        "ahead_count": rows.number("Ahead", "Bear a time more than a minute after their arrival: a clock is fast"),
    }
    _table("Late records by service and signal", shown, columns)
    behind.draw("ingest_late", late)


def draw_redactions(redactions: pl.DataFrame, zone: str) -> None:
    """Which secrets and personal data were sent raw, by rule and services."""
    st.subheader("Secrets and personal data")
    if redactions.is_empty():
        st.caption("Nothing that a rule knows was sent raw.")
        return
    is_counted = redactions["rule"].str.starts_with(_DRY_RUN)
    counted, replaced = (int(redactions.filter(which)["value_count"].sum()) for which in (is_counted, ~is_counted))
    if replaced:
        st.text(
            f"Raw values seen: {count(replaced)}. They were replaced before anything was stored, but they have "
            "travelled: rotate the secrets among them, and stop what sends them."
        )
    if counted:
        st.warning(
            f"Values only counted, in a dry run, and stored as they came: {count(counted)}. Their rules begin with "
            f"{_DRY_RUN}"
        )
    shown = redactions.select(
        rows.words(redactions, "rule", 80),
        pl.Series("services", [_senders(names) for names in redactions["services"]], dtype=pl.String),
        "signal",
        "value_count",
        "last_commit_at",
    )
    columns = {
        "rule": rows.text("Rule", 160),
        "services": rows.text("Sent by", 260),
        "signal": rows.text("Signal", 70),
        "value_count": rows.number("Values", "Values that were replaced"),
        "last_commit_at": rows.time("Last", zone),
    }
    _table("Redacted secrets by rule and service", shown, columns)
    behind.draw("ingest_redactions", redactions)


def draw_unmapped(unmapped: pl.DataFrame, chosen: Filters) -> None:
    """The spans of which nothing is known, and, once asked for, the attributes that nothing reads."""
    st.subheader("Not understood")
    if unmapped.is_empty():
        st.caption("Every span is of a known kind or dialect.")
    else:
        named = [rows.words(unmapped, name, 120) for name in ("name", "service_name", "scope_name")]
        keys = rows.words(unmapped, pl.col("keys").list.join(", ").alias("keys"), 300)
        columns = {
            "name": rows.text("Span", 200),
            "service_name": rows.text("Service", 150),
            "scope_name": rows.text("Instrumentation", 200),
            "span_count": rows.number("Spans", "Stored, and shown folded in their run"),
            "keys": rows.text("Attributes", 320),
        }
        _table("Spans of no known kind", unmapped.select(*named, "span_count", keys), columns)
        behind.draw("ingest_unmapped", unmapped)
    unread = st.expander("Attributes that nothing reads", icon=":material/help:", key="unread", on_change="rerun")
    if unread.open:
        with unread:
            _draw_attributes(data.answer("ingest", part="attributes", **chosen.asked))


def _draw_attributes(attributes: pl.DataFrame) -> None:
    st.caption(
        "Of the newest 2,000 runs. They fill no column, but nothing is lost: a step shows them, and runs can be "
        "filtered by them."
    )
    columns = {"key": rows.text("Attribute", 360), "run_count": rows.number("Runs", "Runs that bear it")}
    _table("Attributes that nothing reads", attributes.select(rows.words(attributes, "key", 200), "run_count"), columns)
    behind.draw("ingest_attributes", attributes)


def _senders(services: list[str]) -> str:
    names = ", ".join(plain(name) for name in services)
    return f"one or more of {names}" if len(services) > 1 else names or "no named service"


def _ages(frame: pl.DataFrame, name: str) -> pl.Series:
    return pl.Series(name, [None if value is None else age(value) for value in frame[name]], dtype=pl.String)


def _slowest(times: pl.DataFrame, column: str) -> str:
    slowest = times[column].max()
    return duration(slowest if isinstance(slowest, float) else None)


def _number(label: str, value: str, beside: str, meaning: str) -> None:
    st.metric(label, value, beside, delta_color="off", delta_arrow="off", help=meaning)


def _table(alt: str, shown: pl.DataFrame, columns: dict[str, Any]) -> None:
    st.dataframe(
        shown,
        hide_index=True,
        placeholder="—",
        alt=alt,
        height="content" if shown.height <= 12 else "auto",
        column_config=columns,
    )
