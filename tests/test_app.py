"""The app without a browser: its faces and its deep links, in front of a real server."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
import streamlit as st
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from streamlit.testing.v1 import AppTest

from pages.shared import data
from queries.client import Client
from tests.pages.agents import refund_that_fails, refund_that_works, tracing
from tests.serving import ROOT, RunningServer, until

SECONDS = 30


@pytest.fixture
def app(fresh_server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The app in front of a server with an empty store; Streamlit's caches would outlive it."""
    monkeypatch.setenv("RUNLIGHT_URL", fresh_server.url)
    yield AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS)
    data.client().close()
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def client(fresh_server: RunningServer) -> Iterator[Client]:
    asking = Client(fresh_server.url)
    yield asking
    asking.close()


def send(server: RunningServer, *agents: str, project: str = "default") -> list[str]:
    """Runs small agents against the server; their trace ids."""
    exporter = OTLPSpanExporter(f"{server.url}/v1/traces", headers={"x-runlight-project": project})
    named = {"works": refund_that_works, "fails": refund_that_fails}
    with tracing(exporter) as tracer:
        ids = [named[agent](tracer) for agent in agents]
    asking = Client(server.url)
    until(lambda: asking.runs(project=project)[0].height == len(ids))
    asking.close()
    return ids


def texts(app: AppTest) -> list[str]:
    return [text.value for text in app.main.text]


def test_an_empty_store_shows_the_lines_that_send_a_first_trace(app: AppTest, fresh_server: RunningServer) -> None:
    app.run()
    assert not app.exception
    python, node = (code.value for code in app.code)
    assert f'"{fresh_server.url}/v1/traces"' in python
    assert f'"{fresh_server.url}/v1/traces"' in node


def test_the_lines_for_python_send_a_run(app: AppTest, client: Client) -> None:
    app.run()
    subprocess.run([sys.executable, "-c", app.code[0].value], check=True, timeout=SECONDS)
    until(lambda: client.runs()[0].height == 1)
    app.run()
    assert not app.code
    assert [metric.value for metric in app.metric][0] == "1"


def test_an_empty_window_offers_to_widen_it(app: AppTest, fresh_server: RunningServer) -> None:
    send(fresh_server, "works")
    app.query_params["q"] = "nothing says this"
    app.run()
    assert app.info[0].value == "No run began in the last 24 hours and passes the filters."
    app.button(key="lift_filters").click().run()
    assert app.metric[0].value == "1"
    assert "q" not in app.query_params


def test_the_runs_of_a_window_are_summed_up_and_listed(app: AppTest, fresh_server: RunningServer) -> None:
    send(fresh_server, "works", "fails", "works")
    app.run()
    numbers = {metric.label: (metric.value, metric.delta) for metric in app.metric}
    assert numbers["Runs"] == ("3", "")
    assert numbers["Error rate"] == ("33.3%", "1 of 3 finished")
    assert app.dataframe[0].value["name"].tolist() == ["invoke_agent refund-agent"] * 3


def test_a_deep_link_opens_the_run_at_its_failing_step(app: AppTest, fresh_server: RunningServer) -> None:
    (run_id,) = send(fresh_server, "fails")
    app.query_params["run"] = run_id
    app.switch_page("pages/run.py").run()
    assert not app.exception
    assert "OrderNotFound: order 7 not found" in texts(app)
    assert "tool  find_order" in texts(app)
    assert "Where is my refund for order 7?" in texts(app)


def test_a_deep_link_opens_the_step_it_names(app: AppTest, fresh_server: RunningServer, client: Client) -> None:
    (run_id,) = send(fresh_server, "fails")
    steps = client.steps(project="default", run_id=run_id)
    app.query_params.update(run=run_id, step=steps.filter(kind="llm")["step_id"][0])
    app.switch_page("pages/run.py").run()
    assert "llm  gpt-4o-2024-08-06" in texts(app)
    assert "I look the order up." in texts(app)


