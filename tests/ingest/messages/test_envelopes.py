"""Requests and answers of models' APIs, written out as they are sent; what they hold is counted by hand."""

import pytest

from ingest.messages.canonical import finish_reasons
from ingest.messages.envelopes import to_messages
from tests.ingest.messages.expected import CALLED, answer, call, text


def test_an_anthropic_request_has_its_system_prompt_first() -> None:
    sent = {
        "model": "m",
        "system": [{"type": "text", "text": "Be brief."}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Look"}, {"type": "image", "source": {"data": "x"}}]},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm.", "signature": "s"}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "done"}]},
        ],
    }
    assert to_messages(sent) == [
        text("system", "Be brief."),
        {
            "role": "user",
            "parts": [{"type": "text", "content": "Look"}, {"type": "image", "source": {"data": "x"}}],
        },
        {"role": "assistant", "parts": [{"type": "reasoning", "content": "Hm."}]},
        {"role": "user", "parts": [answer("done")]},
    ]


def test_an_anthropic_answer_has_text_calls_and_a_finish_reason() -> None:
    sent = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "content": [
            {"type": "text", "text": "Looking."},
            {"type": "tool_use", "id": "c1", "name": "weather", "input": {"city": "Kiel"}},
        ],
        "stop_reason": "tool_use",
    }
    assert to_messages(sent, role="assistant") == [
        {
            "role": "assistant",
            "parts": [{"type": "text", "content": "Looking."}, call("weather", {"city": "Kiel"})],
            "finish_reason": "tool_use",
        }
    ]


def test_an_openai_completion_has_one_message_a_choice() -> None:
    sent = {
        "object": "chat.completion",
        "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Yes"}},
            {"index": 1, "finish_reason": "length", "message": {"role": "assistant", "content": "Y"}},
        ],
    }
    found = to_messages(sent)
    assert found == [text("assistant", "Yes", finish_reason="stop"), text("assistant", "Y", finish_reason="length")]
    assert finish_reasons(found) == ["stop", "length"]


def test_the_items_of_one_response_are_one_message() -> None:
    sent = {
        "object": "response",
        "instructions": "Be brief.",
        "output": [
            {"type": "reasoning", "id": "rs1", "summary": [{"type": "summary_text", "text": "Weather is needed."}]},
            {"type": "function_call", "id": "fc1", "call_id": "c1", "name": "weather", "arguments": "{}"},
            {"type": "function_call", "id": "fc2", "call_id": "c2", "name": "time", "arguments": ""},
        ],
    }
    reasoning = {"type": "reasoning", "content": "Weather is needed."}
    assert to_messages(sent, role="assistant") == [
        {"role": "assistant", "parts": [reasoning, call("weather", {}), call("time", {}, "c2")]}
    ]


def test_langchain_generations_keep_their_finish_reason() -> None:
    generation = {
        "text": "Yes",
        "generation_info": {"finish_reason": "stop"},
        "message": {
            "lc": 1,
            "id": ["langchain", "schema", "messages", "AIMessage"],
            "kwargs": {"content": "Yes"},
        },
    }
    assert to_messages({"generations": [[generation]]}) == [text("assistant", "Yes", finish_reason="stop")]


def test_gemini_requests_and_answers_are_read() -> None:
    request = {
        "system_instruction": {"parts": [{"text": "Be brief."}]},
        "contents": [
            {"role": "user", "parts": [{"text": "Kiel?"}]},
            {"role": "model", "parts": [{"functionCall": {"id": "c1", "name": "weather", "args": {"city": "Kiel"}}}]},
            {"role": "user", "parts": [{"functionResponse": {"id": "c1", "name": "weather", "response": {"c": 9}}}]},
        ],
    }
    assert to_messages(request) == [
        text("system", "Be brief."),
        text("user", "Kiel?"),
        CALLED,
        {"role": "user", "parts": [answer({"c": 9})]},
    ]
    said = {"content": {"role": "model", "parts": [{"text": "hm", "thought": True}, {"text": "9 °C"}]}}
    assert to_messages({"candidates": [{**said, "finishReason": "STOP"}]}) == [
        {
            "role": "assistant",
            "parts": [{"type": "reasoning", "content": "hm"}, {"type": "text", "content": "9 °C"}],
            "finish_reason": "STOP",
        }
    ]


