"""The page Ingest and the line in the sidebar, without a browser: what was refused, late, secret or not understood."""

import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.shared import data, health
from queries.client import Client
from tests.pages.hostile import HOSTILE_TEXTS
from tests.serving import ROOT, RunningServer, until

_numbers = count(1)
HOUR_NS = 3_600 * 10**9
SILENT = {"silent_count": 2, "silent_s": 7_300.0, "silent_signal": "span", "silent_service": "shop\u202e **x**"}


@pytest.fixture
def app(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The page before a project of its own."""
    monkeypatch.setenv("RUNLIGHT_URL", server.url)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params["project"] = f"ingest-{next(_numbers)}"
    app.switch_page("pages/ingest.py")
    yield app
    data.client().close()
    st.cache_data.clear()  # they would outlive the app
    st.cache_resource.clear()


def span(number: int, ago_ns: int, **more: Any) -> dict[str, Any]:
    ended_ns = time.time_ns() - ago_ns
    ids = {"traceId": f"{number:032x}", "spanId": f"{number:016x}"}
    return {
        **ids,
        "name": HOSTILE_TEXTS[0],
        "startTimeUnixNano": str(ended_ns),
        "endTimeUnixNano": str(ended_ns),
        **more,
    }


def send(server: RunningServer, app: AppTest) -> None:
    """One span in time, one an hour late, one with a secret, one without ids."""
    secret = [{"key": "note", "value": {"stringValue": "key sk-proj-" + "a1B2" * 12}}]
    spans = [span(1, 0), span(2, HOUR_NS), span(3, 0, attributes=secret), span(4, 0, traceId="", spanId="")]
    service = [{"key": "service.name", "value": {"stringValue": HOSTILE_TEXTS[1]}}]
    body = {"resourceSpans": [{"resource": {"attributes": service}, "scopeSpans": [{"spans": spans}]}]}
    project = str(app.query_params["project"])
    httpx.post(
        f"{server.url}/v1/traces", json=body, headers={"x-runlight-project": project}, timeout=60
    ).raise_for_status()
    client = Client(server.url)
    until(lambda: client.ingest(part="totals", project=project).height == 1)
    client.close()


def test_what_is_missing_late_secret_or_not_understood_is_told(app: AppTest, server: RunningServer) -> None:
    send(server, app)
    shown = app.run()
    assert not shown.exception
    numbers = {metric.label: metric.value for metric in shown.metric}
    assert {name: numbers[name] for name in ("Stored", "Rejected", "Unread", "Late", "Silent", "Queue")} == {
        "Stored": "3",
        "Rejected": "1",
        "Unread": "0",
        "Late": "1",
        "Silent": "0",
        "Queue": "0 B",
    }
    assert any(text.value.startswith("Raw values seen: 1.") for text in shown.text)
    by = {
        column: table.value
        for table in shown.dataframe
        for column in ("reason", "rule", "keys")
        if column in table.value
    }
    assert by["reason"]["refused_count"].tolist() == [1]
    assert by["rule"]["value_count"].tolist() == [1]
    assert by["keys"]["span_count"].tolist() == [3]
    assert not shown.main.markdown  # telemetry stands in text cells alone


def test_an_empty_project_says_how_to_send_and_the_sidebar_that_nothing_came(app: AppTest) -> None:
    shown = app.run()
    assert not shown.exception
    assert shown.info[0].value == "The first run shows here as soon as it is sent."


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ({"last_commit_at": None}, "Nothing has arrived yet"),
        ({}, "All stored · last 12 s ago"),
        (SILENT, "No spans for 2 h from"),
        (SILENT | {"unread_count": 1}, "1 unread in 24 h"),
        ({"refused_count": 3, "unread_count": 1}, "3 rejected in 24 h"),
    ],
)
def test_the_line_in_the_sidebar_tells_the_worst(told: dict[str, Any], line: str) -> None:
    well = {"last_commit_at": 1, "since_last_s": 12.9, "stored_count": 5, "refused_count": 0, "unread_count": 0}
    assert health.said(well | {"silent_count": 0} | told)[1] == line


def test_the_service_that_fell_silent_is_named_as_text() -> None:
    well = {"last_commit_at": 1, "since_last_s": 12.9, "stored_count": 5, "refused_count": 0, "unread_count": 0}
    _, line, meaning, named = health.said(well | SILENT)
    assert named == "shop\\u202e **x** and 1 more"
    assert "shop" not in line + meaning  # which are read as Markdown
