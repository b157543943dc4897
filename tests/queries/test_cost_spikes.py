"""When a workflow cost more than usual, and the parts of the difference, by hand and for stories made by chance."""

from collections.abc import Callable
from random import Random
from typing import Any

import duckdb
import pytest

from queries import catalogue
from queries.database import Database
from queries.filters import Filters
from tests.queries.conftest import Derived
from tests.queries.records import SECOND, START_NS, Telling

HOUR_NS = 3_600 * SECOND
HOUR = Filters("default", START_NS + HOUR_NS, START_NS, START_NS + HOUR_NS)
WEEK_SECONDS = 7 * 86_400
PARTS = ("volume_usd", "calls_per_run_usd", "tokens_per_call_usd", "model_mix_usd", "price_usd")

Derive = Callable[[Telling], Derived]
Call = tuple[str, int, float]  # model, tokens, dollars


def run(telling: Telling, weeks_ago: int, *calls: Call, minute: int = 0) -> Telling:
    """A run of workflow `w` in the first hour of the story or as many weeks before."""
    at, trace = 60.0 * minute - weeks_ago * WEEK_SECONDS, f"{weeks_ago}/{minute}"
    for number, (model, tokens, usd) in enumerate(calls):
        telling.span(
            f"{trace}/{number}",
            "llm",
            at + number,
            trace=trace,
            workflow_name="w",
            requested_model=model,
            input_tokens=tokens,
            cost_usd=usd,
        )
    return telling


def three_weeks_of(*calls: Call) -> Telling:
    telling = Telling()
    for weeks_ago in (1, 2, 3):
        run(telling, weeks_ago, *calls)
    return telling


def spikes(store: duckdb.DuckDBPyConnection, filters: Filters = HOUR) -> list[dict[str, Any]]:
    return catalogue.ask(Database(store), "cost_spikes", filters).to_pylist()


def parts(store: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Those that are not nothing, of the only spike."""
    (spike,) = spikes(store)
    return {part: pytest.approx(spike[part]) for part in PARTS if abs(spike[part]) > 1e-9}


def test_more_runs_are_volume(store: duckdb.DuckDBPyConnection, derived: Derive) -> None:
    telling = three_weeks_of(("m", 100, 1.0))
    for minute in range(4):
        run(telling, 0, ("m", 100, 1.0), minute=minute)
    derived(telling)

    (spike,) = spikes(store)
    assert (spike["workflow_name"], spike["cost_usd"], spike["usual_cost_usd"], spike["week_count"]) == ("w", 4, 1, 3)
    assert parts(store) == {"volume_usd": 3}


def test_what_two_causes_do_together_is_shared_between_them(store: duckdb.DuckDBPyConnection, derived: Derive) -> None:
    """Three calls instead of one, of 200 tokens instead of 100: alone 3 and 2 dollars instead of 1, together 6.

    First or last, calls add 3 - 1 or 6 - 2, so 3; tokens add 2 - 1 or 6 - 3, so 2.
    """
    derived(run(three_weeks_of(("m", 100, 1.0)), 0, *[("m", 200, 2.0)] * 3))

    assert parts(store) == {"calls_per_run_usd": 3, "tokens_per_call_usd": 2}


def test_the_same_model_for_more_money_is_price(store: duckdb.DuckDBPyConnection, derived: Derive) -> None:
    derived(run(three_weeks_of(("m", 100, 1.0)), 0, ("m", 100, 5.0)))

    assert parts(store) == {"price_usd": 4}


def test_a_dearer_model_in_its_place_is_model_mix(store: duckdb.DuckDBPyConnection, derived: Derive) -> None:
    derived(run(three_weeks_of(("m", 100, 1.0)), 0, ("dear", 100, 5.0)))

    assert parts(store) == {"model_mix_usd": 4}


def test_an_hour_that_usually_costs_nothing_is_explained_by_what_runs_cost_at_other_hours(
    store: duckdb.DuckDBPyConnection, derived: Derive
) -> None:
    """Usual are no run, two calls a run. One run of four calls: volume adds 2 first or 4 last, calls 0 or 2."""
    telling = run(Telling(), 3, ("m", 100, 1.0), ("m", 100, 1.0), minute=-90)
    derived(run(telling, 0, *[("m", 100, 1.0)] * 4))

    assert parts(store) == {"volume_usd": 3, "calls_per_run_usd": 1}


@pytest.mark.parametrize("seed", range(5))
def test_the_parts_add_up_to_the_whole_difference(store: duckdb.DuckDBPyConnection, derived: Derive, seed: int) -> None:
    chance = Random(seed)
    telling = Telling()
    for weeks_ago in range(5):
        for minute in range(chance.randint(1, 4)):
            dear = 1 if weeks_ago else chance.uniform(5, 50)
            calls = [
                (chance.choice("abc"), chance.randint(1, 999), dear * chance.random())
                for _ in range(chance.randint(1, 5))
            ]
            run(telling, weeks_ago, *calls, minute=minute)
    derived(telling)

    (spike,) = spikes(store)
    assert sum(spike[part] for part in PARTS) == pytest.approx(spike["excess_usd"])
    assert spike["excess_usd"] == pytest.approx(spike["cost_usd"] - spike["usual_cost_usd"])


def test_cents_are_no_spike(store: duckdb.DuckDBPyConnection, derived: Derive) -> None:
    derived(run(three_weeks_of(("m", 100, 0.01)), 0, ("m", 100, 0.99)))

    assert spikes(store) == []


def test_what_varies_as_much_anyhow_is_no_spike(store: duckdb.DuckDBPyConnection, derived: Derive) -> None:
    """Median 5 and MAD 3: up to 5 + 3 × 1.4826 × 3 = 18.34 dollars are usual."""
    telling = Telling()
    for weeks_ago, usd in enumerate((2.0, 5.0, 9.0), 1):
        run(telling, weeks_ago, ("m", 100, usd))
    derived(run(telling, 0, ("m", 100, 18.3)))
    assert spikes(store) == []


def test_a_workflow_of_one_week_has_nothing_to_compare_with(store: duckdb.DuckDBPyConnection, derived: Derive) -> None:
    derived(run(run(Telling(), 1, ("m", 100, 1.0)), 0, ("m", 100, 50.0)))

    assert spikes(store) == []


def test_an_hour_of_the_clock_is_the_same_before_and_after_its_change(
    store: duckdb.DuckDBPyConnection, derived: Derive
) -> None:
    """In Berlin, 11:00 on 22 November was 10:00 UTC, and on 18 October 9:00 UTC."""
    telling = Telling()
    for weeks_ago in (1, 2, 3, 4, 5):
        run(telling, weeks_ago, ("m", 100, 6.0), minute=-60 if weeks_ago > 4 else 0)
    derived(run(telling, 0, ("m", 100, 9.0)))

    in_berlin = Filters("default", START_NS + HOUR_NS, START_NS, START_NS + HOUR_NS, tz="Europe/Berlin")
    (spike,) = spikes(store, in_berlin)
    assert (spike["usual_cost_usd"], spike["mad_usd"], spike["week_count"]) == (6, 0, 5)
    assert spike["slot_at"].isoformat().startswith("2026-11-22T10:00:00")
