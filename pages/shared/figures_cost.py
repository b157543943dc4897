"""Figures of cost: each takes a frame of an answer and returns a Plotly figure. Telemetry's words pass `chart_text`."""

from typing import Any

import plotly.graph_objects as go
import polars as pl

from pages.shared import buckets
from pages.shared.figures import TEXT_COLOUR, count_axis
from pages.shared.format import chart_text, cost, count, plural

# By place, each at least 3:1 against both themes' backgrounds; the last is for all that have no place.
PLACE_COLOURS = ("#2f7fe0", "#d9622b", "#0c9480", "#8a63d2", "#c77700", "#d4478f", "#5d9413", "#8896a3")
# The classes that a model's tokens fall into: label and colour.
TOKEN_CLASSES = {
    "fresh_input_tokens": ("Fresh input", "#2f7fe0"),
    "cache_write_tokens": ("Cache write", "#0b93b5"),
    "cache_read_tokens": ("Cache read", "#0c9480"),
    "answer_tokens": ("Output", "#c77700"),
    "reasoning_tokens": ("Reasoning", "#8a63d2"),
}
_RATE_COLOUR = "#d4478f"
_LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"}
_MARGIN = {"l": 8, "r": 8, "t": 36, "b": 8}


def cost_over_time(trend: pl.DataFrame, by: str, zone: str) -> go.Figure:
    """Stacked bars of `cost_trend`: one colour a place, in US dollars per bucket, times on the clock of the zone.

    Every bar carries its row's number in the frame as customdata, so that a click names bucket and value.
    """
    rows = trend.with_row_index("row").with_columns(at=buckets.local("bucket_at", zone))
    figure = go.Figure()
    for place in sorted(rows["place"].unique()):
        of_place = rows.filter(place=place)
        label = chart_text(value_label(of_place.row(0, named=True), by), 40)
        figure.add_trace(
            go.Bar(
                name=label,
                y=of_place["cost_usd"].to_list(),
                **buckets.bars(of_place, zone),
                marker={"color": PLACE_COLOURS[place - 1], "line": {"width": 0}},
                customdata=of_place["row"].to_list(),
                hovertext=[f"{label}<br>{_bar_words(row)}" for row in of_place.iter_rows(named=True)],
                hoverinfo="text",
                unselected={"marker": {"opacity": 1}},
            )
        )
    figure.update_layout(
        barmode="stack",
        height=320,
        dragmode=False,
        hovermode="closest",
        legend=_LEGEND,
        showlegend=True,
        margin=_MARGIN,
        xaxis={"fixedrange": True},
        yaxis={"title": None, "tickprefix": "$", "fixedrange": True, "rangemode": "tozero"},
    )
    return figure


def _bar_words(row: dict[str, Any]) -> str:
    return f"{cost(row['cost_usd'])} · {plural(row['run_count'], 'run')}<br>{row['at']:%a %d %b, %H:%M}"


def value_label(row: dict[str, Any], by: str) -> str:
    """What a row of cost_by or cost_trend is called, as telemetry wrote it; ours where it has no value."""
    if row.get("is_rest"):
        return "all others"
    return f"no {by}" if row["value"] is None else str(row["value"])


def tokens_by_class(classes: pl.DataFrame, zone: str) -> go.Figure:
    """Stacked bars of `token_classes`, and a line on its own axis: which part of the input came from a cache."""
    rows = classes.with_columns(begin=buckets.local("bucket_at", zone), end=buckets.local("bucket_until_at", zone))
    figure = go.Figure()
    for column, (label, colour) in TOKEN_CLASSES.items():
        if rows[column].sum():
            figure.add_trace(
                go.Bar(
                    name=label,
                    y=rows[column].to_list(),
                    **buckets.bars(rows, zone),
                    marker={"color": colour, "line": {"width": 0}},
                    hovertemplate=f"{label}: %{{y:,}} tokens<extra></extra>",
                )
            )
    figure.add_trace(
        go.Scatter(
            name="Cache hit rate",
            x=(rows["begin"] + (rows["end"] - rows["begin"]) / 2).to_list(),
            y=rows["cache_hit_rate"].to_list(),
            yaxis="y2",
            mode="lines+markers",
            line={"color": _RATE_COLOUR, "width": 2},
            hovertemplate="Cache hit rate: %{y:.1%} of the input<extra></extra>",
        )
    )
    figure.update_layout(
        barmode="stack",
        height=300,
        dragmode=False,
        legend=_LEGEND,
        margin=_MARGIN,
        xaxis={"fixedrange": True},
        yaxis={"fixedrange": True, "rangemode": "tozero", "tickformat": "~s"},
        yaxis2={
            "overlaying": "y",
            "side": "right",
            "range": [0, 1],
            "tickmode": "linear",
            "dtick": 0.25,
            "tickformat": ".0%",
            "showgrid": False,
            "fixedrange": True,
        },
    )
    return figure


def runs_by_cost(ranges: pl.DataFrame) -> go.Figure:
    """One bar a range of `cost_per_run`: how many runs cost as much, the unknown last."""
    labels = [_range(row) for row in ranges.iter_rows(named=True)]
    figure = go.Figure(
        go.Bar(
            x=[_lower_bound(row) for row in ranges.iter_rows(named=True)],
            y=ranges["run_count"].to_list(),
            marker={"color": [PLACE_COLOURS[0 if known else -1] for known in ranges["cost_from_usd"].is_not_null()]},
            text=[count(runs) for runs in ranges["run_count"]],
            textposition="outside",
            textfont={"color": TEXT_COLOUR},
            cliponaxis=False,
            hovertext=[
                f"{label}<br>{plural(row['run_count'], 'run')}<br>{cost(row['cost_usd'])} in all"
                for label, row in zip(labels, ranges.iter_rows(named=True), strict=True)
            ],
            hoverinfo="text",
        )
    )
    figure.update_layout(
        height=300,
        dragmode=False,
        showlegend=False,
        margin=_MARGIN,
        xaxis={"type": "category", "title": "A run's cost, from", "fixedrange": True},
        yaxis={"fixedrange": True, "rangemode": "tozero", **count_axis(ranges["run_count"])},
    )
    return figure


def _lower_bound(row: dict[str, Any]) -> str:
    return "unknown" if row["cost_from_usd"] is None else f"${row['cost_from_usd']:g}"


def _range(row: dict[str, Any]) -> str:
    upper = row["cost_to_usd"]
    return f"{_lower_bound(row)} to below ${upper:g}" if upper else _lower_bound(row)
