"""The list of what goes by one id, without a browser; where the box of every page leads, only a browser shows."""

from collections.abc import Iterator
from itertools import count

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.shared import data
from tests.pages.agents import refund_that_fails, tracing_to
from tests.serving import ROOT, RunningServer

SECONDS = 60
_numbers = count(1)


@pytest.fixture
def app(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The page before a project of its own with two runs that know one call id."""
    monkeypatch.setenv("RUNLIGHT_URL", server.url)
    project = f"search-{next(_numbers)}"
    with tracing_to(server, project) as tracer:
        refund_that_fails(tracer)
        refund_that_fails(tracer)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS)
    app.query_params["project"] = project
    app.switch_page("pages/search.py")
    yield app
    data.client().close()
    st.cache_data.clear()  # they would outlive the app
    st.cache_resource.clear()


def test_everything_that_goes_by_the_id_of_the_address_is_listed(app: AppTest) -> None:
    app.query_params["for"] = "call-1"
    assert app.run().dataframe[0].value["kind"].tolist() == ["Tool call", "Tool call"]


def test_an_id_that_leads_nowhere_and_none_at_all_offer_a_way_on(app: AppTest) -> None:
    app.query_params["for"] = "**no** such thing" * 100
    shown = app.run()
    assert not shown.exception
    assert shown.info[0].value.startswith("No run, step, call")
    app.query_params["for"] = " "
    assert app.run().info[0].value == "Type an id or words into the box in the sidebar."
