"""How long things take, and where a run's time goes, counted by hand."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from queries import catalogue
from queries.catalogue import CATALOGUE
from queries.database import Database
from queries.filters import Filters
from tests.queries.conftest import Derived
from tests.queries.records import SECOND, START_NS, Telling
from tests.queries.samples import FILTERS, Samples, kept_samples

HOUR_NS = 3_600 * SECOND
HOUR = Filters("default", START_NS + HOUR_NS, START_NS, START_NS + HOUR_NS)

Rows = list[dict[str, Any]]
Derive = Callable[[Telling], Derived]


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Samples]:
    with kept_samples(tmp_path_factory.mktemp("latency") / "runlight.duckdb") as kept:
        yield kept


def asked(store: duckdb.DuckDBPyConnection, question: str, filters: Filters = HOUR, **more: Any) -> Rows:
    return catalogue.ask(Database(store), question, filters, **more).to_pylist()


def path(store: duckdb.DuckDBPyConnection, filters: Filters = HOUR) -> list[tuple[str, float, float]]:
    """What the one run of the filters waited for: name or kind, since when, for how long, in milliseconds."""
    rows = asked(store, "slowest_runs", filters, by="total")
    assert sum(row["own_ms"] for row in rows) == rows[0]["duration_ms"]
    return [(row["name"] or row["kind"], row["began_ms"], row["own_ms"]) for row in rows]


def test_the_time_of_a_hand_off_is_that_of_the_innermost_steps(samples: Samples) -> None:
    """The hotel agent is asked by a tool, which has but the 50 ms before it for itself."""
    found = path(samples.connection, replace(FILTERS, workflow="trip-rebooking"))
    assert found == [
        ("gpt-5.4-mini-2026-03-17", 0, 800),
        ("gpt-6-sol-2026-09-18", 800, 1600),
        ("search_flights", 2400, 1200),
        ("gpt-6-sol-2026-09-18", 3600, 1500),
        ("ask_hotel_agent", 5100, 50),
        ("claude-sonnet-5-5-20260915", 5150, 1100),
        ("find_rooms", 6250, 900),
        ("claude-sonnet-5-5-20260915", 7150, 1900),
        ("gpt-6-sol-2026-09-18", 9050, 2700),
    ]


def test_of_two_tools_at_once_the_run_waits_for_the_longer(samples: Samples) -> None:
    """track_parcel takes 830 ms, get_delivery_policy beside it 120 ms; agent and workflow have 10 and 40 ms alone."""
    kinds = asked(samples.connection, "time_by_kind", replace(FILTERS, workflow="order-support"))
    assert {row["kind"]: row["total_ms"] for row in kinds if row["total_ms"]} == {
        "llm": 1620 + 1480 + 3050,
        "tool": 210 + 830,
        "workflow": 40,
        "agent": 10,
    }
    names = [name for name, _, _ in path(samples.connection, replace(FILTERS, workflow="order-support"))]
    assert "track_parcel" in names
    assert "get_delivery_policy" not in names


def test_the_wait_for_a_human_is_told_apart(samples: Samples) -> None:
    kinds = asked(samples.connection, "time_by_kind", replace(FILTERS, workflow="refund-request"))
    times = {row["kind"]: row["total_ms"] for row in kinds if row["total_ms"]}
    assert times == {"human_wait": 252_000, "llm": 1440 + 1710 + 2200, "tool": 190 + 940, "agent": 300}
    (wait,) = [row for row in kinds if row["kind"] == "human_wait"]
    assert (wait["run_count"], wait["share"], wait["working_share"]) == (1, 252_000 / 258_780, None)


def test_what_runs_waited_for_adds_up_to_their_durations(samples: Samples) -> None:
    """Of 20 runs 18 have ended; one waits for a human and one is running."""
    (row,) = asked(samples.connection, "time_by_kind", FILTERS)[:1]
    assert (row["timed_run_count"], row["ended_count"]) == (18, 18)
    run_ms: dict[str, float] = {}
    own_ms: dict[str, float] = defaultdict(float)
    for by in ("total", "working"):
        own_ms.clear()
        for row in asked(samples.connection, "slowest_runs", FILTERS, by=by):
            run_ms[row["run_id"]] = row["duration_ms"]
            own_ms[row["run_id"]] += row["own_ms"]
            assert row["working_ms"] + row["human_wait_ms"] == row["duration_ms"]
        assert len(own_ms) == 12
        assert dict(own_ms) == pytest.approx({run_id: run_ms[run_id] for run_id in own_ms}, rel=1e-12)


def test_plumbing_and_parents_that_ended_early_are_passed_over(
    store: duckdb.DuckDBPyConnection, derived: Derive
) -> None:
    """The call stands under the agent though a graph node is between; what the planner left behind, under the agent."""
    derived(
        Telling()
        .span("agent", "agent", lasts=20)
        .span("node", "other", 1, 6, under="agent")
        .span("ask", "llm", 2, 3, under="node", served_model="ask")
        .span("planner", "agent", 8, 2, under="agent")
        .span("search", "tool", 9, 6, under="planner")
        .span("aside", "tool", 10, 2, under="agent")
    )

    assert path(store) == [
        ("agent", 0, 2000 + 3000 + 5000),
        ("ask", 2000, 3000),
        ("planner", 8000, 1000),
        ("search", 9000, 6000),
    ]


def test_between_steps_without_anything_above_them_a_run_waits_for_nothing_known(
    store: duckdb.DuckDBPyConnection, derived: Derive
) -> None:
    derived(
        Telling()
        .span("ask", "llm", 0, 2, under="lost", served_model="ask")
        .span("cycle", "tool", 3, 1, under="round")
        .span("round", "tool", 3, 1, under="cycle")
        .span("search", "tool", 5, 1, under="lost")
    )

    later = replace(HOUR, now_ns=HOUR.now_ns + HOUR_NS)
    assert path(store, later) == [("run", 0, 3000), ("ask", 0, 2000), ("search", 5000, 1000)]


def test_the_longest_are_told_with_or_without_the_waits_for_humans(samples: Samples) -> None:
    in_all = asked(samples.connection, "slowest_runs", FILTERS, by="total")
    working = asked(samples.connection, "slowest_runs", FILTERS, by="working")

    assert (in_all[0]["run_name"], in_all[0]["human_wait_ms"]) == ("invoice-matching", 1_140_000)
    assert working[0]["working_ms"] == max(row["working_ms"] for row in working)
    places = {row["run_id"]: (row["run_place"], -row["working_ms"]) for row in working}
    assert sorted(places.values()) == sorted(places.values(), key=lambda place: place[1])


def test_durations_leave_out_the_human_wait_and_what_did_not_end(
    store: duckdb.DuckDBPyConnection, derived: Derive
) -> None:
    derived(
        Telling()
        .span("agent", "agent", lasts=60)
        .span("pay", "tool", 1, 30, under="agent", wait_ms=28_000.0)
        .span("pay again", "tool", 32, 4, under="agent", tool_name="pay", is_error=True)
        .span("refused", "tool", 40, 9, under="agent", tool_name="pay", tool_status="denied")
    )

    (row,) = asked(store, "latency_by", by="tool")
    assert (row["value"], row["step_count"], row["error_count"], row["total_ms"]) == ("pay", 2, 1, 6000)
    assert (row["p50_ms"], row["max_ms"]) == (3000, 4000)
    assert [row["value"] for row in asked(store, "latency_by")] == ["agent › pay again", "agent › pay"]


def test_first_tokens_are_told_by_model_with_how_many_calls_tell(
    store: duckdb.DuckDBPyConnection, derived: Derive
) -> None:
    derived(
        Telling()
        .span("one", "llm", served_model="m", ttft_ms=200.0)
        .span("two", "llm", 2, served_model="m", ttft_ms=400.0)
        .span("three", "llm", 4, served_model="m")
    )

    (row,) = asked(store, "first_token")
    assert (row["model"], row["call_count"], row["ttft_count"], row["p50_ttft_ms"]) == ("m", 3, 2, 300)


def test_runs_are_counted_by_ranges_of_duration(store: duckdb.DuckDBPyConnection, derived: Derive) -> None:
    telling = Telling()
    for at, seconds in enumerate((0.0004, 0.001, 0.05, 1, 1.999, 2, 500)):
        telling.span(f"agent {at}", "agent", at, seconds, trace=f"t{at}")
    derived(telling)

    rows = asked(store, "latency_heatmap")
    assert [(row["duration_from_ms"], row["duration_to_ms"], row["run_count"]) for row in rows] == [
        (0, 1, 1),
        (1, 2, 1),
        (50, 100, 1),
        (1000, 2000, 2),
        (2000, 5000, 1),
        (500_000, 1_000_000, 1),
    ]


@pytest.mark.parametrize("question", ["latency_by", "latency_trend", "slowest_runs"])
def test_an_empty_store_took_no_time(store: duckdb.DuckDBPyConnection, question: str) -> None:
    for by in CATALOGUE[question].by:
        assert asked(store, question, by=by) == []
