"""Who was affected: users and conversations, counted by hand over tiny stories."""

from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from queries import catalogue, questions
from queries.database import Database
from queries.filters import Filters
from tests.queries.conftest import Derived
from tests.queries.records import SECOND, START_NS, Telling, trace_hex

HOUR_NS = 3_600 * SECOND
SECOND_HOUR = Filters("default", START_NS + 2 * HOUR_NS, START_NS + HOUR_NS, START_NS + 2 * HOUR_NS)
LATE = 3_600.0
Rows = list[dict[str, Any]]


def a_run(telling: Telling, name: str, at: float, user: str | None, talk: str | None, **told: Any) -> None:
    who = {"user_id": user, "conversation_id": talk}
    telling.span(f"agent {name}", "agent", LATE + at, 10, trace=name, **who, is_error=told.pop("fails", False))
    telling.span(f"ask {name}", "llm", LATE + at + 1, trace=name, under=f"agent {name}", **told)


@pytest.fixture
def store(store: duckdb.DuckDBPyConnection, derived: Callable[[Telling], Derived]) -> duckdb.DuckDBPyConnection:
    """Ann talks twice and fails once, Bob's one run fails, one run is nobody's; Bob was there an hour before."""
    telling = Telling()
    a_run(telling, "a1", 0, "ann", "talk", cost_usd=1.0, input_preview="hello", output_preview="hi")
    a_run(telling, "a2", 70, "ann", "talk", fails=True, cost_usd=2.0)
    a_run(telling, "a3", 75, "ann", "other talk", input_tokens=5)
    a_run(telling, "b1", 100, "bob", None, fails=True, cost_usd=4.0)
    a_run(telling, "n1", 110, None, None, cost_usd=8.0)
    a_run(telling, "b0", -LATE, "bob", None, fails=True)
    derived(telling)
    return store


def asked(store: duckdb.DuckDBPyConnection, question: str, **more: Any) -> Rows:
    return catalogue.ask(Database(store), question, SECOND_HOUR, **more).to_pylist()


def test_users_are_listed_with_what_happened_to_them_the_most_affected_first(store: duckdb.DuckDBPyConnection) -> None:
    rows = asked(store, "affected_by", by="user")

    assert [(row["value"], row["run_count"], row["error_count"], row["cost_usd"]) for row in rows] == [
        ("ann", 3, 1, 3.0),
        ("bob", 1, 1, 4.0),
        (None, 1, 0, 8.0),
    ]
    assert [row["error_rate"] for row in rows] == [1 / 3, 1.0, 0.0]
    assert [row["conversation_count"] for row in rows] == [2, 0, 0]
    assert [row["unpriced_count"] for row in rows] == [1, 0, 0]
    assert {row["value_count"] for row in rows} == {3}


def test_conversations_name_their_user_and_add_up_to_the_same_runs(store: duckdb.DuckDBPyConnection) -> None:
    rows = asked(store, "affected_by", by="conversation")

    assert [(row["value"], row["user_id"], row["run_count"]) for row in rows] == [
        (None, None, 2),
        ("talk", "ann", 2),
        ("other talk", "ann", 1),
    ]
    (summary,) = questions.summary(Database(store), SECOND_HOUR).to_pylist()
    assert sum(row["run_count"] for row in rows) == summary["run_count"]
    assert sum(row["error_count"] for row in rows) == summary["error_count"]
    assert sum(row["cost_usd"] or 0 for row in rows) == summary["cost_usd"]


def test_whoever_saw_a_run_fail_counts_once(store: duckdb.DuckDBPyConnection) -> None:
    (totals,) = [row for row in asked(store, "affected_totals") if row["period"] == "asked"]

    assert (totals["user_count"], totals["failed_user_count"], totals["unnamed_run_count"]) == (2, 2, 1)
    assert (totals["conversation_count"], totals["failed_conversation_count"]) == (2, 1)
    assert (totals["user_cost_usd"], totals["cost_per_user_usd"]) == (7.0, 3.5)
    assert sum(row["run_count"] for row in asked(store, "affected_trend")) == totals["run_count"]


def test_a_conversation_is_told_turn_by_turn_with_the_time_between(store: duckdb.DuckDBPyConnection) -> None:
    now_ns = SECOND_HOUR.now_ns
    rows = questions.conversation(Database(store), "default", "talk", now_ns).to_pylist()

    assert [(row["turn"], row["run_id"], row["status"], row["gap_ms"]) for row in rows] == [
        (1, trace_hex("a1"), "ok", None),
        (2, trace_hex("a2"), "error", 60_000.0),
    ]
    (second,) = questions.conversation(Database(store), "default", "talk", now_ns, after_turn=1, limit=1).to_pylist()
    assert (second["turn"], second["turn_count"], second["gap_ms"]) == (2, 2, 60_000.0)
    assert questions.conversation(Database(store), "elsewhere", "talk", now_ns).num_rows == 0