def test_adk_requests_and_answers_are_read() -> None:
    request = {
        "model": "m",
        "config": {"system_instruction": "Be brief.", "tools": [{}]},
        "contents": [{"parts": [{"text": "Kiel?"}], "role": "user"}],
    }
    assert to_messages(request) == [text("system", "Be brief."), text("user", "Kiel?")]
    response = {"content": {"parts": [{"text": "9 °C"}], "role": "model"}, "finish_reason": "STOP", "partial": False}
    assert to_messages(response) == [text("assistant", "9 °C", finish_reason="STOP")]


def test_the_chunks_of_a_gemini_stream_are_one_message() -> None:
    spans = [{"role": "model", "parts": [{"text": chunk}]} for chunk in ("The port is", " 9090.", "")]
    assert to_messages(spans, role="assistant") == [text("assistant", "The port is 9090.")]
    logs = [
        {"finish_reason": "stop", "role": "system", "parts": [{"type": "text", "content": "Reading"}]},
        {"finish_reason": "stop", "role": "system", "parts": [{"type": "text", "content": " it."}]},
        {"finish_reason": "stop", "role": "system", "parts": [call("read", {"path": "a"})]},
    ]
    assert to_messages(logs, role="assistant") == [
        {
            "role": "assistant",
            "parts": [{"type": "text", "content": "Reading it."}, call("read", {"path": "a"})],
            "finish_reason": "stop",
        }
    ]


def test_system_instructions_are_a_message_of_the_role_asked_for() -> None:
    parts = '[{"type": "text", "content": "Be brief."}, {"type": "text", "content": "Be kind."}]'
    both = [{"type": "text", "content": "Be brief."}, {"type": "text", "content": "Be kind."}]
    assert to_messages(parts, role="system") == [{"role": "system", "parts": both}]


def test_ai_sdk_prompt_and_calls_beside_text_are_read() -> None:
    assert to_messages('{"system": "Be brief.", "prompt": "Kiel?"}') == [
        text("system", "Be brief."),
        text("user", "Kiel?"),
    ]
    calls = (
        '[{"toolCallType": "function", "toolCallId": "c1", "toolName": "weather", "args": "{\\"city\\": \\"Kiel\\"}"}]'
    )
    assert to_messages(calls, role="assistant") == [CALLED]
    assert to_messages({"role": "assistant", "content": "Looking.", "tool_calls": calls}) == [
        {"role": "assistant", "parts": [{"type": "text", "content": "Looking."}, CALLED["parts"][0]]}
    ]


@pytest.mark.parametrize("plain", ["hello", "2 + 2 = {4}", "[[ ## answer ## ]] 4", "Foo(bar=1) failed", "12", "true"])
def test_plain_text_is_one_text_part(plain: str) -> None:
    assert to_messages(plain) == [text("user", plain)]


def test_a_json_encoded_text_is_that_text() -> None:
    assert to_messages('"Invoice 7 is paid"', role="assistant") == [text("assistant", "Invoice 7 is paid")]


@pytest.mark.parametrize(
    "nothing", [None, "", "null", [], {}, "[]", "{}", {"args": [], "kwargs": {}}, {"messages": []}]
)
def test_nothing_said_is_no_message(nothing: object) -> None:
    assert to_messages(nothing) == []


def test_an_unknown_object_is_its_json_as_one_text() -> None:
    assert to_messages({"city": "Kiel", "nights": 3}) == [text("user", '{"city":"Kiel","nights":3}')]
    assert to_messages({"resume": {"type": "edit", "to": "x"}}) == [text("user", '{"type":"edit","to":"x"}')]
