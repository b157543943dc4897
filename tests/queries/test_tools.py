"""What tools did and what models asked of them, on hand-made runs and against the samples' README."""

from dataclasses import replace
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from queries import catalogue, questions
from queries.database import Database
from queries.filters import Filters, read_filters
from tests.queries.conftest import rebuild_all
from tests.queries.records import SECOND, START_NS, Telling, insert, step_hex, trace_hex
from tests.queries.test_golden_facts import BLOCKED, FACTS, listed, told, total

PAUSED = {"tool_name": "pay", "approval_requested_at": START_NS, "approval_decided_at": START_NS + 5 * SECOND}


def filters(**narrowing: Any) -> Filters:
    return read_filters(START_NS + 3_600 * SECOND, since="-1h", **narrowing)


def rows(store: duckdb.DuckDBPyConnection, telling: Telling, question: str, **narrowing: Any) -> list[dict[str, Any]]:
    insert(store, telling.rows)
    rebuild_all(store)
    return catalogue.ask(Database(store), question, filters(**narrowing)).to_pylist()


def failing(at: float, message: str, name: str = "search", **columns: Any) -> Telling:
    return Telling().span("agent", "agent").span(name, "tool", at, is_error=True, error_message=message, **columns)


def calls(*wanted: tuple[str | None, str, str]) -> list[dict[str, Any]]:
    return [{"id": id, "name": name, "args": args} for id, name, args in wanted]


def test_a_repeated_call_after_a_failure_is_a_retry(store: duckdb.DuckDBPyConnection) -> None:
    telling = Telling().span("agent", "agent", lasts=60)
    attempts = [("a", True), ("a", True), ("a", False), ("a", False), ("b", True), ("c", False)]
    for at, (args, failed) in enumerate(attempts):
        search = {"tool_name": "search", "tool_args": args, "tool_call_id": f"k{at}", "is_error": failed}
        telling.span(f"search {at}", "tool", at + 1, under="agent", **search)
    telling.span("dumb 1", "tool", 20, under="agent", tool_name="dumb", is_error=True)
    telling.span("dumb 2", "tool", 21, under="agent", tool_name="dumb")

    found = {row["tool_name"]: row for row in rows(store, telling, "tool_stats")}

    assert (found["search"]["call_count"], found["search"]["error_count"], found["search"]["retry_count"]) == (6, 3, 2)
    assert found["search"]["error_rate"] == pytest.approx(3 / 6)
    assert found["dumb"]["retry_count"] == 0, "arguments that nobody told equal none"


@pytest.mark.parametrize(
    ("message", "error_type", "is_timeout"),
    [
        ("query timed out after 60 s", None, True),
        ("Read time-out", None, True),
        ("", "asyncio.TimeoutError", True),
        ("", "504", True),
        ("DEADLINE_EXCEEDED", None, True),
        ("connect ETIMEDOUT 10.0.0.1", None, True),
        ("runtime output is broken", "ValueError", False),
    ],
)
def test_a_timeout_is_an_error_that_says_so(
    store: duckdb.DuckDBPyConnection, message: str, error_type: str | None, is_timeout: bool
) -> None:
    (row,) = rows(store, failing(1, message, error_type=error_type, under="agent"), "tool_stats")
    assert (row["error_count"], row["timeout_count"]) == (1, int(is_timeout))


def test_durations_leave_out_the_human_wait_and_peaks_are_per_minute(store: duckdb.DuckDBPyConnection) -> None:
    telling = Telling().span("agent", "agent", lasts=200)
    for place, (at, lasts, wait_ms) in enumerate([(0, 2, None), (1, 4, 1_000), (59, 4, None), (61, 100, 96_000)]):
        telling.span(f"find {place}", "tool", at, lasts, under="agent", tool_name="find", wait_ms=wait_ms)

    (row,) = rows(store, telling, "tool_stats")

    assert [row[f"p{part}_duration_ms"] for part in (50, 99)] == [pytest.approx(3_500), pytest.approx(4_000)]
    assert (row["peak_calls_per_minute"], row["call_count"]) == (3, 4)


def test_a_call_refused_before_it_began_is_counted_apart(store: duckdb.DuckDBPyConnection) -> None:
    refused = {"approval_decision": "rejected", "approval_decider_type": "human", "tool_call_id": "k", **PAUSED}
    telling = Telling().span("agent", "agent", lasts=9).span("ask pay", "approval", 1, under="agent", **refused)

    (row,) = rows(store, telling, "tool_stats")

    assert (row["tool_name"], row["call_count"], row["unstarted_count"], row["refused_count"]) == ("pay", 0, 1, 1)
    assert row["error_rate"] is None


