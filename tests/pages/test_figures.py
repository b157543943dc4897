"""Figures say what their frame says, and carry telemetry only as escaped text."""

import html
import re
from typing import Any

import plotly.graph_objects as go
import polars as pl
import pytest

from pages.shared import figures
from pages.shared.waterfall import legend, waterfall
from tests.pages.hostile import HOSTILE_TEXTS

STEPS: list[dict[str, Any]] = [
    {
        "step_id": "a",
        "kind": "agent",
        "label": "planner",
        "depth": 0,
        "start_ms": 0.0,
        "duration_ms": 900.0,
        "status": "ok",
    },
    {"step_id": "b", "kind": "llm", "label": "gpt", "depth": 1, "start_ms": 10.0, "duration_ms": 300.0, "status": "ok"},
    {
        "step_id": "c",
        "kind": "tool",
        "label": "buy",
        "depth": 1,
        "start_ms": 320.0,
        "duration_ms": 5.0,
        "status": "error",
    },
    {
        "step_id": "d",
        "kind": "llm",
        "label": "gpt",
        "depth": 1,
        "start_ms": 400.0,
        "duration_ms": None,
        "status": "running",
    },
]


def steps(*rows: dict[str, Any]) -> pl.DataFrame:
    note = {"note": None}
    return pl.DataFrame([note | row for row in rows or STEPS], infer_schema_length=None)


def bars(figure: go.Figure, name: str) -> go.Bar:
    (trace,) = [trace for trace in figure.data if trace.name == name]
    return trace


def labels(figure: go.Figure) -> list[tuple[str, str]]:
    """What stands left and right over each bar."""
    names, values = bars(figure, "names").text, bars(figure, "values").text
    return [(name.lstrip("\u2002"), html.unescape(value)) for name, value in zip(names, values, strict=True)]


def test_each_step_is_a_bar_from_its_start_for_its_duration() -> None:
    figure = waterfall(steps(), end_ms=900.0)
    llm = bars(figure, "llm")
    assert (list(llm.y), list(llm.base), list(llm.x)) == ([1, 3], [10.0, 400.0], [300.0, 500.0])
    assert list(figure.layout.xaxis.range) == [0.0, 909.0]


def test_a_step_that_goes_on_is_hatched_to_the_end_of_the_axis() -> None:
    llm = bars(waterfall(steps(), end_ms=900.0), "llm")
    assert list(llm.marker.pattern.shape) == ["", "/"]
    assert llm.x[1] == 500.0


def test_a_step_without_a_duration_is_a_moment() -> None:
    said = STEPS[1] | {"kind": "human", "duration_ms": None}
    human = bars(waterfall(steps(STEPS[0], said), end_ms=900.0), "human")
    assert (list(human.base), list(human.x)) == ([10.0], [pytest.approx(3.03)])
    assert labels(waterfall(steps(said), end_ms=900.0)) == [("gpt", "")]


def test_each_row_says_the_steps_name_and_duration() -> None:
    figure = waterfall(steps(), end_ms=900.0)
    assert labels(figure) == [("planner", "900 ms"), ("gpt", "300 ms"), ("✕ buy", "5.0 ms"), ("▸ gpt", "")]


def test_a_failed_step_is_outlined() -> None:
    figure = waterfall(steps(), end_ms=900.0)
    assert list(bars(figure, "error").y) == [2]
    assert [colour == figures.ERROR_COLOUR for colour in bars(figure, "names").textfont.color] == [
        False,
        False,
        True,
        False,
    ]


def test_the_legend_names_the_kinds_that_are_there() -> None:
    assert re.findall(r"(\w+)</span>", legend(steps())) == ["agent", "llm", "tool", "error"]
    assert re.findall(r"(\w+)</span>", legend(steps(*STEPS[:2]))) == ["agent", "llm"]


def test_a_click_anywhere_in_a_row_tells_its_step() -> None:
    backdrop = waterfall(steps(), end_ms=900.0).data[0]
    assert list(backdrop.customdata) == ["a", "b", "c", "d"]
    assert (list(backdrop.y), backdrop.base, set(backdrop.x)) == ([0, 1, 2, 3], 0.0, {909.0})


def test_only_the_selected_row_is_shaded() -> None:
    colours = waterfall(steps(), 900.0, selected="c").data[0].marker.color
    assert [colour != "rgba(0,0,0,0)" for colour in colours] == [False, False, True, False]


def test_the_axis_has_a_few_round_times_with_their_units() -> None:
    def ticks(end: float) -> tuple[str, ...]:
        row = STEPS[0] | {"duration_ms": end}
        return tuple(waterfall(steps(row), end).layout.xaxis.ticktext)

    assert ticks(900.0) == ("0 ms", "200 ms", "400 ms", "600 ms", "800 ms")
    assert ticks(42_000.0) == ("0 ms", "15 s", "30 s")
    assert ticks(7_000_000.0) == ("0 ms", "30 min", "60 min", "90 min")
    assert len(ticks(3e9)) < 10


def test_later_rows_of_a_long_run_fill_the_axis() -> None:
    figure = waterfall(steps(*STEPS[1:3]), end_ms=60_000.0)
    assert list(figure.layout.xaxis.range) == [10.0, pytest.approx(328.15)]


def test_a_step_without_times_is_drawn_at_the_start() -> None:
    untimed = STEPS[0] | {"start_ms": None, "duration_ms": None}
    assert list(bars(waterfall(steps(untimed), 0.0), "agent").base) == [0.0]


@pytest.mark.parametrize("hostile", HOSTILE_TEXTS)
def test_no_word_of_telemetry_reaches_plotly_as_a_tag(hostile: str) -> None:
    row = STEPS[2] | {"label": hostile, "note": hostile, "cost_usd": 1.0}
    drawn = (waterfall(steps(row), 400.0), figures.cost_by_step(steps(row)))
    texts = [labels(figure)[0][0] for figure in drawn]
    texts += [text for figure in drawn for trace in figure.data for text in trace.hovertext or ()]
    for text in texts:
        assert not {"<", ">", "$", "%"} & set(text.replace("<br>", ""))


def test_costs_and_latencies_are_labelled_with_their_unit() -> None:
    frame = steps(STEPS[0] | {"cost_usd": 0.0123}, STEPS[1] | {"cost_usd": 0.5})
    assert labels(figures.cost_by_step(frame)) == [("planner", "$0.0123"), ("gpt", "$0.5000")]
    assert labels(figures.latency_by_step(frame)) == [("planner", "900 ms"), ("gpt", "300 ms")]


def test_what_is_said_of_a_run_hours_later_leaves_its_steps_their_room() -> None:
    later = STEPS[0] | {"step_id": "late", "kind": "evaluation", "start_ms": 6 * 3_600_000.0, "duration_ms": None}
    figure = waterfall(steps(*STEPS, later), end_ms=900.0)
    begin, end = figure.layout.xaxis.range
    assert (begin, end) == tuple(waterfall(steps(), end_ms=900.0).layout.xaxis.range)
    assert begin < bars(figure, "evaluation").base[0] < end