def test_a_step_that_is_not_there_is_named_and_the_failing_one_opens(app: AppTest, fresh_server: RunningServer) -> None:
    (run_id,) = send(fresh_server, "fails")
    app.query_params.update(run=run_id, step="<b>no such step</b>")
    app.switch_page("pages/run.py").run()
    assert "<b>no such step</b>" in [code.value for code in app.code]
    assert "tool  find_order" in texts(app)


def test_a_run_that_is_not_there_leads_to_all_runs(app: AppTest) -> None:
    app.query_params["run"] = "**no** such run"
    app.switch_page("pages/run.py").run()
    assert app.title[0].value == "No such run"
    assert "The project default has no run with the id **no** such run." in texts(app)
    assert "All runs" in [link.label for link in app.main.page_link]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("window", "banana"),
        ("status", "<b>"),
        ("sort", "colour"),
        ("attr", "novalue"),
        ("project", "nowhere"),
        ("project", "../etc"),
    ],
)
def test_a_bad_value_in_the_address_is_named_and_the_page_still_shows(
    app: AppTest, fresh_server: RunningServer, name: str, value: str
) -> None:
    send(fresh_server, "works")
    app.query_params[name] = value
    app.run()
    assert not app.exception
    assert len(app.warning) == 1
    assert value in [code.value for code in app.code]
    assert app.metric[0].value == "1"


@pytest.mark.parametrize(
    "bounds", [{"since": "yesterday"}, {"since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}]
)
def test_a_bad_bound_of_the_window_is_said_in_plain_words(
    app: AppTest, fresh_server: RunningServer, bounds: dict[str, str]
) -> None:
    send(fresh_server, "works")
    app.query_params.update(window="custom", **bounds)
    app.run()
    assert not app.exception
    assert len(app.warning) == 1


def test_a_cursor_of_nobodys_making_is_said_in_plain_words(app: AppTest, fresh_server: RunningServer) -> None:
    send(fresh_server, "works")
    app.query_params["cursor"] = "not-a-cursor"
    app.run()
    assert not app.exception
    assert "cursor" in app.code[0].value


def test_the_samples_open_first_while_nothing_else_has_arrived(app: AppTest, fresh_server: RunningServer) -> None:
    send(fresh_server, "works", project="demo")
    app.run()
    assert app.query_params["project"] == "demo"
    assert "These are samples." in app.markdown[0].value
    send(fresh_server, "works", "works")
    st.cache_data.clear()
    del app.query_params["project"]
    app.run()
    assert "project" not in app.query_params
    assert app.metric[0].value == "2"


def test_one_click_removes_the_samples(app: AppTest, fresh_server: RunningServer, client: Client) -> None:
    send(fresh_server, "works", project="demo")
    app.run()
    app.button(key="remove_samples").click().run()
    assert "demo" not in client.projects()["project"].to_list()
    assert app.info[0].value == "The first run shows here as soon as it is sent."


def test_the_project_is_chosen_where_there_is_a_choice(app: AppTest, fresh_server: RunningServer) -> None:
    send(fresh_server, "works")
    app.run()
    assert not app.sidebar.selectbox
    send(fresh_server, "works", "fails", project="staging")
    st.cache_data.clear()
    app.run()
    app.sidebar.selectbox[0].select("staging").run()
    assert app.query_params["project"] == "staging"
    assert app.metric[0].value == "2"


def test_the_window_and_filters_of_the_address_are_asked_for(app: AppTest, fresh_server: RunningServer) -> None:
    send(fresh_server, "works", "fails")
    app.query_params.update(
        window="1h", status=["error", "ok"], model="gpt-4o", agent="refund-agent", tool="find_order"
    )
    app.run()
    assert app.metric[0].value == "1"
    assert texts(app)[0] == "Only agent refund-agent · model gpt-4o · tool find_order · status error, ok"


def test_a_server_that_is_down_is_said_so(app: AppTest, fresh_server: RunningServer) -> None:
    fresh_server.kill()
    app.run()
    assert not app.exception
    assert "does not answer" in app.error[0].value or "does not answer" in str(app.error[0].proto)
    assert fresh_server.url in texts(app)[0]
