"""Figures of tools: each takes a frame of an answer and returns a Plotly figure; telemetry passes `chart_text`."""

from typing import Any

import plotly.graph_objects as go
import polars as pl

from pages.shared.duration_axis import duration_axis
from pages.shared.figures import ERROR_COLOUR, TEXT_COLOUR, count_axis
from pages.shared.format import chart_text, count, duration, percent

# How a call ended: label and colour, each at least 3:1 against both themes' backgrounds.
OUTCOMES = {
    "ok": ("ok", "#0c9480"),
    "error": ("failed", ERROR_COLOUR),
    "denied": ("refused", "#c77700"),
    "cancelled": ("cancelled", "#8896a3"),
    "never_ran": ("never ran", "#8a63d2"),
    "open": ("still open", "#2f7fe0"),
}
_PERCENTILES = {"p50": "circle", "p95": "diamond", "p99": "line-ns-open"}
_LATENCY_COLOUR = "#2f7fe0"
_LEGEND = {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "normal"}
_ROW_PIXELS, _FRAME_PIXELS = 28, 102


def calls_by_outcome(rows: pl.DataFrame) -> go.Figure:
    """One bar a tool, in the frame's order: `tool_name` and a count for each of OUTCOMES that is a column.

    Every part of a bar carries tool and outcome as customdata, so that a click names both.
    """
    outcomes = [name for name in OUTCOMES if name in rows.columns]
    figure = go.Figure([_outcome_bars(rows, name) for name in outcomes if rows[name].sum()])
    totals = rows.select(total=pl.sum_horizontal(outcomes)).to_series()
    open_counts = rows["open"] if "open" in outcomes else [0] * rows.height
    figure.add_trace(
        go.Bar(  # carries the words at each bar's end
            orientation="h",
            y=list(range(rows.height)),
            x=[0] * rows.height,
            text=[
                f"{count(total)} · {percent(total - ok - still_open, total - still_open)} not ok"
                for total, ok, still_open in zip(totals, rows["ok"], open_counts, strict=True)
            ],
            textposition="outside",
            textfont={"color": TEXT_COLOUR},
            cliponaxis=False,
            hoverinfo="skip",
            showlegend=False,
        )
    )
    axis = {"range": [0, 1.6 * max([1, *totals])], "title": "calls", "tickformat": ",", **count_axis(totals)}
    figure.update_layout(barmode="stack", xaxis=axis)
    return _of_tools(figure, rows)


def latency_by_tool(rows: pl.DataFrame) -> go.Figure:
    """One line a tool, in the frame's order, from its `p50_duration_ms` over p95 to p99, on a logarithmic axis."""
    figure = go.Figure()
    for place, row in enumerate(rows.iter_rows(named=True)):
        figure.add_trace(
            go.Scatter(
                x=[row["p50_duration_ms"], row["p99_duration_ms"]],
                y=[place, place],
                mode="lines",
                line={"color": _LATENCY_COLOUR, "width": 2},
                hoverinfo="skip",
                showlegend=False,
            )
        )
    for name, symbol in _PERCENTILES.items():
        times = rows[f"{name}_duration_ms"].to_list()
        figure.add_trace(
            go.Scatter(
                name=name,
                x=times,
                y=list(range(rows.height)),
                mode="markers",
                marker={"symbol": symbol, "size": 10, "color": _LATENCY_COLOUR, "line": {"width": 2}},
                hovertext=[
                    f"{chart_text(tool, 120)}<br>{name}: {duration(ms)}"
                    for tool, ms in zip(rows["tool_name"], times, strict=True)
                ],
                hoverinfo="text",
            )
        )
    drawn = [ms for name in _PERCENTILES for ms in rows[f"{name}_duration_ms"]]
    figure.update_layout(xaxis={**duration_axis(drawn), "title": "duration"})
    return _of_tools(figure, rows)


def _outcome_bars(rows: pl.DataFrame, outcome: str) -> go.Bar:
    label, colour = OUTCOMES[outcome]
    counts = rows[outcome].to_list()
    return go.Bar(
        name=label,
        orientation="h",
        y=list(range(rows.height)),
        x=counts,
        marker={"color": colour, "line": {"width": 0}},
        customdata=[[tool, outcome] for tool in rows["tool_name"]],
        hovertext=[
            f"{chart_text(tool, 120)}<br>{count(number)} {label}"
            for tool, number in zip(rows["tool_name"], counts, strict=True)
        ],
        hoverinfo="text",
        unselected={"marker": {"opacity": 1}},
    )


def _of_tools(figure: go.Figure, rows: pl.DataFrame) -> go.Figure:
    labels: dict[str, Any] = {
        "tickvals": list(range(rows.height)),
        "ticktext": [chart_text(tool, 24) for tool in rows["tool_name"]],
        "range": [rows.height - 0.5, -0.5],
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "tickfont": {"color": TEXT_COLOUR},
    }
    figure.update_layout(
        height=_ROW_PIXELS * rows.height + _FRAME_PIXELS,
        dragmode=False,
        legend=_LEGEND,
        margin={"l": 8, "r": 16, "t": 40, "b": 8},
        yaxis=labels,
    )
    return figure
