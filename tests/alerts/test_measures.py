"""What each kind of rule reads off its question, on records that can be counted by hand."""

from typing import Any

import duckdb
import pytest

from alerts.measures import Inquiry, measure
from alerts.rules import AnyRule
from queries.database import Database
from tests.alerts.watching import HOUR_NS, NOW_NS, PROJECT, Watched, rule, runs
from tests.queries.records import SECOND, START_NS, Telling
from tests.queries.test_ledger import commit, pairs

WEEK_SECONDS = 7 * 86_400

Numbers = dict[str, tuple[float, int]]


def read(watched: Watched, asked: AnyRule, now_ns: int = NOW_NS) -> Numbers:
    """Each group's number and what is behind it."""
    found = measure(asked, Inquiry(Database(watched.connection), PROJECT, now_ns)).measured
    return {group: (pytest.approx(one.value), one.sample_count) for group, one in found.items()}


def spent(telling: Telling, workflow: str, at: float, usd: float) -> Telling:
    name = f"{workflow} {at}"
    return telling.span(
        name, "llm", at, trace=name, workflow_name=workflow, input_tokens=10, output_tokens=1, cost_usd=usd
    )


def question(telling: Telling, workflow: str, at: float) -> Telling:
    """A run that waits for an answer since then."""
    name = f"{workflow} {at}"
    asked = {"approval_id": name, "approval_requested_at": START_NS + round(at * SECOND), "tool_name": "pay"}
    telling.span(f"agent {name}", "agent", at, trace=name, workflow_name=workflow)
    return telling.log(f"asked {name}", "approval", at, trace=name, under=f"agent {name}", **asked)


def test_spikes_are_told_as_long_as_their_hour_or_day_lies_in_the_window(watched: Watched) -> None:
    telling = Telling()
    for week in (1, 2, 3):
        spent(telling, "w", -week * WEEK_SECONDS, 1)
    watched.tell(spent(telling, "w", 0, 21))
    hour = rule(kind="cost_spike", threshold_usd=5.0)
    assert read(watched, hour) == {"w": (20, 1)}
    assert read(watched, hour, NOW_NS + HOUR_NS) == {}
    day = rule(kind="cost_spike", slot="day", threshold_usd=5.0)
    assert read(watched, day, NOW_NS + 12 * HOUR_NS) == {"w": (20, 1)}
    assert read(watched, day, NOW_NS + 24 * HOUR_NS) == {}
    assert read(watched, rule(kind="cost_spike", threshold_usd=5.0, ignore=["w"])) == {}


def test_a_budget_is_of_the_day_or_month_on_its_clock(watched: Watched) -> None:
    """The story begins on 22 November at 10:00 UTC; in Tokyo the day began at 15:00 UTC of the day before."""
    watched.tell(spent(spent(spent(Telling(), "w", 0, 1), "w", -12 * 3_600, 2), "w", -20 * 86_400, 4))
    assert read(watched, rule(kind="budget", period="day", threshold_usd=1.0)) == {"w": (1, 1)}
    assert read(watched, rule(kind="budget", period="day", threshold_usd=1.0, tz="Asia/Tokyo")) == {"w": (3, 2)}
    assert read(watched, rule(kind="budget", period="month", threshold_usd=1.0)) == {"w": (7, 3)}


def test_errors_and_durations_are_of_each_workflow(watched: Watched) -> None:
    telling = runs(Telling(), "w", 60, good=3, bad=1)
    telling.span("long", "agent", 60, 100, trace="long", workflow_name="long", environment="staging")
    watched.tell(telling)
    assert read(watched, rule(kind="error_rate", threshold_rate=0.5)) == {"w": (0.25, 4), "long": (0, 1)}
    assert read(watched, rule(kind="error_rate", threshold_rate=0.5, only={"environment": "staging"})) == {
        "long": (0, 1)
    }
    durations = read(watched, rule(kind="p95_duration", threshold_seconds=9.0))
    assert durations == {"w": (1_000, 4), "long": (100_000, 1)}


