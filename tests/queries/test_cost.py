"""What runs cost, counted by hand over tiny stories."""

from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from queries import catalogue
from queries.catalogue import CATALOGUE
from queries.database import Database
from queries.filters import Filters
from tests.queries.conftest import Derived
from tests.queries.records import SECOND, START_NS, Telling

HOUR_NS = 3_600 * SECOND
HOUR = Filters("default", START_NS + HOUR_NS, START_NS, START_NS + HOUR_NS)
LATE = 3_600.0  # seconds from the first moment of the window before to that of the window

Rows = list[dict[str, Any]]
Derive = Callable[[Telling], Derived]


def asked(
    store: duckdb.DuckDBPyConnection, question: str, filters: Filters = HOUR, **more: Any
) -> list[dict[str, Any]]:
    return catalogue.ask(Database(store), question, filters, **more).to_pylist()


def costs(store: duckdb.DuckDBPyConnection, by: str) -> dict[str | None, float | None]:
    return {row["value"]: row["cost_usd"] for row in asked(store, "cost_by", by=by)}


def test_a_model_call_is_paid_by_the_tools_that_led_to_it_in_equal_parts(
    store: duckdb.DuckDBPyConnection, derived: Derive
) -> None:
    derived(
        Telling()
        .span("agent", "agent", lasts=60)
        .span("plan", "llm", 1, under="agent", cost_usd=1.0)
        .span("search", "tool", 3, under="agent")
        .span("fetch", "tool", 3, under="agent")
        .span("refused by the provider", "llm", 4, under="agent", is_error=True)
        .span("read", "llm", 5, under="agent", cost_usd=3.0)
        .span("search again", "tool", 7, under="agent", tool_name="search")
        .span("answer", "llm", 9, under="agent", cost_usd=5.0)
        .span("farewell", "tool", 11, under="agent")
    )

    assert costs(store, "tool") == {"search": 6.5, "fetch": 1.5, None: 1.0}
    assert [row["call_count"] for row in asked(store, "cost_by", by="tool")] == [2, 1, 2]


def test_a_tool_leads_to_calls_of_its_own_agent_alone(store: duckdb.DuckDBPyConnection, derived: Derive) -> None:
    derived(
        Telling()
        .span("boss", "agent", lasts=60)
        .span("delegate", "tool", 1, 20, under="boss")
        .span("helper", "agent", 2, 18, under="delegate")
        .span("think", "llm", 3, under="helper", cost_usd=2.0)
        .span("look", "tool", 5, under="helper")
        .span("tell", "llm", 7, under="helper", cost_usd=4.0)
        .span("conclude", "llm", 30, under="boss", cost_usd=8.0)
    )

    assert costs(store, "tool") == {"delegate": 8.0, "look": 4.0, None: 2.0}
    assert costs(store, "agent") == {"boss": 8.0, "helper": 6.0}
    assert costs(store, "step") == {"boss › conclude": 8.0, "helper › tell": 4.0, "helper › think": 2.0}


def test_a_total_that_an_agent_reports_without_calls_is_in_every_sum(
    store: duckdb.DuckDBPyConnection, derived: Derive
) -> None:
    derived(
        Telling().span(
            "agent", "agent", lasts=60, rollup_input_tokens=70, rollup_output_tokens=5, cost_usd=0.5, user_id="u-1"
        )
    )

    assert costs(store, "model") == {None: 0.5}
    assert costs(store, "agent") == {"agent": 0.5}
    assert costs(store, "tool") == {None: 0.5}
    (row,) = asked(store, "cost_by", by="user")
    assert (row["value"], row["run_count"], row["call_count"], row["input_tokens"]) == ("u-1", 1, 0, 70)


def test_the_window_before_is_counted_apart(store: duckdb.DuckDBPyConnection, derived: Derive) -> None:
    derived(
        Telling()
        .span("early", "llm", trace="a", workflow_name="w", cost_usd=4.0)
        .span("late", "llm", LATE, trace="b", workflow_name="w", cost_usd=6.0)
        .span("later", "llm", LATE, trace="c", workflow_name="v", cost_usd=2.0)
    )
    second_hour = Filters("default", START_NS + 2 * HOUR_NS, START_NS + HOUR_NS, START_NS + 2 * HOUR_NS)

    rows = asked(store, "cost_by", second_hour, by="workflow")
    assert [(row["value"], row["cost_usd"], row["cost_share"], row["cost_before_usd"]) for row in rows] == [
        ("w", 6.0, 0.75, 4.0),
        ("v", 2.0, 0.25, None),
    ]
    totals = asked(store, "cost_totals", second_hour)
    assert [(row["window"], row["run_count"], row["cost_usd"]) for row in totals] == [
        ("asked", 2, 8.0),
        ("before", 1, 4.0),
    ]


