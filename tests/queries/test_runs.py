"""What a run comes to: its usage, how it ended, where it broke, and how records are gathered into it."""

from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from queries.database import Database
from tests.queries.conftest import Derived, rebuild_all
from tests.queries.records import SECOND, START_NS, Telling, identity, insert, step_hex, trace_hex

Derive = Callable[[Telling], Derived]
MINUTE = 60.0


def status(connection: duckdb.DuckDBPyConnection, after_seconds: float = 0, run_id: str | None = None) -> str:
    """The status of the run, asked so long after `START_NS`."""
    Database(connection)
    rows = connection.execute(
        "select run_id, status from runs_at($now_ns)", {"now_ns": START_NS + round(after_seconds * SECOND)}
    ).fetchall()
    ((_, found),) = [row for row in rows if run_id in (None, row[0])]
    return str(found)


def test_tokens_and_cost_are_those_of_counted_model_calls(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("agent", "agent", lasts=9, rollup_input_tokens=999, cost_usd=9.0)
        .span("ask", "llm", at=1, under="agent", input_tokens=10, output_tokens=2, cache_read_tokens=4, cost_usd=0.1)
        .span("embed", "embedding", at=3, under="agent", input_tokens=5, cost_usd=0.01)
        .span("again", "llm", at=5, under="agent", input_tokens=7, output_tokens=1)
    )

    run = told.run
    assert (run["input_tokens"], run["output_tokens"], run["cache_read_tokens"]) == (22, 3, 4)
    assert run["cost_usd"] == pytest.approx(0.11)
    assert run["unpriced_count"] == 1
    assert (run["step_count"], run["llm_call_count"]) == (4, 2)


def test_a_sum_of_nothing_known_is_null(derived: Derive) -> None:
    run = derived(Telling().span("ask", "llm")).run

    assert (run["input_tokens"], run["cost_usd"], run["reasoning_tokens"]) == (None, None, None)
    assert run["unpriced_count"] == 0


def test_an_agents_total_counts_only_without_calls_below_it_and_once(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("crew", "agent", lasts=9, rollup_input_tokens=30, rollup_output_tokens=3)
        .span("worker", "agent", at=1, under="crew", rollup_input_tokens=30, rollup_output_tokens=3)
    )

    assert (told.run["input_tokens"], told.run["output_tokens"]) == (30, 3)


def test_totals_of_an_agent_count_beside_the_calls_of_another(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("root", "agent", lasts=9, rollup_input_tokens=35)
        .span("open", "agent", at=1, under="root", rollup_input_tokens=30)
        .span("traced", "agent", at=3, under="root")
        .span("ask", "llm", at=4, under="traced", input_tokens=5)
    )

    assert told.run["input_tokens"] == 35


@pytest.mark.parametrize(
    ("telling", "outcome"),
    [
        (Telling().span("a", "agent", lasts=9).span("l", "llm", at=1, under="a"), "ok"),
        (Telling().span("a", "agent", lasts=9, is_error=True).span("l", "llm", at=1, under="a"), "error"),
        (Telling().span("a", "agent", lasts=9).span("l", "llm", at=1, under="a", is_error=True), "error"),
        (
            Telling()
            .span("a", "agent", lasts=9)
            .span("t", "tool", at=1, under="a", is_error=True)
            .span("l", "llm", at=3, under="a"),
            "ok",
        ),
        (Telling().span("a", "agent", lasts=9, is_error=True, pause="cancelled"), "ok"),
        (
            Telling()
            .span("a", "agent", lasts=9)
            .span("t", "tool", at=1, under="a", is_error=True, tool_status="denied"),
            "ok",
        ),
    ],
    ids=[
        "all went well",
        "the root failed",
        "the last call failed",
        "a failure was made good",
        "a cancellation is no error",
        "a refusal is no error",
    ],
)
def test_how_a_finished_run_ended(
    store: duckdb.DuckDBPyConnection, derived: Derive, telling: Telling, outcome: str
) -> None:
    derived(telling)

    assert status(store, 20) == outcome


def test_a_run_without_an_end_is_running_then_abandoned(store: duckdb.DuckDBPyConnection, derived: Derive) -> None:
    derived(
        Telling()
        .span("ask", "llm", under="lost", proposed_calls=[{"id": "k", "name": "find", "args": None}])
        .span("find", "tool", at=2, under="lost", tool_call_id="k")
    )

    assert status(store, 15 * MINUTE) == "running"
    assert status(store, 16 * MINUTE) == "abandoned"


