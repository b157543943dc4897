"""Figures: each takes a frame of answers and returns a Plotly figure. Every word of telemetry passes `chart_text`."""

import math
from typing import Any

import plotly.graph_objects as go
import polars as pl

from pages.shared.format import DASH, chart_text, cost, duration

# One colour a kind, at least 3:1 against both themes' backgrounds. Red stays free for errors.
KIND_COLOURS = {
    "workflow": "#6f7f8f",
    "agent": "#8a63d2",
    "llm": "#2f7fe0",
    "tool": "#0c9480",
    "retrieval": "#5d9413",
    "embedding": "#0b93b5",
    "guardrail": "#c77700",
    "approval": "#d4478f",
    "evaluation": "#97722c",
    "human": "#d9622b",
    "other": "#8896a3",
}
ERROR_COLOUR = "#e03e45"
# The chart theme of Streamlit puts its own colour for strong text where a figure has this one, light or dark.
TEXT_COLOUR = "#000037"
STEP_SIGNS = {"error": "✕ ", "denied": "⊘ ", "cancelled": "⊘ ", "pending": "◷ ", "running": "▸ "}

GOING_ON = ("running", "pending")

Row = dict[str, Any]


def waterfall(steps: pl.DataFrame, end_ms: float, selected: str | None = None) -> go.Figure:
    """One row a step, in the frame's order: when it began and how long it took, in time since the run's start.

    `steps`: step_id, kind, label, depth, start_ms, duration_ms, status, note. The axis covers them; a step that still
    goes on reaches to `end_ms`, any other without a duration is a moment. Every point of a row carries its step_id as
    customdata, so that a click anywhere in a row names the step.
    """
    rows = [row | {"length_ms": _length(row, end_ms)} for row in steps.with_row_index("row").iter_rows(named=True)]
    begin, end = _span(rows)
    figure = go.Figure(_row_backdrops(rows, begin, end, selected))
    for kind in KIND_COLOURS:
        of_kind = [row for row in rows if row["kind"] == kind]
        if of_kind:
            figure.add_trace(_bars(kind, of_kind, begin, end))
    failed = [row for row in rows if row["status"] == "error"]
    if failed:
        figure.add_trace(_error_outlines(failed, begin, end))
    figure.update_layout(
        barmode="overlay",
        dragmode="zoom",
        hovermode="closest",
        height=24 * len(rows) + 92,
        margin={"l": 200, "r": 76, "t": 84, "b": 8},
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1,
            "xref": "container",
            "yref": "container",
            "yanchor": "top",
            "entrywidth": 54,
        },
        annotations=[_row_label(row) for row in rows],
        xaxis={"range": [begin, end], "side": "top", "showgrid": True, **_time_ticks(begin, end)},
        yaxis={
            "range": [len(rows) - 0.4, -0.6],
            "fixedrange": True,
            "showticklabels": False,
            "showgrid": False,
            "zeroline": False,
            "automargin": False,
        },
    )
    return figure


def cost_by_step(steps: pl.DataFrame) -> go.Figure:
    """One bar a step, in the frame's order: `label`, `kind`, `cost_usd`, in US dollars."""
    return _ranking(steps, "cost_usd", cost)


def latency_by_step(steps: pl.DataFrame) -> go.Figure:
    """One bar a step, in the frame's order: `label`, `kind`, `duration_ms`."""
    return _ranking(steps, "duration_ms", duration)


def _length(row: Row, end_ms: float) -> float:
    if row["duration_ms"] is not None:
        return float(row["duration_ms"])
    return end_ms - (row["start_ms"] or 0.0) if row["status"] in GOING_ON else 0.0


def _span(rows: list[Row]) -> tuple[float, float]:
    """What the axis covers: from the first start of these rows to their last end, and a little, for a last moment."""
    begin = min((row["start_ms"] or 0.0 for row in rows), default=0.0)
    end = max([begin + 1.0, *((row["start_ms"] or 0.0) + row["length_ms"] for row in rows)])
    return begin, end + (end - begin) / 100


def _row_backdrops(rows: list[Row], begin: float, end: float, selected: str | None) -> go.Bar:
    # Bars of a few ms would be too small to hit: the whole row answers to hover and click.
    return go.Bar(
        orientation="h",
        y=[row["row"] for row in rows],
        base=begin,
        x=[end - begin for _ in rows],
        width=1,
        marker={
            "color": ["rgba(128,150,170,0.28)" if row["step_id"] == selected else "rgba(0,0,0,0)" for row in rows],
            "line": {"width": 0},
        },
        **_answers_to_pointer(rows),
        showlegend=False,
    )


