"""What metrics tell: which there are, how each may be added up by its kind, and its course over time."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from pages.shared import address, behind, buckets, links, rows
from pages.shared.figures_cost import PLACE_COLOURS
from pages.shared.format import DASH, chart_text, count, one_line

SERVICE = "service"
_MOST_LETTERS = 40
_OF_GROWTH = {"increase": "Increase"}
_OF_VALUES = {"mean": "Mean", "minimum": "Lowest", "maximum": "Highest", "last_total": "Last, series added up"}
_OF_OBSERVATIONS = {"observation_sum": "Sum", "observation_count": "Count", "observation_mean": "Mean"}
_OF_DELTAS = {"least": "Least", "greatest": "Greatest"}
# What can be stacked, since the parts add up to the whole.
_ADDITIVE = ("increase", "observation_sum", "observation_count", "last_total")
# What can be added up over time too.
_GROWTH = ("increase", "observation_sum", "observation_count")
# The attributes of points that a filter of runs stands for.
_NARROWS = {
    SERVICE: "service",
    "model": "model",
    "gen_ai.request.model": "model",
    "gen_ai.response.model": "model",
    "gen_ai.agent.name": "agent",
    "gen_ai.tool.name": "tool",
    "tool_name": "tool",
}
_MONEY_AND_TOKENS = ("token", "cost", "usd")


@dataclass(frozen=True)
class Metric:
    """A name with one type and unit."""

    name: str
    kind: str
    unit: str
    ways: Mapping[str, str]
    series_count: int
    point_count: int

    @property
    def key(self) -> str:
        """What the address calls it."""
        return f"{self.name}|{self.kind}|{self.unit}"

    @property
    def shown_unit(self) -> str:
        """As it is written beside numbers; 1 stands for none."""
        return "" if self.unit == "1" else one_line(self.unit.strip("{}"), 30)

    @property
    def tells_tokens_or_cost(self) -> bool:
        said = f"{self.name} {self.unit}".lower()
        return any(word in said for word in _MONEY_AND_TOKENS)


def metrics_of(names: pl.DataFrame) -> list[Metric]:
    """The metrics of `metric_names`, each with the ways in which its kind can be told, the usual one first."""
    return [
        Metric(
            row["metric_name"],
            row["metric_type"],
            row["unit"],
            _ways(row),
            row["series_count"],
            row["point_count"],
        )
        for row in names.iter_rows(named=True)
    ]


def _ways(row: Mapping[str, Any]) -> Mapping[str, str]:
    temporalities = row["temporalities"] or []
    if row["metric_type"] == "gauge":
        return _OF_VALUES
    if row["metric_type"] != "sum":
        return _OF_OBSERVATIONS | (_OF_DELTAS if temporalities == ["delta"] else {})
    if row["is_monotonic"] or "delta" in temporalities:
        return _OF_GROWTH
    return _OF_VALUES | _OF_GROWTH


def choose(metrics: list[Metric]) -> Metric:
    """The metric that the address names, else the first; a chooser for it."""
    by_key = {metric.key: metric for metric in metrics}
    first = metrics[0].key
    chosen = address.text("metric", first, by_key)
    st.selectbox(
        "Metric",
        list(by_key),
        format_func=lambda key: _words(by_key[key]),
        filter_mode="contains",
        **address.bound("metric", chosen, first, drops=("group", "way")),
    )
    return by_key[chosen]


def _words(metric: Metric) -> str:
    kind = metric.kind.replace("_", " ")
    return one_line(f"{metric.name}  ·  {kind}" + (f", {metric.shown_unit}" if metric.shown_unit else ""), 160)


def choose_way(metric: Metric) -> str:
    """How it is told, among the ways that suit its kind."""
    usual = next(iter(metric.ways))
    way = address.text("way", usual, metric.ways)
    st.segmented_control(
        "Told as",
        list(metric.ways),
        format_func=metric.ways.__getitem__,
        required=True,
        **address.bound("way", way, usual),
    )
    return way


def choose_group(labels: pl.DataFrame) -> str | None:
    """The attribute by which it is told apart, or none."""
    values = {SERVICE: "service", **{row["key"]: _key_words(row) for row in labels.iter_rows(named=True)}}
    group = address.text("group", among=values) or None
    st.selectbox(
        "By",
        list(values),
        index=None,
        format_func=values.__getitem__,
        placeholder="nothing",
        help="In brackets: how many values it has",
        **address.bound("group", group),
    )
    return group


def _key_words(row: Mapping[str, Any]) -> str:
    return f"{one_line(row['key'], 60)} ({count(row['value_count'])})"


def draw_numbers(trend: pl.DataFrame, metric: Metric, way: str) -> None:
    """What it comes to in the window, where that can be added up, and how much it is made of."""
    total = trend[way].sum() if way in _GROWTH and trend[way].is_not_null().any() else None
    with st.grid(3, min_column_width=140, gap="small"):
        said = DASH if total is None else f"{total:,.4f}".rstrip("0").rstrip(".") + f" {metric.shown_unit}".rstrip()
        meaning = "Added up over the window; a dash where that makes no sense or is not known"
        st.metric(f"{metric.ways[way]} in all", said, help=meaning)
        st.metric("Series", count(metric.series_count), help="Different attributes, services and scopes")
        st.metric("Points", count(metric.point_count), help="As they were sent")


def draw_trend(trend: pl.DataFrame, metric: Metric, way: str, group: str | None, zone: str) -> None:
    """The metric over time, and its rows."""
    known = trend.filter(pl.col(way).is_not_null())
    if known.is_empty():
        st.caption(
            "What is new in these running totals is not known: each series has one point only, and began long before."
        )
    else:
        st.plotly_chart(
            over_time(known, way, metric, group, zone),
            key="metric_trend",
            on_select=partial(_open_runs, known, group),
            selection_mode="points",
            config={"displayModeBar": False},
            alt="The metric over time; the same as a table below; choosing a point opens the runs of its time",
        )
        st.caption("A click leads to the runs that began in that time, if the agents send traces or logs too.")
    behind.draw("metric_trend", trend)


def _open_runs(known: pl.DataFrame, group: str | None) -> None:
    points = st.session_state["metric_trend"].selection.points
    if points:
        row = known.row(int(points[0]["customdata"]), named=True)
        links.open_runs(**behind_point(row, group))


def behind_point(row: Mapping[str, Any], group: str | None) -> dict[str, str]:
    """What narrows the runs to those of a row of `metric_trend`, as far as runs bear what it is told apart by."""
    name = _NARROWS.get(group or "")
    return buckets.window(row) | (
        {name: row["value"]} if name and row["value"] is not None and not row["is_rest"] else {}
    )


def over_time(trend: pl.DataFrame, way: str, metric: Metric, group: str | None, zone: str) -> go.Figure:
    """`metric_trend` told one way: stacked bars where the parts add up, else lines; a colour a value of the group."""
    figure = go.Figure()
    numbered = trend.with_row_index("row")
    for place in sorted(trend["place"].unique()):
        of_place = numbered.filter(place=place)
        label = _label(of_place.row(0, named=True), group)
        place_of_bars = buckets.bars(of_place, zone)
        at = place_of_bars["x"]
        values = of_place[way].to_list()
        look: dict[str, Any] = {
            "name": label,
            "y": values,
            "hovertext": [
                f"{label}<br>{value:,.6g} {chart_text(metric.shown_unit)}<br>{when:%a %d %b, %H:%M}"
                for when, value in zip(at, values, strict=True)
            ],
            "hoverinfo": "text",
            "customdata": of_place["row"].to_list(),
            "unselected": {"marker": {"opacity": 1}},
        }
        colour = PLACE_COLOURS[place - 1]
        if way in _ADDITIVE:
            figure.add_bar(**look, **place_of_bars, marker={"color": colour, "line": {"width": 0}})
        else:
            figure.add_scatter(
                **look, x=at, mode="lines+markers", line={"color": colour, "width": 2}, marker={"size": 6}
            )
    figure.update_layout(
        barmode="stack",
        height=360,
        dragmode=False,
        hovermode="closest",
        showlegend=group is not None,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
        margin={"l": 8, "r": 8, "t": 36, "b": 8},
        xaxis={"type": "date", "fixedrange": True} if way in _ADDITIVE else buckets.axis(trend, zone),
        yaxis={
            "title": chart_text(metric.shown_unit) or None,
            "rangemode": "tozero",
            "fixedrange": True,
            "tickformat": "~s",
        },
    )
    return figure


def _label(row: Mapping[str, Any], group: str | None) -> str:
    if group is None:
        return "all"
    if row["is_rest"]:
        return "all others"
    return "none" if row["value"] is None else chart_text(row["value"], _MOST_LETTERS)


def draw_names(names: pl.DataFrame, metrics: list[Metric], zone: str) -> None:
    """All metrics of the window; a click on one tells it."""
    st.subheader("All metrics of this window")
    shown = names.select(
        rows.words(names, "metric_name", 160),
        pl.col("metric_type").str.replace_all("_", " "),
        rows.words(names, "unit", 40),
        pl.col("temporalities").list.join(", "),
        "series_count",
        "point_count",
        rows.words(names, pl.col("service_names").list.join(", "), 120),
        "last_at",
    )
    columns = {
        "metric_name": rows.text("Metric", 300),
        "metric_type": rows.text("Type", 110),
        "unit": rows.text("Unit", 80),
        "temporalities": rows.text("Points tell", 110),
        "series_count": rows.number("Series", "Different attributes, services and scopes"),
        "point_count": rows.number("Points", "As they were sent"),
        "service_names": rows.text("Services", 180),
        "last_at": rows.time("Newest point", zone),
    }

    def tell(place: int) -> None:
        address.change(metric=metrics[place].key, group=None, way=None)

    rows.choosing("metric_names", "metrics; choosing a cell tells one", shown, columns, tell)
    behind.draw("metric_names", names)
