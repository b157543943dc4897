"""Tables of runs and steps, drawn so that telemetry stays text: every column says its type, none reads Markdown.

A click on any cell of a row chooses the row.
"""

from collections.abc import Callable
from typing import Any

import polars as pl
import streamlit as st

from pages.shared import rows
from pages.shared.format import STATUS_LABELS

STATUS_COLOURS = {
    "ok": "#1b7d52",
    "error": "#d3353d",
    "waiting": "#9a6006",
    "pending": "#9a6006",
    "running": "#2a72c9",
    "abandoned": "#6b7680",
    "denied": "#6b7680",
    "cancelled": "#6b7680",
}
ROWS_IN_SIGHT = 20


def runs_table(runs: pl.DataFrame, zone: str, choose: Callable[[str], None]) -> None:
    """The runs in their order; `choose` is called with the run_id of the one chosen."""
    shown = runs.select(
        "started_at",
        _status_chips(),
        rows.words(runs, pl.coalesce("name", "agent_name", "run_id"), 120).alias("name"),
        pl.col("duration_ms") / 1000,
        "cost_usd",
        pl.sum_horizontal("input_tokens", "output_tokens", ignore_nulls=False).alias("tokens"),
        "step_count",
        rows.words(runs, _error_or_question(), 200).alias("about"),
        rows.words(runs, pl.col("models").list.join(", "), 120),
        rows.words(runs, "agent_name", 80),
        rows.words(runs, "workflow_name", 80),
        *([] if zone == "UTC" else [pl.col("started_at").alias("started_at_utc")]),
    )
    columns = {
        "started_at": rows.time("Started", zone),
        "status": _status(),
        "name": _text("Run", 150),
        "duration_ms": _seconds("Duration", 2),
        "cost_usd": _dollars(),
        "tokens": _number("Tokens", 80, "Input and output"),
        "step_count": _number("Steps", 60),
        "about": _text("Error, else what was asked", 300),
        "models": _text("Models", 170),
        "agent_name": _text("Agent", 130),
        "workflow_name": _text("Workflow", 130),
        "started_at_utc": st.column_config.DatetimeColumn(
            "Started (UTC)", format="YYYY-MM-DD HH:mm:ss", timezone="UTC", width=160
        ),
    }
    choosing("runs_table", "runs in the chosen order", shown, columns, runs["run_id"], choose)


def session_table(runs: pl.DataFrame, zone: str, of_run: str, choose: Callable[[str], None]) -> None:
    """The other runs of a run's session in time order; `choose` is called with the run_id of the one chosen."""
    ordered = runs.sort("started_at")
    shown = ordered.select(
        "started_at",
        _status_chips(),
        rows.words(ordered, pl.coalesce("name", "agent_name", "run_id"), 120).alias("name"),
        rows.words(ordered, "input_preview", 200),
        pl.col("duration_ms") / 1000,
        "cost_usd",
    )
    columns = {
        "started_at": rows.time("Started", zone),
        "status": _status(),
        "name": _text("Run", 160),
        "input_preview": _text("Asked", 220),
        "duration_ms": _seconds("Duration", 2),
        "cost_usd": _dollars(),
    }
    choosing(f"session_table_{of_run}", "other runs of this session", shown, columns, ordered["run_id"], choose)


def steps_table(steps: pl.DataFrame, choose: Callable[[str], None]) -> None:
    """Described steps, indented by depth; `choose` is called with the step_id of the one chosen."""
    indent = pl.lit("\u2003").repeat_by(pl.col("depth").clip(0, 12)).list.join("")
    shown = steps.select(
        pl.concat_str(indent, rows.words(steps, "label", 120).fill_null("")).alias("label"),
        _status_chips(),
        "kind",
        pl.col("start_ms") / 1000,
        pl.col("duration_ms") / 1000,
        "input_tokens",
        "output_tokens",
        "cost_usd",
        rows.words(steps, "error_message", 200),
        rows.words(steps, "note", 200),
    )
    columns = {
        "label": _text("Step", 180),
        "status": _status(),
        "kind": _text("Kind", 75),
        "start_ms": _seconds("Began", 3, "Since the run's start"),
        "duration_ms": _seconds("Duration", 3),
        "input_tokens": _number("Tokens in", 80),
        "output_tokens": _number("Tokens out", 85),
        "cost_usd": _dollars(),
        "error_message": _text("Error", 260),
        "note": _text("Note", 200),
    }
    choosing("steps_table", "steps in the order of the timeline", shown, columns, steps["step_id"], choose)


def tool_calls_table(calls: pl.DataFrame, choose: Callable[[str], None]) -> None:
    """Described tool steps with arguments and results; `choose` is called with the step_id of the one chosen."""
    shown = calls.select(
        rows.words(calls, pl.coalesce("tool_name", "name"), 120).alias("tool_name"),
        _status_chips(),
        rows.words(calls, "tool_args", 400),
        rows.words(calls, pl.coalesce("error_message", "tool_result"), 400).alias("result"),
        pl.col("duration_ms") / 1000,
        rows.words(calls, "agent_name", 80),
        rows.words(calls, "note", 200),
        rows.words(calls, "tool_call_id", 80),
    )
    columns = {
        "tool_name": _text("Tool", 140),
        "status": _status(),
        "tool_args": _text("Arguments", 230),
        "result": _text("Result or error", 230),
        "duration_ms": _seconds("Duration", 3),
        "agent_name": _text("Agent", 120),
        "note": _text("Note", 180),
        "tool_call_id": _text("Call", 140),
    }
    choosing("tool_calls_table", "tool calls of this run", shown, columns, calls["step_id"], choose)


def choosing(
    key: str, what: str, shown: pl.DataFrame, columns: dict[str, Any], ids: pl.Series, choose: Callable[[str], None]
) -> None:
    """Shows rows made safe, with `columns`; `choose` is called with the one of `ids` whose row was clicked."""

    def choose_row(row: int) -> None:
        choose(str(ids[row]))

    rows.choosing(key, f"{what}; choosing a cell opens its row", shown, columns, choose_row, ROWS_IN_SIGHT)


def _error_or_question() -> pl.Expr:
    error = pl.concat_str("error_type", "error_message", separator=": ", ignore_nulls=True)
    return pl.when(error != "").then(error).otherwise("input_preview")


def _status_chips() -> pl.Expr:
    return pl.concat_list(pl.col("status").replace(STATUS_LABELS)).alias("status")


def _status() -> Any:
    colours = [STATUS_COLOURS[status] for status in STATUS_LABELS]
    return st.column_config.MultiselectColumn("Status", width=105, options=STATUS_LABELS.values(), color=colours)


def _text(label: str, width: int) -> Any:
    return st.column_config.TextColumn(label, width=width)


def _number(label: str, width: int, meaning: str | None = None) -> Any:
    return st.column_config.NumberColumn(label, format="localized", width=width, help=meaning)


def _seconds(label: str, digits: int, meaning: str | None = None) -> Any:
    return st.column_config.NumberColumn(label, format=f"%,.{digits}f s", width=90, help=meaning)


def _dollars() -> Any:
    return st.column_config.NumberColumn("Cost", format="$%.5f", width=90, help="A dash: no price is known")
