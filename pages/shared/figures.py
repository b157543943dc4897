"""What figures have in common: their colours, and rows of a name and a value over a bar.

A figure takes a frame of answers and returns a Plotly figure. It cannot know how wide it will be drawn, so names stand
over the bars, not beside them: both have the whole width, on a telephone too. Every word of telemetry passes
`chart_text`.
"""

from collections.abc import Iterable
from typing import Any

import plotly.graph_objects as go
import polars as pl

from pages.shared.format import chart_text, cost, duration

Row = dict[str, Any]

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
ROW_PIXELS = 30
_FEW = 5
LABEL_LETTERS = 46  # with its value, what a telephone has room for
LABEL_AXIS = {"overlaying": "x", "range": [0, 1], "visible": False, "fixedrange": True}
BAR = {"width": 0.28, "offset": 0.13}  # in rows, below the middle


def cost_by_step(steps: pl.DataFrame) -> go.Figure:
    """One bar a step, in the frame's order: `label`, `kind`, `cost_usd`, in US dollars."""
    return _ranking(steps, "cost_usd", cost)


def latency_by_step(steps: pl.DataFrame) -> go.Figure:
    """One bar a step, in the frame's order: `label`, `kind`, `duration_ms`."""
    return _ranking(steps, "duration_ms", duration)


def count_axis(counts: pl.Series) -> dict[str, int]:
    """What of Plotly's axes keeps one of counts from fractions: a tick for each, while they are few."""
    most = counts.max()
    return {"dtick": 1} if isinstance(most, int) and most <= _FEW else {}


def row_labels(rows: Iterable[tuple[str, str, int, str]]) -> list[go.Scatter]:
    """Over the bars of rows: from the left the name, moved in by its depth, and at the right the value.

    `rows` are name (which passed `chart_text`), value, depth and colour. They stand on an axis of their own, so that
    zooming leaves them.
    """
    names, values, depths, colours = zip(*rows, strict=True)
    indented = ["\u2002" * min(depth, 8) + name for name, depth in zip(names, depths, strict=True)]
    # Annotations would take the browser three times as long to draw.
    return [
        go.Scatter(
            name=name,
            x=[at] * len(texts),
            y=[row - 0.16 for row in range(len(texts))],
            xaxis="x2",
            mode="text",
            text=texts,
            textposition=side,
            textfont={"size": 12, "color": colours},
            hoverinfo="skip",
        )
        for name, at, side, texts in (
            ("names", 0, "middle right", indented),
            ("values", 1, "middle left", [chart_text(value) for value in values]),
        )
    ]


def row_axis(row_count: int) -> Row:
    """The vertical axis of rows, the first on top, with a line between each two."""
    return {
        "range": [row_count - 0.5, -0.5],
        "tickvals": [row + 0.5 for row in range(row_count - 1)],
        "showticklabels": False,
        "showgrid": True,
        "zeroline": False,
        "automargin": False,
        "fixedrange": True,
    }


def _ranking(steps: pl.DataFrame, column: str, words: Any) -> go.Figure:
    rows = steps.to_dicts()
    figure = go.Figure(
        go.Bar(
            orientation="h",
            y=list(range(len(rows))),
            x=[row[column] for row in rows],
            **BAR,
            marker={"color": [KIND_COLOURS.get(row["kind"], KIND_COLOURS["other"]) for row in rows]},
            hovertext=[chart_text(row["label"], 300) for row in rows],
            hoverinfo="text",
        )
    )
    labels = ((chart_text(row["label"], LABEL_LETTERS), words(row[column]), 0, TEXT_COLOUR) for row in rows)
    figure.add_traces(row_labels(labels))
    figure.update_layout(
        height=ROW_PIXELS * len(rows) + 8,
        dragmode=False,
        showlegend=False,
        margin={"l": 2, "r": 2, "t": 4, "b": 4},
        xaxis={"visible": False, "rangemode": "tozero", "automargin": False},
        xaxis2=LABEL_AXIS,
        yaxis=row_axis(len(rows)),
    )
    return figure
