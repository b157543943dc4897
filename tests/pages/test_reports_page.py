"""The page Reports without a browser: its faces, the report in it, and what is made anew and chosen again."""

from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.shared import data, weekly
from queries.client import Client
from tests.pages.agents import refund_that_fails, refund_that_works, tracing_to
from tests.serving import ROOT, RunningServer

SECONDS = 60
_numbers = count(1)


@pytest.fixture
def app(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The app before an empty project of its own on the server that tests share."""
    monkeypatch.setenv("RUNLIGHT_URL", server.url)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS)
    app.query_params["project"] = f"reports-{next(_numbers)}"
    yield app
    data.client().close()
    st.cache_data.clear()  # they would outlive the app
    st.cache_resource.clear()


def opened(app: AppTest, **query: str) -> AppTest:
    app.query_params.update(query)
    app.switch_page("pages/reports.py")
    return app.run()


def send_runs(server: RunningServer, app: AppTest) -> str:
    """Two runs of today; the project."""
    project = str(app.query_params["project"])
    with tracing_to(server, project) as tracer:
        refund_that_works(tracer)
        refund_that_fails(tracer)
    return project


def previewed(app: AppTest) -> str:
    """What the report in the page says."""
    (frame,) = app.get("iframe")
    kind, _, body = frame.proto.src.partition(",")
    assert kind == "data:text/html;charset=utf-8;base64", "an address of its own, with no way to the app"
    return b64decode(body).decode()


def told(app: AppTest) -> str:
    return next(caption.value for caption in app.caption if caption.value.startswith("Made"))


def test_an_empty_project_shows_the_lines_that_send_a_first_trace(app: AppTest) -> None:
    shown = opened(app)
    assert not shown.exception
    assert shown.info[0].value == "The first run shows here as soon as it is sent."


def test_the_report_is_shown_kept_and_made_anew(app: AppTest, server: RunningServer) -> None:
    project = send_runs(server, app)
    shown = opened(app)
    assert not shown.exception
    assert "2 runs; 1 failed, an error rate of 50.0%" in previewed(shown)
    assert told(shown).endswith("before its week was over; version 1")
    assert {button.label for button in shown.get("download_button")} == {label for label, _ in weekly.FORMS.values()}

    with tracing_to(server, project) as tracer:
        refund_that_works(tracer)
    assert "2 runs; 1 failed" in previewed(shown.run()), "it is kept as it was made"
    shown.button(key="make_report").click().run()
    assert not shown.exception
    assert "3 runs; 1 failed" in previewed(shown)
    assert "Changes since this report was last made" in previewed(shown)
    assert told(shown).endswith("version 2")
    assert list(shown.dataframe[0].value["version"]) == [2, 1]


def test_a_week_and_a_workflow_that_there_are_not_are_said(app: AppTest, server: RunningServer) -> None:
    send_runs(server, app)
    shown = opened(app, week="2026-W54", workflow="moon")
    assert not shown.exception
    assert {warning.value for warning in shown.warning} == {
        "The address asks for a week that there is not:",
        "The address asks for a workflow that there is not:",
    }
    assert "2 runs; 1 failed" in previewed(shown)


def test_files_are_those_of_the_api(app: AppTest, server: RunningServer) -> None:
    project = send_runs(server, app)
    year, week, _ = datetime.now(UTC).isocalendar()
    wanted = weekly.Wanted(project, f"{year}-W{week:02}", "")
    client = Client(server.url)
    shown = weekly.shown(wanted)
    for form in weekly.FORMS:
        assert shown.file(form) == client.weekly_report(project=project, week=wanted.week, form=form)
    client.close()
