"""Tables of runs and steps, drawn so that telemetry stays text: every column says its type, none reads Markdown."""

import polars as pl
import streamlit as st
from streamlit.typing import DataframeState

from pages.shared.format import STATUS_LABELS, one_line

STATUS_COLOURS = {
    "ok": "#1f8a5b",
    "error": "#d3353d",
    "waiting": "#b7770d",
    "pending": "#b7770d",
    "running": "#2f7fe0",
    "abandoned": "#76818c",
    "denied": "#76818c",
    "cancelled": "#76818c",
}


MOST_ROWS_IN_SIGHT = 25


def runs_table(runs: pl.DataFrame, zone: str, key: str) -> str | None:
    """Draws the runs in their order; the run_id of the one that was clicked, else None."""
    shown = runs.select(
        "started_at",
        _status_chips(),
        _words(pl.coalesce("name", "agent_name", "run_id"), 120).alias("name"),
        pl.col("duration_ms") / 1000,
        "cost_usd",
        pl.sum_horizontal("input_tokens", "output_tokens", ignore_nulls=False).alias("tokens"),
        "step_count",
        _words(pl.concat_str("error_type", "error_message", separator=": ", ignore_nulls=True), 200).alias("error"),
        _words("input_preview", 200),
        _words(pl.col("models").list.join(", "), 120),
        _words("agent_name", 80),
        _words("workflow_name", 80),
        pl.col("started_at").alias("started_at_utc"),
    )
    column = st.column_config
    event = st.dataframe(
        shown,
        key=key,
        hide_index=True,
        placeholder="—",
        height=36 * min(shown.height, MOST_ROWS_IN_SIGHT) + 38,
        row_height=36,
        on_select="rerun",
        selection_mode="single-cell",
        alt=f"{shown.height} runs; choosing a cell opens its run",
        column_config={
            "started_at": column.DatetimeColumn(
                "Started", format="D MMM, HH:mm:ss", timezone=zone, width=130, help=f"On your clock, {zone}"
            ),
            "status": _status_column(),
            "name": column.TextColumn("Run", width=190),
            "duration_ms": column.NumberColumn("Duration", format="%.2f s", width=90),
            "cost_usd": column.NumberColumn("Cost", format="$%.4f", width=85, help="A dash: no price is known"),
            "tokens": column.NumberColumn("Tokens", format="localized", width=80, help="Input and output"),
            "step_count": column.NumberColumn("Steps", format="localized", width=65),
            "error": column.TextColumn("Error", width=230),
            "input_preview": column.TextColumn("Asked", width=240),
            "models": column.TextColumn("Models", width=170),
            "agent_name": column.TextColumn("Agent", width=130),
            "workflow_name": column.TextColumn("Workflow", width=130),
            "started_at_utc": column.DatetimeColumn(
                "Started (UTC)", format="YYYY-MM-DD HH:mm:ss", timezone="UTC", width=160
            ),
        },
    )
    return _clicked(event, runs["run_id"])


def session_table(runs: pl.DataFrame, zone: str) -> str | None:
    """Draws the runs of a session in time order; the run_id of the one that was clicked, else None."""
    ordered = runs.sort("started_at")
    shown = ordered.select(
        "started_at",
        _status_chips(),
        _words(pl.coalesce("name", "agent_name", "run_id"), 120).alias("name"),
        _words("input_preview", 200),
        pl.col("duration_ms") / 1000,
        "cost_usd",
    )
    event = st.dataframe(
        shown,
        key="session_table",
        alt=f"{shown.height} other runs of this session; choosing a cell opens its run",
        column_config={
            "started_at": _local_time(zone),
            "status": _status_column(),
            "name": st.column_config.TextColumn("Run", width=160),
            "input_preview": st.column_config.TextColumn("Asked", width=240),
            "duration_ms": _duration_column(),
            "cost_usd": _cost_column(),
        },
        **_chosen_by_cell(shown),
    )
    return _clicked(event, ordered["run_id"])


