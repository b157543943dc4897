"""Which records are steps, where they stand, and which of them count."""

from collections.abc import Callable

import duckdb
import pytest

from tests.queries.conftest import Derived, rebuild_all
from tests.queries.records import START_NS, Telling, identity, insert, insert_many, insert_speech, step_hex

Derive = Callable[[Telling], Derived]


def test_a_child_told_before_its_parent_stands_below_it(derived: Derive) -> None:
    told = derived(Telling().span("call", "llm", at=1, under="work").span("work", "agent", lasts=5))

    assert [(row["name"], row["depth"], row["step_order"]) for row in told.steps.values()] == [
        ("work", 0, 1),
        ("call", 1, 2),
    ]


def test_siblings_are_ordered_by_time_and_parents_come_first(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("root", "agent", lasts=9)
        .span("late", "llm", at=5, under="root")
        .span("early", "agent", at=1, lasts=2, under="root")
        .span("inside", "llm", at=2, under="early")
    )

    assert list(told.steps) == ["root", "early", "inside", "late"]


def test_a_trace_without_its_root_is_a_run_and_its_orphans_are_marked(derived: Derive) -> None:
    told = derived(Telling().span("first", "llm", under="lost").span("second", "llm", at=2, under="lost"))

    assert told.run["step_count"] == 2
    assert told.run["has_root"] is False
    assert told.run["ended_at"] is None
    assert told.run["flaws"] == ["orphan"]
    assert [row["flaws"] for row in told.steps.values()] == [["orphan"], ["orphan"]]


def test_a_cycle_is_marked_and_shown(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("a", "llm", at=0, under="c")
        .span("b", "tool", at=1, under="a")
        .span("c", "tool", at=2, under="b")
        .span("below", "tool", at=3, under="c")
        .span("itself", "tool", at=4, under="itself")
    )

    assert {name: (row["depth"], row["flaws"]) for name, row in told.steps.items()} == {
        "a": (0, ["cycle"]),
        "b": (1, ["cycle"]),
        "c": (2, ["cycle"]),
        "below": (3, []),
        "itself": (0, ["cycle"]),
    }


def test_a_chain_of_25_000_steps_is_derived_to_its_end(store: duckdb.DuckDBPyConnection) -> None:
    telling = Telling()
    for place in range(25_000):
        kind = "agent" if place == 0 else "llm" if place == 24_999 else "other"
        telling.span(f"s{place}", kind, at=place / 1000, under=f"s{place - 1}" if place else None, agent_name=None)
    telling.rows[0]["agent_name"] = "deep"
    for row in telling.rows:
        row.pop("requested_model", None)
    insert_many(store, telling.rows)

    rebuild_all(store)

    (last,) = store.execute("select depth, step_order, agent_name from steps where name = 's24999'").fetchall()
    assert last == (24_999, 25_000, "deep")


def test_plumbing_alone_is_no_run_and_is_never_a_step(derived: Derive) -> None:
    told = derived(Telling().span("GET /", "other").span("sql", "other", under="GET /"))

    assert told.runs == []
    assert told.steps == {}


def test_a_judgement_alone_is_no_run(derived: Derive) -> None:
    assert derived(Telling().span("score", "evaluation", evaluation_name="helpful")).runs == []


def test_creating_an_agent_is_no_run(derived: Derive) -> None:
    assert derived(Telling().span("create_agent", "agent", operation="create_agent")).runs == []


def test_a_root_of_plumbing_over_agents_is_a_workflow(derived: Derive) -> None:
    told = derived(Telling().span("POST /chat", lasts=5).span("helper", "agent", at=1, under="POST /chat"))

    assert told.steps["POST /chat"]["kind"] == "workflow"
    assert told.run["workflow_name"] == "POST /chat"


def test_the_nearest_agent_above_lends_its_name(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("boss", "agent", lasts=9)
        .span("turn", under="boss", lasts=8)
        .span("ask", "llm", at=1, under="turn")
        .span("helper", "agent", at=3, lasts=3, under="turn")
        .span("look", "tool", at=4, under="helper")
    )

    assert {name: row["agent_name"] for name, row in told.steps.items()} == {
        "boss": "boss",
        "ask": "boss",
        "helper": "helper",
        "look": "helper",
    }