def test_a_run_without_a_root_whose_model_asked_for_nothing_more_is_ok_after_silence(
    store: duckdb.DuckDBPyConnection, derived: Derive
) -> None:
    derived(Telling().span("ask", "llm", under="lost", finish_reasons=["stop"]))

    assert status(store, 16 * MINUTE) == "ok"


def test_a_run_without_a_root_that_failed_last_is_an_error_after_silence(
    store: duckdb.DuckDBPyConnection, derived: Derive
) -> None:
    derived(Telling().span("ask", "llm", under="lost", is_error=True))

    assert status(store, 1) == "running"
    assert status(store, 16 * MINUTE) == "error"


def test_a_run_without_a_root_has_ended_when_its_conversation_goes_on(
    store: duckdb.DuckDBPyConnection, derived: Derive
) -> None:
    derived(
        Telling()
        .span("first", "llm", trace="t1", under="lost", conversation_id="c", finish_reasons=["stop"])
        .span("second", "agent", at=60, trace="t2", conversation_id="c")
    )

    assert status(store, 70, trace_hex("t1")) == "ok"


def test_a_run_goes_on_while_steps_start_after_its_root_ended(
    store: duckdb.DuckDBPyConnection, derived: Derive
) -> None:
    derived(Telling().span("request", "agent", lasts=1).span("later", "llm", at=30, under="request"))

    assert status(store, 32) == "running"
    assert status(store, 20 * MINUTE) == "ok"


def test_the_failing_step_is_the_innermost_that_nothing_made_good(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("agent", "agent", lasts=20, is_error=True, error_message="agent failed")
        .span("flaky", "tool", at=1, under="agent", is_error=True, error_message="recovered")
        .span("ask", "llm", at=3, under="agent")
        .span("turn", at=5, lasts=3, under="agent", is_error=True, error_message="turn failed")
        .span("broken", "tool", at=6, under="turn", is_error=True, error_type="OSError", error_message="disk full")
    )

    assert told.run["error_step_id"] == step_hex("broken")
    assert (told.run["error_type"], told.run["error_message"]) == ("OSError", "disk full")
    assert told.run["error_count"] == 3


def test_a_run_that_recovered_names_no_failing_step(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("agent", "agent", lasts=9)
        .span("flaky", "tool", at=1, under="agent", is_error=True)
        .span("ask", "llm", at=3, under="agent")
    )

    assert (told.run["error_step_id"], told.run["error_count"]) == (None, 1)


def test_what_a_run_was_asked_and_answered(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("agent", "agent", lasts=9)
        .span("first", "llm", at=1, under="agent", input_preview="question", output_preview="a thought")
        .span("second", "llm", at=3, under="agent", input_preview="question", output_preview="the answer")
    )

    assert (told.run["input_preview"], told.run["output_preview"]) == ("question", "the answer")


def test_a_late_judgement_does_not_prolong_a_run(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("agent", "agent", lasts=9)
        .span("feedback", "evaluation", at=9000, under="agent", evaluation_name="rating")
    )

    assert told.run["duration_ms"] == 9000
    assert told.run["has_root"] is True


def test_traces_with_one_run_key_are_one_run(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("call 1", "llm", trace="t1", run_key="prompt-7", input_preview="where you are … fix it")
        .span("call 2", "llm", at=5, trace="t2", run_key="prompt-7", input_preview="where you are … fix it")
        .log("user_prompt", "human", at=-1, run_key="prompt-7", input_preview="fix it")
    )

    assert told.run["run_id"] == "prompt-7"
    assert told.run["trace_ids"] == sorted([trace_hex("t1"), trace_hex("t2")])
    assert told.run["input_preview"] == "fix it"


def test_a_trace_without_a_key_joins_the_keyed_run_of_its_conversation(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("call 1", "llm", trace="t1", run_key="p1", conversation_id="c")
        .span("tool", "tool", at=2, trace="t2", conversation_id="c")
        .span("call 2", "llm", at=100, trace="t3", run_key="p2", conversation_id="c")
    )

    assert [(run["run_id"], len(run["trace_ids"])) for run in told.runs] == [("p1", 2), ("p2", 1)]


