"""Saving the view that is shown, and the list of those that were saved, without a browser."""

from collections.abc import Iterator
from itertools import count

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.shared import data, menu, saved
from tests.pages.hostile import HOSTILE_TEXTS
from tests.serving import ROOT, RunningServer

_numbers = count(1)


@pytest.fixture
def app(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The app before a project of its own."""
    monkeypatch.setenv("RUNLIGHT_URL", server.url)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params["project"] = f"saved-{next(_numbers)}"
    yield app
    data.client().close()
    st.cache_data.clear()  # they would outlive the app
    st.cache_resource.clear()


def save(app: AppTest, name: str) -> AppTest:
    app.text_input(key="view_name").input(name)
    next(button for button in app.button if button.label == "Save").click().run()
    assert not app.exception
    return app


def test_the_view_that_is_shown_is_saved_listed_and_deleted(app: AppTest) -> None:
    app.query_params.update({"window": "7d", "agent": HOSTILE_TEXTS[0]})
    app.switch_page("pages/cost.py").run()
    assert "Saved as “" + HOSTILE_TEXTS[3] + "”." in [text.value for text in save(app, HOSTILE_TEXTS[3]).text]

    app.switch_page("pages/views.py").run()
    said = [text.value for text in app.main.text]
    assert said == [HOSTILE_TEXTS[3], f"Cost · window 7d · agent {HOSTILE_TEXTS[0]}"]
    next(button for button in app.main.button if button.label == "Delete").click().run()
    assert app.info[0].value.startswith("Narrow any page to what matters")


def test_what_cannot_be_saved_says_why(app: AppTest) -> None:
    app.switch_page("pages/cost.py").run()
    assert "It needs a name." in [text.value for text in save(app, "  ").text]
    app.query_params["agent"] = "x" * 5_000
    app.run()
    assert any("4000 characters" in text.value for text in save(app, "long").text)


def test_the_address_of_every_page_is_one_that_the_server_takes(app: AppTest) -> None:
    query: dict[str, str | list[str]] = {"project": "p", "cursor": "c", "status": ["error", "ok"], "q": "#<b> é/\n"}
    project = str(app.query_params["project"])
    for entry in menu.ENTRIES:
        data.client().save_view(project=project, name="it", address=saved.address_of(entry, query))
        (view,) = saved.views(project)
        assert view.entry is entry
        assert view.query == {"status": ["error", "ok"], "q": ["#<b> é/\n"]}