def test_conversation_user_and_environment_spread_over_the_run(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("root", "agent", lasts=5, environment="prod")
        .span("ask", "llm", at=1, under="root", conversation_id="c", user_id="u")
    )

    for row in told.steps.values():
        assert (row["conversation_id"], row["user_id"], row["environment"]) == ("c", "u", "prod")


def test_an_outer_model_call_over_inner_ones_with_usage_is_a_wrapper(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("generate", "llm", lasts=9, input_tokens=30, output_tokens=3)
        .span("try 1", "llm", at=1, under="generate", input_tokens=10, output_tokens=1)
        .span("try 2", "llm", at=3, under="generate", input_tokens=20, output_tokens=2)
    )

    assert told.counted == ["try 1", "try 2"]
    assert (told.run["input_tokens"], told.run["llm_call_count"]) == (30, 2)


def test_a_wrapper_lends_its_only_inner_call_what_that_lacks(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("gateway", "llm", lasts=3, input_tokens=10, output_tokens=1, cost_usd=0.5, cost_source="reported")
        .span("provider", "llm", at=1, under="gateway", input_tokens=10, output_tokens=1)
    )

    assert told.counted == ["provider"]
    assert told.run["cost_usd"] == 0.5


def test_failed_attempts_below_a_call_with_its_own_usage_count_beside_it(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("chat", "llm", lasts=5, input_tokens=10, output_tokens=1)
        .span("attempt", "llm", at=1, under="chat", is_error=True, requested_model="other")
    )

    assert told.counted == ["chat", "attempt"]
    assert told.steps["attempt"]["status"] == "error"


def test_a_failed_wrapper_without_usage_leaves_its_attempts_to_count(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("generate", "llm", lasts=5, is_error=True)
        .span("try 1", "llm", at=1, under="generate", is_error=True)
        .span("try 2", "llm", at=3, under="generate", is_error=True)
    )

    assert told.counted == ["try 1", "try 2"]


def test_a_model_call_is_no_wrapper_of_an_agent_that_its_tool_ran(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("call_llm", "llm", lasts=9, input_tokens=10, output_tokens=1)
        .span("ask_expert", "tool", at=1, lasts=7, under="call_llm")
        .span("expert", "agent", at=2, lasts=5, under="ask_expert")
        .span("inner", "llm", at=3, under="expert", input_tokens=5, output_tokens=5)
    )

    assert told.counted == ["call_llm", "ask_expert", "inner"]
    assert told.run["input_tokens"] == 15


def test_equal_response_ids_are_one_call_with_the_facts_of_both(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("root", "agent", lasts=5)
        .span("a", "llm", at=1, under="root", response_id="r", input_tokens=7, output_tokens=1, field_count=20)
        .span("b", "llm", at=1, under="root", response_id="r", input_tokens=7, served_model="gpt-x-1", ttft_ms=9.0)
    )

    assert told.counted == ["a"]
    assert (told.steps["a"]["served_model"], told.steps["a"]["ttft_ms"]) == ("gpt-x-1", 9.0)
    assert told.run["input_tokens"] == 7


def test_two_instrumentations_of_one_client_count_once(derived: Derive) -> None:
    same = {"under": "root", "input_tokens": 7, "output_tokens": 1}
    told = derived(
        Telling()
        .span("root", "agent", lasts=9)
        .span("a", "llm", at=1, scope_name="one", field_count=20, **same)
        .span("b", "llm", at=1.1, lasts=0.5, scope_name="two", **same)
    )

    assert told.counted == ["a"]


def test_parallel_calls_of_one_instrumentation_all_count(derived: Derive) -> None:
    same = {"under": "root", "input_tokens": 7, "output_tokens": 1}
    told = derived(
        Telling().span("root", "agent", lasts=9).span("a", "llm", at=1, **same).span("b", "llm", at=1.2, **same)
    )

    assert told.counted == ["a", "b"]