def test_tools_and_models_are_counted_by_their_calls(watched: Watched) -> None:
    telling = Telling().span("agent", "agent", lasts=9)
    for number, status in enumerate(("ok", "ok", "error")):
        failed = {"is_error": True, "status_code": 2} if status == "error" else {}
        telling.span(f"find {number}", "tool", number, under="agent", tool_name="find", **failed)
        models = {"requested_model": "big", "served_model": "small" if number else "big", "provider": "acme"}
        telling.span(f"ask {number}", "llm", number + 0.5, under="agent", input_tokens=5, output_tokens=1, **models)
    watched.tell(telling)
    assert read(watched, rule(kind="tool_error_rate", threshold_rate=0.5)) == {"find": (1 / 3, 3)}
    assert read(watched, rule(kind="served_model", threshold_rate=0.5)) == {"big → small · acme": (2 / 3, 3)}
    unpriced = {"small · acme": (2, 2), "big · acme": (1, 1)}
    assert read(watched, rule(kind="unpriced_model", threshold_calls=1)) == unpriced


def test_questions_wait_for_each_workflow_until_they_are_forgotten(watched: Watched) -> None:
    telling = question(question(Telling(), "w", 0), "w", 600)
    question(question(telling, "w", 3_500), "old", -3 * 86_400)
    watched.tell(telling)
    asked = {"kind": "pending_approval", "threshold_minutes": 30.0}
    assert read(watched, rule(**asked, forget_after_days=1.0)) == {"w": (3_600_000, 2)}
    assert read(watched, rule(**asked)).keys() == {"w", "old"}
    assert read(watched, rule(**asked, only={"workflow": "old"})).keys() == {"old"}


def test_corrections_are_of_the_runs_that_humans_looked_at(watched: Watched) -> None:
    telling = runs(Telling(), "w", 60, good=4, bad=0)
    for number in range(2):
        name = f"w 60 {number}"
        telling.span(
            f"judged {number}", "evaluation", 70, trace=name, under=name, evaluator_type="human", evaluation_score=1.0
        )
    telling.log("edited", "human", 80, trace="w 60 0", under="w 60 0", correction_kind="edited_output")
    watched.tell(telling)
    assert read(watched, rule(kind="correction_rate", threshold_rate=0.5)) == {"w": (0.5, 2)}


def test_silent_services_are_those_that_pause_longer_than_they_use_to(watched: Watched) -> None:
    ledger(watched.connection, "often", *range(-3_600, 601, 600))
    ledger(watched.connection, "seldom", -3_600, 2_400)
    asked = {"kind": "silent_service", "threshold_minutes": 10.0}
    assert read(watched, rule(**asked)) == {"often · span": (3_000_000, 8)}
    assert read(watched, rule(**asked, unusual_only=False)).keys() == {"often · span", "seldom · span"}
    assert read(watched, rule(**asked, unusual_only=False, only={"service": "seldom"})) == {
        "seldom · span": (1_200_000, 2)
    }


def test_refusals_are_counted_by_their_reason(watched: Watched) -> None:
    ledger(watched.connection, "shop", 3_000, rejected_reasons=pairs(empty_id=4), rejected_count=4)
    ledger(watched.connection, "shop", 3_100, rejected_reasons=pairs(empty_id=1), rejected_count=1)
    ledger(watched.connection, "shop", 0, rejected_reasons=pairs(empty_id=9), rejected_count=9)
    assert read(watched, rule(kind="rejecting", threshold_records=1, window_minutes=15)) == {"empty_id · span": (5, 2)}


def ledger(connection: duckdb.DuckDBPyConnection, service: str, *at: float, **columns: Any) -> None:
    for moment in at:
        commit(connection, moment, service, **columns)


def test_a_reading_says_how_the_api_and_the_app_show_the_same(watched: Watched) -> None:
    watched.tell(runs(Telling(), "a&b=c #d", 60, good=0, bad=1))
    asked = rule(kind="error_rate", threshold_rate=0.5, only={"service": "shop"})
    found = measure(asked, Inquiry(Database(watched.connection), PROJECT, NOW_NS))
    window = "since=2026-11-22T10%3A00%3A00Z&until=2026-11-22T11%3A00%3A00Z"
    assert found.question == "runs_by"
    assert found.asked == f"/api/runs-by?project=default&{window}&service=shop&by=workflow"
    (one,) = found.measured.values()
    assert one.address == f"/runs?window=custom&{window}&service=shop&workflow=a%26b%3Dc+%23d&status=error"
    assert one.detail == "1 of 1 finished runs failed"
