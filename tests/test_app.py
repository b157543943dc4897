"""The app without a browser: its faces and its deep links, in front of a real server."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.shared import data, first_trace
from queries.client import Client
from tests.pages.agents import refund_that_fails, refund_that_works, tracing_to
from tests.serving import ROOT, RunningServer, until

SECONDS = 60
PAGE_ROWS = 50


@dataclass
class Shown:
    """The app in front of a server, and where its agents send to."""

    app: AppTest
    server: RunningServer
    client: Client
    project: str

    def send(self, *agents: str) -> list[str]:
        """Runs small agents; their trace ids, once the server lists their runs."""
        with tracing_to(self.server, self.project) as tracer:
            ids = [{"works": refund_that_works, "fails": refund_that_fails}[agent](tracer) for agent in agents]
        data.forget()
        return ids

    def open(self, page: str = "pages/runs.py", **query: str | list[str]) -> AppTest:
        """Shows a page by its address."""
        self.app.query_params.update({"project": self.project, **query})
        return self.app.switch_page(page).run()


@pytest.fixture
def shown(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shown]:
    """A project of one's own on the server that many tests share."""
    with _shown(server, monkeypatch, f"project-{next(_numbers)}") as shown:
        yield shown


@pytest.fixture
def shown_empty(fresh_server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shown]:
    """The project `default` on a server of one's own."""
    with _shown(fresh_server, monkeypatch, "default") as shown:
        yield shown


@contextmanager
def _shown(server: RunningServer, monkeypatch: pytest.MonkeyPatch, project: str) -> Iterator[Shown]:
    monkeypatch.setenv("RUNLIGHT_URL", server.url)
    client = Client(server.url)
    yield Shown(AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS), server, client, project)
    client.close()
    data.client().close()
    st.cache_data.clear()  # they would outlive the app
    st.cache_resource.clear()


_numbers = count(1)


def texts(app: AppTest) -> list[str]:
    return [text.value for text in app.main.text]


def codes(app: AppTest) -> list[str]:
    return [code.value for code in app.code]


def test_an_empty_store_shows_the_lines_that_send_a_first_trace(shown_empty: Shown) -> None:
    app = shown_empty.app.run()
    assert not app.exception
    assert app.info[0].value == "The first run shows here as soon as it is sent."
    assert len(codes(app)) == 2
    assert all(f'"{shown_empty.server.url}/v1/traces"' in code for code in codes(app))


def test_the_lines_for_python_send_a_run_to_the_project_that_is_shown(shown: Shown) -> None:
    shown.send("works")
    lines = first_trace.python(shown.server.url, shown.project)
    subprocess.run([sys.executable, "-c", lines], check=True, timeout=SECONDS)
    until(lambda: shown.client.runs(project=shown.project)[0].height == 2)
    assert shown.client.runs(project=shown.project)[0]["agent_name"][0] == "hello"


def test_an_empty_window_offers_to_lift_the_filters(shown: Shown) -> None:
    shown.send("works")
    app = shown.open(q="nothing says this")
    assert app.info[0].value == "No run began in the last 24 hours and passes the filters."
    app.button(key="lift_filters").click().run()
    assert app.metric[0].value == "1"
    assert "q" not in app.query_params


def test_an_empty_window_offers_to_widen_it(shown: Shown) -> None:
    shown.send("works")
    app = shown.open(window="custom", since="2026-01-01T00:00:00Z", until="2026-01-02T00:00:00Z")
    assert app.info[0].value == "No run began in the chosen time."
    app.button(key="widen_window").click().run()
    assert app.metric[0].value == "1"


def test_the_runs_of_a_window_are_summed_up_and_listed(shown: Shown) -> None:
    shown.send("works", "fails", "works")
    app = shown.open()
    numbers = {metric.label: (metric.value, metric.delta) for metric in app.metric}
    assert numbers["Runs"] == ("3", "")
    assert numbers["Error rate"] == ("33.3%", "1 of 3")
    assert app.dataframe[0].value["status"].tolist() == [["✓ ok"], ["✕ error"], ["✓ ok"]]


def test_the_window_and_the_filters_of_the_address_are_asked_for(shown: Shown) -> None:
    shown.send("works", "fails")
    narrowing: dict[str, str | list[str]] = {
        "q": "order 7",
        "workflow": "invoke_agent refund-agent",
        "agent": "refund-agent",
        "service": "support-bot",
        "environment": "prod",
        "release": "1.4.0",
        "model": "gpt-4o",
        "tool": "find_order",
        "user": "user-1",
        "conversation": "conversation-1",
        "status": ["error", "ok"],
        "attr": "gen_ai.conversation.id=conversation-1",
    }
    app = shown.open(window="1h", **narrowing)
    assert app.dataframe[0].value["status"].tolist() == [["✕ error"]]
    assert texts(app)[0] == (
        "Only status error, ok · workflow invoke_agent refund-agent · agent refund-agent · service support-bot · "
        "environment prod · release 1.4.0 · model gpt-4o · tool find_order · user user-1 · "
        "conversation conversation-1 · attribute gen_ai.conversation.id=conversation-1"
    )


