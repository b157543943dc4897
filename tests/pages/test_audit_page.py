"""The audit log without a browser: who did what, narrowed and empty."""

from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.shared import data
from tests.pages.hostile import HOSTILE_TEXTS
from tests.serving import ROOT, RunningServer

PROJECT = "audited"


@pytest.fixture
def app(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("RUNLIGHT_URL", server.url)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params["project"] = PROJECT
    yield app
    data.client().close()
    st.cache_data.clear()  # they would outlive the app
    st.cache_resource.clear()


def opened(app: AppTest, **query: str) -> AppTest:
    app.query_params.update(query)
    app.switch_page("pages/audit.py").run()
    assert not app.exception
    return app


def test_it_lists_what_was_done_narrowed_by_whom_and_what(app: AppTest) -> None:
    for name in HOSTILE_TEXTS[:3]:
        data.client().save_view(project=PROJECT, name=name, address="/runs")
    data.client().mark_error(project=PROJECT, fingerprint="0" * 16, note="seen")

    shown = opened(app).main.dataframe[0].value
    assert shown["act"].tolist()[:2] == ["marked an error", "saved a view"]
    assert (shown["who"][0], shown["via"][0], shown["about"][0]) == ("local", ["without a key"], "0" * 16)
    assert set(shown["project"]) <= {PROJECT, "of no one project"}

    narrowed = opened(app, person="local", deed="marked an error").main.dataframe[0].value
    assert narrowed["about"].tolist() == ["0" * 16]
    opened(app, person="nobody", deed="danced")
    assert [warning.value for warning in app.warning] == [
        "The address asks for a person that there is not:",
        "The address asks for a deed that there is not:",
    ]


def test_a_window_without_acts_says_what_would_be_here(app: AppTest) -> None:
    opened(app, window="custom", since="2020-01-01T00:00:00Z", until="2020-01-02T00:00:00Z")
    assert app.info[0].value.startswith("In the chosen time nobody changed anything")
