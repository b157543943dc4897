"""The page Metrics without a browser: its faces, and that each kind is told as it may be."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import httpx
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.shared import data, metrics
from queries.client import Client
from tests.pages.hostile import HOSTILE_TEXTS
from tests.serving import ROOT, RunningServer, until

_numbers = count(1)


@pytest.fixture
def app(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The page before a project of its own."""
    monkeypatch.setenv("RUNLIGHT_URL", server.url)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params["project"] = f"metrics-{next(_numbers)}"
    app.switch_page("pages/metrics.py")
    yield app
    data.client().close()
    st.cache_data.clear()  # they would outlive the app
    st.cache_resource.clear()


def send_metrics(server: RunningServer, app: AppTest) -> None:
    """A sum of deltas with an attribute that is hostile in name and value, and a gauge."""
    project = str(app.query_params["project"])
    label = [{"key": HOSTILE_TEXTS[3], "value": {"stringValue": HOSTILE_TEXTS[0]}}]
    point = {"timeUnixNano": str(time.time_ns()), "attributes": label, "asDouble": 1.5}
    told = [
        {
            "name": "spent",
            "unit": "USD",
            "sum": {"aggregationTemporality": 1, "isMonotonic": True, "dataPoints": [point]},
        },
        {"name": HOSTILE_TEXTS[1], "unit": "1", "gauge": {"dataPoints": [point]}},
    ]
    body = {"resourceMetrics": [{"scopeMetrics": [{"metrics": told}]}]}
    httpx.post(
        f"{server.url}/v1/metrics", json=body, headers={"x-runlight-project": project}, timeout=60
    ).raise_for_status()
    client = Client(server.url)
    until(lambda: client.metric_names(project=project).height == 2)
    client.close()


def test_a_sum_is_told_by_its_growth_and_said_to_be_in_no_other_sum(app: AppTest, server: RunningServer) -> None:
    send_metrics(server, app)
    app.query_params.update({"metric": "spent|sum|USD", "group": HOSTILE_TEXTS[3]})
    shown = app.run()
    assert not shown.exception
    assert {metric.label: metric.value for metric in shown.metric} == {
        "Increase in all": "1.5 USD",
        "Series": "1",
        "Points": "1",
    }
    assert shown.info[0].value.startswith("These are from metrics, and in no sum")


def test_a_point_of_a_metric_stands_for_the_runs_of_its_time_and_service() -> None:
    nine, ten = (datetime(2026, 11, 20, hour, tzinfo=UTC) for hour in (9, 10))
    row = {"bucket_at": nine, "bucket_until_at": ten, "value": "payables", "is_rest": False}
    window = {"window": "custom", "since": "2026-11-20T09:00:00Z", "until": "2026-11-20T10:00:00Z"}
    assert metrics.behind_point(row, "service") == window | {"service": "payables"}
    assert metrics.behind_point(row | {"is_rest": True}, "service") == window
    assert metrics.behind_point(row, "colour") == metrics.behind_point(row, None) == window


def test_a_gauge_is_told_by_its_values_and_what_there_is_not_is_said(app: AppTest, server: RunningServer) -> None:
    send_metrics(server, app)
    app.query_params.update({"metric": "no such metric", "way": "increase", "group": "no such key"})
    shown = app.run()
    assert not shown.exception
    assert shown.warning[0].value == "The address asks for a metric that there is not:"
    assert shown.metric[0].label == "Mean in all"
    assert shown.metric[0].value == "—"


def test_a_window_without_metrics_offers_to_widen_it(app: AppTest) -> None:
    shown = app.run()
    assert shown.info[0].value.startswith("No metric was measured in the last 24 hours.")
    shown.button(key="widen_window").click().run()
    assert shown.info[0].value == "The first run shows here as soon as it is sent."
