"""Keeping and removing on a run's page, without a browser."""

from collections.abc import Iterator

import httpx
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.shared import data
from tests.ingest.otlp_samples import spans
from tests.serving import ROOT, RunningServer

PROJECT, TRACE = "kept-by-page", "c" * 32


@pytest.fixture
def app(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """A run's page."""
    request = spans(TRACE)
    (span,) = request.resource_spans[0].scope_spans[0].spans
    for key, value in {"gen_ai.operation.name": "invoke_agent", "user.id": "lou"}.items():
        span.attributes.add(key=key).value.string_value = value
    headers = {"content-type": "application/x-protobuf", "x-runlight-project": PROJECT}
    httpx.post(f"{server.url}/v1/traces", content=request.SerializeToString(), headers=headers, timeout=60)
    server.settle(PROJECT)
    monkeypatch.setenv("RUNLIGHT_URL", server.url)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params.update({"project": PROJECT, "run": TRACE})
    yield app.switch_page("pages/run.py").run()
    data.client().close()
    st.cache_data.clear()  # they would outlive the app
    st.cache_resource.clear()


def said(app: AppTest) -> list[str]:
    assert not app.exception
    return [text.value for text in app.main.text]


def test_a_run_is_kept_and_let_go_and_removed_only_after_it_was_said_what_goes(
    app: AppTest, server: RunningServer
) -> None:
    assert "This run goes when retention says so." in said(app)
    app.button(key="pin_run").click().run()
    assert "This run is kept, whatever retention says." in said(app)
    app.button(key="pin_run").click().run()
    assert "This run goes when retention says so." in said(app)

    assert not [button for button in app.main.button if button.label == "Remove"]
    app.radio(key="removed").set_value("user").run()
    app.toggle(key="would_go_user").set_value(True).run()
    assert any(text.startswith("user lou\n1 run, 1 span\nfrom 2026-01-01") for text in said(app))
    assert app.button(key="remove").disabled
    app.checkbox(key="sure_user").check().run()
    app.button(key="remove").click().run()
    assert server.ask("runs", project=PROJECT, since="2025-12-31")["rows"] == []