def _bars(kind: str, rows: list[Row], begin: float, end: float) -> go.Bar:
    return go.Bar(
        name=kind,
        orientation="h",
        width=0.7,
        **_extent(rows, begin, end),
        marker={
            "color": KIND_COLOURS[kind],
            "line": {"width": 0},
            "pattern": {"shape": ["/" if row["status"] in GOING_ON else "" for row in rows], "size": 6},
        },
        text=[STEP_SIGNS.get(row["status"], "") + _duration(row) for row in rows],
        textposition="outside",
        textfont={"color": TEXT_COLOUR},
        cliponaxis=False,
        **_answers_to_pointer(rows),
    )


def _error_outlines(rows: list[Row], begin: float, end: float) -> go.Bar:
    return go.Bar(
        name="error",
        orientation="h",
        width=0.7,
        **_extent(rows, begin, end),
        marker={"color": "rgba(0,0,0,0)", "line": {"color": ERROR_COLOUR, "width": 2.5}},
        **_answers_to_pointer(rows),
    )


def _extent(rows: list[Row], begin: float, end: float) -> Row:
    """Where the bars lie; a very short one stays visible."""
    return {
        "y": [row["row"] for row in rows],
        "base": [row["start_ms"] or 0.0 for row in rows],
        "x": [max(row["length_ms"], (end - begin) / 300) for row in rows],
    }


def _answers_to_pointer(rows: list[Row]) -> Row:
    return {
        "customdata": [row["step_id"] for row in rows],
        "hovertext": [_hover(row) for row in rows],
        "hoverinfo": "text",
        "unselected": {"marker": {"opacity": 1}},
    }


def _hover(row: Row) -> str:
    since_start = DASH if row["start_ms"] is None else f"+{duration(row['start_ms'])}"
    lines = [
        chart_text(row["label"], 300),
        f"{row['kind']} · {row['status']} · {duration(row['duration_ms'])} · began {since_start}",
        chart_text(row["note"], 300) if row["note"] else "",
    ]
    return "<br>".join(line for text in lines if text for line in _folded(text))


def _duration(row: Row) -> str:
    return "" if row["duration_ms"] is None else duration(row["duration_ms"])


def _folded(text: str, letters: int = 90) -> list[str]:
    # A fold inside an entity would show its pieces, so lines break at blanks only.
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) >= letters:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".lstrip()
    return lines


def _row_label(row: Row) -> Row:
    indent = min(row["depth"], 8)
    return {
        "text": STEP_SIGNS.get(row["status"], "") + chart_text(row["label"], 32 - indent),
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        "xshift": -196 + 8 * indent,
        "y": row["row"],
        "width": 192 - 8 * indent,
        "align": "left",
        "showarrow": False,
        "font": {"color": ERROR_COLOUR if row["status"] == "error" else TEXT_COLOUR},
    }


def _time_ticks(begin_ms: float, end_ms: float) -> Row:
    """Some three to six round times, each with its unit."""
    rough = (end_ms - begin_ms) / 5
    steps = [m * 10**e for e in range(-1, 4) for m in (1, 2, 5)]
    steps += [s * 1000 for s in (15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400)]
    step = next((s for s in steps if s >= rough), 86_400_000 * math.ceil(rough / 86_400_000))
    at = [step * n for n in range(math.ceil(begin_ms / step), int(end_ms / step) + 1)]
    return {"tickvals": at, "ticktext": [_tick(ms) for ms in at]}


def _tick(ms: float) -> str:
    if ms < 1000:
        return f"{ms:g} ms"
    if ms < 120_000:
        return f"{ms / 1000:g} s"
    return f"{ms / 60_000:g} min" if ms < 7_200_000 else f"{ms / 3_600_000:g} h"


def _ranking(steps: pl.DataFrame, column: str, words: Any) -> go.Figure:
    rows = steps.with_row_index("row").to_dicts()
    figure = go.Figure(
        go.Bar(
            orientation="h",
            y=[row["row"] for row in rows],
            x=[row[column] for row in rows],
            width=0.7,
            marker={"color": [KIND_COLOURS.get(row["kind"], KIND_COLOURS["other"]) for row in rows]},
            text=[words(row[column]) for row in rows],
            textposition="outside",
            textfont={"color": TEXT_COLOUR},
            cliponaxis=False,
            hovertext=[chart_text(row["label"], 300) for row in rows],
            hoverinfo="text",
        )
    )
    figure.update_layout(
        height=24 * len(rows) + 16,
        dragmode=False,
        showlegend=False,
        margin={"l": 200, "r": 76, "t": 4, "b": 4},
        annotations=[_row_label({**row, "depth": 0, "status": "ok"}) for row in rows],
        xaxis={"visible": False, "rangemode": "tozero", "automargin": False},
        yaxis={
            "range": [len(rows) - 0.4, -0.6],
            "showticklabels": False,
            "showgrid": False,
            "zeroline": False,
            "automargin": False,
        },
    )
    return figure