def test_a_change_of_cost_falls_on_what_changed_in_equal_parts(
    store: duckdb.DuckDBPyConnection, derived: Derive
) -> None:
    """Twice the runs, each call twice as long, at the same price: 1 $ became 4 $, and both are to blame alike."""
    telling = Telling().span("only then", "llm", trace="x", workflow_name="gone", input_tokens=10, cost_usd=2.0)
    for trace, at, tokens in (("a", 0.0, 100), ("b", LATE, 200), ("c", LATE + 60, 200)):
        for number in range(2):
            call = {"input_tokens": tokens, "cost_usd": tokens / 200, "workflow_name": "w"}
            telling.span(f"{trace}{number}", "llm", at + number, trace=trace, **call)
    derived(telling)
    second_hour = Filters("default", START_NS + 2 * HOUR_NS, START_NS + HOUR_NS, START_NS + 2 * HOUR_NS)

    doubled, gone = asked(store, "cost_movers", second_hour)
    assert (doubled["cost_before_usd"], doubled["cost_usd"], doubled["change_usd"]) == (1.0, 4.0, 3.0)
    assert doubled["volume_usd"] == pytest.approx(1.5)
    assert doubled["tokens_per_call_usd"] == pytest.approx(1.5)
    for part in ("calls_per_run_usd", "model_mix_usd", "price_usd"):
        assert doubled[part] == pytest.approx(0)
    assert (gone["workflow_name"], gone["change_usd"], gone["volume_usd"]) == ("gone", -2.0, -2.0)
    assert (gone["run_count"], gone["run_count_before"]) == (None, 1)


def test_the_five_classes_add_up_to_all_tokens(store: duckdb.DuckDBPyConnection, derived: Derive) -> None:
    derived(
        Telling()
        .span(
            "cached",
            "llm",
            trace="a",
            input_tokens=100,
            cache_read_tokens=60,
            cache_write_tokens=10,
            output_tokens=20,
            reasoning_tokens=5,
        )
        .span("plain", "llm", 1, trace="b", input_tokens=100, output_tokens=30)
    )

    (row,) = asked(store, "token_classes")
    assert row["fresh_input_tokens"] == 30 + 100
    assert (row["cache_read_tokens"], row["cache_write_tokens"]) == (60, 10)
    assert (row["answer_tokens"], row["reasoning_tokens"]) == (15 + 30, 5)
    assert row["cache_hit_rate"] == 60 / 200


def test_the_cache_hit_rate_is_unknown_where_nothing_is_told_of_a_cache(
    store: duckdb.DuckDBPyConnection, derived: Derive
) -> None:
    derived(Telling().span("call", "llm", input_tokens=100, output_tokens=30))

    assert asked(store, "token_classes")[0]["cache_hit_rate"] is None
    assert asked(store, "cost_totals")[0]["cache_hit_rate"] is None


def test_runs_are_counted_by_ranges_of_cost(store: duckdb.DuckDBPyConnection, derived: Derive) -> None:
    prices = (0.0, 0.001, 0.0019, 0.002, 0.3, 2.5, 10.0, None)
    telling = Telling()
    for at, price in enumerate(prices):
        telling.span(f"call {at}", "llm", at, trace=f"t{at}", cost_usd=price)
    derived(telling)

    rows = asked(store, "cost_per_run")
    assert [(row["cost_from_usd"], row["cost_to_usd"], row["run_count"]) for row in rows] == [
        (0, 0, 1),
        (0.001, 0.002, 2),
        (0.002, 0.005, 1),
        (pytest.approx(0.2), 0.5, 1),
        (2, 5, 1),
        (10, 20, 1),
        (None, None, 1),
    ]


def test_calls_without_a_price_are_listed_by_model(store: duckdb.DuckDBPyConnection, derived: Derive) -> None:
    derived(
        Telling()
        .span("one", "llm", requested_model="own-1", provider="us", input_tokens=10, output_tokens=1)
        .span("two", "llm", 2, requested_model="own-1", provider="us", input_tokens=20, output_tokens=2)
        .span("three", "llm", 4, trace="b", requested_model="own-2", input_tokens=500)
        .span("priced", "llm", 6, input_tokens=10, cost_usd=0.1)
        .span("failed", "llm", 8)
    )

    rows = asked(store, "unpriced_calls")
    assert [(row["model"], row["provider"], row["call_count"], row["run_count"]) for row in rows] == [
        ("own-2", None, 1, 1),
        ("own-1", "us", 2, 1),
    ]
    assert (rows[1]["input_tokens"], rows[1]["output_tokens"]) == (30, 3)


def test_the_dearest_seven_have_a_place_over_time_and_the_others_are_one(
    store: duckdb.DuckDBPyConnection, derived: Derive
) -> None:
    telling = Telling()
    for at in range(9):
        telling.span(f"call {at}", "llm", at, trace=f"t{at}", workflow_name=f"w{at}", cost_usd=10.0 - at)
    derived(telling)

    rows = asked(store, "cost_trend", by="workflow")
    assert [row["value"] for row in rows] == [*(f"w{at}" for at in range(7)), None]
    assert (rows[-1]["is_rest"], rows[-1]["cost_usd"], rows[-1]["run_count"]) == (True, 3.0 + 2.0, 2)


@pytest.mark.parametrize("by", CATALOGUE["cost_by"].by)
def test_an_empty_store_cost_nothing(store: duckdb.DuckDBPyConnection, by: str) -> None:
    assert asked(store, "cost_by", by=by) == asked(store, "cost_trend", by=by) == []
