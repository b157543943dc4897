"""Figures of latency: each takes a frame of an answer and returns a Plotly figure. Telemetry passes `chart_text`."""

import math
from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
import polars as pl

from pages.shared import buckets
from pages.shared.duration_axis import duration_axis, tick_text
from pages.shared.figures import (
    BAR,
    KIND_COLOURS,
    LABEL_AXIS,
    LABEL_LETTERS,
    ROW_PIXELS,
    TEXT_COLOUR,
    count_axis,
    row_axis,
    row_labels,
)
from pages.shared.figures_cost import PLACE_COLOURS
from pages.shared.format import chart_text, count, duration, one_line, plural

COLOURS = KIND_COLOURS | {"human_wait": "#c77700", "run": "#8896a3", "rest": "#6f7f8f"}
KINDS = {
    "llm": "Model calls",
    "tool": "Tools",
    "agent": "Agents themselves",
    "workflow": "Workflows themselves",
    "retrieval": "Retrieval",
    "embedding": "Embeddings",
    "guardrail": "Guardrails",
    "approval": "Approval steps",
    "evaluation": "Evaluations",
    "human": "Human steps",
    "human_wait": "Waits for humans",
    "run": "No step at work",
    "rest": "All shorter ones",
}
_LEADS = (1, 2, 5)
_LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"}
_MARGIN = {"l": 8, "r": 8, "t": 36, "b": 8}
_SCALE = [[0, "rgba(47,127,224,0.18)"], [1, "rgba(47,127,224,1)"]]


def value_label(row: dict[str, Any], by: str) -> str:
    """What a row of latency_by or latency_trend is called, as telemetry wrote it; ours where it has no value."""
    return f"no {by}" if row["value"] is None else str(row["value"])


def step_label(row: Mapping[str, Any]) -> str:
    """What a row of slowest_runs waited for, in one line."""
    kind = KINDS.get(row["kind"], row["kind"])
    if row["kind"] == "rest":
        return f"{count(row['rest_count'])} shorter steps"
    if row["kind"] == "human_wait":
        return f"human about {one_line(row['name'], 80)}"
    return kind if row["name"] is None else one_line(row["name"], 100)


def time_by_kind(kinds: pl.DataFrame) -> go.Figure:
    """One bar a kind of `time_by_kind`, in the frame's order: its share of the time without waits for humans."""
    found = kinds.to_dicts()
    figure = go.Figure(
        go.Bar(
            orientation="h",
            y=list(range(len(found))),
            x=[row["working_share"] for row in found],
            **BAR,
            marker={"color": [COLOURS.get(row["kind"], COLOURS["other"]) for row in found]},
            customdata=[row["kind"] for row in found],
            hovertext=[
                f"{KINDS.get(row['kind'], row['kind'])}<br>{duration(row['total_ms'])} in all, in "
                f"{plural(row['run_count'], 'run')}<br>half of them more than {duration(row['p50_ms'])}"
                for row in found
            ],
            hoverinfo="text",
            unselected={"marker": {"opacity": 1}},
        )
    )
    labels = [
        (
            KINDS.get(row["kind"], row["kind"]),
            f"{row['working_share']:.1%} · {duration(row['total_ms'])}",
            0,
            TEXT_COLOUR,
        )
        for row in found
    ]
    figure.add_traces(row_labels(labels))
    figure.update_layout(
        height=ROW_PIXELS * len(found) + 8,
        dragmode=False,
        showlegend=False,
        margin={"l": 2, "r": 2, "t": 4, "b": 4},
        xaxis={"visible": False, "range": [0, 1], "automargin": False, "fixedrange": True},
        xaxis2=LABEL_AXIS,
        yaxis=row_axis(len(found)),
    )
    return figure


