"""Figures of tools say what their frame says, and carry telemetry only as escaped text."""

import polars as pl
import pytest

from pages.shared import figures_tools
from tests.pages.hostile import HOSTILE_TEXTS

COUNTS = {"tool_name": ["find", "pay"], "ok": [7, 1], "error": [1, 0], "denied": [0, 3], "cancelled": [0, 0]}
TIMES = {"tool_name": ["find"], "p50_duration_ms": [20.0], "p95_duration_ms": [300.0], "p99_duration_ms": [None]}


def test_a_bar_has_a_part_for_each_outcome_that_occurred() -> None:
    figure = figures_tools.calls_by_outcome(pl.DataFrame(COUNTS))
    parts = {trace.name: list(trace.x) for trace in figure.data if trace.name}
    assert parts == {"ok": [7, 1], "failed": [1, 0], "refused": [0, 3]}


def test_a_part_of_a_bar_names_tool_and_outcome() -> None:
    figure = figures_tools.calls_by_outcome(pl.DataFrame(COUNTS))
    (refused,) = [trace for trace in figure.data if trace.name == "refused"]
    assert [list(point) for point in refused.customdata] == [["find", "denied"], ["pay", "denied"]]


def test_the_end_of_a_bar_tells_how_many_and_which_part_was_not_ok() -> None:
    figure = figures_tools.calls_by_outcome(pl.DataFrame({**COUNTS, "open": [2, 0]}))
    assert list(figure.data[-1].text) == ["10 · 12.5% not ok", "4 · 75.0% not ok"]


def test_durations_stand_at_their_percentiles() -> None:
    figure = figures_tools.latency_by_tool(pl.DataFrame(TIMES))
    assert {trace.name: list(trace.x) for trace in figure.data if trace.name} == {
        "p50": [20.0],
        "p95": [300.0],
        "p99": [None],
    }


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_a_tools_name_is_never_markup(text: str) -> None:
    for figure in (
        figures_tools.calls_by_outcome(pl.DataFrame({**COUNTS, "tool_name": [text, text]})),
        figures_tools.latency_by_tool(pl.DataFrame({**TIMES, "tool_name": [text]})),
    ):
        words = [*figure.layout.yaxis.ticktext, *(hover for trace in figure.data for hover in trace.hovertext or ())]
        assert not any("<" in word.replace("<br>", "") or "$" in word for word in words)
