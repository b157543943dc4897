"""The page of alerts, without a browser, in front of a real server."""

import httpx
import polars as pl
import pytest

from pages.shared import alert_tables, alerts
from tests.pages.agents import tracing_to
from tests.pages.hostile import HOSTILE_TEXTS
from tests.test_app import Shown, codes, shown, shown_empty, texts

__all__ = ["shown", "shown_empty"]

PAGE, MODEL = "pages/alerts.py", HOSTILE_TEXTS[0]


def unpriced(shown: Shown) -> str:
    """Ten calls of a model of a hostile name that no list prices, and the alert that they raise."""
    with tracing_to(shown.server, shown.project) as tracer:
        for _ in range(10):
            told = {"gen_ai.operation.name": "chat", "gen_ai.request.model": MODEL, "gen_ai.usage.input_tokens": 7}
            tracer.start_span("chat", attributes=told).end()
    done = httpx.post(f"{shown.server.url}/api/alerts/evaluate?project={shown.project}", timeout=60).json()
    assert (done["fired"], done["failed"]) == (1, 0)
    return str(shown.client.alerts(project=shown.project)["alert_id"][0])


def test_an_empty_store_shows_the_lines_that_send_a_first_trace(shown_empty: Shown) -> None:
    app = shown_empty.open(PAGE)
    assert not app.exception
    assert app.info[0].value == "The first run shows here as soon as it is sent."


def test_where_nothing_fires_the_rules_are_shown(shown: Shown) -> None:
    shown.send("works")
    app = shown.open(PAGE)
    assert not app.exception
    assert app.info[0].value == "No rule fires in this project."
    assert app.metric[0].value == "0"
    assert "error_rate" in app.dataframe[0].value["rule"].tolist()
    assert any(caption.value.startswith("No receiver is set") for caption in app.caption)


def test_links_that_lead_nowhere_else_are_warned_of(shown: Shown) -> None:
    rules = shown.client.alert_rules(project=shown.project)
    warned = alert_tables.unreachable(rules)
    assert warned is not None
    assert "lead to `http://127.0.0.1:" in warned
    assert alert_tables.unreachable(rules.with_columns(links_to=pl.lit("https://runlight.example.org"))) is None


def test_what_fires_is_shown_with_its_number_and_question_and_can_be_silenced(shown: Shown) -> None:
    alert_id = unpriced(shown)
    app = shown.open(PAGE)
    assert not app.exception
    assert [metric.value for metric in app.metric[:3]] == ["1", "0", "0"]
    assert f"unpriced_model: {MODEL}" in texts(app)
    assert "10, threshold 10 · calls without a price, in 10 runs" in texts(app)
    (asked,) = codes(app)
    rows = httpx.get(shown.server.url + asked, timeout=60).json()["rows"]
    assert [row["call_count"] for row in rows] == [10]

    key = f"firing_{alert_id}"
    app.button(f"FormSubmitter:silencing_{key}-Silence").click().run()
    assert any("reason" in text for text in texts(app))
    app.text_input(key=f"why_{key}").input(HOSTILE_TEXTS[3])
    app.text_input(key=f"who_{key}").input("oncall-3")
    app.button(f"FormSubmitter:silencing_{key}-Silence").click().run()
    assert not app.exception
    assert [metric.value for metric in app.metric[:3]] == ["0", "0", "1"]
    assert f"“{HOSTILE_TEXTS[3]}”, oncall-3" in texts(app)
    (silence,) = shown.client.alert_silences(project=shown.project).to_dicts()
    assert (silence["rule"], silence["group_name"]) == ("unpriced_model", MODEL)
    app.button(key=f"end_{silence['silence_id']}").click().run()
    assert [metric.value for metric in app.metric[:3]] == ["1", "0", "0"]


def test_an_alert_is_shown_by_its_address_and_one_that_is_not_there_is_named(shown: Shown) -> None:
    alert_id = unpriced(shown)
    app = shown.open(PAGE, alert=alert_id)
    assert not app.exception
    assert texts(app).count(f"unpriced_model: {MODEL}") == 2
    app = shown.open(PAGE, alert="<b>no</b>", rule="<i>none</i>")
    assert not app.exception
    assert {"<b>no</b>", "<i>none</i>"} <= set(codes(app))


def test_the_overview_leads_to_what_fires(shown: Shown) -> None:
    unpriced(shown)
    app = shown.open("pages/overview.py")
    assert not app.exception
    (link,) = [link for link in app.main.page_link if "firing" in link.label]
    assert link.label == "1 alert firing"


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [(1.5, "usd", "$1.50"), (0.25, "rate", "25.0%"), (7, "count", "7"), (90_000, "ms", "1 min 30 s")],
)
def test_numbers_are_told_in_their_unit(value: float, unit: str, said: str) -> None:
    assert alerts.amount(value, unit) == said
