"""Figures of judgements: each takes a frame of an answer and returns a Plotly figure; telemetry passes `chart_text`."""

from typing import Any

import plotly.graph_objects as go
import polars as pl

from pages.shared import buckets
from pages.shared.figures import ERROR_COLOUR, TEXT_COLOUR, count_axis
from pages.shared.figures_cost import PLACE_COLOURS
from pages.shared.format import chart_text, count, percent, plural

_MARGIN = {"l": 8, "r": 8, "t": 36, "b": 8}
_LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"}
_AGREED = "#1b7d52"
_VERDICTS = {False: "good", True: "bad"}


def bad_over_time(trend: pl.DataFrame, zone: str) -> go.Figure:
    """A line a name of `evaluation_trend`: which part of its judgements say bad, with the counts."""
    rows = trend.filter(pl.col("verdict_count") > 0)

    def words(row: dict[str, Any]) -> str:
        counts = f"{count(row['bad_count'])} of {count(row['verdict_count'])}"
        return f"{percent(row['bad_count'], row['verdict_count'])} bad: {counts}"

    figure = _lines(rows, "bad_rate", words, zone)
    figure.update_layout(yaxis={"title": "say bad", "tickformat": ".0%", "rangemode": "tozero", "fixedrange": True})
    return figure


def score_over_time(trend: pl.DataFrame, zone: str) -> go.Figure:
    """A line a name of `evaluation_trend`: its mean score, with how many scores it is of."""
    rows = trend.filter(pl.col("scored_count") > 0)
    figure = _lines(
        rows, "mean_score", lambda row: f"{row['mean_score']:.3g} on average of {count(row['scored_count'])}", zone
    )
    figure.update_layout(yaxis={"title": "mean score", "fixedrange": True})
    return figure


def _lines(rows: pl.DataFrame, column: str, words: Any, zone: str) -> go.Figure:
    figure = go.Figure()
    for place in sorted(rows["place"].unique()):
        of_place = rows.filter(place=place)
        label = chart_text(of_place["evaluation_name"][0], 40)
        figure.add_scatter(
            name=label,
            x=of_place.select(buckets.local("bucket_at", zone)).to_series().to_list(),
            y=of_place[column].to_list(),
            mode="lines+markers",
            line={"color": PLACE_COLOURS[place - 1], "width": 2},
            marker={"size": 6},
            hovertext=[f"{label}<br>{words(row)}" for row in of_place.iter_rows(named=True)],
            hoverinfo="text+x",
        )
    figure.update_layout(
        height=280,
        dragmode=False,
        hovermode="closest",
        legend=_LEGEND,
        showlegend=True,
        margin=_MARGIN,
        xaxis=buckets.axis(rows, zone),
    )
    return figure


def distribution(rows: pl.DataFrame) -> go.Figure:
    """Bars of `evaluation_distribution` for one name: how often each label, or each range of scores, was given."""
    labels = [_range(row) for row in rows.iter_rows(named=True)]
    figure = go.Figure(
        go.Bar(
            x=labels,
            y=rows["judgement_count"].to_list(),
            marker={"color": PLACE_COLOURS[0]},
            text=[count(judgements) for judgements in rows["judgement_count"]],
            textposition="outside",
            textfont={"color": TEXT_COLOUR},
            cliponaxis=False,
            hovertext=[
                f"{label}<br>{plural(row['judgement_count'], 'judgement')} of {plural(row['run_count'], 'run')}"
                for label, row in zip(labels, rows.iter_rows(named=True), strict=True)
            ],
            hoverinfo="text",
        )
    )
    figure.update_layout(
        height=260,
        dragmode=False,
        showlegend=False,
        margin=_MARGIN,
        xaxis={"type": "category", "fixedrange": True},
        yaxis={
            "title": "judgements",
            "fixedrange": True,
            "rangemode": "tozero",
            **count_axis(rows["judgement_count"]),
        },
    )
    return figure


def _range(row: dict[str, Any]) -> str:
    if row["evaluation_label"] is not None:
        return chart_text(row["evaluation_label"], 40)
    return f"{row['score_from']:.3g} to {row['score_to']:.3g}"


def agreement(pairs: pl.DataFrame) -> go.Figure:
    """Four cells of `evaluation_agreement`: what the human says from top to bottom, the model from left to right.

    Made of bars, since only they can be clicked; each carries its two verdicts, `good-bad`, as customdata.
    """
    counts = {(row["human_says_bad"], row["model_says_bad"]): row["cell_count"] for row in pairs.iter_rows(named=True)}
    total = pairs["pair_count"][0]
    cells = [(human, model) for human in _VERDICTS for model in _VERDICTS]
    figure = go.Figure(
        go.Bar(
            x=[f"model: {_VERDICTS[model]}" for _, model in cells],
            y=[0.97] * len(cells),
            base=[int(human) for human, _ in cells],
            width=0.98,
            text=[f"{count(counts.get(cell, 0))}<br>{percent(counts.get(cell, 0), total)}" for cell in cells],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"size": 15, "color": "#ffffff"},
            marker={"color": [_AGREED if human == model else ERROR_COLOUR for human, model in cells]},
            customdata=[f"{_VERDICTS[human]}-{_VERDICTS[model]}" for human, model in cells],
            hoverinfo="none",
            unselected={"marker": {"opacity": 1}},
        )
    )
    figure.update_layout(
        height=240,
        dragmode=False,
        barmode="overlay",
        showlegend=False,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis={"side": "top", "type": "category", "fixedrange": True},
        yaxis={
            "range": [2, 0],
            "tickvals": [int(human) + 0.5 for human in _VERDICTS],
            "ticktext": [f"human: {said}" for said in _VERDICTS.values()],
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
        },
    )
    return figure