def test_a_tool_seen_by_client_and_server_counts_once_and_fails_if_either_did(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("execute_tool search", "tool", lasts=5, tool_name="search", tool_args='{"q":1}')
        .span("MCP send tools/call", "tool", at=1, lasts=3, under="execute_tool search", tool_name=None)
        .span("tools/call search", "tool", at=2, under="MCP send tools/call", tool_name="search", is_error=True)
    )

    assert told.counted == ["execute_tool search"]
    assert told.steps["execute_tool search"]["status"] == "error"


def test_a_tool_that_runs_another_tool_counts_both(derived: Derive) -> None:
    told = derived(Telling().span("plan", "tool", lasts=5).span("search", "tool", at=1, under="plan"))

    assert told.counted == ["plan", "search"]


def test_span_and_log_of_one_tool_call_are_one(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("run_turn", "agent", lasts=9, conversation_id="c")
        .span("shell", "tool", at=1, under="run_turn", tool_call_id="k")
        .log(
            "tool_result", "tool", at=2, trace="t", tool_name="shell", tool_call_id="k", tool_result="2", is_error=True
        )
    )

    assert told.counted == ["shell"]
    assert (told.steps["shell"]["tool_result"], told.steps["shell"]["status"]) == ("2", "error")


def test_of_signals_that_repeat_each_other_the_better_one_counts(derived: Derive) -> None:
    log = {"dialects": ["gemini-cli"], "twin_rank": 0, "run_key": "p"}
    span = {"dialects": ["gemini-cli"], "twin_rank": 1, "run_key": "p"}
    told = derived(
        Telling()
        .span("llm_call", "llm", at=0, trace="t1", input_tokens=70, output_tokens=4, requested_model="pro", **span)
        .log(
            "api_response",
            "llm",
            at=1,
            input_tokens=70,
            output_tokens=9,
            reasoning_tokens=5,
            requested_model=None,
            **log,
        )
        .span("llm_call 2", "llm", at=2, trace="t2", input_tokens=None, **span)
        .log("api_error", "llm", at=3, is_error=True, **log)
    )

    assert told.counted == ["api_response", "api_error"]
    assert (told.steps["api_response"]["requested_model"], told.run["output_tokens"]) == ("pro", 9)


def test_a_log_joins_the_span_with_its_tokens_nearest_in_time(derived: Derive) -> None:
    same = {"dialects": ["claude-code"], "input_tokens": 5, "output_tokens": 2}
    told = derived(
        Telling()
        .span("interaction", "agent", lasts=9)
        .span("request 1", "llm", at=1, under="interaction", **same)
        .span("request 2", "llm", at=4, under="interaction", **same)
        .log("api_request 1", "llm", at=2.1, trace="t", under="interaction", **same, **answered("a", 0.1))
        .log("api_request 2", "llm", at=5.1, trace="t", under="interaction", **same, **answered("b", 0.2))
    )

    assert [told.steps[name]["served_model"] for name in ("request 1", "request 2")] == ["a", "b"]
    assert told.run["llm_call_count"] == 2
    assert told.run["cost_usd"] == pytest.approx(0.3)
    assert told.steps["request 1"]["cost_source"] == "joined_log"


def answered(model: str, cost: float) -> dict[str, object]:
    return {"served_model": model, "cost_usd": cost, "cost_source": "reported"}


def test_a_reported_cost_goes_before_one_that_we_computed(derived: Derive) -> None:
    same = {"trace": "t", "under": "root", "response_id": "r"}
    told = derived(
        Telling()
        .span("root", "agent", lasts=5)
        .span("a", "llm", at=1, cost_usd=0.9, cost_source="price_table", input_tokens=5, **same)
        .span("b", "llm", at=1, cost_usd=0.1, cost_source="gateway", field_count=1, **same)
    )

    assert (told.run["cost_usd"], told.run["llm_call_count"]) == (0.1, 1)