def test_an_attribute_is_chosen_by_a_key_and_a_value_that_were_seen(shown: Shown) -> None:
    shown.send("works", "fails")
    app = shown.open(attr=["gen_ai.conversation.id=no such", "gen_ai.agent.name=refund-agent"])
    app.session_state["more_filters"] = True
    app.run()
    app.selectbox(key="attr_key").select("gen_ai.conversation.id").run()
    assert "conversation-1 (2)" in app.selectbox(key="attr_value").options
    app.selectbox(key="attr_value").select("conversation-1").run()
    chosen = ["gen_ai.agent.name=refund-agent", "gen_ai.conversation.id=conversation-1"]
    assert app.query_params["attr"] == chosen
    assert app.multiselect(key="attr").value == chosen
    assert app.selectbox(key="attr_key").value is None
    assert app.metric[0].value == "2"


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("newest", "error"),
        ("oldest", "ok"),
        ("slowest", None),
        ("dearest", None),
        ("most tokens", None),
        ("most errors", "error"),
    ],
)
def test_the_runs_can_be_sorted(shown: Shown, sort: str, first: str | None) -> None:
    shown.send("works", "fails")
    app = shown.open(sort=sort)
    assert not app.warning
    (status,) = app.dataframe[0].value["status"][0]
    assert first is None or status.endswith(first)
    assert len(app.dataframe[0].value) == 2


def test_a_chosen_bound_goes_into_the_address_in_utc(shown: Shown) -> None:
    shown.send("works")
    shown.app.context["timezone"] = "Asia/Tokyo"
    app = shown.open(window="custom")
    app.datetime_input(key="since_local").set_value(datetime(2026, 1, 1, 9, 0)).run()  # noqa: DTZ001
    assert app.query_params["since"] == "2026-01-01T00:00:00Z"
    assert app.metric[0].value == "1"


def test_a_later_page_of_runs_has_an_address(shown: Shown) -> None:
    ids = shown.send(*["works"] * (PAGE_ROWS + 1))
    _, cursor = shown.client.runs(project=shown.project, since="-24h", limit=PAGE_ROWS)
    assert cursor is not None
    app = shown.open(cursor=cursor)
    assert len(app.dataframe[0].value) == len(ids) - PAGE_ROWS
    assert not app.button(key="first_page").disabled
    assert app.toggle(key="live").disabled


def test_a_deep_link_opens_the_run_at_its_failing_step(shown: Shown) -> None:
    (run_id,) = shown.send("fails")
    app = shown.open("pages/run.py", run=run_id)
    assert not app.exception
    assert "OrderNotFound: order 7 not found" in texts(app)
    assert "tool  find_order" in texts(app)
    assert "Where is my refund for order 7?" in texts(app)
    assert "Models: gpt-4o → gpt-4o-2024-08-06 ×1" in texts(app)


def test_a_deep_link_opens_the_step_it_names(shown: Shown) -> None:
    (run_id,) = shown.send("fails")
    steps = shown.client.steps(project=shown.project, run_id=run_id)
    app = shown.open("pages/run.py", run=run_id, step=steps.filter(kind="llm")["step_id"][0])
    assert "llm  gpt-4o-2024-08-06" in texts(app)
    assert "I look the order up." in texts(app)


@pytest.mark.parametrize("tab", ["Steps", "Tool calls", "Cost and latency", "Session"])
@pytest.mark.parametrize("view", ["Attributes", "Events", "Logs", "Raw"])
def test_every_view_of_a_run_has_an_address(shown: Shown, tab: str, view: str) -> None:
    run_id, _ = shown.send("fails", "works")
    app = shown.open("pages/run.py", run=run_id, tab=tab, view=view)
    assert not app.exception
    assert (app.query_params["tab"], app.query_params["view"]) == (tab, view)


def test_the_other_runs_of_the_session_are_listed(shown: Shown) -> None:
    run_id, _ = shown.send("fails", "works")
    app = shown.open("pages/run.py", run=run_id, tab="Session")
    assert app.dataframe[0].value["input_preview"].tolist() == ["Please refund order 8"]


