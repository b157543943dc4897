"""Whatever arrives, in bounded time, ends as canonical messages."""

import time
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.messages.canonical import finish_reasons, input_text, output_text, tool_answers, tool_calls
from ingest.messages.envelopes import to_messages
from ingest.messages.events import from_events
from ingest.messages.flattened import from_indexed
from ingest.paths import at_path
from ingest.values import json_text, unwrap_kwargs
from tests.ingest.messages.expected import text


def nested(depth: int, wrap: str) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = {"list": [value], "content": {"content": value}, "input": {"input": value}}[wrap]
    return value


@pytest.mark.parametrize("wrap", ["list", "content", "input"])
@pytest.mark.parametrize("depth", [7, 200, 100_000])
def test_deep_nesting_ends_in_one_text_part(wrap: str, depth: int) -> None:
    found = to_messages(nested(depth, wrap))
    assert [part["type"] for message in found for part in message["parts"]] == ["text"]


@pytest.mark.parametrize(
    "hostile",
    [
        '{"role": "assistant", "content":' * 900,
        "[" * 100_000 + "]" * 100_000,
        '{"messages": [' * 100 + "1" + "]}" * 100,
        "ChatMessage(role=" * 3000,
        "[{'type': " * 3000,
        '"' + "\\\\" * 50_000 + '"',
    ],
    ids=["open objects", "deep list", "deep wrappers", "open repr", "open literal", "escapes"],
)
def test_hostile_text_is_read_in_bounded_time_and_ends_as_text(hostile: str) -> None:
    started = time.process_time()
    found = to_messages(hostile)
    assert time.process_time() - started < 2
    assert [part["type"] for message in found for part in message["parts"]] == ["text"]


def test_a_cycle_is_text() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    assert to_messages(cycle) == [text("user", "(nested too deeply to read)")]


WORDS = st.sampled_from(
    [
        *("role", "content", "parts", "type", "text", "tool_calls", "function", "name", "arguments", "id", "messages"),
        *("kwargs", "args", "input", "toolUse", "toolResult", "functionCall", "choices", "message", "generations"),
        *("contents", "candidates", "data", "origin", "summary", "finish_reason", "user", "model", "human", "tool"),
        *("tool_call", "tool_result", "reasoning", "function_call_output", "part", "a", "", "0", "prompt", "system"),
        *(
            "additional_kwargs",
            "response",
            "output",
            "instructions",
            "raw",
            "tasks_output",
            "update",
            "message_content",
        ),
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=8) | st.binary(max_size=4)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=5), max_leaves=25
)


def assert_canonical(found: list[dict[str, Any]]) -> None:
    orjson.dumps(found)
    for message in found:
        assert message.keys() <= {"role", "parts", "finish_reason"}
        assert isinstance(message["role"], str)
        assert isinstance(message.get("finish_reason", ""), str)
        for part in message["parts"]:
            match part["type"]:
                case "text" | "reasoning":
                    assert isinstance(part["content"], str)
                    assert part["content"]
                case "tool_call":
                    assert part.keys() == {"type", "id", "name", "arguments"}
                    assert isinstance(part["name"], str)
                    assert isinstance(part["id"], str | None)
                case "tool_call_response":
                    assert part.keys() == {"type", "id", "response"}
                    assert isinstance(part["id"], str | None)
                case other:
                    assert isinstance(other, str)
    for sayings in (tool_calls(found), tool_answers(found)):
        assert all(isinstance(saying["id"], str | None) for saying in sayings)
    input_text(found)
    output_text(found)
    finish_reasons(found)


@given(VALUES, st.sampled_from(["user", "assistant", "system"]))
def test_whatever_arrives_becomes_canonical_messages(value: object, role: str) -> None:
    assert_canonical(to_messages(value, role=role))
    assert_canonical(to_messages(json_text(value), role=role))
    assert_canonical(to_messages(repr(value), role=role))


@given(st.lists(st.tuples(st.sampled_from(["gen_ai.user.message", "gen_ai.choice", "gen_ai.tool.message"]), VALUES)))
def test_whatever_events_arrive_become_canonical_messages(events: list[tuple[str, object]]) -> None:
    assert_canonical(from_events(events))


@given(st.lists(st.tuples(st.lists(WORDS | st.sampled_from("012"), min_size=1, max_size=6).map(".".join), VALUES)))
def test_whatever_keys_arrive_become_canonical_messages(pairs: list[tuple[str, object]]) -> None:
    assert_canonical(from_indexed(pairs))


@given(VALUES, st.lists(WORDS | st.sampled_from(["*", "0", "9"]), min_size=1, max_size=4).map(".".join))
def test_no_path_raises(value: object, path: str) -> None:
    at_path(value, path)
    at_path(value, f"part.type={path} → {path} | {path}=a")
    unwrap_kwargs(value)