def test_a_model_call_learns_what_was_said_from_the_log_records_under_it(store: duckdb.DuckDBPyConnection) -> None:
    telling = Telling().span("agent", "agent", lasts=9).span("ask", "llm", at=1, under="agent")
    telling.span("find", "tool", at=3, under="agent", tool_call_id="k").span("tell", "llm", at=5, under="agent")
    insert(store, telling.rows)
    under = {"trace_id": identity("t", 16), "span_id": identity("ask", 8)}
    wanted = [{"id": "k", "name": "find", "args": '{"q":1}'}]
    insert_speech(store, "gen_ai.user.message", 1.1, input_preview="where is it?", **under)
    insert_speech(store, "gen_ai.choice", 1.9, proposed_calls=wanted, **under)
    under["span_id"] = identity("tell", 8)
    found = [{"id": "k", "result": "here", "name": None, "args": None}]
    insert_speech(store, "gen_ai.tool.message", 5.1, answered_calls=found, **under)
    insert_speech(store, "gen_ai.choice", 5.9, output_preview="it is here", **under)
    rebuild_all(store)

    told = Derived(store)
    assert (told.run["input_preview"], told.run["output_preview"]) == ("where is it?", "it is here")
    assert (told.steps["find"]["tool_args"], told.steps["find"]["tool_result"]) == ('{"q":1}', "here")


def test_an_answer_logged_beside_belongs_to_the_call_begun_before_it(store: duckdb.DuckDBPyConnection) -> None:
    telling = Telling().log("claude_code.user_prompt", "human", at=0, run_key="p", input_preview="go")
    telling.log("api_request", "llm", at=1, run_key="p").log("api_request 2", "llm", at=9, run_key="p")
    insert(store, telling.rows)
    insert_speech(store, "claude_code.assistant_response", 1.2, run_key="p", output_preview="done")
    rebuild_all(store)

    assert Derived(store).run["output_preview"] == "done"


def test_an_interrupted_tool_is_a_question_and_its_second_run_the_call(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("graph", "agent", lasts=3)
        .span("send", "tool", at=1, under="graph", tool_call_id="k", pause="pending")
        .span("send again", "tool", at=2, under="graph", tool_name="send", tool_call_id="k")
    )

    assert told.steps["send"]["kind"] == "approval"
    assert told.counted == ["send again"]


def test_arguments_and_result_come_from_the_messages_where_the_span_is_bare(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("root", "agent", lasts=9)
        .span("ask", "llm", at=1, under="root", proposed_calls=[{"id": "k", "name": "find", "args": '{"q":1}'}])
        .span("find", "tool", at=3, under="root", tool_call_id="k")
        .span("answer", "llm", at=5, under="root", answered_calls=[{"id": "k", "result": "here"}])
    )

    assert (told.steps["find"]["tool_args"], told.steps["find"]["tool_result"]) == ('{"q":1}', "here")


@pytest.mark.parametrize(
    ("columns", "status"),
    [
        ({}, "ok"),
        ({"is_error": True}, "error"),
        ({"tool_status": "denied", "is_error": True}, "denied"),
        ({"tool_status": "cancelled"}, "cancelled"),
        ({"pause": "cancelled", "is_error": True}, "cancelled"),
        ({"pause": "control", "is_error": True}, "ok"),
        ({"ended_at": None, "duration_ms": None}, "running"),
    ],
)
def test_a_tool_steps_status(derived: Derive, columns: dict[str, object], status: str) -> None:
    assert derived(Telling().span("tool", "tool", **columns)).steps["tool"]["status"] == status


def test_steps_of_two_projects_with_equal_ids_stay_apart(store: duckdb.DuckDBPyConnection, derived: Derive) -> None:
    derived(Telling(project="one").span("a", "llm", lasts=2))
    told = derived(Telling(project="two").span("a", "llm", lasts=2).span("b", "llm", at=1, under="a"))

    counts = store.execute("select project, count(*) from steps group by project order by project").fetchall()
    assert counts == [("one", 1), ("two", 2)]
    assert len(told.runs) == 2


def test_ids_are_hex_and_times_keep_their_nanoseconds(store: duckdb.DuckDBPyConnection, derived: Derive) -> None:
    telling = Telling().span("a", "llm")
    telling.rows[0]["started_at"] = START_NS + 123_456_789
    derived(telling)

    row = store.execute("select step_id, epoch_ns(started_at) from steps").fetchone()
    assert row == (step_hex("a"), START_NS + 123_456_789)
    assert identity("a", 8).hex() == step_hex("a")
