"""Figures of model routes: each takes a frame of an answer and returns a Plotly figure. Telemetry is escaped."""

from typing import Any

import plotly.graph_objects as go
import polars as pl

from pages.shared.figures import TEXT_COLOUR
from pages.shared.format import chart_text, duration, percent, plural

UNKNOWN, NO_ANSWER = "not told", "no answer"
# How a route ended: label and colour. Links are drawn with less opacity than these.
_ENDS = {
    "same": ("as requested", "47,127,224"),
    "other": ("another model", "199,119,0"),
    "none": (NO_ANSWER, "224,62,69"),
}
_ROW_PIXELS, _LEAST_PIXELS = 34, 220


def routes(rows: pl.DataFrame) -> go.Figure:
    """A Sankey of `model_routes`: requested models at the left, what answered at the right, as wide as their calls."""
    drawn = rows.filter(pl.col("call_count") > 0).to_dicts()
    left = list(dict.fromkeys(row["requested_model"] for row in drawn))
    right = list(dict.fromkeys((row["served_model"], _end(row)) for row in drawn))
    ends = [end for _, end in right]
    names = [chart_text(name or UNKNOWN, 40) for name in left]
    names += [NO_ANSWER if end == "none" else chart_text(name, 40) for name, end in right]
    figure = go.Figure(
        go.Sankey(
            arrangement="snap",
            textfont={"color": TEXT_COLOUR, "size": 12},
            node={
                "label": names,
                "pad": 14,
                "thickness": 14,
                "line": {"width": 0},
                "color": [_colour("same")] * len(left) + [_colour(end) for end in ends],
                "hovertemplate": "%{label}: %{value:,} calls<extra></extra>",
            },
            link={
                "source": [left.index(row["requested_model"]) for row in drawn],
                "target": [len(left) + right.index((row["served_model"], _end(row))) for row in drawn],
                "value": [row["call_count"] for row in drawn],
                "color": [_colour(_end(row), 0.35) for row in drawn],
                "customdata": [_hover(row) for row in drawn],
                "hovertemplate": "%{customdata}<extra></extra>",
            },
        )
    )
    height = max(_LEAST_PIXELS, _ROW_PIXELS * max(len(left), len(right)) + 40)
    figure.update_layout(height=height, margin={"l": 8, "r": 8, "t": 12, "b": 12})
    return figure


def _end(row: dict[str, Any]) -> str:
    if row["served_model"] is None:
        return "none"
    return "other" if row["is_same_model"] is False else "same"


def _colour(end: str, opacity: float = 1.0) -> str:
    return f"rgba({_ENDS[end][1]},{opacity})"


def _hover(row: dict[str, Any]) -> str:
    served = NO_ANSWER if row["served_model"] is None else chart_text(row["served_model"], 80)
    told = [chart_text(name, 60) for name in (row["provider"], row["gateway"]) if name]
    return "<br>".join(
        [
            f"{chart_text(row['requested_model'] or UNKNOWN, 80)} → {served} ({_ENDS[_end(row)][0]})",
            *([" · ".join(told)] if told else []),
            f"{plural(row['call_count'], 'call')} · p95 {duration(row['p95_duration_ms'])} · "
            f"{percent(row['truncated_count'], row['finished_count'])} truncated",
        ]
    )
