"""Figures of the ledger: each takes a frame of an answer and returns a Plotly figure."""

import plotly.graph_objects as go
import polars as pl

from pages.shared.format import count

SIGNAL_COLOURS = {"span": "#2f7fe0", "log": "#0c9480", "metric": "#97722c"}


def stored_by_day(growth: pl.DataFrame) -> go.Figure:
    """Stacked bars of `ingest_growth`: the records of each signal that were stored on each day, in UTC."""
    figure = go.Figure()
    for signal, colour in SIGNAL_COLOURS.items():
        rows = growth.filter(pl.col("signal") == signal)
        figure.add_bar(
            name=f"{signal}s",
            x=rows["committed_day"].to_list(),
            y=rows["stored_count"].to_list(),
            marker={"color": colour, "line": {"width": 0}},
            hovertext=[
                f"{day:%a %d %b}, UTC<br>{count(stored)} {signal}s stored"
                for day, stored in rows.select("committed_day", "stored_count").iter_rows()
            ],
            hoverinfo="text",
        )
    figure.update_layout(
        barmode="stack",
        height=220,
        dragmode=False,
        hovermode="closest",
        bargap=0.2,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
        margin={"l": 8, "r": 8, "t": 36, "b": 8},
        xaxis={"type": "category", "fixedrange": True, "categoryorder": "category ascending"},
        yaxis={"title": "records", "rangemode": "tozero", "fixedrange": True, "tickformat": "~s"},
    )
    return figure
