"""The page SQL without a browser: its faces, and that nothing is asked before a click."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.shared import data, sql
from queries.sql.asking import SqlLimits
from tests.pages.hostile import HOSTILE_TEXTS
from tests.queries.conftest import rebuild_all
from tests.queries.records import Telling, empty_store, insert
from tests.queries.serving import serving
from tests.serving import ROOT

LIMITS = SqlLimits(seconds=300, rows=3, memory_bytes=256 * 1024**2, window_bytes=64 * 1024**2)


@pytest.fixture(scope="module")
def store() -> Iterator[duckdb.DuckDBPyConnection]:
    """Two runs, one of which bears every hostile text."""
    connection = empty_store()
    insert(connection, Telling().span("plain", "agent", trace="a").rows)
    insert(connection, Telling().span("\n".join(HOSTILE_TEXTS), "agent", trace="b").rows)
    rebuild_all(connection)
    yield connection
    connection.close()


@contextmanager
def app(
    monkeypatch: pytest.MonkeyPatch, store: duckdb.DuckDBPyConnection, limits: SqlLimits | None, **query: str
) -> Iterator[AppTest]:
    """The page, asked for by this address."""
    with serving(store, limits) as url:
        monkeypatch.setenv("RUNLIGHT_URL", url)
        shown = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        shown.query_params.update({"project": "default", **query})
        shown.switch_page("pages/sql.py").run()
        assert not shown.exception
        yield shown
        data.client().close()
        st.cache_data.clear()  # they would outlive the app
        st.cache_resource.clear()


def run(app: AppTest) -> AppTest:
    next(button for button in app.button if button.label == "Run").click().run()
    assert not app.exception
    return app


@pytest.fixture
def enabled(monkeypatch: pytest.MonkeyPatch, store: duckdb.DuckDBPyConnection) -> Iterator[AppTest]:
    with app(monkeypatch, store, LIMITS, sql="select name from runs order by name desc") as shown:
        yield shown


def test_a_link_carries_a_statement_and_a_click_asks_it(enabled: AppTest) -> None:
    assert enabled.text_area(key="sql_statement").value == "select name from runs order by name desc"
    assert len(enabled.dataframe) == 1  # the columns one can name
    names = run(enabled).dataframe[1].value["name"].to_list()
    assert names[0] == "plain"
    assert HOSTILE_TEXTS[0] in names[1]
    assert "\x1b" not in names[1]
    assert "\u202e" not in names[1]


def test_what_is_written_goes_into_the_address_while_it_is_short(enabled: AppTest) -> None:
    editor = enabled.text_area(key="sql_statement")
    editor.set_value("select 1 as one").run()
    assert enabled.query_params["sql"] == "select 1 as one"
    editor.set_value("select 1 as one -- " + "x" * 3_000).run()
    assert "sql" not in enabled.query_params
    assert run(enabled).dataframe[1].value["one"].to_list() == [1]


def test_a_longer_answer_says_that_it_is_cut_and_a_refusal_why(enabled: AppTest) -> None:
    editor = enabled.text_area(key="sql_statement")
    editor.set_value("select i, [i] as list, {'i': i} as record from range(10) t(i)").run()
    assert run(enabled).warning[0].value == "There are more: this answer was cut at 3 rows."
    assert enabled.dataframe[1].value["record"].to_list() == ['{"i": 0}', '{"i": 1}', '{"i": 2}']
    editor.set_value('select 1 as "a\r", 2 as "a", 3 as "b\u202e"').run()
    assert run(enabled).dataframe[1].value.columns.to_list() == ["'a\\r'", "'a'", "b\\u202e"]
    editor.set_value("select nope from runs").run()
    assert any('"nope" not found' in code.value for code in run(enabled).code)
    editor.set_value("from runs where name = 'none'").run()
    assert run(enabled).info[0].value == "No row of the last 24 hours is like that."


def test_every_example_is_answered(enabled: AppTest) -> None:
    for name in sql.EXAMPLES:
        next(button for button in enabled.button if button.label == name).click().run()
        assert not run(enabled).error


def test_where_it_is_off_the_page_says_which_setting_turns_it_on(
    monkeypatch: pytest.MonkeyPatch, store: duckdb.DuckDBPyConnection
) -> None:
    with app(monkeypatch, store, None) as shown:
        assert "RUNLIGHT_SQL=true python server.py" in [code.value for code in shown.code]
        assert not shown.text_area


def test_a_project_without_anything_shows_how_to_send_to_it(
    monkeypatch: pytest.MonkeyPatch, store: duckdb.DuckDBPyConnection
) -> None:
    with app(monkeypatch, store, LIMITS, project="nothing") as shown:
        assert shown.info[0].value == "The first run shows here as soon as it is sent."