def heatmap(ranges: pl.DataFrame, zone: str) -> go.Figure:
    """`latency_heatmap` as cells, the darker the more runs: time to the right, durations upwards by 1, 2, 5, 10 …

    Made of bars, since only they can be clicked; each carries its row's number in the frame as customdata.
    """
    cells = ranges.with_row_index("row").with_columns(at=buckets.local("bucket_at", zone))
    places = [_place(bound) for bound in cells["duration_from_ms"]]
    figure = go.Figure(
        go.Bar(
            y=[0.94] * len(places),
            base=[place + 0.03 for place in places],
            **buckets.bars(cells, zone, air=0.05),
            marker={
                "color": cells["run_count"].to_list(),
                "colorscale": _SCALE,
                "cmin": 0,
                "line": {"width": 0},
                "colorbar": {
                    "title": {"text": "runs"},
                    "thickness": 10,
                    "outlinewidth": 0,
                    **count_axis(cells["run_count"]),
                },
            },
            customdata=cells["row"].to_list(),
            hovertext=[
                f"{plural(row['run_count'], 'run')} of {duration(row['duration_from_ms'])} to "
                f"{duration(row['duration_to_ms'])}<br>{row['at']:%a %d %b, %H:%M}"
                for row in cells.iter_rows(named=True)
            ],
            hoverinfo="text",
            unselected={"marker": {"opacity": 1}},
        )
    )
    first, last = min(places), max(places) + 1
    bounds = range(first, last + 1, 1 if last - first <= 8 else 3 if last - first > 14 else 2)
    figure.update_layout(
        height=320,
        dragmode=False,
        barmode="overlay",
        showlegend=False,
        margin={"l": 8, "r": 8, "t": 12, "b": 8},
        xaxis={"fixedrange": True},
        yaxis={
            "range": [first, last],
            "tickvals": list(bounds),
            "ticktext": [tick_text(_bound(place)) for place in bounds],
            "fixedrange": True,
            "zeroline": False,
        },
    )
    return figure


def _place(bound_ms: float) -> int:
    """Where a range that begins at this bound lies among all; what begins at 0 lies below 1 ms."""
    if bound_ms <= 0:
        return -1
    power = math.floor(math.log10(bound_ms) + 1e-9)
    return 3 * power + _LEADS.index(round(bound_ms / 10**power))


