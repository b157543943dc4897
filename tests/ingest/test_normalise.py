"""Records → canonical columns, on small spans whose meaning a reader can see."""

from typing import Any

import polars as pl
import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from ingest import wire
from ingest.conventions import conventions
from ingest.intake import Request, Signal
from ingest.normalise import normalise
from ingest.pseudonyms import Pseudonyms
from ingest.transforms import _STEPS, AS_THEY_ARE


def _span(
    name: str = "chat",
    scope: str = "",
    status: int = 0,
    event: tuple[str, dict[str, Any]] | None = None,
    **attributes: Any,
) -> dict[str, Any]:
    data = TracesData()
    scope_spans = data.resource_spans.add().scope_spans.add()
    scope_spans.scope.name = scope
    span = scope_spans.spans.add(trace_id=bytes([1] * 16), span_id=bytes([1] * 8), name=name)
    span.status.code = status
    _set(span.attributes, attributes)
    if event is not None:
        _set(span.events.add(name=event[0]).attributes, event[1])
    return _row(Signal.SPAN, data.SerializeToString())


def _log(event: str, scope: str = "", **attributes: Any) -> dict[str, Any]:
    data = LogsData()
    scope_logs = data.resource_logs.add().scope_logs.add()
    scope_logs.scope.name = scope
    record = scope_logs.log_records.add(time_unix_nano=1_790_000_000_000_000_000, event_name=event)
    _set(record.attributes, attributes)
    return _row(Signal.LOG, data.SerializeToString())


def _set(attributes: Any, values: dict[str, Any]) -> None:
    for key, value in values.items():
        item = attributes.add(key=key.replace("__", "."))
        kind = {str: "string_value", bool: "bool_value", int: "int_value", float: "double_value"}[type(value)]
        setattr(item.value, kind, value)


def _row(signal: Signal, body: bytes) -> dict[str, Any]:
    records, _ = wire.decode(signal, [Request(signal, body, "protobuf", "default", 0)])
    frame = normalise(records, Pseudonyms(b"key"))
    assert frame.height == 1
    return frame.row(0, named=True)


def test_a_model_call_of_the_current_convention_is_read() -> None:
    row = _span(
        gen_ai__operation__name="chat",
        gen_ai__provider__name="OpenAI",
        gen_ai__request__model="gpt-5.2",
        gen_ai__response__model="gpt-5.2-2026-02-11",
        gen_ai__usage__input_tokens=100,
        gen_ai__usage__output_tokens=20,
        gen_ai__usage__cache_read__input_tokens=40,
    )
    assert row["kind"] == "llm"
    assert (row["provider"], row["requested_model"], row["served_model"]) == ("openai", "gpt-5.2", "gpt-5.2-2026-02-11")
    assert (row["input_tokens"], row["output_tokens"], row["cache_read_tokens"]) == (100, 20, 40)
    assert row["dialects"] == ["otel-genai"]


def test_unknown_is_null_and_never_zero() -> None:
    row = _span(gen_ai__operation__name="chat", gen_ai__usage__input_tokens=5)
    assert row["cache_read_tokens"] is None
    assert row["output_tokens"] is None
    assert row["cost_usd"] is None
    assert row["served_model"] is None


def test_the_first_rule_that_yields_a_value_wins() -> None:
    row = _span(gen_ai__operation__name="chat", gen_ai__usage__prompt_tokens=1, gen_ai__usage__input_tokens=2)
    assert row["input_tokens"] == 2


def test_input_tokens_that_leave_out_the_cache_are_made_to_include_it() -> None:
    row = _span(
        gen_ai__operation__name="chat",
        gen_ai__usage__input_tokens=10,
        gen_ai__usage__output_tokens=5,
        gen_ai__usage__cache_read_input_tokens=90,
        gen_ai__usage__total_tokens=105,
    )
    assert row["input_tokens"] == 100


def test_an_agents_own_total_is_no_usage_of_a_model_call() -> None:
    row = _span("invoke_agent a", gen_ai__operation__name="invoke_agent", gen_ai__usage__input_tokens=900)
    assert row["kind"] == "agent"
    assert row["input_tokens"] is None


def test_the_root_of_an_openai_agents_run_is_its_workflow_and_not_one_more_agent() -> None:
    row = _span("Refunds", "openinference.instrumentation.openai_agents", openinference__span__kind="AGENT")
    assert (row["kind"], row["workflow_name"], row["agent_name"]) == ("workflow", "Refunds", None)


def test_a_number_that_cannot_be_read_is_null_and_marked() -> None:
    row = _span(gen_ai__operation__name="chat", gen_ai__usage__input_tokens="many")
    assert row["input_tokens"] is None
    assert row["flaws"] == ["unread:input_tokens"]


def test_a_graph_interrupt_is_a_pause_and_no_error() -> None:
    row = _span(openinference__span__kind="TOOL", status=2, error__type="langgraph.errors.GraphInterrupt")
    assert row["pause"] == "pending"
    assert row["is_error"] is False