def test_the_window_before_is_counted_beside_the_one_asked_for(store: duckdb.DuckDBPyConnection) -> None:
    telling = failing(-1_800, "gone", trace="old").span("search 2", "tool", 1, trace="new", tool_name="search")
    telling.span("in time to compare", "agent", -3_600, trace="oldest")

    (row,) = rows(store, telling, "tool_stats")

    assert (row["call_count"], row["error_count"]) == (1, 0)
    assert (row["call_count_before"], row["error_count_before"], row["ended_count_before"]) == (1, 1, 1)


def test_what_was_asked_for_is_told_by_what_became_of_it(store: duckdb.DuckDBPyConnection) -> None:
    wanted = calls(("k1", "find", "{}"), ("k2", "find", '{"a":1}'), ("k3", "gone", "{}"), (None, "look", "{}"))
    telling = (
        Telling()
        .span("agent", "agent", lasts=9)
        .span("wrapper", "llm", 1, under="agent", proposed_calls=wanted[:3])
        .span("ask", "llm", 1, under="wrapper", proposed_calls=[*wanted, *calls(("h", "transfer_to_sales", "{}"))])
        .span("find 1", "tool", 3, under="agent", tool_name="find", tool_call_id="k1")
        .span("find 2", "tool", 4, under="agent", tool_name="find", tool_call_id="k2", is_error=True)
        .span("look", "tool", 5, under="agent")
        .span("answer", "llm", 7, under="agent")
    )

    outcomes = {row["tool_name"]: row for row in rows(store, telling, "proposed_outcomes")}
    in_vain = catalogue.ask(Database(store), "proposed_calls", filters()).to_pylist()

    assert {
        name: (row["proposed_count"], row["ok_count"], row["never_ran_count"]) for name, row in outcomes.items()
    } == {
        "find": (2, 1, 0),
        "gone": (1, 0, 1),
        "look": (1, 1, 0),
    }
    assert {(row["tool_call_id"], row["outcome"]) for row in in_vain} == {("k2", "error"), ("k3", "never_ran")}


def test_a_call_still_wished_for_in_a_running_run_is_open(store: duckdb.DuckDBPyConnection) -> None:
    telling = Telling().span("ask", "llm", 3_500, under="agent", proposed_calls=calls(("k", "find", "{}")))
    (row,) = rows(store, telling, "proposed_outcomes")
    assert (row["open_count"], row["never_ran_count"], row["in_vain_rate"]) == (1, 0, None)


def test_an_open_call_never_ran_once_its_run_is_silent_and_what_another_run_made_of_it_counts_whenever_it_comes(
    store: duckdb.DuckDBPyConnection,
) -> None:
    asked = calls(("call_0123456789", "find", "{}"), ("k", "find", "{}"))
    telling = Telling().span("ask", "llm", 10, trace="t1", under="lost", proposed_calls=asked)
    made = {"trace": "t2", "tool_name": "find", "is_error": True, "error_message": "gone"}

    def became(second: int) -> list[tuple[int, ...]]:
        now = read_filters(START_NS + second * SECOND, since="-1h")
        counts = ("proposed_count", "ok_count", "error_count", "never_ran_count", "open_count", "run_count")
        rows = catalogue.ask(Database(store), "proposed_outcomes", now).to_pylist()
        return [tuple(row[name] for name in counts) for row in rows]

    insert(store, telling.rows)
    rebuild_all(store)
    assert became(20) == [(2, 0, 0, 0, 2, 1)]
    assert became(3_000) == [(2, 0, 0, 2, 0, 1)], "without any record"

    later = Telling().span("find", "tool", 60, tool_call_id="call_0123456789", **made)
    insert(store, later.span("find 2", "tool", 61, tool_call_id="k", **made).rows)
    rebuild_all(store)
    assert became(3_000) == [(2, 0, 1, 1, 0, 1)], "a short id is no other run's"
    in_vain = {
        row["tool_call_id"]: row for row in catalogue.ask(Database(store), "proposed_calls", filters()).to_pylist()
    }
    found = in_vain["call_0123456789"]
    assert (found["run_id"], found["step_id"], found["error_message"]) == (trace_hex("t1"), step_hex("find"), "gone")

    store.execute("delete from steps where run_id = $run", {"run": trace_hex("t2")})
    assert became(3_000) == [(2, 0, 0, 2, 0, 1)], "as a removal or retention leaves it"


