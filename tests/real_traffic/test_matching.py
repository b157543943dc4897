"""The referee itself: hand-made answers with one thing wrong, which it must see, and nothing else."""

from typing import Any

import pytest

from tests.real_traffic.answers import Answers, Row
from tests.real_traffic.captures import Scenario
from tests.real_traffic.facts import Call, Fact, ScenarioFacts, facts_of
from tests.real_traffic.matching import Verdict, judge
from tests.real_traffic.report import Result, unexpected


def llm_step(number: int, **columns: Any) -> Row:
    """A counted model step of second `number`, which took half a second."""
    return _step("llm", number) | {"served_model": "m", "input_tokens": 100 * number} | columns


def tool_step(number: int, **columns: Any) -> Row:
    """A counted tool step of second `number`."""
    return _step("tool", number) | {"tool_name": f"t{number}", "tool_args": '{"a": 1, "more": 2}'} | columns


def _step(kind: str, number: int) -> Row:
    empty = dict.fromkeys(
        ("requested_model", "served_model", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens",
         "reasoning_tokens", "tool_name", "tool_args", "tool_result", "error_message", "agent_name")
    )  # fmt: skip
    return empty | {
        "run_id": "r",
        "step_id": f"{kind}{number}",
        "kind": kind,
        "name": f"{kind} {number}",
        "counted": True,
        "status": "ok",
        "order": number,
        "started_at": f"2026-11-22T10:00:{number:02}.000000001Z",
        "ended_at": f"2026-11-22T10:00:{number:02}.500000000Z",
    }


def judged(*steps: Row, facts: ScenarioFacts | None = None, **run: Any) -> Verdict:
    """The verdict on one run of these steps."""
    totals = {
        column: sum(step[column] or 0 for step in steps if step["counted"])
        for column in ("input_tokens", "output_tokens")
    }
    columns = {"run_id": "r", "approval_count": 0, "correction_count": 0, "agent_name": None} | totals | run
    tools = [step for step in steps if step["kind"] == "tool" and step["counted"]]
    return judge("made-up", facts or TWO_AND_TWO, Answers([columns], list(steps), tools))


def _llm_call(number: int) -> Call:
    subject = f"llm {number}"
    return Call(
        subject,
        (
            Fact(subject, "status", "ok"),
            Fact(subject, "served_model", "m"),
            Fact(subject, "input_tokens", 100 * number),
        ),
        (Fact(subject, "cache_read_tokens", 0),),
    )


def _tool_call(number: int) -> Call:
    subject = f"tool {number}"
    return Call(subject, (Fact(subject, "tool_name", f"t{number}"), Fact(subject, "tool_args", {"a": 1})))


TWO_AND_TWO = ScenarioFacts(
    llm_calls=(_llm_call(1), _llm_call(2)),
    tool_calls=(_tool_call(3), _tool_call(4)),
    refused_tools=("rm",),
    others=(Fact("total", "input_tokens", 300),),
    approval_count=1,
    correction_count=0,
    left_out_count=0,
)
RIGHT = (llm_step(1), llm_step(2), tool_step(3), tool_step(4))


def test_right_answers_hold_every_fact() -> None:
    verdict = judged(*RIGHT)
    assert (verdict.present_count, verdict.found_count, verdict.surplus) == (11, 11, ())


def test_an_extra_counted_step_is_seen() -> None:
    verdict = judged(*RIGHT, llm_step(5, input_tokens=None))
    assert verdict.misses == ()
    assert [miss.key for miss in verdict.surplus] == ["llm extra llm 5"]


def test_an_uncounted_step_is_nobody_s_business() -> None:
    assert judged(*RIGHT, llm_step(5, counted=False)).surplus == ()


def test_all_facts_of_a_missing_step_are_missed() -> None:
    verdict = judged(llm_step(2), tool_step(3), tool_step(4))
    assert [miss.key for miss in verdict.misses] == [
        "llm 1 status",
        "llm 1 served_model",
        "llm 1 input_tokens",
        "total input_tokens",
    ]
    assert verdict.misses[0].got == "no step"


def test_a_value_in_another_column_does_not_count() -> None:
    verdict = judged(llm_step(1, served_model=None, requested_model="m"), *RIGHT[1:])
    assert [(miss.key, miss.got) for miss in verdict.misses] == [("llm 1 served_model", None)]


def test_steps_in_the_wrong_order_are_seen() -> None:
    swapped = (llm_step(1, input_tokens=200), llm_step(2, input_tokens=100))
    assert [miss.key for miss in judged(*swapped, *RIGHT[2:]).surplus] == ["llm order"]


