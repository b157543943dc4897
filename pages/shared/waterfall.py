"""The waterfall of a run: when each of its steps began and how long it took."""

import math

import plotly.graph_objects as go
import polars as pl

from pages.shared.figures import (
    BAR,
    ERROR_COLOUR,
    KIND_COLOURS,
    LABEL_AXIS,
    LABEL_LETTERS,
    ROW_PIXELS,
    TEXT_COLOUR,
    Row,
    row_axis,
    row_labels,
)
from pages.shared.format import DASH, chart_text, duration

STEP_SIGNS = {"error": "✕ ", "denied": "⊘ ", "cancelled": "⊘ ", "pending": "◷ ", "running": "▸ "}
SAID_AFTERWARDS = ("evaluation", "human")
GOING_ON = ("running", "pending")


def waterfall(steps: pl.DataFrame, end_ms: float, selected: str | None = None) -> go.Figure:
    """One row a step, in the frame's order, on an axis of time since the run's start.

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
    figure.add_traces(row_labels(_label(row) for row in rows))
    figure.update_layout(
        barmode="overlay",
        dragmode="zoom",
        hovermode="closest",
        height=ROW_PIXELS * len(rows) + 30,
        margin={"l": 2, "r": 2, "t": 26, "b": 4},
        showlegend=False,
        xaxis={"range": [begin, end], "side": "top", "showgrid": True, **_time_ticks(begin, end)},
        xaxis2=LABEL_AXIS,
        yaxis=row_axis(len(rows)),
    )
    return figure


def legend(steps: pl.DataFrame) -> str:
    """The colours of the kinds that these steps have, as HTML that folds to any width."""
    kinds = set(steps["kind"])
    marks = [(kind, f"background:{colour}") for kind, colour in KIND_COLOURS.items() if kind in kinds]
    if "error" in set(steps["status"]):
        marks.append(("error", f"border:2px solid {ERROR_COLOUR}"))
    entries = "".join(f'<span><span style="{style}"></span>{name}</span>' for name, style in marks)
    return f'<div class="legend">{entries}</div>'


def _length(row: Row, end_ms: float) -> float:
    if row["duration_ms"] is not None:
        return float(row["duration_ms"])
    return end_ms - (row["start_ms"] or 0.0) if row["status"] in GOING_ON else 0.0


def _span(rows: list[Row]) -> tuple[float, float]:
    """What the axis covers: from the first start of these rows to their last end, and a little, for a last moment.

    What people or models said of the run afterwards is hours off at times; it stands at the end of the others.
    """
    timed = [row for row in rows if row["kind"] not in SAID_AFTERWARDS] or rows
    begin = min((row["start_ms"] or 0.0 for row in timed), default=0.0)
    end = max([begin + 1.0, *((row["start_ms"] or 0.0) + row["length_ms"] for row in timed)])
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
    )


def _bars(kind: str, rows: list[Row], begin: float, end: float) -> go.Bar:
    return go.Bar(
        name=kind,
        orientation="h",
        **_extent(rows, begin, end),
        marker={
            "color": KIND_COLOURS[kind],
            "line": {"width": 0},
            "pattern": {"shape": ["/" if row["status"] in GOING_ON else "" for row in rows], "size": 6},
        },
        **_answers_to_pointer(rows),
    )


def _error_outlines(rows: list[Row], begin: float, end: float) -> go.Bar:
    return go.Bar(
        name="error",
        orientation="h",
        **_extent(rows, begin, end),
        marker={"color": "rgba(0,0,0,0)", "line": {"color": ERROR_COLOUR, "width": 2}},
        **_answers_to_pointer(rows),
    )


def _extent(rows: list[Row], begin: float, end: float) -> Row:
    """Where the bars lie; a very short one stays visible."""
    return BAR | {
        "y": [row["row"] for row in rows],
        "base": [min(max(row["start_ms"] or 0.0, begin), end - (end - begin) / 300) for row in rows],
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
        chart_text(f"{row['kind']} · {row['status']} · {duration(row['duration_ms'])} · began {since_start}"),
        chart_text(row["note"], 300) if row["note"] else "",
    ]
    return "<br>".join(line for text in lines if text for line in _folded(text))


def _folded(text: str, letters: int = 90) -> list[str]:
    # A fold inside an entity would show its pieces, so lines break at blanks only.
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) >= letters:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".lstrip()
    return lines


def _label(row: Row) -> tuple[str, str, int, str]:
    name = STEP_SIGNS.get(row["status"], "") + chart_text(row["label"], LABEL_LETTERS - min(row["depth"], 8))
    colour = ERROR_COLOUR if row["status"] == "error" else TEXT_COLOUR
    return name, "" if row["duration_ms"] is None else duration(row["duration_ms"]), row["depth"], colour


def _time_ticks(begin_ms: float, end_ms: float) -> Row:
    """Some three to six round times, each with its unit, written after its line."""
    rough = (end_ms - begin_ms) / 5
    steps = [m * 10**e for e in range(-1, 4) for m in (1, 2, 5)]
    steps += [s * 1000 for s in (15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400)]
    step = next((s for s in steps if s >= rough), 86_400_000 * math.ceil(rough / 86_400_000))
    room_ends = end_ms - (end_ms - begin_ms) / 10
    at = [step * n for n in range(math.ceil(begin_ms / step), int(room_ends / step) + 1)]
    return {"tickvals": at, "ticktext": [_tick(ms) for ms in at], "ticklabelposition": "outside right"}


def _tick(ms: float) -> str:
    if ms < 1000:
        return f"{ms:g} ms"
    if ms < 120_000:
        return f"{ms / 1000:g} s"
    return f"{ms / 60_000:g} min" if ms < 7_200_000 else f"{ms / 3_600_000:g} h"
