"""The page Latency without a browser: its faces, and that its numbers are those that were counted by hand."""

from collections.abc import Iterator
from itertools import count

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ingest import replay
from pages.shared import data, latency
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
    app.query_params["project"] = f"latency-{next(_numbers)}"
    yield app
    data.client().close()
    st.cache_data.clear()  # they would outlive the app
    st.cache_resource.clear()


def opened(app: AppTest, **query: str) -> AppTest:
    app.query_params.update(query)
    app.switch_page("pages/latency.py")
    return app.run()


def send(server: RunningServer, app: AppTest, *scenarios: str) -> None:
    """Samples of one run each."""
    project = str(app.query_params["project"])
    files = [str(ROOT / "sample_traces" / f"{name}.jsonl") for name in scenarios]
    assert replay.main([*files, "--url", server.url, "--project", project]) == 0
    server.settle(project)


def test_an_empty_project_shows_the_lines_that_send_a_first_trace(app: AppTest) -> None:
    shown = opened(app)
    assert not shown.exception
    assert shown.info[0].value == "The first run shows here as soon as it is sent."


def test_the_numbers_are_those_counted_by_hand(app: AppTest, server: RunningServer) -> None:
    """approval-granted waits 252 of its 258.78 seconds for a human; happy-path takes 7.24 s and nobody is asked."""
    send(server, app, "approval-granted", "happy-path")
    shown = opened(app, **SAMPLE_DAY, workflow="refund-request")
    assert not shown.exception
    numbers = {metric.label: metric.value for metric in shown.metric}
    assert numbers["Median run"] == numbers["Slowest run"] == "4 min 19 s"
    assert numbers["Waiting for humans"] == "97.4%"
    (slowest,) = [table.value for table in shown.dataframe if "working_ms" in table.value]
    assert slowest["working_ms"].to_list() == [6.78]
    assert slowest["human_wait_ms"].to_list() == [252]

    for by in latency.GROUPINGS:
        shown = opened(app, workflow="order-support", by=by, part="p50", slow="total")
        assert not shown.exception
        assert {metric.label: metric.value for metric in shown.metric}["Slowest run"] == "7.24 s"


def test_runs_that_have_not_ended_have_no_times_yet(app: AppTest, server: RunningServer) -> None:
    """approval-pending waits for a human; what its model calls took is known, what the run waited for is not."""
    send(server, app, "approval-pending")
    shown = opened(app, **SAMPLE_DAY)
    assert not shown.exception
    assert {metric.label: metric.value for metric in shown.metric}["Waiting for humans"] == "—"
    assert "No run of this window has ended." in [caption.value for caption in shown.caption]


def test_an_empty_window_offers_to_widen_it(app: AppTest, server: RunningServer) -> None:
    send(server, app, "approval-modified")
    shown = opened(app, window="custom", since="2026-01-01T00:00:00Z", until="2026-01-02T00:00:00Z")
    assert shown.info[0].value == "No run began in the chosen time."
    shown.button(key="widen_window").click().run()
    assert shown.metric[3].value == "19 min 08 s"


def test_what_the_page_does_not_know_is_said_and_the_first_is_shown(app: AppTest, server: RunningServer) -> None:
    send(server, app, "happy-path")
    shown = opened(app, by="moon", slow="moon", **SAMPLE_DAY)
    assert [warning.value for warning in shown.warning] == [
        "The address asks for a by that there is not:",
        "The address asks for a slow that there is not:",
    ]
    assert not shown.exception


def test_the_page_offers_what_the_questions_can_be_grouped_by() -> None:
    assert latency.GROUPINGS == CATALOGUE["latency_by"].by == CATALOGUE["latency_trend"].by
    assert tuple(latency.SLOWEST) == CATALOGUE["slowest_runs"].by