def test_overlapping_steps_have_no_order() -> None:
    first = llm_step(1, input_tokens=200, ended_at="2026-11-22T10:00:09Z")
    verdict = judged(first, llm_step(2, input_tokens=100), *RIGHT[2:])
    assert (verdict.misses, verdict.surplus) == ((), ())


def test_a_wrong_value_where_the_telemetry_has_none_is_a_contradiction() -> None:
    verdict = judged(llm_step(1, cache_read_tokens=7), *RIGHT[1:])
    assert [miss.key for miss in verdict.surplus] == ["llm 1 cache_read_tokens contradiction"]


def test_more_arguments_than_the_script_named_are_fine_but_another_value_is_not() -> None:
    verdict = judged(*RIGHT[:3], tool_step(4, tool_args='{"a": "1"}'))
    assert [miss.key for miss in verdict.misses] == ["tool 4 tool_args"]


def test_a_refused_call_may_show_as_one_denied_step() -> None:
    denied = tool_step(5, tool_name="rm", status="denied")
    assert judged(*RIGHT, denied).surplus == ()
    assert [miss.key for miss in judged(*RIGHT, denied, tool_step(6, tool_name="rm", status="denied")).surplus] == [
        "tool extra tool 6"
    ]


def test_totals_of_runs_and_of_steps_must_both_be_right() -> None:
    verdict = judged(*RIGHT, input_tokens=250)
    assert [(miss.key, miss.got) for miss in verdict.misses] == [("total input_tokens", "steps 300, runs 250")]


def test_tool_calls_that_are_not_listed_are_seen() -> None:
    run: Row = {"run_id": "r", "approval_count": 0, "correction_count": 0, "input_tokens": 300, "agent_name": None}
    verdict = judge("made-up", TWO_AND_TWO, Answers([run], list(RIGHT), [RIGHT[2]]))
    assert [miss.key for miss in verdict.surplus] == ["tool-calls list"]


def test_a_known_miss_is_forgiven_until_it_is_found() -> None:
    made_up = Scenario("made-up", "none", (), {})
    missing = Result(made_up, TWO_AND_TWO, judged(llm_step(1, served_model=None), *RIGHT[1:]))
    right = Result(made_up, TWO_AND_TWO, judged(*RIGHT))
    known = {"made-up": {"llm 1 served_model": "not sent"}}
    assert unexpected([missing], known) == []
    assert len(unexpected([missing], {})) == 1
    assert unexpected([right], {}) == []
    assert len(unexpected([right], known)) == 1


@pytest.mark.parametrize(
    ("where", "is_a_fact"),
    [(["span:gen_ai.request.model"], True), (["metric:model"], False), (["metric:model", "log:model"], True)],
)
def test_what_only_a_metric_carries_is_no_fact(where: list[str], is_a_fact: bool) -> None:
    call = {
        "seq": 1,
        "http_status": 200,
        "requested_model": "m",
        "served_model": None,
        "error": None,
        "usage": {},
        "in_telemetry": {"requested_model": {"present": True, "where": where}},
    }
    assert ("requested_model" in _columns_of(call)) == is_a_fact


def test_input_shown_without_its_cached_part_is_a_fact_if_the_parts_are_shown() -> None:
    seen = {"present": True, "where": ["log:input_tokens"]}
    unseen = {"present": False, "where": []}
    call = {
        "seq": 1,
        "http_status": 200,
        "requested_model": "m",
        "served_model": "m",
        "error": None,
        "usage": {"input_total": 100, "cached_input": 90},
        "in_telemetry": {"input_tokens": unseen, "input_tokens_uncached": seen, "cached_input_tokens": seen},
    }
    assert {"input_tokens", "cache_read_tokens"} <= _columns_of(call)
    call["in_telemetry"] = {"input_tokens": unseen, "input_tokens_uncached": seen, "cached_input_tokens": unseen}
    assert _columns_of(call) == {"status"}


def _columns_of(call: dict[str, Any]) -> set[str]:
    expected = {
        "llm_calls": [call],
        "tool_calls": [],
        "approvals": [],
        "corrections": [],
        "runs": [],
        "sessions": [],
        "agents": [],
        "errors": [],
        "usage_totals": {"input_total": 100, "cached_input": 90},
    }
    return {fact.column for fact in facts_of(Scenario("made-up", "none", (), expected)).llm_calls[0].facts}
