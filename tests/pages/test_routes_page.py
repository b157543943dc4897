"""The page of routes, without a browser, in front of a real server."""

import pytest

from tests.test_app import Shown, codes, shown, shown_empty, texts

__all__ = ["shown", "shown_empty"]

PAGE = "pages/routes.py"


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
    assert app.metric[0].label == "Model calls"


def test_a_snapshot_that_answers_is_the_model_that_was_asked_for(shown: Shown) -> None:
    shown.send("works", "fails")
    app = shown.open(PAGE)
    calls = shown.client.summary(project=shown.project)["llm_call_count"][0]
    assert not app.exception
    assert {metric.label: metric.value for metric in app.metric}["Model calls"] == str(calls)
    assert app.dataframe[0].value["requested_model"].tolist() == ["gpt-4o"]
    assert app.dataframe[0].value["served_model"].tolist() == ["gpt-4o-2024-08-06"]
    assert {metric.label: metric.value for metric in app.metric}["Other model"] == "0.0%"


def test_a_model_in_the_address_narrows_the_page(shown: Shown) -> None:
    shown.send("works")
    app = shown.open(PAGE, model="gpt-4o")
    assert texts(app)[0] == "Only model gpt-4o"
    assert app.metric[0].value == "1"


@pytest.mark.parametrize(("name", "value"), [("status", "<b>"), ("window", "banana")])
def test_a_bad_value_in_the_address_is_named_and_the_page_still_shows(shown: Shown, name: str, value: str) -> None:
    shown.send("works")
    app = shown.open(PAGE, **{name: value})
    assert not app.exception
    assert codes(app) == [value]
    assert app.metric[0].label == "Model calls"
