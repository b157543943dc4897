"""The page of errors, without a browser, in front of a real server; and what people say of a group."""

import json
from typing import Any

import httpx
import pytest

from pages.shared import errors
from tests.pages.hostile import HOSTILE_TEXTS
from tests.serving import until
from tests.test_app import Shown, codes, shown, shown_empty, texts

__all__ = ["shown", "shown_empty"]

PAGE = "pages/errors.py"


def group(shown: Shown) -> dict[str, Any]:
    (row,) = shown.client.ask("error_groups", project=shown.project).to_dicts()
    return row


def test_an_empty_store_shows_the_lines_that_send_a_first_trace(shown_empty: Shown) -> None:
    app = shown_empty.open(PAGE)
    assert not app.exception
    assert app.info[0].value == "The first run shows here as soon as it is sent."


def test_an_empty_window_offers_to_widen_it(shown: Shown) -> None:
    shown.send("fails")
    app = shown.open(PAGE, window="custom", since="2026-01-01T00:00:00Z", until="2026-01-02T00:00:00Z")
    assert app.info[0].value == "No run began in the chosen time."
    app.button(key="widen_window").click().run()
    assert not app.exception
    assert app.metric[0].label == "Runs in error"


def test_runs_that_never_fail_have_no_groups(shown: Shown) -> None:
    shown.send("works")
    app = shown.open(PAGE)
    assert not app.exception
    assert (app.metric[0].value, app.metric[0].delta) == ("0.0%", "0 of 1")
    assert "No step of these runs failed." in [caption.value for caption in app.caption]


def test_the_numbers_are_those_of_the_list_of_runs(shown: Shown) -> None:
    shown.send("works", "fails", "fails")
    app = shown.open(PAGE)
    summary = shown.client.summary(project=shown.project).row(0, named=True)
    numbers = {metric.label: (metric.value, metric.delta) for metric in app.metric}
    assert numbers["Runs in error"] == ("66.7%", f"{summary['error_count']} of {summary['run_count']}")
    assert numbers["New groups"] == ("—", "0 regressed")
    assert app.dataframe[0].value["error"].tolist() == ["OrderNotFound: order # not found"]
    assert app.dataframe[0].value["run_count"].tolist() == [2]
    assert any(caption.value.startswith("No earlier data to compare with:") for caption in app.caption)


def test_a_group_shows_its_runs_each_at_the_failed_step(shown: Shown) -> None:
    (run_id,) = shown.send("fails")
    found = group(shown)
    app = shown.open(PAGE, group=found["fingerprint"])
    assert not app.exception
    assert codes(app) == ["order 7 not found"]
    assert app.dataframe[1].value["error_message"].tolist() == ["order 7 not found"]
    (row,) = shown.client.error_runs(project=shown.project, fingerprint=found["fingerprint"])[0].to_dicts()
    step = shown.client.step(project=shown.project, run_id=run_id, step_id=row["step_id"])
    assert (row["run_id"], step["status"], step["kind"]) == (run_id, "error", "tool")


def test_what_a_person_records_of_a_group_shows_and_a_failure_after_that_is_a_regression(shown: Shown) -> None:
    shown.send("fails")
    fingerprint = group(shown)["fingerprint"]
    app = shown.open(PAGE, group=fingerprint)
    app.text_input(key="mark_assigned_to").input("team-orders")
    app.selectbox(key="mark_state").select("resolved")
    app.text_area(key="mark_note").input(HOSTILE_TEXTS[0])
    app.button("FormSubmitter:mark-Record").click().run()
    assert not app.exception
    until(lambda: group(shown)["is_resolved"])
    app = shown.open(PAGE, group=fingerprint)
    (line,) = [text for text in texts(app) if "assigned to" in text]
    assert "assigned to team-orders resolved “" in line
    found = group(shown)
    assert (found["assigned_to"], found["state"], found["note"]) == ("team-orders", "ongoing", HOSTILE_TEXTS[0])
    shown.send("fails")
    assert group(shown)["state"] == "regressed"
    assert shown.client.summary(project=shown.project)["run_count"][0] == 2  # a mark is no run


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ({}, "needs `assigned_to`"),
        ({"state": "fixed"}, "state"),
        ({"release": "1.2", "note": "x"}, "`release` goes with"),
        ({"note": "n" * 501}, "note"),
        ({"assigned_to": "ü" * 100}, "bytes"),
        ({"note": "\ud800"}, "note"),
        ({"note": "x", "other": 1}, "other"),
        ({"note": "x", "fingerprint": "'; drop"}, "fingerprint"),
    ],
)
def test_a_mark_that_cannot_be_read_is_422_in_plain_words(shown: Shown, told: dict[str, Any], word: str) -> None:
    body = json.dumps({"fingerprint": "0" * 16, **told}).encode()
    url = f"{shown.server.url}/api/error-marks?project={shown.project}"
    answer = httpx.post(url, content=body, headers={"content-type": "application/json"}, timeout=60)
    assert answer.status_code == 422
    assert word in answer.json()["error"]


@pytest.mark.parametrize(("name", "value"), [("state", "<b>"), ("group", "no group")])
def test_a_bad_value_in_the_address_is_named_and_the_page_still_shows(shown: Shown, name: str, value: str) -> None:
    shown.send("fails")
    app = shown.open(PAGE, **{name: value})
    assert not app.exception
    assert codes(app) == [value]
    assert app.metric[0].label == "Runs in error"


def test_a_mark_is_told_in_one_line() -> None:
    told = {"assigned_to": "", "marked_state": "resolved", "resolved_in": "1.2", "note": None, "marked_by": "kim"}
    assert errors.mark_line(told) == "assigned to nobody resolved in 1.2 by kim"
