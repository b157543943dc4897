"""Who was asked whether an action may go ahead, what was decided, and what humans corrected."""

from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from queries import questions
from queries.database import Database
from queries.filters import read_filters
from tests.queries.conftest import Derived, rebuild_all
from tests.queries.records import SECOND, START_NS, Telling, insert, trace_hex
from tests.queries.test_runs import status

Derive = Callable[[Telling], Derived]


def calls(*wanted: tuple[str, str, str]) -> list[dict[str, str]]:
    """Tool calls that a model asks for: id, name, arguments."""
    return [{"id": call_id, "name": name, "args": args} for call_id, name, args in wanted]


def at(seconds: float) -> int:
    return START_NS + round(seconds * SECOND)


def decisions(told: Derived) -> list[tuple[Any, ...]]:
    return [(row["tool_name"], row["decision"], row["decider_type"], row["evidence"]) for row in told.approvals]


def test_request_and_decision_are_one_approval(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("agent", "agent", lasts=30)
        .log(
            "oversight.approval.requested",
            "approval",
            at=2,
            trace="t",
            under="agent",
            approval_id="a",
            tool_name="refund",
            approval_decision="pending",
            approval_requested_at=at(2),
            approval_args_before='{"eur":9}',
        )
        .log(
            "oversight.approval.decided",
            "approval",
            at=12,
            trace="t",
            under="agent",
            approval_id="a",
            approval_decision="approved",
            approval_decided_at=at(12),
            approval_decider_type="human",
            approval_decider="dana",
            approval_args_after='{"eur": 5}',
        )
    )

    (approval,) = told.approvals
    assert (approval["decision"], approval["decider"], approval["wait_ms"]) == ("approved_modified", "dana", 10_000)
    assert told.run["approval_count"] == 1
    assert [(row["kind"], row["value_before"], row["value_after"]) for row in told.corrections] == [
        ("modified_args", '{"eur":9}', '{"eur": 5}')
    ]


def test_a_question_without_an_answer_makes_its_run_wait(store: duckdb.DuckDBPyConnection, derived: Derive) -> None:
    told = derived(
        Telling()
        .span("agent", "agent", lasts=3)
        .span("ask", "llm", at=1, under="agent")
        .log("requested", "approval", at=2, trace="t", under="agent", approval_id="a", approval_requested_at=at(2))
    )

    assert [row["decision"] for row in told.approvals] == [None]
    assert told.run["pending_count"] == 1
    assert status(store, 3600) == "waiting"


@pytest.mark.parametrize(
    ("decider", "decision"), [("policy", "auto_approved"), ("human", "approved"), (None, "approved")]
)
def test_only_a_human_approves(derived: Derive, decider: str | None, decision: str) -> None:
    told = derived(
        Telling()
        .log("user_prompt", "human", run_key="p", input_preview="go")
        .log(
            "tool_decision",
            "approval",
            at=1,
            run_key="p",
            tool_call_id="k",
            approval_decision="approved",
            approval_decider_type=decider,
        )
    )

    assert [row["decision"] for row in told.approvals] == [decision]


def test_a_humans_word_goes_before_a_later_policys(derived: Derive) -> None:
    decided = {"run_key": "p", "tool_call_id": "k"}
    told = derived(
        Telling()
        .log("prompt.user_prompt", "human", run_key="p", input_preview="go")
        .log("held", "approval", at=1, approval_decision="rejected", approval_decider_type="human", **decided)
        .log("allowed", "approval", at=2, approval_decision="approved", approval_decider_type="policy", **decided)
    )

    assert decisions(told) == [(None, "rejected", "human", "explicit")]


def test_a_tool_that_waited_within_for_a_refused_permission_is_denied(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("agent", "agent", lasts=9)
        .span("claude_code.tool", "tool", at=1, lasts=5, under="agent", tool_name="Bash", tool_call_id="k")
        .span(
            "blocked_on_user",
            "approval",
            at=2,
            lasts=3,
            under="claude_code.tool",
            approval_decision="rejected",
            approval_decider_type="human",
        )
    )

    assert decisions(told) == [("Bash", "rejected", "human", "explicit")]
    assert told.steps["claude_code.tool"]["status"] == "denied"
    assert [row["kind"] for row in told.corrections] == ["rejected_action"]


def interrupted() -> Telling:
    """A graph that asks before it sends a mail."""
    return (
        Telling()
        .span("graph", "agent", lasts=5, trace="t1", conversation_id="c")
        .span("ask", "llm", at=1, trace="t1", under="graph")
        .span("tools", "other", at=3, trace="t1", under="graph", pause="pending")
        .span("send", "tool", at=3.1, lasts=0.5, trace="t1", under="tools", pause="pending", tool_args='{"to":"eva"}')
    )


def test_an_interrupt_is_one_question_however_many_spans_it_passed(
    store: duckdb.DuckDBPyConnection, derived: Derive
) -> None:
    told = derived(interrupted())

    assert decisions(told) == [("send", None, None, "content")]
    assert told.steps["send"]["status"] == "pending"
    assert status(store, 3600) == "waiting"


