"""Figures of users and conversations: each takes a frame of an answer and returns a Plotly figure."""

import plotly.graph_objects as go
import polars as pl

from pages.shared import buckets
from pages.shared.figures import ERROR_COLOUR, count_axis
from pages.shared.format import count

WELL_COLOUR = "#0c9480"


def affected_over_time(trend: pl.DataFrame, by: str, zone: str) -> go.Figure:
    """Stacked bars of `affected_trend`: users, or conversations, that saw a run fail, and those that did not.

    A bar carries its row's number and whether it is of the failed ones as customdata, so that a click names both.
    """
    failed, total = trend[f"failed_{by}_count"], trend[f"{by}_count"]
    place = buckets.bars(trend, zone)
    figure = go.Figure()
    for label, counts, colour, is_failed in (
        ("saw a run fail", failed, ERROR_COLOUR, True),
        ("all went well", total - failed, WELL_COLOUR, False),
    ):
        figure.add_bar(
            name=label,
            **place,
            y=counts.to_list(),
            marker={"color": colour, "line": {"width": 0}},
            customdata=[[row, is_failed] for row in range(trend.height)],
            hovertext=[
                f"{when:%a %d %b, %H:%M}<br>{count(part)} of {count(whole)} {by}s: {label}"
                for when, part, whole in zip(place["x"], counts, total, strict=True)
            ],
            hoverinfo="text",
            unselected={"marker": {"opacity": 1}},
        )
    figure.update_layout(
        barmode="stack",
        height=280,
        dragmode=False,
        hovermode="closest",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
        margin={"l": 8, "r": 8, "t": 36, "b": 8},
        xaxis={"type": "date", "fixedrange": True},
        yaxis={"title": f"{by}s", "rangemode": "tozero", "fixedrange": True, "tickformat": ",~r", **count_axis(total)},
    )
    return figure
