"""Model routes: the numbers, requested and served models, those that differ, and the ledger of attempts."""

from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st

from pages.shared import behind, figures_routes, links, rows
from pages.shared.format import DASH, STATUS_LABELS, count, duration, local_time, one_line, percent, plural

_CHART = {"displayModeBar": False}


def draw_numbers(totals: pl.DataFrame) -> None:
    """Six numbers of `route_totals`, each against the window before, if there is one."""
    by_window = {row["window"]: row for row in totals.iter_rows(named=True)}
    now, before = by_window["asked"], by_window.get("before", {})
    with st.grid(6, min_column_width=240, gap="small"):
        _count("Model calls", "call_count", now, before, "Each call once, embeddings left out", "off")
        _rate("Error rate", "error_count", "ended_count", now, before, "of calls that ended")
        _time("p95 duration", "p95_duration_ms", now, before, f"Half take at most {duration(now['p50_duration_ms'])}")
        told = f"{count(now['ttft_count'])} of {plural(now['call_count'], 'call')} tell it"
        _time("p50 first token", "p50_ttft_ms", now, before, f"{told}; p95 {duration(now['p95_ttft_ms'])}")
        _rate("Other model", "rerouted_count", "compared_count", now, before, "of calls that tell both models")
        attempts = f"The same model again, after a failure; another model: {plural(now['fallback_count'], 'fallback')}"
        _count("Retries", "retry_count", now, before, attempts, "inverse")


def draw_routes(routes: pl.DataFrame) -> None:
    """Requested → served as a Sankey and as a table; a click on a row leads to the runs with its model."""
    st.subheader("Requested and served")
    st.plotly_chart(
        figures_routes.routes(routes.filter(kind="llm")),
        config=_CHART,
        alt="Calls from requested to served models; the same as a table below",
    )
    st.caption("Blue: as requested, a dated snapshot included. Orange: another model answered. Red: no answer.")
    shown = routes.select(
        rows.words(routes, "requested_model", 60),
        rows.words(routes, "served_model", 60),
        "call_count",
        pl.col("call_share") * 100,
        (pl.col("call_count") - pl.col("call_count_before")).alias("change"),
        "cost_usd",
        pl.col("requested_error_rate") * 100,
        *(pl.col(name) / 1000 for name in ("p50_duration_ms", "p95_duration_ms", "p50_ttft_ms", "p95_ttft_ms")),
        pl.col("truncation_rate") * 100,
        "run_count",
        rows.words(routes, "provider", 40),
        rows.words(routes, "gateway", 40),
    )
    columns = {
        "requested_model": rows.text("Requested", 130),
        "served_model": rows.text("Served", 170),
        "provider": rows.text("Provider", 90),
        "gateway": rows.text("Gateway", 80),
        "call_count": rows.number("Calls", "Counted calls, failed ones included"),
        "call_share": rows.percent("Share", "Of all calls of the kind"),
        "cost_usd": rows.dollars("Cost", "A dash: no price is known"),
        "p50_duration_ms": rows.seconds("p50", 2),
        "p95_duration_ms": rows.seconds("p95", 2),
        "p50_ttft_ms": rows.seconds("p50 first", 2),
        "p95_ttft_ms": rows.seconds("p95 first", 2),
        "requested_error_rate": rows.percent(
            "Error rate", "Of all calls of the same request, since a failed one has no model"
        ),
        "truncation_rate": rows.percent("Truncated", "Answers cut at their length, of those that tell why they ended"),
        "change": rows.change("Change", "Calls, against the window before"),
        "run_count": rows.number("Runs", "Runs with such a call"),
    }

    def open_runs(row: int) -> None:
        model = routes["served_model"][row] or routes["requested_model"][row]
        links.open_runs(**({"model": model} if model else {}))

    rows.choosing("model_routes", "routes; choosing a cell opens the runs with its model", shown, columns, open_runs)
    behind.draw("model_routes", routes)