def test_a_call_told_only_by_a_record_that_is_counted_elsewhere_was_asked_for(
    store: duckdb.DuckDBPyConnection,
) -> None:
    telling = Telling().span("wrapper", "llm", 1, 5, proposed_calls=calls(("k", "find", "{}"), (None, "look", "{}")))
    telling.span("try 1", "llm", 1, under="wrapper", input_tokens=1).span(
        "try 2", "llm", 3, under="wrapper", input_tokens=1
    )
    (row,) = rows(store, telling, "proposed_outcomes")
    assert (row["tool_name"], row["never_ran_count"]) == ("find", 1)


def test_calls_are_found_by_words_in_their_arguments_results_and_errors(store: duckdb.DuckDBPyConnection) -> None:
    telling = failing(1, "Order 77 is GONE", under="agent", tool_args='{"order":77}', tool_name="find")
    telling.span("other", "tool", 2, under="agent", tool_args='{"order":78}', tool_result="77 parcels")
    insert(store, telling.rows)
    rebuild_all(store)

    def found(*words: str) -> list[str]:
        return searched(store, words)

    assert found("77") == ["other", "find"]
    assert found("gone", "77") == ["find"]
    assert found("parcels") == ["other"]
    assert found("nothing") == []


def test_a_call_is_found_by_any_whole_record_that_tells_of_it(store: duckdb.DuckDBPyConnection) -> None:
    """Nothing of the words is in the beginnings that are kept beside the records."""
    telling = (
        Telling()
        .span("agent", "agent", lasts=9, block_position=1)
        .span("find", "tool", 1, under="agent", tool_call_id="k1", block_position=2)
        .span("find, told again", "tool", 1, under="find", tool_name="find", tool_call_id="k1", block_position=3)
        .span("look", "tool", 3, under="agent", block_position=4)
    )
    insert(store, telling.rows)
    other = Telling("elsewhere").span("read", "tool", 1, block_id=2, block_position=2)
    insert(store, other.rows)
    rebuild_all(store)

    def found(*places: tuple[int, int]) -> list[str]:
        blocks, positions = zip(*places, strict=True)
        return searched(store, ("parcel",), pa.table({"block_id": blocks, "block_position": positions}))

    assert found((1, 2)) == found((1, 3)) == ["find"], "whichever of the two that repeat each other"
    assert found((1, 2), (1, 4)) == ["look", "find"]
    assert found((1, 1)) == [], "an agent is no call"
    assert found((2, 2)) == found((2, 4)) == [], "another project's record, and none at all"


def searched(store: duckdb.DuckDBPyConnection, words: tuple[str, ...], places: pa.Table | None = None) -> list[str]:
    """The tools of the calls that hold these words, or of which a record is at one of the places; the newest first."""
    asked = replace(filters(), words=words)
    return questions.tool_calls(Database(store), asked, places=places).rows["tool_name"].to_pylist()


def test_the_samples_tool_calls_are_those_of_their_readme() -> None:
    stats = {row["tool_name"]: row for row in told("tool_stats")}
    rejected = sum(answer in ("rejected", "expired") for fact in FACTS for answer in listed(fact["approvals"]))
    (summary,) = told("summary")

    assert sum(row["call_count"] for row in stats.values()) == total("tools") + len(BLOCKED)
    assert sum(row["call_count"] for row in stats.values()) == summary["tool_call_count"]
    assert {name for name, row in stats.items() if row["error_count"]} == {"run_query", "post_journal_entry"}
    assert {name for name, row in stats.items() if row["timeout_count"]} == {"run_query"}
    assert {name for name, row in stats.items() if row["refused_count"]} == {"Bash", "create_vendor", *BLOCKED}
    assert sum(row["unstarted_count"] for row in stats.values()) == rejected
    assert sum(row["retry_count"] for row in stats.values()) == 0, "the narrowed query is another question"


def test_a_blocked_call_is_no_run_of_its_tool_even_where_it_has_a_step() -> None:
    never_ran = {row["tool_name"] for row in told("offered_tools") if row["never_ran"]}
    assert never_ran == {"create_vendor", "release_payout", "search_logs", "send_campaign", *BLOCKED}


def test_the_samples_models_asked_in_vain_for_what_their_readme_says() -> None:
    assert {(row["tool_name"], row["outcome"]) for row in told("proposed_calls")} == {
        ("run_query", "error"),
        ("post_journal_entry", "error"),
        ("create_vendor", "denied"),
        ("forward_mail", "denied"),
        ("send_campaign", "cancelled"),
        ("fetch_document", "never_ran"),
    }
    outcomes = told("proposed_outcomes")
    assert {row["tool_name"] for row in outcomes if row["open_count"]} == {"release_payout"}
    counts = [name for name in outcomes[0] if name.endswith("_count") and name not in ("proposed_count", "run_count")]
    assert all(row["proposed_count"] == sum(row[name] for name in counts) for row in outcomes)
