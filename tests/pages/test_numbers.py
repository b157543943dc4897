"""Every number that a page shows of the samples is the one that their README counts, and none is left uncounted."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from html import unescape
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ingest import replay
from pages.shared import data, menu
from pages.shared.format import duration
from tests.serving import ROOT, RunningServer
from tests.test_sample_traces import README, SAMPLES, UNKNOWN, run_ids

PROJECT = "every-number"
SAMPLE_DAY = {"window": "custom", "since": "2026-11-20T00:00:00Z", "until": "2026-11-21T00:00:00Z"}
SECONDS = 120
SECTION = README.partition("## What the pages say\n")[2].partition("\n## ")[0]
HOURS, KINDS = "Hour by hour", "Kind by kind"
# What has no numbers of the samples: the report's are those of the questions (tests/queries/test_weekly_report.py).
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

Row = dict[str, str]  # by its headings


def tables_of(text: str) -> list[list[Row]]:
    found = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    return [rows_of(lines.splitlines()) for lines in found]


def rows_of(lines: list[str]) -> list[Row]:
    headings, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return [dict(zip(headings, row, strict=True)) for row in rows]


COUNTED = {
    title: tables_of(text + "\n")
    for title, text in re.findall(r"^### (.+)\n((?:(?!### ).*\n?)*)", SECTION, re.MULTILINE)
}
PAGES = [title for title in COUNTED if title not in (HOURS, KINDS)]


@pytest.fixture(scope="module")
def loaded(server: RunningServer) -> RunningServer:
    files = sorted(str(path) for path in SAMPLES.glob("*.jsonl"))
    assert replay.main([*files, "--url", server.url, "--project", PROJECT]) == 0
    server.settle(PROJECT)
    return server


@pytest.fixture
def page(loaded: RunningServer, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[AppTest]:
    """The page of that title as a visitor of the samples sees it."""
    monkeypatch.setenv("RUNLIGHT_URL", loaded.url)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS)
    app.query_params.update({"project": PROJECT} | ASKED_FOR.get(request.param, SAMPLE_DAY))
    app.switch_page(entry_of(request.param).script)
    app.run()
    assert not app.exception
    yield app
    data.client().close()
    st.cache_data.clear()  # they would outlive the app
    st.cache_resource.clear()


def entry_of(title: str) -> menu.Entry:
    first_word = title.split()[0]
    return next(entry for entry in menu.ENTRIES if entry.title.split()[0] == first_word)


def test_every_page_with_numbers_of_the_samples_is_counted() -> None:
    assert {entry_of(title).title for title in PAGES} == {entry.title for entry in menu.ENTRIES} - WITHOUT


@pytest.mark.parametrize(("page", "title"), [(title, title) for title in PAGES], indirect=["page"], ids=PAGES)
def test_a_page_shows_the_numbers_that_were_counted(page: AppTest, title: str) -> None:
    figures, *tables = COUNTED[title]
    assert_figures(page, figures)
    told = [frame for frame in page.dataframe if not OF_THE_STORE_TOO & {*labels(frame)}]
    for frame, rows in zip(told, tables, strict=True):
        assert_table(frame, rows)
    assert labelled(page) == [(row["name"], row["says"]) for row in COUNTED[KINDS][0] if row["page"] == title]
    over_time = [row for row in COUNTED[HOURS][0] if row["page"] == title]
    drawn = series(page)
    assert [name for name, _ in drawn] == [row["series"] for row in over_time]
    for (name, points), row in zip(drawn, over_time, strict=True):
        counted = {hour: value for hour, value in row.items() if hour.isdecimal() and value != UNKNOWN}
        assert points.keys() == counted.keys(), name
        assert all(is_same(points[hour], value) for hour, value in counted.items()), (name, points, counted)


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
    names = labels(frame)
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


def series(page: AppTest) -> list[tuple[str, dict[str, float]]]:
    """What the charts over time show, hour → number; small ones without axes go by the name of their figure."""
    found = []
    for place, figure in enumerate(figures(page)):
        for trace in figure["data"]:
            if "hovertext" in trace and trace["x"] == [*range(len(trace["x"]))]:
                hours = [text.partition(":")[0][-2:] for text in trace["hovertext"]]
                found.append((page.metric[place].label, dict(zip(hours, trace["y"], strict=True))))
            elif trace.get("name") and is_time(trace["x"]):
                found.append(
                    (unescape(trace["name"]), {at[11:13]: y for at, y in zip(trace["x"], trace["y"], strict=True)})
                )
    return [(name, {hour: y for hour, y in points.items() if y is not None}) for name, points in found]


def labelled(page: AppTest) -> list[tuple[str, str]]:
    """What the other charts write beside their bars and points, label → text."""
    found: list[tuple[str, str]] = []
    for figure in figures(page):
        texts = {trace.get("name"): trace["text"] for trace in figure["data"] if isinstance(trace.get("text"), list)}
        ticks = figure["layout"].get("yaxis", {}).get("ticktext", [])
        if "values" in texts:
            found += zip(texts["names"], texts["values"], strict=True)
        elif texts:
            (bars,) = [trace for trace in figure["data"] if "text" in trace]
            found += zip(ticks or bars["x"], bars["text"], strict=True)
        for trace in figure["data"]:
            if trace.get("name") in ("p50", "p95", "p99"):
                found += [
                    (f"{label}, {trace['name']}", duration(x)) for label, x in zip(ticks, trace["x"], strict=True)
                ]
    return [(unescape(label).strip(), unescape(text) or UNKNOWN) for label, text in found]


def figures(page: AppTest) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in page.get("plotly_chart")]


def labels(frame: Any) -> list[str]:
    """The headings of a table, in the order of its columns."""
    said = json.loads(frame.proto.columns or "{}")
    return [said.get(name, {}).get("label") or name for name in frame.value.columns]


def is_time(values: Any) -> bool:
    return bool(values) and str(values[0]).startswith("2026-11-20T")


def is_same(shown: Any, counted: str) -> bool:
    """Whether a cell says what was counted, numbers to the digits that were written down; `*` is anything."""
    if isinstance(shown, str | list):
        return counted in ("*", shown, *shown)
    if pd.isna(shown):
        return counted == UNKNOWN
    if isinstance(shown, datetime):
        return f"{shown.astimezone(UTC):%H:%M:%S}" == counted
    if not re.fullmatch(r"-?[\d.]+", counted):
        return False
    digits = len(counted.partition(".")[2])
    return abs(float(shown) - float(counted)) <= 0.5001 * 10**-digits