def draw_changes(changes: pl.DataFrame, zone: str) -> None:
    """Models that answer instead of the requested one, each with the day it started; a click leads to the runs."""
    st.subheader("Served by another model")
    if changes.is_empty():
        st.caption("Every answer came from the model that was asked for, or a dated snapshot of it.")
        return
    for row in changes.head(3).iter_rows(named=True):
        route = f"{one_line(row['requested_model'], 60)} → {one_line(row['served_model'], 60)}"
        answers = f"{count(row['call_count'])} of {plural(row['answered_count'], 'answer')}"
        st.text(f"{route} since {local_time(row['started_at'], zone)}: {answers}")
    shown = changes.select(
        rows.words(changes, "requested_model", 60),
        rows.words(changes, "served_model", 60),
        rows.words(changes, "provider", 40),
        "started_at",
        "as_requested_at",
        "call_count",
        pl.col("call_share") * 100,
        "run_count",
        "cost_usd",
    )
    columns = {
        "requested_model": rows.text("Requested", 130),
        "served_model": rows.text("Served", 130),
        "provider": rows.text("Provider", 80),
        "started_at": rows.time("Since", zone),
        "as_requested_at": rows.time("Last as requested", zone),
        "call_count": rows.number("Calls", "In these runs"),
        "call_share": rows.percent("Share", "Of the answered calls of the same request"),
        "run_count": rows.number("Runs", "Runs with such a call"),
        "cost_usd": rows.dollars("Cost", "A dash: no price is known"),
    }

    def open_runs(row: int) -> None:
        links.open_runs(model=changes["served_model"][row])

    rows.choosing("route_changes", "changed routes; choosing a cell opens the runs", shown, columns, open_runs)
    behind.draw("route_changes", changes)


def draw_attempts(attempts: pl.DataFrame, project: str, zone: str) -> None:
    """Retries and fallbacks, attempt by attempt; a click opens the run at the attempt."""
    st.subheader("Retries and fallbacks")
    if attempts.is_empty():
        st.caption("No model call of these runs had to be tried again.")
        return
    shown = attempts.select(
        "started_at",
        pl.format("{} of {}", "attempt", "attempt_count").alias("attempt"),
        "reason",
        rows.words(attempts, "requested_model", 60),
        rows.words(attempts, "served_model", 60),
        pl.col("status").replace(STATUS_LABELS),
        rows.words(
            attempts, pl.concat_str("error_type", "error_message", separator=": ", ignore_nulls=True), 200
        ).alias("error"),
        pl.col("duration_ms") / 1000,
        "evidence",
        rows.words(attempts, "agent_name", 80),
        rows.words(attempts, "workflow_name", 80),
    )
    columns = {
        "started_at": rows.time("Started", zone),
        "attempt": rows.text("Attempt", 70),
        "reason": rows.text("Reason", 80),
        "requested_model": rows.text("Requested", 140),
        "served_model": rows.text("Served", 150),
        "status": rows.text("Status", 85),
        "error": rows.text("Error", 230),
        "duration_ms": rows.seconds("Duration", 2),
        "evidence": rows.text("Evidence", 80),
        "agent_name": rows.text("Agent", 120),
        "workflow_name": rows.text("Workflow", 130),
    }

    def open_step(row: int) -> None:
        links.open_run(project, attempts["run_id"][row], attempts["step_id"][row])

    what = "attempts; choosing a cell opens the run at the attempt"
    rows.choosing("route_attempts", what, shown, columns, open_step)
    behind.draw("route_attempts", attempts)


def _count(
    label: str, column: str, now: Mapping[str, Any], before: Mapping[str, Any], meaning: str, colour: Any
) -> None:
    st.metric(
        label,
        count(now[column]),
        f"{now[column] - before[column]:+,}" if before else None,
        delta_color=colour,
        delta_description=f"from {count(before[column])}" if before else None,
        help=meaning,
    )


def _rate(label: str, part: str, whole: str, now: Mapping[str, Any], before: Mapping[str, Any], meaning: str) -> None:
    known = bool(now[whole] and before and before[whole])
    points = 100 * (now[part] / now[whole] - before[part] / before[whole]) if known else 0.0
    st.metric(
        label,
        percent(now[part], now[whole]),
        f"{points:+.1f} points" if known else None,
        delta_color="inverse" if abs(points) >= 0.05 else "off",
        delta_description=f"from {percent(before[part], before[whole])}" if known else None,
        help=f"{count(now[part])} of {count(now[whole])} {meaning.removeprefix('of ')}",
    )


def _time(label: str, column: str, now: Mapping[str, Any], before: Mapping[str, Any], meaning: str) -> None:
    known = now[column] is not None and before and before[column]
    change = now[column] / before[column] - 1 if known else 0.0
    st.metric(
        label,
        duration(now[column]) if now[column] is not None else DASH,
        f"{change:+.0%}" if known else None,
        delta_color="inverse" if abs(change) >= 0.005 else "off",
        delta_description=f"from {duration(before[column])}" if known else None,
        help=meaning,
    )
