"""Figures of approvals and corrections over time."""

import plotly.graph_objects as go
import polars as pl

from pages.shared import buckets
from pages.shared.figures import ERROR_COLOUR, count_axis
from pages.shared.format import count, percent

# What the outcomes are called, and in which colours they are stacked, a human's yes first.
OUTCOMES = {
    "approved": ("approved", "#1b7d52"),
    "modified": ("changed and approved", "#c77700"),
    "rejected": ("refused", ERROR_COLOUR),
    "auto_approved": ("approved automatically", "#2f7fe0"),
    "auto_denied": ("refused automatically", "#8a63d2"),
    "expired": ("expired", "#8896a3"),
    "aborted": ("aborted", "#97722c"),
    "ask_failed": ("could not be asked", "#0b93b5"),
    "pending": ("pending", "#d4478f"),
    "unanswered": ("left unanswered", "#6f7f8f"),
}
_HEIGHT = 260


def decisions_over_time(trend: pl.DataFrame, zone: str) -> go.Figure:
    """Stacked bars of questions by what came of them: `bucket_at`, `<outcome>_count`; a click names its outcome."""
    place = buckets.bars(trend, zone)
    figure = go.Figure()
    for outcome, (label, colour) in OUTCOMES.items():
        counts = trend[f"{outcome}_count"]
        if counts.sum():
            figure.add_bar(
                name=label,
                **place,
                y=counts.to_list(),
                marker={"color": colour, "line": {"width": 0}},
                customdata=[outcome] * trend.height,
                hovertemplate=f"%{{y}} {label}<extra></extra>",
            )
    figure.update_layout(
        barmode="stack",
        xaxis={"type": "date"},
        yaxis={"title": "questions", "rangemode": "tozero", **count_axis(trend["approval_count"])},
    )
    return _over_time(figure)


def correction_rates(trend: pl.DataFrame, zone: str) -> go.Figure:
    """Two lines of `bucket_at`: corrected of reviewed runs, and of finished runs, each point with its counts."""
    rows = trend.to_dicts()
    figure = go.Figure()
    for label, rate, part, whole, colour in (
        ("corrected of reviewed runs", "correction_rate", "corrected_count", "reviewed_count", "#d9622b"),
        ("corrected of finished runs", "corrected_share", "corrected_ended_count", "ended_count", "#2f7fe0"),
    ):
        figure.add_scatter(
            name=label,
            x=trend.select(buckets.local("bucket_at", zone)).to_series().to_list(),
            y=trend[rate].to_list(),
            mode="lines+markers",
            line={"color": colour, "width": 2},
            marker={"size": 6},
            hovertext=[
                f"{percent(row[part], row[whole])}: {count(row[part])} of {count(row[whole])} {label.split(' of ')[1]}"
                for row in rows
            ],
            hoverinfo="text",
        )
    figure.update_layout(
        xaxis=buckets.axis(trend, zone),
        yaxis={"title": "share of runs", "tickformat": ".0%", "rangemode": "tozero"},
    )
    return _over_time(figure)


def _over_time(figure: go.Figure) -> go.Figure:
    figure.update_layout(
        height=_HEIGHT,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "traceorder": "normal", "y": 1.02, "yanchor": "bottom", "x": 0},
        hovermode="x unified" if len(figure.data) > 1 else "closest",
        dragmode=False,
    )
    return figure
