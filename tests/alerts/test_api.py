"""Alerts over HTTP: silences that make sense, and answers in every form."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import pytest

from tests.serving import RunningServer

_numbers = count(1)
SOON = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}"
FAR = f"{datetime.now(UTC) + timedelta(days=500):%Y-%m-%d}"
SILENCE = {"until": SOON, "reason": "known", "by": "oncall-3"}


@pytest.fixture
def project() -> str:
    return f"alerts-{next(_numbers)}"


def silence(server: RunningServer, project: str, **told: Any) -> httpx.Response:
    return httpx.post(f"{server.url}/api/alerts/silences", params={"project": project}, json=told, timeout=60)


def test_a_silence_holds_in_its_project_until_it_is_ended(server: RunningServer, project: str) -> None:
    answer = silence(server, project, rule="error_rate", group="refund", **SILENCE)
    assert answer.status_code == 201
    (held,) = server.ask("alerts/silences", project=project)["rows"]
    assert held["silence_id"] == answer.json()["silence_id"]
    assert (held["rule"], held["group_name"], held["reason"], held["made_by"]) == (
        *("error_rate", "refund", "known", "oncall-3"),
    )
    assert server.ask("alerts/silences", project=f"{project}-other")["rows"] == []
    for owner, left in ((f"{project}-other", 1), (project, 0), (project, 0)):
        url = f"{server.url}/api/alerts/silences/{held['silence_id']}"
        assert httpx.delete(url, params={"project": owner}, timeout=60).status_code == 204
        assert len(server.ask("alerts/silences", project=project)["rows"]) == left


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"until": "2026-01-01"}, "ends after now and within a year"),
        ({"until": FAR}, "ends after now and within a year"),
        ({"until": "tomorrow"}, "until reads like"),
        ({"rule": "no such rule"}, "there is none of the name 'no such rule'"),
        ({"group": "refund"}, "`group` goes with `rule`"),
        ({"reason": " "}, "reason"),
        ({"reason": "two\nlines"}, "one line of readable characters"),
        ({"by": "x" * 101}, "by"),
        ({"by": None}, "who says so is expected"),
        ({"url": "https://outside.invalid"}, "url"),
    ],
)
def test_a_silence_that_makes_no_sense_is_422_in_plain_words(
    server: RunningServer, project: str, told: dict[str, str | None], said: str
) -> None:
    answer = silence(server, project, **(SILENCE | told))
    assert answer.status_code == 422
    assert said in answer.json()["error"]
    assert server.ask("alerts/silences", project=project)["rows"] == []


@pytest.mark.parametrize("what", ["", "/history", "/rules", "/notifications", "/silences"])
def test_every_answer_comes_as_json_csv_and_arrow(server: RunningServer, project: str, what: str) -> None:
    for form in ("application/json", "text/csv", "application/vnd.apache.arrow.stream"):
        url = f"{server.url}/api/alerts{what}"
        answer = httpx.get(url, params={"project": project}, headers={"accept": form}, timeout=60)
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, form)


def test_evaluating_tells_how_many_rules_were_evaluated_and_what_came_of_it(
    server: RunningServer, project: str
) -> None:
    answer = httpx.post(f"{server.url}/api/alerts/evaluate", params={"project": project}, timeout=60).json()
    rows = server.ask("alerts/rules", project=project)["rows"]
    asked = [row for row in rows if row["evaluated_at"]]
    assert answer | {"evaluated": 0} == {"evaluated": 0, "failed": 0, "fired": 0, "resolved": 0}
    assert 0 < answer["evaluated"] <= len(asked) == sum(row["is_watching"] for row in rows)
