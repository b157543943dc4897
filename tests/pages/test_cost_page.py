"""The page Cost without a browser: its faces, and that its numbers are those that were counted by hand."""

from collections.abc import Iterator
from itertools import count

import polars as pl
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ingest import replay
from pages.shared import costs, data
from queries.catalogue import CATALOGUE
from tests.serving import ROOT, RunningServer

SECONDS = 60
SAMPLE_DAY = {"window": "custom", "since": "2026-11-20T00:00:00Z", "until": "2026-11-21T00:00:00Z"}
_numbers = count(1)


@pytest.fixture
def app(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The app before an empty project of its own on the server that tests share."""
    monkeypatch.setenv("RUNLIGHT_URL", server.url)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS)
    app.query_params["project"] = f"cost-{next(_numbers)}"
    yield app
    data.client().close()
    st.cache_data.clear()  # they would outlive the app
    st.cache_resource.clear()


def opened(app: AppTest, **query: str) -> AppTest:
    app.query_params.update(query)
    app.switch_page("pages/cost.py")
    return app.run()


def send_samples(server: RunningServer, app: AppTest) -> None:
    project = str(app.query_params["project"])
    files = sorted(str(path) for path in (ROOT / "sample_traces").glob("*.jsonl"))
    assert replay.main([*files, "--url", server.url, "--project", project]) == 0
    server.settle(project)


def test_an_empty_project_shows_the_lines_that_send_a_first_trace(app: AppTest) -> None:
    shown = opened(app)
    assert not shown.exception
    assert shown.info[0].value == "The first run shows here as soon as it is sent."


def test_the_numbers_are_those_counted_by_hand(app: AppTest, server: RunningServer) -> None:
    send_samples(server, app)
    shown = opened(app, **SAMPLE_DAY)
    assert not shown.exception
    numbers = {metric.label: metric.value for metric in shown.metric}
    assert numbers["Cost"] == "$2.82"
    assert numbers["Dearest run"] == "$2.54"
    assert numbers["Unpriced calls"] == "2"
    assert any('"match": "juriscan-13b-2026-10"' in code.value for code in shown.code)

    for by in costs.GROUPINGS:
        shown = opened(app, by=by)
        assert not shown.exception
        assert shown.dataframe[0].value["cost_usd"].sum() == pytest.approx(2.81534228)


def test_an_empty_window_offers_to_widen_it(app: AppTest, server: RunningServer) -> None:
    send_samples(server, app)
    shown = opened(app, window="custom", since="2026-01-01T00:00:00Z", until="2026-01-02T00:00:00Z")
    assert shown.info[0].value == "No run began in the chosen time."
    shown.button(key="widen_window").click().run()
    assert shown.metric[0].value == "$2.82"


def test_a_grouping_that_there_is_not_is_said_and_the_first_is_shown(app: AppTest, server: RunningServer) -> None:
    send_samples(server, app)
    shown = opened(app, by="moon", **SAMPLE_DAY)
    assert shown.warning[0].value == "The address asks for a by that there is not:"
    assert shown.metric[0].value == "$2.82"


def test_the_page_offers_what_the_questions_can_be_grouped_by() -> None:
    assert costs.GROUPINGS == CATALOGUE["cost_by"].by == CATALOGUE["cost_trend"].by


def test_what_the_table_has_no_room_for_is_told_with_its_cost() -> None:
    """So that a reader can add the rows up to the page's total."""
    rows = pl.DataFrame({"cost_usd": [2.5, 0.1, 0.2, None], "total_cost_usd": 3.05})
    assert costs.beyond(rows) == "These are the 4 dearest; all others together cost $0.2500."
    assert costs.beyond(rows.with_columns(total_cost_usd=2.8)) is None
    assert costs.beyond(rows.clear()) is None
