"""Every number that a page shows of the samples is the one that their README counts, and none is left uncounted."""

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ingest import replay
from pages.shared import data, menu
from pages.shared.format import cost, count, duration
from queries.catalogue import CATALOGUE
from tests.pages import drawn
from tests.pages.behind_charts import DRAWN, OTHERWISE
from tests.pages.counted import (
    BESIDE_BARS,
    COUNTED,
    GROUPED,
    NARROWED,
    OVER_TIME,
    PAGES,
    RANGES,
    SLOWEST,
    TOOLS_ASKED_FOR,
    TOOLS_CALLED,
    Row,
    by_hour,
    is_same,
    numbers_of,
    of_page,
    total,
)
from tests.serving import ROOT, RunningServer
from tests.test_sample_traces import SAMPLES, UNKNOWN, run_ids

PROJECT = "every-number"
SAMPLE_DAY = {"window": "custom", "since": "2026-11-20T00:00:00Z", "until": "2026-11-21T00:00:00Z"}
SECONDS = 120
# What has no numbers of the samples as they were: those of Alerts and Audit are in test_alert_numbers.py, those of the
# report in tests/queries/test_weekly_numbers.py.
WITHOUT = {"Saved views", "Alerts", "Reports", "SQL", "Search", "Audit"}
# Tells when and in which store the samples arrived, not what they are.
OF_THE_STORE = {"Late", "Silent", "Database", "Per record", "Growth per day", "Queue", "p95 commit", "p95 lag"}
EACH = "each"  # what the counted percentiles are of, which no page shows
OF_THE_STORE_TOO = {"Late", "Last arrival", "Lag", "Lag p50"}  # headings of tables
ASKED_FOR = {
    "Ingest": {"window": "all"},
    "Run of approval-modified": {"run": run_ids("approval-modified")[0]},
    "Run of coding-agent-session": {"run": run_ids("coding-agent-session")[0]},
    "Conversation of human-correction": {"session": "ticket-90377"},
    "Compare tool-failure-fatal with happy-path": {
        "a": run_ids("tool-failure-fatal")[0],
        "b": run_ids("happy-path")[0],
    },
}
# What the groups of a page have between them, by the heading of their table; of the rest a run may be in several.
ADD_UP = {
    "Approvals": ("Questions", "By humans", "Changed", "Refused", "Automatic", "Expired"),
    "Cost": ("Cost", "Tokens in", "Unpriced"),
    "Evaluations": ("Count",),
    "Users": ("Runs", "Failed", "Corrected", "Approvals", "Cost"),
}
GROUPS_OF = {
    "Approvals": "approvals_by",
    "Corrections": "corrections_by",
    "Cost": "cost_by",
    "Evaluations": "evaluations_by",
    "Latency": "latency_by",
    "Users": "affected_by",
}


@pytest.fixture(scope="module")
def loaded(server: RunningServer) -> RunningServer:
    files = sorted(str(path) for path in SAMPLES.glob("*.jsonl"))
    assert replay.main([*files, "--url", server.url, "--project", PROJECT]) == 0
    server.settle(PROJECT)
    return server


@pytest.fixture(scope="module")
def title(request: pytest.FixtureRequest) -> str:
    """A page, and behind a question mark what its address asks for."""
    return str(request.param)


@pytest.fixture(scope="module")
def page(loaded: RunningServer, title: str) -> Iterator[AppTest]:
    """The page of that title as a visitor of the samples sees it."""
    whole, _, narrowing = title.partition("?")
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS)
    app.query_params.update({"project": PROJECT} | ASKED_FOR.get(whole, SAMPLE_DAY))
    if narrowing:
        name, _, value = narrowing.partition("=")
        app.query_params[name] = value
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RUNLIGHT_URL", loaded.url)
        app.switch_page(entry_of(title).script)
        app.run()
        assert not app.exception
        yield app
        data.client().close()
    st.cache_data.clear()  # they would outlive the app
    st.cache_resource.clear()


of_every_page = pytest.mark.parametrize("title", [*PAGES, *NARROWED], indirect=True, scope="module")


def entry_of(title: str) -> menu.Entry:
    first_word = title.partition("?")[0].split()[0]
    return next(entry for entry in menu.ENTRIES if entry.title.split()[0] == first_word)


def test_every_page_with_numbers_of_the_samples_is_counted() -> None:
    assert {entry_of(title).title for title in PAGES} == {entry.title for entry in menu.ENTRIES} - WITHOUT


def test_every_grouping_that_a_page_offers_is_counted() -> None:
    offered = {f"{title}?by={by}" for title, question in GROUPS_OF.items() for by in CATALOGUE[question].by[1:]}
    assert offered == {title for title in GROUPED if "?by=" in title}


def test_what_is_counted_of_groups_comes_to_the_same_whatever_the_grouping() -> None:
    for whole, headings in ADD_UP.items():
        first = next(rows for rows in COUNTED[whole][1:] if {*headings} <= rows[0].keys())
        for title in (title for title in GROUPED if title.startswith(f"{whole}?")):
            (rows,) = GROUPED[title]
            for heading in headings:
                assert total(rows, heading) == pytest.approx(total(first, heading), abs=1e-3), (title, heading)


