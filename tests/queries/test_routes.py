"""Which models were asked for and which ones answered, on hand-made runs and against the samples' README."""

from typing import Any

import duckdb
import pytest

from queries import catalogue
from queries.database import Database
from queries.filters import read_filters
from tests.queries.conftest import rebuild_all
from tests.queries.records import SECOND, START_NS, Telling, insert
from tests.queries.test_golden_facts import told

DAY = 86_400


def rows(store: duckdb.DuckDBPyConnection, telling: Telling, question: str, **narrowing: Any) -> list[dict[str, Any]]:
    insert(store, telling.rows)
    rebuild_all(store)
    filters = read_filters(START_NS + 3_600 * SECOND, since="-1h", **narrowing)
    return catalogue.ask(Database(store), question, filters).to_pylist()


def asked(requested: str | None, served: str | None, **columns: Any) -> dict[str, Any]:
    return {
        "under": "agent",
        "requested_model": requested,
        "served_model": served,
        "is_error": served is None,
    } | columns


@pytest.mark.parametrize(
    ("requested", "served", "is_same"),
    [
        ("gpt-5.2", "gpt-5.2", True),
        ("gpt-5.2", "gpt-5.2-2026-02-11", True),
        ("claude-sonnet-5-5", "claude-sonnet-5-5-20260915", True),
        ("gpt-4", "gpt-4-0613", True),
        ("openai/GPT-5.2", "gpt-5.2-2026-02-11", True),
        ("gpt-5.2-latest", "gpt-5.2-2026-02-11", True),
        ("gpt-5.2-2026-02-11", "gpt-5.2", True),
        ("gpt-5.2-2026-02-11", "gpt-5.2-2026-04-01", False),
        ("gpt-5.2", "gpt-5.2-mini", False),
        ("gpt-5.2", "gpt-5.2-mini-2026-02-11", False),
        ("gpt-4o", "gpt-4", False),
        ("gpt-5.2", None, None),
        (None, "gpt-5.2", None),
    ],
)
def test_a_dated_snapshot_is_the_model_that_was_asked_for(
    store: duckdb.DuckDBPyConnection, requested: str | None, served: str | None, is_same: bool | None
) -> None:
    Database(store)
    (found,) = store.execute("select is_same_model($1::varchar, $2::varchar)", [requested, served]).fetchall()
    assert found == (is_same,)


def test_a_route_tells_its_share_cost_times_and_truncations(store: duckdb.DuckDBPyConnection) -> None:
    telling = Telling().span("agent", "agent", lasts=60)
    cut, whole = {"finish_reasons": ["length"]}, {"finish_reasons": ["stop"]}
    telling.span("a", "llm", 1, 2, **asked("big", "big", cost_usd=0.5, ttft_ms=100.0, **cut))
    telling.span("b", "llm", 4, 4, **asked("big", "big", cost_usd=0.25, ttft_ms=300.0, **whole))
    telling.span("c", "llm", 9, 1, **asked("big", "small", **whole))
    telling.span("d", "llm", 12, 1, **asked("big", None))

    found = {row["served_model"]: row for row in rows(store, telling, "model_routes")}

    big = found["big"]
    assert (big["call_count"], big["call_share"], big["cost_usd"], big["is_same_model"]) == (2, 0.5, 0.75, True)
    assert (big["truncated_count"], big["finished_count"], big["truncation_rate"]) == (1, 2, 0.5)
    assert (big["p50_duration_ms"], big["p50_ttft_ms"], big["ttft_count"]) == (3_000, 200, 2)
    assert (big["error_rate"], big["requested_error_rate"]) == (0, 0.25)
    assert (found["small"]["is_same_model"], found["small"]["truncation_rate"]) == (False, 0)
    assert (found[None]["error_count"], found[None]["error_rate"]) == (1, 1)


def test_retries_and_fallbacks_are_told_attempt_by_attempt(store: duckdb.DuckDBPyConnection) -> None:
    telling = Telling().span("agent", "agent", lasts=60)
    telling.span("fine", "llm", 0, **asked("big", "big"))
    telling.span("first", "llm", 2, **asked("big", None, error_type="529"))
    telling.span("second", "llm", 4, **asked("big", None, error_type="529"))
    telling.span("third", "llm", 6, **asked("other", "other"))
    telling.span("rerouted", "llm", 8, **asked("big", "small"))
    telling.span("at once", "llm", 12, lasts=5, **asked("big", None))
    telling.span("meanwhile", "llm", 13, **asked("big", "big"))

    found = rows(store, telling, "route_attempts")

    assert [(row["attempt"], row["reason"], row["error_type"]) for row in found] == [
        (1, "initial", "529"),
        (2, "retry", "529"),
        (3, "fallback", None),
    ]
    assert {(row["attempt_count"], row["final_status"], row["evidence"]) for row in found} == {(3, "ok", "inferred")}


def test_what_telemetry_calls_an_attempt_goes_before_inference(store: duckdb.DuckDBPyConnection) -> None:
    telling = Telling().span("agent", "agent", lasts=60)
    telling.span("lone", "llm", 1, **asked("big", "small", route_attempt=2, route_reason="fallback"))
    (row,) = rows(store, telling, "route_attempts")
    assert (row["attempt"], row["reason"], row["evidence"]) == (2, "fallback", "explicit")


def test_a_change_tells_the_day_it_started_even_before_the_window(store: duckdb.DuckDBPyConnection) -> None:
    telling = Telling()
    for name, day, served in [
        ("kept", -9, "big"),
        ("first", -5, "small"),
        ("now", 0, "small"),
        ("dated", 0.01, "big-0613"),
    ]:
        telling.span(name, "llm", day * DAY, **(asked("big", served) | {"trace": name, "under": None}))

    (row,) = rows(store, telling, "route_changes")

    assert (row["requested_model"], row["served_model"]) == ("big", "small")
    assert (row["call_count"], row["answered_count"], row["call_share"]) == (1, 2, 0.5)
    assert row["started_on"].date().isoformat() == "2026-11-17"


def test_the_samples_routes_are_those_of_their_readme() -> None:
    calls = [row for row in told("model_routes") if row["kind"] == "llm"]
    (summary,) = told("summary")
    (totals,) = [row for row in told("route_totals") if row["window"] == "asked"]

    assert sum(row["call_count"] for row in calls) == totals["call_count"] == summary["llm_call_count"]
    assert sum(row.get("cost_usd", 0) for row in told("model_routes")) == pytest.approx(summary["cost_usd"])
    assert sum(row["error_count"] for row in calls) == totals["error_count"] == 3
    assert (totals["retry_count"], totals["fallback_count"], totals["rerouted_count"]) == (2, 1, 0)
    assert told("route_changes") == []


def test_the_samples_attempts_are_those_of_their_readme() -> None:
    attempts = [(row["workflow_name"], row["attempt"], row["reason"], row["status"]) for row in told("route_attempts")]
    assert attempts == [
        ("ticket-triage", 1, "initial", "error"),
        ("ticket-triage", 2, "retry", "error"),
        ("ticket-triage", 3, "retry", "ok"),
        ("market-brief", 1, "initial", "error"),
        ("market-brief", 2, "fallback", "ok"),
    ]