def test_an_interrupt_that_ran_on_resume_was_approved(store: duckdb.DuckDBPyConnection, derived: Derive) -> None:
    told = derived(
        interrupted()
        .span("graph again", "agent", at=60, lasts=5, trace="t2", conversation_id="c")
        .span("send again", "tool", at=61, trace="t2", under="graph again", tool_name="send", tool_args='{"to": "eva"}')
    )

    assert decisions(told) == [("send", "approved", "human", "content")]
    assert [(row["run_id"], row["wait_ms"]) for row in told.approvals] == [(trace_hex("t1"), 56_400)]
    assert told.steps["send"]["status"] == "ok"
    assert told.corrections == []
    assert status(store, 3600, trace_hex("t1")) == "ok"


def test_an_interrupt_resumed_with_a_refusal_did_not_run(derived: Derive) -> None:
    told = derived(
        interrupted()
        .span("graph again", "agent", at=60, lasts=5, trace="t2", conversation_id="c", approval_decision="rejected")
        .span("send again", "tool", at=61, trace="t2", under="graph again", tool_name="send")
    )

    assert decisions(told) == [("send", "rejected", "human", "content")]
    assert told.steps["send again"]["status"] == "denied"
    assert [(row["run_id"], row["kind"]) for row in told.corrections] == [(trace_hex("t1"), "rejected_action")]


def test_an_interrupt_resumed_with_other_arguments_ran_with_those_and_is_one_correction(derived: Derive) -> None:
    told = derived(
        interrupted()
        .span(
            "graph again",
            "agent",
            at=60,
            lasts=5,
            trace="t2",
            conversation_id="c",
            approval_args_after='{"type":"edit","to":"all"}',
            correction_kind="modified_args",
        )
        .span("send again", "tool", at=61, trace="t2", under="graph again", tool_name="send", tool_args='{"to":"eva"}')
    )

    assert decisions(told) == [("send", "approved_modified", "human", "content")]
    assert told.steps["send again"]["tool_args"] == '{"to":"all"}'
    assert [(row["run_id"], row["kind"]) for row in told.corrections] == [(trace_hex("t1"), "modified_args")]


def deferred(**columns: Any) -> Telling:
    """An agent whose run ends with two calls that nobody ran."""
    wanted = calls(("call_000000000001", "refund", '{"eur":129.9}'), ("call_000000000002", "close", "{}"))
    return (
        Telling()
        .span("agent", "agent", lasts=5, trace="t1", **{"conversation_id": "c", **columns})
        .span("ask", "llm", at=1, trace="t1", under="agent", proposed_calls=wanted, finish_reasons=["tool_calls"])
    )


def resumed(telling: Telling, **columns: Any) -> Telling:
    """The next run: one call runs with other arguments, the model is told that the other was refused."""
    answers = [
        {"id": "call_000000000001", "result": "refunded"},
        {"id": "call_000000000002", "name": "close", "result": "needs a written request"},
    ]
    return (
        telling.span("agent again", "agent", at=60, lasts=9, trace="t2", **{"conversation_id": "c", **columns})
        .span(
            "refund",
            "tool",
            at=61,
            trace="t2",
            under="agent again",
            tool_call_id="call_000000000001",
            tool_args='{"eur":99.9}',
        )
        .span("tell", "llm", at=63, trace="t2", under="agent again", answered_calls=answers)
    )


def test_calls_deferred_to_a_human_wait(store: duckdb.DuckDBPyConnection, derived: Derive) -> None:
    told = derived(deferred(approval_decision="pending"))

    assert decisions(told) == [("refund", None, None, "content"), ("close", None, None, "content")]
    assert status(store, 3600) == "waiting"


def test_what_a_deferred_call_became_is_read_from_the_next_run(derived: Derive) -> None:
    told = derived(resumed(deferred()))

    assert decisions(told) == [
        ("refund", "approved_modified", "human", "inferred"),
        ("close", "rejected", "human", "inferred"),
    ]
    assert {row["run_id"] for row in told.approvals} == {trace_hex("t1")}
    assert [(row["kind"], row["value_after"], row["reason"]) for row in told.corrections] == [
        ("modified_args", '{"eur":99.9}', None),
        ("rejected_action", None, "needs a written request"),
    ]
    assert told.runs[0]["correction_count"] == 2
    assert (told.steps["close"]["status"], told.steps["close"]["signal"]) == ("denied", "message")


def test_without_a_conversation_the_call_ids_link_question_and_answer(store: duckdb.DuckDBPyConnection) -> None:
    question = deferred(approval_decision="pending", conversation_id=None).rows
    answer = resumed(Telling(), conversation_id=None).rows
    insert(store, question)
    rebuild_all(store)
    insert(store, answer)
    rebuild_all(store)

    expected = [("refund", "approved_modified", "human", "content"), ("close", "rejected", "human", "content")]
    assert decisions(Derived(store)) == expected