@of_every_page
def test_a_page_shows_the_numbers_that_were_counted(page: AppTest, title: str) -> None:
    if "?" in title:
        assert_another_grouping(page, title)
        return
    figures, *tables = COUNTED[title]
    assert_figures(page, figures)
    told = [frame for frame in drawn.tables(page) if not OF_THE_STORE_TOO & {*drawn.labels(frame)}]
    for frame, rows in zip(told, tables, strict=True):
        assert_table(frame, rows)
    assert drawn.labelled(page) == beside_bars(title)
    assert_series([one for chart in drawn.series(page) for one in chart], of_page(OVER_TIME, title))


def assert_another_grouping(page: AppTest, title: str) -> None:
    """The table, the chart over time and the words beside bars that are other ones."""
    for rows in GROUPED.get(title, []):
        (frame,) = [frame for frame in drawn.tables(page) if rows[0].keys() - {EACH} <= {*drawn.labels(frame)}]
        assert_table(frame, rows)
    if over_time := of_page(OVER_TIME, title):
        assert_series(drawn.series(page)[0], over_time)
    if beside := beside_bars(title):
        assert drawn.labelled(page) == beside


def beside_bars(title: str) -> list[tuple[str, str]]:
    return [(row["name"], row["says"]) for row in of_page(BESIDE_BARS, title)]


def assert_series(shown: list[tuple[str, dict[str, float]]], counted: list[Row]) -> None:
    assert [name for name, _ in shown] == [row["series"] for row in counted]
    for (name, points), row in zip(shown, counted, strict=True):
        assert points.keys() == by_hour(row).keys(), name
        assert all(is_same(points[hour], value) for hour, value in by_hour(row).items()), (name, points, row)


def assert_figures(page: AppTest, counted: list[Row]) -> None:
    shown = {metric.label: metric for metric in page.metric if metric.label not in OF_THE_STORE}
    assert shown.keys() == {row["figure"] for row in counted}
    for row in counted:
        metric = shown[row["figure"]]
        assert metric.value == row["says"], row
        beside = metric.delta or metric.help or ""
        assert row["beside it"] == UNKNOWN or fnmatchcase(beside, row["beside it"]), (row, beside)


def assert_table(frame: Any, counted: list[Row]) -> None:
    """It has the counted rows, in whatever order; of numbers that are not counted it knows none."""
    names = drawn.labels(frame)
    assert counted[0].keys() - {EACH} <= {*names}
    for name, label in zip(frame.value.columns, names, strict=True):
        is_number = pd.api.types.is_numeric_dtype(frame.value[name])
        assert label in counted[0] or not is_number or frame.value[name].isna().all(), f"{label} is not counted"
    shown = [dict(zip(names, row, strict=True)) for row in frame.value.itertuples(index=False)]
    for row in counted:
        same = [one for one in shown if all(is_same(one[name], row[name]) for name in row.keys() - {EACH})]
        assert same, (row, shown)
        shown.remove(same[0])
    assert shown == []


@of_every_page
def test_a_chart_draws_the_table_behind_it_in_bars_as_long_as_their_words_say(page: AppTest, title: str) -> None:
    if title in PARTS_OF:
        PARTS_OF[title](drawn.charts(page))
    for chart in drawn.charts(page):
        for length, words in drawn.lengths(chart):
            said = {duration(length), cost(length), f"{length:.1%}", count(round(length))}
            assert words.partition(" · ")[0] in said, (length, words)
    known = DRAWN | OTHERWISE.get(title, {})
    for name, rows, charts in drawn.behind(drawn.open_tables(page)):
        if charts:
            told = [number for number in known[name](rows).to_numpy().ravel() if number and not pd.isna(number)]
            shown = [number for chart in charts for number in drawn.numbers(chart)]
            assert sorted(shown) == pytest.approx(sorted(told)), name


def assert_times(charts: list[drawn.Chart]) -> None:
    """The cells of the heatmap are the runs that were counted, and so are the seconds of the slowest, without a gap."""
    _, heatmap, *_, slowest = charts
    counted = {(float(row["from, s"]), hour): int(runs) for row in RANGES for hour, runs in by_hour(row).items()}
    assert drawn.cells(heatmap) == counted

    seconds = {row["run"]: numbers_of(row, "run") for row in SLOWEST}
    shown = drawn.named_parts(slowest)
    assert [*shown] == [*seconds]
    assert {run: {kind: ms / 1000 for kind, ms in parts.items()} for run, parts in shown.items()} == {
        run: pytest.approx(parts) for run, parts in seconds.items()
    }
    bars = drawn.laid_out(slowest)
    for (row, begin, length), (following, then, _) in pairwise(bars):
        assert then == pytest.approx(begin + length if row == following else 0)


def assert_tools(charts: list[drawn.Chart]) -> None:
    called, _, asked_for = charts
    assert drawn.named_parts(called) == {row["tool"]: numbers_of(row, "tool") for row in TOOLS_CALLED}
    assert drawn.named_parts(asked_for) == {row["tool"]: numbers_of(row, "tool") for row in TOOLS_ASKED_FOR}


def assert_links(charts: list[drawn.Chart]) -> None:
    """From the model asked for to the one that answered, as many calls as the table of routes counts."""
    (sankey,) = charts
    told = {"Requested": "not told", "Served": "no answer"}
    assert sorted(drawn.links(sankey)) == sorted(
        (*(told[side] if row[side] == UNKNOWN else row[side] for side in told), int(row["Calls"]))
        for row in COUNTED["Routes"][1]
        if not row["Requested"].startswith("text-embedding")
    )


PARTS_OF: dict[str, Callable[[list[drawn.Chart]], None]] = {
    "Latency": assert_times,
    "Routes": assert_links,
    "Tools": assert_tools,
}