def test_the_next_step_goes_into_the_address(shown: Shown) -> None:
    (run_id,) = shown.send("fails")
    app = shown.open("pages/run.py", run=run_id)
    app.button(key="previous_step").click().run()
    assert "llm  gpt-4o-2024-08-06" in texts(app)
    assert app.query_params["step"]


def test_a_step_that_is_not_there_is_named_and_the_failing_one_opens(shown: Shown) -> None:
    (run_id,) = shown.send("fails")
    app = shown.open("pages/run.py", run=run_id, step="<b>no such step</b>")
    assert "<b>no such step</b>" in codes(app)
    assert "tool  find_order" in texts(app)


def test_a_run_that_is_not_there_leads_to_all_runs(shown: Shown) -> None:
    shown.send("works")
    app = shown.open("pages/run.py", run="**no** such run")
    assert app.title[0].value == "No such run"
    assert f"The project {shown.project} has no run with the id **no** such run." in texts(app)
    assert "All runs" in [link.label for link in app.main.page_link]


@pytest.mark.parametrize(
    ("name", "value"), [("window", "banana"), ("status", "<b>"), ("sort", "colour"), ("attr", "novalue")]
)
def test_a_bad_value_in_the_address_is_named_and_the_page_still_shows(shown: Shown, name: str, value: str) -> None:
    shown.send("works")
    app = shown.open(**{name: value})
    assert not app.exception
    assert len(app.warning) == 1
    assert codes(app) == [value]
    assert app.metric[0].value == "1"


@pytest.mark.parametrize("project", ["nowhere", "../etc", "<b>"])
def test_a_project_that_is_not_there_is_named(shown: Shown, project: str) -> None:
    app = shown.open(project=project)
    assert not app.exception
    assert codes(app)[0] == project


@pytest.mark.parametrize(
    "bounds",
    [{"since": "yesterday"}, {"since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, {"cursor": "none"}],
)
def test_what_the_server_cannot_read_is_said_in_plain_words(shown: Shown, bounds: dict[str, str]) -> None:
    shown.send("works")
    app = shown.open(window="custom", **bounds)
    assert not app.exception
    assert len(app.warning) == 1


def test_the_ledger_shows_what_became_of_each_signal(shown: Shown) -> None:
    shown.send("works", "fails")
    by_signal = shown.open("pages/ingest.py").dataframe[0].value.set_index("count")["span"]
    assert by_signal[["Received", "Stored", "Duplicates", "Rejected"]].tolist() == [5, 5, 0, 0]


@pytest.mark.parametrize(("zone", "time_columns"), [("UTC", 1), ("Asia/Tokyo", 2)])
def test_a_viewer_in_utc_sees_each_time_once(shown: Shown, zone: str, time_columns: int) -> None:
    shown.send("works")
    shown.app.context["timezone"] = zone
    for page, table in (("pages/ingest.py", 1), ("pages/runs.py", 0)):
        columns = shown.open(page).dataframe[table].value.dtypes
        assert sum("datetime" in str(dtype) for dtype in columns) == time_columns


def test_the_samples_open_first_while_nothing_else_has_arrived(shown_empty: Shown) -> None:
    Shown(shown_empty.app, shown_empty.server, shown_empty.client, "demo").send("works")
    app = shown_empty.app.run()
    assert app.query_params["project"] == "demo"
    assert "These are samples." in app.markdown[0].value
    shown_empty.send("works", "works")
    del app.query_params["project"]
    app.run()
    assert app.metric[0].value == "2"


def test_one_click_removes_the_samples(shown_empty: Shown) -> None:
    Shown(shown_empty.app, shown_empty.server, shown_empty.client, "demo").send("works")
    app = shown_empty.app.run()
    app.button(key="remove_samples").click().run()
    assert "demo" not in shown_empty.client.projects()["project"].to_list()
    assert app.info[0].value == "The first run shows here as soon as it is sent."


def test_the_project_is_chosen_where_there_is_a_choice(shown_empty: Shown) -> None:
    shown_empty.send("works")
    app = shown_empty.app.run()
    assert not app.sidebar.selectbox
    Shown(app, shown_empty.server, shown_empty.client, "staging").send("works", "fails")
    app.run()
    app.sidebar.selectbox[0].select("staging").run()
    assert app.query_params["project"] == "staging"
    assert app.metric[0].value == "2"


def test_a_server_that_is_down_is_said_so(shown_empty: Shown) -> None:
    shown_empty.server.kill()
    app = shown_empty.app.run()
    assert not app.exception
    assert app.error[0].title == "The Runlight server does not answer"
    assert shown_empty.server.url in texts(app)[0]
