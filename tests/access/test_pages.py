"""The app with the wrong key says so on every page, and with a key for some projects shows these."""

from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from access.keys import Scope
from pages.shared import data
from tests.access.conftest import OTHER, PROJECT, Locked
from tests.serving import ROOT

SECONDS = 60
PAGES = [f"pages/{path.name}" for path in sorted((ROOT / "pages").glob("*.py"))]
TITLE = "The Runlight server does not let the app in"


@pytest.fixture
def app(locked: Locked, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("RUNLIGHT_URL", locked.server.url)
    yield AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS)
    data.client().close()
    st.cache_data.clear()  # they would outlive the app
    st.cache_resource.clear()


def codes(app: AppTest) -> list[str]:
    return [code.value for code in app.code]


@pytest.mark.parametrize("page", PAGES)
def test_without_a_key_every_page_says_what_to_do(app: AppTest, page: str) -> None:
    shown = app.switch_page(page).run()
    assert not shown.exception
    (error,) = shown.error
    assert (error.title, error.value) == (TITLE, "The app's own API key, the setting RUNLIGHT_API_KEY, is not set.")
    assert "this server asks for an API key" in codes(shown)[0]
    assert codes(shown)[1].startswith("python server.py keys add ")


@pytest.mark.parametrize(
    ("page", "scopes", "projects", "says"),
    [
        ("pages/runs.py", [Scope.INGEST, Scope.ADMIN], None, "lacks the scope read"),
        ("pages/ingest.py", [Scope.READ], [OTHER], f"not for the project {PROJECT}"),
        ("pages/runs.py", [Scope.READ], [OTHER], f"not for the project {PROJECT}"),
    ],
)
def test_a_key_for_something_else_is_told_in_the_servers_words(
    app: AppTest,
    locked: Locked,
    monkeypatch: pytest.MonkeyPatch,
    page: str,
    scopes: list[Scope],
    projects: list[str] | None,
    says: str,
) -> None:
    monkeypatch.setenv("RUNLIGHT_API_KEY", locked.key(*scopes, projects=projects))
    app.query_params["project"] = PROJECT
    shown = app.switch_page(page).run()
    assert not shown.exception
    assert shown.error[0].title == TITLE
    assert says in " ".join(codes(shown))


def test_a_key_that_was_spoilt_on_its_way_is_no_exception(
    app: AppTest, locked: Locked, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = locked.key(Scope.READ, projects=[OTHER])
    for spoilt, is_shown in (
        (f" {key}\n", True),
        (f"é{key}", False),
        (f"\u201c{key}\u201d", False),
        ("k" * 9_000, False),
    ):
        monkeypatch.setenv("RUNLIGHT_API_KEY", spoilt)
        st.cache_resource.clear()
        data.forget()
        shown = app.switch_page("pages/runs.py").run()
        assert not shown.exception
        assert [error.title for error in shown.error] == ([] if is_shown else [TITLE])
        data.client().close()


def test_a_key_for_one_project_opens_that_one_and_shows_how_to_send_to_it(
    app: AppTest, locked: Locked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNLIGHT_API_KEY", locked.key(Scope.READ, projects=["new-team"]))
    shown = app.switch_page("pages/runs.py").run()
    assert not shown.exception
    assert not shown.error
    assert shown.query_params["project"] == "new-team"
    assert shown.info[0].value == "The first run shows here as soon as it is sent."
    assert all('"x-runlight-project": "new-team", "x-api-key": "KEY"' in code for code in codes(shown)[:2])
