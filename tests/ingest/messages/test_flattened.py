from ingest.messages.canonical import tool_calls
from ingest.messages.flattened import from_indexed
from tests.ingest.messages.expected import ANSWERED, ASKED, CALLED, text


def test_openinference_keys_are_regrouped_by_index_in_spite_of_gaps() -> None:
    keys: list[tuple[str, object]] = [
        ("10.message.role", "assistant"),
        ("10.message.content", "Yes."),
        ("0.message.role", "user"),
        ("0.message.contents.1.message_content.text", "Kiel?"),
        ("0.message.contents.1.message_content.type", "text"),
        ("0.message.contents.0.message_content.type", "text"),
        ("0.message.contents.0.message_content.text", "Rain?"),
        ("2.message.role", "assistant"),
        ("2.message.contents.0.message_content.type", "tool_use"),
        ("2.message.contents.0.tool_call.id", "c1"),
        ("2.message.contents.0.tool_call.function.name", "weather"),
        ("2.message.contents.0.tool_call.function.arguments", '{"city": "Kiel"}'),
        ("2.message.tool_calls.0.tool_call.id", "c1"),
        ("2.message.tool_calls.0.tool_call.function.name", "weather"),
        ("2.message.tool_calls.0.tool_call.function.arguments", '{"city": "Kiel"}'),
        ("3.message.role", "tool"),
        ("3.message.tool_call_id", "c1"),
        ("3.message.content", "rain, 9 °C"),
    ]
    assert from_indexed(keys) == [
        {"role": "user", "parts": [{"type": "text", "content": "Rain?"}, {"type": "text", "content": "Kiel?"}]},
        CALLED,
        ANSWERED,
        text("assistant", "Yes."),
    ]


def test_openllmetry_keys_are_regrouped() -> None:
    keys: list[tuple[str, object]] = [
        ("0.role", "user"),
        ("0.content", '[{"type": "text", "text": "Is it raining in Kiel?"}]'),
        ("1.role", "assistant"),
        ("1.finish_reason", "tool_calls"),
        ("1.tool_calls.0.id", "c1"),
        ("1.tool_calls.0.name", "weather"),
        ("1.tool_calls.0.arguments", '{"city": "Kiel"}'),
        ("2.role", "tool"),
        ("2.content", "rain, 9 °C"),
        ("2.tool_call_id", "c1"),
    ]
    assert from_indexed(keys) == [ASKED, {**CALLED, "finish_reason": "tool_calls"}, ANSWERED]


def test_litellm_function_calls_in_completion_keys_are_read() -> None:
    keys: list[tuple[str, object]] = [("0.function_call.name", "f"), ("0.function_call.arguments", '{"a": 1}')]
    assert tool_calls(from_indexed(keys)) == [{"id": None, "name": "f", "args": '{"a":1}'}]


def test_keys_that_are_no_index_or_contradict_each_other_are_left_out() -> None:
    keys: list[tuple[str, object]] = [
        ("role", "user"),
        ("²", "x"),
        ("9999999999.role", "user"),
        ("0.role", "user"),
        ("0.content", "hi"),
        ("0.content.0.text", "hidden"),
        ("1" + ".a" * 5000, "deep"),
    ]
    found = from_indexed(keys)
    assert found[0] == text("user", "hi")
    assert len(found) == 2
