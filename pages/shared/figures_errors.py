"""Figures of errors over time."""

import plotly.graph_objects as go
import polars as pl

from pages.shared import buckets
from pages.shared.figures import ERROR_COLOUR, KIND_COLOURS
from pages.shared.format import count, percent

# Whose rate it is: its columns' names begin so, then label and colour.
LINES = {
    "": ("runs", ERROR_COLOUR),
    "tool_": ("tool calls", KIND_COLOURS["tool"]),
    "llm_": ("model calls", KIND_COLOURS["llm"]),
}


def error_rates(trend: pl.DataFrame, zone: str) -> go.Figure:
    """Lines of `error_trend`: of the runs, tool calls and model calls that ended, the share that failed, over time.

    Every point carries its row's number in the frame as customdata.
    """
    at = trend.select(buckets.local("bucket_at", zone)).to_series().to_list()
    figure = go.Figure()
    for prefix, (label, colour) in LINES.items():
        counts = zip(trend[f"{prefix}error_count"], trend[f"{prefix}ended_count"], strict=True)
        figure.add_scatter(
            name=label,
            x=at,
            y=trend[f"{prefix}error_rate"].to_list(),
            mode="lines+markers",
            line={"color": colour, "width": 2.5 if prefix == "" else 1.5},
            marker={"size": 7 if prefix == "" else 5},
            customdata=list(range(trend.height)),
            hovertext=[
                f"{percent(failed, ended)} of {label}: {count(failed)} of {count(ended)}" for failed, ended in counts
            ],
            hoverinfo="x+text",
            unselected={"marker": {"opacity": 1}},
        )
    figure.update_layout(
        height=270,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "traceorder": "normal", "y": 1.02, "yanchor": "bottom", "x": 0},
        hovermode="closest",
        dragmode=False,
        xaxis=buckets.axis(trend, zone),
        yaxis={"title": "failed, share", "tickformat": ".0%", "rangemode": "tozero", "fixedrange": True},
    )
    return figure
