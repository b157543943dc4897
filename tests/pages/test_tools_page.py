"""The page of tools, without a browser, in front of a real server."""

import pytest

from tests.test_app import Shown, codes, shown, shown_empty

__all__ = ["shown", "shown_empty"]

PAGE = "pages/tools.py"


def test_an_empty_store_shows_the_lines_that_send_a_first_trace(shown_empty: Shown) -> None:
    app = shown_empty.open(PAGE)
    assert not app.exception
    assert app.info[0].value == "The first run shows here as soon as it is sent."


def test_an_empty_window_offers_to_widen_it(shown: Shown) -> None:
    shown.send("works")
    app = shown.open(PAGE, window="custom", since="2026-01-01T00:00:00Z", until="2026-01-02T00:00:00Z")
    assert app.info[0].value == "No run began in the chosen time."
    app.button(key="widen_window").click().run()
    assert not app.exception


def test_calls_are_counted_charted_and_listed(shown: Shown) -> None:
    shown.send("works", "fails")
    app = shown.open(PAGE)
    summary = shown.client.summary(project=shown.project)
    assert not app.exception
    assert {metric.label: metric.value for metric in app.metric}["Calls"] == str(summary["tool_call_count"][0])
    assert {metric.label: metric.value for metric in app.metric}["Error rate"] != "0.0%"
    assert "find_order" in app.dataframe[0].value["tool_name"].tolist()
    assert "✕ error" in app.dataframe[-1].value["status"].tolist()


def test_the_log_is_narrowed_by_outcome_and_words(shown: Shown) -> None:
    shown.send("works", "fails")
    app = shown.open(PAGE, outcome="error", q="order 7")
    assert app.dataframe[-1].value["status"].tolist() == ["✕ error"]


def test_runs_without_tools_are_said_to_be_so(shown: Shown) -> None:
    shown.send("works")
    app = shown.open(PAGE)
    assert app.info[0].value == "None of 1 run of the last 24 hours called a tool."
    assert "These runs" in [link.label for link in app.main.page_link]


def test_a_search_that_finds_no_call_offers_all_calls(shown: Shown) -> None:
    shown.send("fails")
    app = shown.open(PAGE, q="nothing says this")
    assert app.info[0].value == "No call of this window passes the search and the filters."


@pytest.mark.parametrize(("name", "value"), [("outcome", "<b>"), ("window", "banana")])
def test_a_bad_value_in_the_address_is_named_and_the_page_still_shows(shown: Shown, name: str, value: str) -> None:
    shown.send("fails")
    app = shown.open(PAGE, **{name: value})
    assert not app.exception
    assert codes(app) == [value]
    assert app.metric[0].label == "Calls"


def test_a_cursor_that_the_server_did_not_give_is_said_in_plain_words(shown: Shown) -> None:
    shown.send("fails")
    app = shown.open(PAGE, cursor="none")
    assert not app.exception
    assert len(app.warning) == 1