def steps_table(steps: pl.DataFrame, opened: str | None) -> str | None:
    """Draws described steps, indented by depth; the step_id of the one that was clicked, else None."""
    shown = steps.select(
        (pl.lit("\u2003").repeat_by(pl.col("depth").clip(0, 12)).list.join("") + _words("label", 120)).alias("label"),
        pl.col("kind"),
        _status_chips(),
        pl.col("start_ms") / 1000,
        pl.col("duration_ms") / 1000,
        pl.col("input_tokens"),
        pl.col("output_tokens"),
        pl.col("cost_usd"),
        _words("error_message", 200),
        _words("note", 200),
    )
    column = st.column_config
    event = st.dataframe(
        shown,
        key="steps_table",
        hide_index=True,
        placeholder="—",
        height=640 if shown.height > 16 else "content",
        on_select="rerun",
        selection_mode="single-cell",
        alt=f"{shown.height} steps; clicking a cell opens its step",
        column_config={
            "label": column.TextColumn("Step", width=220),
            "kind": column.TextColumn("Kind", width=85),
            "status": _status_column(),
            "start_ms": column.NumberColumn("Began", format="%.3f s", width=85, help="Since the run's start"),
            "duration_ms": column.NumberColumn("Duration", format="%.3f s", width=85),
            "input_tokens": column.NumberColumn("Tokens in", format="localized", width=80),
            "output_tokens": column.NumberColumn("Tokens out", format="localized", width=85),
            "cost_usd": column.NumberColumn("Cost", format="$%.4f", width=80, help="A dash: no price is known"),
            "error_message": column.TextColumn("Error", width=260),
            "note": column.TextColumn("Note", width=200),
        },
    )
    return _clicked(event, steps["step_id"])


def tool_calls_table(calls: pl.DataFrame) -> str | None:
    """Draws the tool steps with arguments and results; the step_id of the one that was clicked, else None."""
    shown = calls.select(
        _words("tool_name", 120),
        _status_chips(),
        _words("tool_args", 400),
        pl.coalesce(_words("tool_result", 400), _words("error_message", 400)).alias("tool_result"),
        pl.col("duration_ms") / 1000,
        _words("agent_name", 80),
        _words("note", 200),
        _words("tool_call_id", 80),
    )
    column = st.column_config
    event = st.dataframe(
        shown,
        key="tool_calls_table",
        hide_index=True,
        placeholder="—",
        height=640 if shown.height > 16 else "content",
        on_select="rerun",
        selection_mode="single-cell",
        alt=f"{shown.height} tool calls; clicking a cell opens its step",
        column_config={
            "tool_name": column.TextColumn("Tool", width=140),
            "status": _status_column(),
            "tool_args": column.TextColumn("Arguments", width=240),
            "tool_result": column.TextColumn("Result or error", width=260),
            "duration_ms": column.NumberColumn("Duration", format="%.3f s", width=85),
            "agent_name": column.TextColumn("Agent", width=120),
            "note": column.TextColumn("Note", width=180),
            "tool_call_id": column.TextColumn("Call", width=140),
        },
    )
    return _clicked(event, calls["step_id"])


def _clicked(event: DataframeState, ids: pl.Series) -> str | None:
    cells = event.selection.cells
    return str(ids[cells[0][0]]) if cells else None


def _words(words: str | pl.Expr, letters: int) -> pl.Expr:
    expression = pl.col(words) if isinstance(words, str) else words
    return expression.replace("", None).map_elements(lambda text: one_line(text, letters), return_dtype=pl.String)


def _status_chips() -> pl.Expr:
    return pl.concat_list(pl.col("status").replace(STATUS_LABELS)).alias("status")


def _status_column() -> object:
    return st.column_config.MultiselectColumn(
        "Status",
        width=105,
        options=list(STATUS_LABELS.values()),
        color=[STATUS_COLOURS[name] for name in STATUS_LABELS],
    )