def test_tools_outside_the_telemetry_are_no_questions(store: duckdb.DuckDBPyConnection, derived: Derive) -> None:
    told = derived(
        Telling()
        .span("agent", "agent", lasts=9)
        .span("ask", "llm", at=1, under="agent", proposed_calls=calls(("k", "find", "{}")))
        .span("tell", "llm", at=5, under="agent", answered_calls=[{"id": "k", "result": "found"}])
    )

    assert told.approvals == []
    assert told.counted == ["ask", "find", "tell"]
    assert (told.steps["find"]["signal"], told.steps["find"]["tool_result"]) == ("message", "found")
    assert status(store, 60) == "ok"


@pytest.mark.parametrize(
    ("result", "status"),
    [
        ("found", "ok"),
        ("Error: no such mail", "error"),
        ("TimeoutError: too slow", "error"),
        ('{"blocked": true, "policy": "outbound"}', "denied"),
        ("This call was rejected by the user.", "denied"),
        ("errors: none", "ok"),
    ],
)
def test_what_a_model_was_told_says_how_a_call_without_a_span_ended(derived: Derive, result: str, status: str) -> None:
    told = derived(
        Telling()
        .span("ask", "llm", at=1, proposed_calls=calls(("k", "forward", "{}")))
        .span("tell", "llm", at=5, under="ask", answered_calls=[{"id": "k", "result": result}])
    )

    assert told.steps["forward"]["status"] == status


def test_a_call_that_a_gate_blocked_did_not_run(derived: Derive) -> None:
    told = derived(
        Telling()
        .span("agent", "agent", lasts=9)
        .span("ask", "llm", at=1, under="agent", proposed_calls=calls(("k", "forward", "{}")))
        .log("gate", "guardrail", at=3, trace="t", under="agent", gate_outcome="block", tool_call_id="k")
        .span("tell", "llm", at=5, under="agent", answered_calls=[{"id": "k", "result": "no"}])
    )

    assert (told.steps["gate"]["status"], told.steps["forward"]["status"]) == ("denied", "denied")


def test_refused_calls_are_listed_among_the_tool_calls(store: duckdb.DuckDBPyConnection) -> None:
    decided = {"run_key": "p", "approval_decider_type": "human"}
    telling = Telling().log("go.user_prompt", "human", input_preview="go", **decided)
    telling.log("ran", "tool", at=1, tool_call_id="k1", **decided)
    for place in (2, 3):
        refused = {"tool_call_id": f"k{place}", "tool_name": "rm", "approval_decision": "rejected"}
        telling.log(f"decision {place}", "approval", at=place, **refused, **decided)
    insert(store, telling.rows)
    rebuild_all(store)

    filters = read_filters(at(60), since="1970-01-01")
    first = questions.tool_calls(Database(store), filters, limit=2)
    rest = questions.tool_calls(Database(store), filters, limit=2, after=first.next)
    rows = first.rows.to_pylist() + rest.rows.to_pylist()
    assert [(row["tool_name"], row["tool_call_id"], row["status"]) for row in rows] == [
        ("rm", "k3", "denied"),
        ("rm", "k2", "denied"),
        ("ran", "k1", "ok"),
    ]


def test_a_final_call_that_only_gives_the_answer_its_shape_is_no_question(
    store: duckdb.DuckDBPyConnection, derived: Derive
) -> None:
    told = derived(
        Telling()
        .span("agent", "agent", lasts=5, output_preview='{"city":"Lyon"}')
        .span("ask", "llm", at=1, under="agent", proposed_calls=calls(("k", "final_result", '{"city":"Lyon"}')))
    )

    assert told.approvals == []
    assert status(store, 60) == "ok"


@pytest.mark.parametrize(
    ("columns", "kinds"),
    [
        ({"evaluation_label": "negative"}, ["negative_feedback"]),
        ({"evaluation_score": 0.0}, ["negative_feedback"]),
        ({"evaluation_score": 0.9}, []),
        ({"evaluation_label": "negative", "evaluator_type": "model"}, []),
    ],
)
def test_only_a_humans_bad_mark_is_a_correction(derived: Derive, columns: dict[str, Any], kinds: list[str]) -> None:
    judgement = {"evaluation_name": "helpful", "evaluator_type": "human", **columns}
    told = derived(Telling().span("agent", "agent").span("feedback", "evaluation", at=100, under="agent", **judgement))

    assert [row["kind"] for row in told.corrections] == kinds
    assert [row["strength"] for row in told.corrections] == ["medium"] * len(kinds)


def test_a_decision_and_a_record_of_its_own_about_one_call_are_one_correction(derived: Derive) -> None:
    told = derived(
        Telling()
        .log("user_prompt", "human", run_key="p", input_preview="go")
        .log(
            "tool_call",
            "tool",
            at=1,
            run_key="p",
            tool_call_id="k",
            approval_decision="approved_modified",
            approval_decider_type="human",
            correction_kind="edited_output",
        )
    )

    assert [(row["kind"], row["strength"]) for row in told.corrections] == [("edited_output", "strong")]
    assert told.run["correction_count"] == 1