def _bound(place: int) -> float:
    return 0 if place < 0 else _LEADS[place % 3] * 10.0 ** (place // 3)


def over_time(trend: pl.DataFrame, by: str, part: str, zone: str) -> go.Figure:
    """One line a value of `latency_trend`: its p50, p95 or p99 per bucket, on a logarithmic axis.

    Every point carries its row's number in the frame as customdata.
    """
    found = trend.with_row_index("row").with_columns(at=buckets.local("bucket_at", zone))
    figure = go.Figure()
    for place in sorted(found["place"].unique()):
        of_place = found.filter(place=place)
        label = chart_text(value_label(of_place.row(0, named=True), by), 48)
        figure.add_trace(
            go.Scatter(
                name=label,
                x=of_place["at"].to_list(),
                y=of_place[f"{part}_ms"].to_list(),
                mode="lines+markers",
                line={"color": PLACE_COLOURS[place - 1], "width": 2},
                marker={"size": 7},
                customdata=of_place["row"].to_list(),
                hovertext=[
                    f"{label}<br>{part} {duration(row[f'{part}_ms'])} of {plural(row['step_count'], 'step')}"
                    f"<br>{row['at']:%a %d %b, %H:%M}"
                    for row in of_place.iter_rows(named=True)
                ],
                hoverinfo="text",
                unselected={"marker": {"opacity": 1}},
            )
        )
    figure.update_layout(
        height=340,
        dragmode=False,
        hovermode="closest",
        legend=_LEGEND,
        showlegend=True,
        margin=_MARGIN,
        xaxis=buckets.axis(trend, zone),
        yaxis={**duration_axis(found[f"{part}_ms"]), "title": f"{part} duration"},
    )
    return figure


def first_tokens(models: pl.DataFrame) -> go.Figure:
    """One line a model of `first_token`, in the frame's order, from p50 over p95 to p99, in milliseconds."""
    figure = go.Figure()
    places = list(range(models.height))
    for name, symbol in (("p50", "circle"), ("p95", "diamond"), ("p99", "line-ns-open")):
        figure.add_trace(
            go.Scatter(
                name=name,
                x=models[f"{name}_ttft_ms"].to_list(),
                y=places,
                mode="markers",
                marker={"symbol": symbol, "size": 11, "color": PLACE_COLOURS[0], "line": {"width": 2}},
                customdata=places,
                hovertext=[
                    f"{chart_text(row['model'], 80)}<br>{name} {duration(row[f'{name}_ttft_ms'])}<br>"
                    f"told by {count(row['ttft_count'])} of {plural(row['call_count'], 'call')}"
                    for row in models.iter_rows(named=True)
                ],
                hoverinfo="text",
                unselected={"marker": {"opacity": 1}},
            )
        )
    figure.update_layout(
        height=30 * models.height + 90,
        dragmode=False,
        legend=_LEGEND,
        margin={"l": 8, "r": 16, "t": 28, "b": 8},
        xaxis={"rangemode": "tozero", "ticksuffix": " ms", "fixedrange": True},
        yaxis={
            "tickvals": places,
            "ticktext": [chart_text(model, 32) for model in models["model"]],
            "range": [models.height - 0.5, -0.5],
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
            "tickfont": {"color": TEXT_COLOUR},
        },
    )
    return figure


def slowest_runs(paths: pl.DataFrame) -> go.Figure:
    """One bar a run of `slowest_runs`, made of the steps that it waited for in their order, one colour a kind.

    Every part carries its row's number in the frame as customdata.
    """
    parts = paths.with_row_index("row").with_columns(
        base=(pl.col("own_ms").cum_sum() - pl.col("own_ms")).over("run_id"), line=pl.col("run_place").rank("dense") - 1
    )
    figure = go.Figure([_parts(parts.filter(kind=kind), kind) for kind in parts["kind"].unique(maintain_order=True)])
    runs = parts.group_by("run_id", "run_name", maintain_order=True).agg(pl.col("own_ms").sum())
    labels = [
        (chart_text(name or run_id, LABEL_LETTERS), duration(ms), 0, TEXT_COLOUR)
        for run_id, name, ms in runs.iter_rows()
    ]
    figure.add_traces([trace.update(showlegend=False) for trace in row_labels(labels)])
    figure.update_layout(
        height=ROW_PIXELS * runs.height + 48,
        barmode="overlay",
        dragmode=False,
        hovermode="closest",
        legend=_LEGEND,
        showlegend=True,
        margin={"l": 2, "r": 2, "t": 36, "b": 4},
        xaxis={"visible": False, "rangemode": "tozero", "automargin": False, "fixedrange": True},
        xaxis2=LABEL_AXIS,
        yaxis=row_axis(runs.height),
    )
    return figure


def _parts(parts: pl.DataFrame, kind: str) -> go.Bar:
    return go.Bar(
        name=KINDS.get(kind, kind),
        orientation="h",
        y=parts["line"].to_list(),
        x=parts["own_ms"].to_list(),
        base=parts["base"].to_list(),
        **BAR,
        marker={"color": COLOURS.get(kind, COLOURS["other"]), "line": {"width": 0}},
        customdata=parts["row"].to_list(),
        hovertext=[
            f"{chart_text(step_label(row), 100)}<br>{duration(row['own_ms'])} of {duration(row['duration_ms'])}"
            + ("" if row["began_ms"] is None else f"<br>from {duration(row['began_ms'])} after the start")
            for row in parts.iter_rows(named=True)
        ],
        hoverinfo="text",
        unselected={"marker": {"opacity": 1}},
    )