def test_a_session_of_logs_is_cut_at_its_prompts(derived: Derive) -> None:
    session = {"run_key": "s", "conversation_id": "s"}
    told = derived(
        Telling()
        .log("conversation_starts", "other", at=0, **session)
        .log("first.user_prompt", "human", at=1, input_preview="one", **session)
        .log("api_request 1", "llm", at=2, **session)
        .log("second.user_prompt", "human", at=10, input_preview="two", **session)
        .log("api_request 2", "llm", at=11, **session)
        .log("tool_result", "tool", at=12, **session)
    )

    assert [(run["run_id"], run["input_preview"], run["step_count"]) for run in told.runs] == [
        (f"s:{step_hex('first.user_prompt')}", "one", 2),
        (f"s:{step_hex('second.user_prompt')}", "two", 3),
    ]
    assert [run["continued"] for run in told.runs] == [True, False]


def test_a_session_without_a_prompt_is_one_run(derived: Derive) -> None:
    told = derived(
        Telling()
        .log("api_request 1", "llm", at=1, run_key="s", conversation_id="s")
        .log("api_request 2", "llm", at=2, run_key="s", conversation_id="s")
    )

    assert (told.run["run_id"], told.run["step_count"]) == ("s", 2)


def test_logs_without_a_trace_join_the_run_of_their_conversation_going_on_then(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("turn 1", "agent", at=0, lasts=5, trace="t1", conversation_id="c")
        .span("turn 2", "agent", at=60, lasts=5, trace="t2", conversation_id="c")
        .log("sse_event 1", "llm", at=3, run_key="c", conversation_id="c")
        .log("sse_event 2", "llm", at=59.9, run_key="c", conversation_id="c")
    )

    assert [(run["run_id"], run["llm_call_count"]) for run in told.runs] == [(trace_hex("t1"), 1), (trace_hex("t2"), 1)]


def test_logs_that_came_before_their_conversations_trace_move_into_its_run(
    store: duckdb.DuckDBPyConnection, derived: Derive
) -> None:
    logs = Telling().log("sse_event", "llm", at=3, run_key="c", conversation_id="c")
    assert derived(logs).run["run_id"] == "c"

    told = derived(Telling().span("turn", "agent", lasts=5, conversation_id="c"))

    assert told.run["run_id"] == trace_hex("t")
    assert told.run["llm_call_count"] == 1
    assert store.execute("select distinct run_id from steps").fetchall() == [(trace_hex("t"),)]


def test_a_late_run_key_moves_a_trace_and_leaves_nothing_behind(
    store: duckdb.DuckDBPyConnection, derived: Derive
) -> None:
    derived(Telling().span("call", "llm", lasts=2))
    told = derived(Telling().span("late", "llm", at=3, run_key="p"))

    assert told.run["run_id"] == "p"
    assert store.execute("select distinct run_id from steps").fetchall() == [("p",)]


def test_spans_that_arrive_days_apart_in_sending_meet_in_one_run(store: duckdb.DuckDBPyConnection) -> None:
    telling = Telling().span("agent", "agent", lasts=4 * 86_400).span("end", "llm", at=4 * 86_400 - 10, under="agent")
    insert(store, telling.rows[1:])
    rebuild_all(store)
    insert(store, telling.rows[:1])
    rebuild_all(store)

    assert [(run["step_count"], run["has_root"]) for run in Derived(store).runs] == [(2, True)]


def test_records_without_trace_key_or_conversation_are_kept_and_belong_to_no_run(
    store: duckdb.DuckDBPyConnection, derived: Derive
) -> None:
    told = derived(Telling().log("oversight.change", "other"))

    assert told.runs == []
    assert store.execute("select count(*) from spans").fetchone() == (1,)
    assert store.execute("select count(*) from touched").fetchone() == (0,)


def test_untimed_and_absurdly_timed_records_do_no_harm(store: duckdb.DuckDBPyConnection) -> None:
    telling = (
        Telling().span("agent", "agent", lasts=2).span("ask", "llm", under="agent").span("far", "tool", under="agent")
    )
    untimed: dict[str, Any] = {"started_at": None, "ended_at": None, "duration_ms": None}
    telling.rows[1].update(untimed)
    telling.rows[2].update({"started_at": 2**63 - 2, "ended_at": 2**63 - 2})
    insert(store, telling.rows)
    rebuild_all(store)

    assert Derived(store).run["step_count"] == 3


def test_a_span_stored_twice_by_mistake_hangs_nothing(store: duckdb.DuckDBPyConnection) -> None:
    row = Telling().span("agent", "agent").rows[0]
    insert(store, [row, {**row}, {**row, "span_id": identity("child", 8), "parent_span_id": row["span_id"]}])
    rebuild_all(store)

    assert Derived(store).run["step_count"] == 3