def test_tool_arguments_are_kept_as_json_and_cut_with_a_mark() -> None:
    row = _span(gen_ai__operation__name="execute_tool", gen_ai__tool__call__arguments='{"a": "' + "x" * 3_000 + '"}')
    assert row["kind"] == "tool"
    assert len(row["tool_args"]) == 2_000
    assert row["cut"] == ["tool_args"]


@pytest.mark.parametrize(
    ("tool_name", "output", "result"),
    [
        ("Bash", {"bash_command": "echo hello", "output": "hello"}, "hello"),
        ("Read", {"file_path": "a.txt", "content": "read"}, "read"),
        ("Edit", {"file_path": "a.txt", "diff": "[]"}, "[]"),
        ("Write", {"file_path": "a.txt", "content": "written, which is no result"}, None),
    ],
)
def test_what_a_tool_of_claude_code_gave_back_stands_in_an_event_of_its_span(
    tool_name: str, output: dict[str, Any], result: str | None
) -> None:
    scope = "com.anthropic.claude_code.tracing"
    row = _span("claude_code.tool", scope, event=("tool.output", output), span__type="tool", tool_name=tool_name)
    assert (row["kind"], row["tool_name"], row["tool_result"]) == ("tool", tool_name, result)


def test_numbers_that_arrive_as_text_in_logs_are_read_and_the_cache_is_included() -> None:
    row = _log(
        "claude_code.api_request",
        "com.anthropic.claude_code.events",
        model="claude-sonnet-4-5",
        input_tokens="10",
        cache_read_tokens="80",
        cache_creation_tokens="10",
        output_tokens="5",
        cost_usd="0.25",
        duration_ms="1500",
    )
    assert row["kind"] == "llm"
    assert (row["input_tokens"], row["cache_read_tokens"], row["cache_write_tokens"]) == (100, 80, 10)
    assert (row["cost_usd"], row["cost_source"]) == (0.25, "reported")


def test_a_log_record_that_repeats_a_spans_attributes_is_no_step() -> None:
    row = _log("gen_ai.client.inference.operation.details", gen_ai__operation__name="chat")
    assert row["kind"] == "other"


def test_our_own_events_are_read() -> None:
    row = _log(
        "oversight.approval.decided",
        oversight__approval__id="a-1",
        oversight__approval__decision="rejected",
        oversight__approval__decider__type="human",
    )
    assert row["kind"] == "approval"
    assert (row["approval_id"], row["approval_decision"], row["approval_decider_type"]) == ("a-1", "rejected", "human")
    assert row["approval_decided_at"] is not None


def test_every_step_that_the_rules_name_exists() -> None:
    special = {
        "add",
        "zero_is_unknown_if",
        "iso_minus_start_ms",
        "indirect",
        "pseudonym",
        "indexed",
        "indexed_messages",
        "event_messages",
        "with",
    }
    named = {name for rules in conventions().rules.values() for rule in rules for name, _ in rule.transforms}
    assert named - special - set(_STEPS) - AS_THEY_ARE == set()


def test_every_map_that_the_rules_name_exists() -> None:
    named = {
        argument
        for rules in conventions().rules.values()
        for rule in rules
        for name, argument in rule.transforms
        if name == "map"
    }
    assert named - set(conventions().maps) == set()


@pytest.mark.parametrize("text", ["", " ", "{", "[" * 5_000, "null", "NaN", "\x00", "9" * 400, "é\u202e", "-"])
def test_hostile_values_in_any_known_key_harm_nothing(text: str) -> None:
    data = TracesData()
    span = data.resource_spans.add().scope_spans.add().spans.add(trace_id=bytes([1] * 16), span_id=bytes([1] * 8))
    for key in sorted(conventions().keys):
        span.attributes.add(key=key).value.string_value = text
    records, _ = wire.decode(Signal.SPAN, [Request(Signal.SPAN, data.SerializeToString(), "protobuf", "default", 0)])
    frame = normalise(records, Pseudonyms(b"key"))
    assert frame.height == 1
    assert frame.schema["input_tokens"] == pl.Int64


def test_a_gate_names_the_tool_it_judged() -> None:
    row = _log(
        "oversight.gate.evaluated",
        oversight__gate__outcome="block",
        gen_ai__tool__name="send_mail",
        gen_ai__tool__call__id="call-1",
    )
    assert (row["kind"], row["gate_outcome"], row["tool_name"], row["tool_call_id"]) == (
        "guardrail",
        "block",
        "send_mail",
        "call-1",
    )


@pytest.mark.parametrize(("sent", "score", "label"), [("0.25", 0.25, None), ("false", None, "false")])
def test_feedback_is_read_from_the_attribute_that_it_names(sent: str, score: float | None, label: str | None) -> None:
    row = _span("feedback", logfire__span_type="annotation", logfire__feedback__name="correctness", correctness=sent)
    assert (row["kind"], row["evaluation_name"]) == ("evaluation", "correctness")
    assert (row["evaluation_score"], row["evaluation_label"], row["flaws"]) == (score, label, [])
