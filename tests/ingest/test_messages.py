"""Each shape is written out as its framework sends it, and the messages it holds are counted by hand."""

import time
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import messages


def text(role: str, content: str, **more: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": content}], **more}


def call(name: str, arguments: object, call_id: str | None = "c1") -> dict[str, Any]:
    return {"type": "tool_call", "id": call_id, "name": name, "arguments": arguments}


def answer(response: object, call_id: str | None = "c1") -> dict[str, Any]:
    return {"type": "tool_call_response", "id": call_id, "response": response}


ASKED = text("user", "Is it raining in Kiel?")
CALLED = {"role": "assistant", "parts": [call("weather", {"city": "Kiel"})]}
ANSWERED = {"role": "tool", "parts": [answer("rain, 9 °C")]}
SAID = text("assistant", "Yes, at 9 °C.")

OTEL = [
    {"role": "user", "parts": [{"type": "text", "content": "Is it raining in Kiel?"}]},
    {
        "role": "assistant",
        "parts": [{"type": "tool_call", "id": "c1", "name": "weather", "arguments": {"city": "Kiel"}}],
    },
    {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "rain, 9 °C"}]},
    {"role": "assistant", "parts": [{"type": "text", "content": "Yes, at 9 °C."}]},
]
OPENAI_CHAT = [
    {"role": "user", "content": "Is it raining in Kiel?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Kiel"}'}}
        ],
    },
    {"role": "tool", "tool_call_id": "c1", "content": "rain, 9 °C"},
    {"role": "assistant", "content": [{"type": "text", "text": "Yes, at 9 °C."}]},
]
OPENAI_RESPONSES = [
    {"role": "user", "content": [{"type": "input_text", "text": "Is it raining in Kiel?"}]},
    {"type": "function_call", "id": "fc9", "call_id": "c1", "name": "weather", "arguments": '{"city": "Kiel"}'},
    {"type": "function_call_output", "call_id": "c1", "output": "rain, 9 °C"},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Yes, at 9 °C."}]},
]
LANGCHAIN_CONSTRUCTORS = [
    {"lc": 1, "id": ["langchain", "schema", "messages", "HumanMessage"], "kwargs": {"content": ASKED_TEXT}}
    for ASKED_TEXT in ["Is it raining in Kiel?"]
] + [
    {
        "lc": 1,
        "id": ["langchain", "schema", "messages", "AIMessage"],
        "kwargs": {
            "content": "",
            "tool_calls": [{"name": "weather", "args": {"city": "Kiel"}, "id": "c1", "type": "tool_call"}],
            "additional_kwargs": {
                "tool_calls": [{"id": "c1", "function": {"name": "weather", "arguments": '{"city": "Kiel"}'}}]
            },
        },
    },
    {
        "lc": 1,
        "id": ["langchain", "schema", "messages", "ToolMessage"],
        "kwargs": {"content": "rain, 9 °C", "tool_call_id": "c1", "id": "m3", "status": "success"},
    },
    {
        "lc": 1,
        "id": ["langchain", "schema", "messages", "AIMessageChunk"],
        "kwargs": {"content": [{"type": "text", "text": "Yes, at 9 °C."}]},
    },
]
LANGCHAIN_DATA = [
    {"type": "human", "data": {"content": "Is it raining in Kiel?", "type": "human"}},
    {
        "type": "ai",
        "data": {"content": "", "tool_calls": [{"name": "weather", "args": {"city": "Kiel"}, "id": "c1"}]},
    },
    {"type": "tool", "data": {"content": "rain, 9 °C", "tool_call_id": "c1"}},
    {"type": "ai", "content": "Yes, at 9 °C.", "name": None, "example": False},
]

SAME_CONVERSATION = {
    "otel": OTEL,
    "openai chat": OPENAI_CHAT,
    "openai responses": OPENAI_RESPONSES,
    "openai responses request": {"model": "m", "input": OPENAI_RESPONSES, "instructions": None},
    "litellm, calls beside parts": [
        OTEL[0],
        {"role": "assistant", "parts": [], "tool_calls": OPENAI_CHAT[1]["tool_calls"]},
        {"role": "tool", "parts": [{"type": "text", "content": "rain, 9 °C"}], "tool_call_id": "c1"},
        OTEL[3],
    ],
    "bedrock and strands": [
        {"role": "user", "content": [{"text": "Is it raining in Kiel?"}]},
        {
            "role": "assistant",
            "content": [{"toolUse": {"toolUseId": "c1", "name": "weather", "input": {"city": "Kiel"}}}],
        },
        {
            "role": "tool",
            "content": [{"toolResult": {"toolUseId": "c1", "status": "success", "content": [{"text": "rain, 9 °C"}]}}],
        },
        {"role": "assistant", "content": [{"text": "Yes, at 9 °C."}]},
    ],
    "ai sdk 4": [
        {"role": "user", "content": [{"type": "text", "text": "Is it raining in Kiel?"}]},
        {
            "role": "assistant",
            "content": [{"type": "tool-call", "toolCallId": "c1", "toolName": "weather", "args": {"city": "Kiel"}}],
        },
        {
            "role": "tool",
            "content": [{"type": "tool-result", "toolCallId": "c1", "toolName": "weather", "result": "rain, 9 °C"}],
        },
        {"role": "assistant", "content": "Yes, at 9 °C."},
    ],
    "ai sdk 5 and 6": {
        "messages": [
            {"role": "user", "content": "Is it raining in Kiel?"},
            {
                "role": "assistant",
                "content": [
                    {"type": "tool-call", "toolCallId": "c1", "toolName": "weather", "input": {"city": "Kiel"}}
                ],
            },
            {
                "role": "tool",
                "content": [
                    {
                        "type": "tool-result",
                        "toolCallId": "c1",
                        "toolName": "weather",
                        "output": {"type": "text", "value": "rain, 9 °C"},
                    }
                ],
            },
            {"role": "assistant", "content": "Yes, at 9 °C."},
        ]
    },
    "langchain constructors in a batch": {"messages": [LANGCHAIN_CONSTRUCTORS]},
    "langchain message dictionaries": {"messages": LANGCHAIN_DATA},
    "langgraph state in a traceloop wrapper": {
        "inputs": {"messages": [["user", "Is it raining in Kiel?"], *LANGCHAIN_DATA[1:]], "next": ""},
        "tags": ["step:1"],
        "kwargs": {"name": "agent"},
    },
    "langgraph command": [{"graph": None, "update": {"messages": LANGCHAIN_DATA}, "resume": None, "goto": []}],
    "pipeline component": {"forecaster": {"messages": OPENAI_CHAT}},
    "decorator": {"args": [], "kwargs": {"messages": OPENAI_CHAT}},
    "haystack reprs": {
        "messages": [
            "ChatMessage(_role=<ChatRole.USER: 'user'>, _content=[TextContent(text='Is it raining in Kiel?')])",
            "ChatMessage(_role=<ChatRole.ASSISTANT: 'assistant'>, _content=[ToolCall(tool_name='weather', "
            "arguments={'city': 'Kiel'}, id='c1', extra=None)], _name=None)",
            "ChatMessage(_role=<ChatRole.TOOL: 'tool'>, _content=[ToolCallResult(result='rain, 9 °C', "
            "origin=ToolCall(tool_name='weather', arguments={'city': 'Kiel'}, id='c1'), error=False)])",
            "ChatMessage(_role=<ChatRole.ASSISTANT: 'assistant'>, _content=[TextContent(text='Yes, at 9 °C.')])",
        ]
    },
}


@pytest.mark.parametrize("shape", SAME_CONVERSATION.values(), ids=SAME_CONVERSATION.keys())
def test_one_conversation_reads_the_same_in_every_shape(shape: object) -> None:
    assert messages.to_messages(shape) == [ASKED, CALLED, ANSWERED, SAID]


@pytest.mark.parametrize("shape", SAME_CONVERSATION.values(), ids=SAME_CONVERSATION.keys())
def test_json_text_reads_as_its_value_does_even_when_encoded_twice(shape: object) -> None:
    once = orjson.dumps(shape).decode()
    assert messages.to_messages(once) == [ASKED, CALLED, ANSWERED, SAID]
    assert messages.to_messages(orjson.dumps(once).decode()) == [ASKED, CALLED, ANSWERED, SAID]


def test_pydantic_ai_names_the_result_and_gives_it_to_the_user() -> None:
    sent = [{"role": "user", "parts": [{"type": "tool_call_response", "id": "c1", "name": "weather", "result": [9]}]}]
    assert messages.to_messages(sent) == [{"role": "user", "parts": [answer([9])]}]


def test_arguments_sent_as_json_text_are_read() -> None:
    sent = [{"role": "assistant", "parts": [{"type": "tool_call", "id": "c1", "name": "f", "arguments": '{"a": 1}'}]}]
    assert messages.tool_calls(messages.to_messages(sent)) == [{"id": "c1", "name": "f", "args": '{"a":1}'}]


def test_arguments_that_are_no_json_stay_text() -> None:
    sent = {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": '{"a": '}}]}
    assert messages.to_messages(sent) == [{"role": "assistant", "parts": [call("f", '{"a": ')]}]


def test_parts_of_other_types_are_kept_as_they_are() -> None:
    approval = {"type": "tool_approval_response", "approvalId": "a1", "approved": False, "reason": "too dear"}
    picture = {"type": "blob", "mime_type": "image/png", "content": "aGk="}
    sent = [{"role": "user", "parts": [picture]}, {"role": "tool", "content": [approval, answer("late")]}]
    assert messages.to_messages(sent) == [
        {"role": "user", "parts": [picture]},
        {"role": "tool", "parts": [approval, answer("late")]},
    ]


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
    assert messages.to_messages(sent) == [
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
    assert messages.to_messages(sent, role="assistant") == [
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
    found = messages.to_messages(sent)
    assert found == [text("assistant", "Yes", finish_reason="stop"), text("assistant", "Y", finish_reason="length")]
    assert messages.finish_reasons(found) == ["stop", "length"]


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
    assert messages.to_messages(sent, role="assistant") == [
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
    assert messages.to_messages({"generations": [[generation]]}) == [text("assistant", "Yes", finish_reason="stop")]


def test_gemini_requests_and_answers_are_read() -> None:
    request = {
        "system_instruction": {"parts": [{"text": "Be brief."}]},
        "contents": [
            {"role": "user", "parts": [{"text": "Kiel?"}]},
            {"role": "model", "parts": [{"functionCall": {"id": "c1", "name": "weather", "args": {"city": "Kiel"}}}]},
            {"role": "user", "parts": [{"functionResponse": {"id": "c1", "name": "weather", "response": {"c": 9}}}]},
        ],
    }
    assert messages.to_messages(request) == [
        text("system", "Be brief."),
        text("user", "Kiel?"),
        CALLED,
        {"role": "user", "parts": [answer({"c": 9})]},
    ]
    said = {"content": {"role": "model", "parts": [{"text": "hm", "thought": True}, {"text": "9 °C"}]}}
    assert messages.to_messages({"candidates": [{**said, "finishReason": "STOP"}]}) == [
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
    assert messages.to_messages(request) == [text("system", "Be brief."), text("user", "Kiel?")]
    response = {"content": {"parts": [{"text": "9 °C"}], "role": "model"}, "finish_reason": "STOP", "partial": False}
    assert messages.to_messages(response) == [text("assistant", "9 °C", finish_reason="STOP")]


def test_the_chunks_of_a_gemini_stream_are_one_message() -> None:
    spans = [{"role": "model", "parts": [{"text": chunk}]} for chunk in ("The port is", " 9090.", "")]
    assert messages.to_messages(spans, role="assistant") == [text("assistant", "The port is 9090.")]
    logs = [
        {"finish_reason": "stop", "role": "system", "parts": [{"type": "text", "content": "Reading"}]},
        {"finish_reason": "stop", "role": "system", "parts": [{"type": "text", "content": " it."}]},
        {"finish_reason": "stop", "role": "system", "parts": [call("read", {"path": "a"})]},
    ]
    assert messages.to_messages(logs, role="assistant") == [
        {
            "role": "assistant",
            "parts": [{"type": "text", "content": "Reading it."}, call("read", {"path": "a"})],
            "finish_reason": "stop",
        }
    ]


def test_system_instructions_are_a_message_of_the_role_asked_for() -> None:
    parts = '[{"type": "text", "content": "Be brief."}, {"type": "text", "content": "Be kind."}]'
    both = [{"type": "text", "content": "Be brief."}, {"type": "text", "content": "Be kind."}]
    assert messages.to_messages(parts, role="system") == [{"role": "system", "parts": both}]


def test_ai_sdk_prompt_and_calls_beside_text_are_read() -> None:
    assert messages.to_messages('{"system": "Be brief.", "prompt": "Kiel?"}') == [
        text("system", "Be brief."),
        text("user", "Kiel?"),
    ]
    calls = (
        '[{"toolCallType": "function", "toolCallId": "c1", "toolName": "weather", "args": "{\\"city\\": \\"Kiel\\"}"}]'
    )
    assert messages.to_messages(calls, role="assistant") == [CALLED]
    assert messages.to_messages({"role": "assistant", "content": "Looking.", "tool_calls": calls}) == [
        {"role": "assistant", "parts": [{"type": "text", "content": "Looking."}, CALLED["parts"][0]]}
    ]


def test_reprs_of_response_items_are_read_inside_text_parts() -> None:
    shown = (
        "ResponseFunctionToolCall(arguments='{\"city\": \"Kiel\"}', call_id='c1', name='weather', "
        "type='function_call', id='fc1', status=None)"
    )
    sent = [{"role": "assistant", "parts": [{"type": "text", "content": shown}]}]
    assert messages.to_messages(sent) == [CALLED]


def test_a_refusal_is_what_the_assistant_said() -> None:
    sent = {"role": "assistant", "content": None, "refusal": "I can't."}
    assert messages.to_messages(sent) == [text("assistant", "I can't.")]


@pytest.mark.parametrize("plain", ["hello", "2 + 2 = {4}", "[[ ## answer ## ]] 4", "Foo(bar=1) failed", "12", "true"])
def test_plain_text_is_one_text_part(plain: str) -> None:
    assert messages.to_messages(plain) == [text("user", plain)]


def test_a_json_encoded_text_is_that_text() -> None:
    assert messages.to_messages('"Invoice 7 is paid"', role="assistant") == [text("assistant", "Invoice 7 is paid")]


@pytest.mark.parametrize(
    "nothing", [None, "", "null", [], {}, "[]", "{}", {"args": [], "kwargs": {}}, {"messages": []}]
)
def test_nothing_said_is_no_message(nothing: object) -> None:
    assert messages.to_messages(nothing) == []


def test_an_unknown_object_is_its_json_as_one_text() -> None:
    assert messages.to_messages({"city": "Kiel", "nights": 3}) == [text("user", '{"city":"Kiel","nights":3}')]
    assert messages.to_messages({"resume": {"type": "edit", "to": "x"}}) == [text("user", '{"type":"edit","to":"x"}')]


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
    assert messages.from_indexed(keys) == [
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
    assert messages.from_indexed(keys) == [ASKED, {**CALLED, "finish_reason": "tool_calls"}, ANSWERED]


def test_litellm_function_calls_in_completion_keys_are_read() -> None:
    keys: list[tuple[str, object]] = [("0.function_call.name", "f"), ("0.function_call.arguments", '{"a": 1}')]
    assert messages.tool_calls(messages.from_indexed(keys)) == [{"id": None, "name": "f", "args": '{"a":1}'}]


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
    found = messages.from_indexed(keys)
    assert found[0] == text("user", "hi")
    assert len(found) == 2


def test_old_otel_events_are_read_in_order() -> None:
    tool_calls = [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Kiel"}'}}]
    events: list[tuple[str, object]] = [
        ("gen_ai.system.message", {"content": "Be brief."}),
        ("gen_ai.user.message", {"content": "Is it raining in Kiel?", "role": "user"}),
        ("gen_ai.assistant.message", {"tool_calls": tool_calls}),
        ("gen_ai.tool.message", {"content": "rain, 9 °C", "id": "c1"}),
        ("exception", {"exception.type": "ValueError"}),
        ("gen_ai.choice", {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Yes."}}),
    ]
    assert messages.from_events(events) == [
        text("system", "Be brief."),
        ASKED,
        CALLED,
        ANSWERED,
        text("assistant", "Yes.", finish_reason="stop"),
    ]


def test_calls_beside_the_message_of_a_choice_event_are_read() -> None:
    choice = {
        "index": 0,
        "finish_reason": "tool_calls",
        "message": {"content": ""},
        "tool_calls": [{"id": "c1", "function": {"name": "weather", "arguments": '{"city": "Kiel"}'}}],
    }
    assert messages.from_events([("gen_ai.choice", choice)]) == [{**CALLED, "finish_reason": "tool_calls"}]


def test_strands_events_hold_json_text() -> None:
    events: list[tuple[str, object]] = [
        ("gen_ai.user.message", {"content": '[{"text": "Is it raining in Kiel?"}]'}),
        (
            "gen_ai.choice",
            {
                "message": '[{"toolUse": {"toolUseId": "c1", "name": "weather", "input": {"city": "Kiel"}}}]',
                "tool.result": '[{"toolResult": {"toolUseId": "c1", "content": [{"text": "rain, 9 °C"}]}}]',
                "finish_reason": "tool_use",
            },
        ),
        ("gen_ai.choice", {"message": "Yes, at 9 °C.\n", "finish_reason": "end_turn"}),
    ]
    assert messages.from_events(events) == [
        ASKED,
        {**CALLED, "finish_reason": "tool_use"},
        ANSWERED,
        text("assistant", "Yes, at 9 °C.\n", finish_reason="end_turn"),
    ]


def test_event_bodies_sent_as_json_text_are_read() -> None:
    events: list[tuple[str, object]] = [
        ("gen_ai.user.message", '{"role": "user", "content": "Is it raining in Kiel?"}'),
        ("gen_ai.user.message", {"gen_ai.event.content": '{"content": "Kiel?"}'}),
        ("gen_ai.content.completion", {"gen_ai.completion": '[{"role": "assistant", "content": "Yes."}]'}),
    ]
    assert messages.from_events(events) == [ASKED, text("user", "Kiel?"), text("assistant", "Yes.")]


def test_input_text_is_the_last_user_message_with_text() -> None:
    result_for_the_model = {"role": "user", "parts": [answer("x")]}
    assert messages.input_text([text("user", "first"), SAID, text("user", "second"), result_for_the_model]) == "second"
    assert messages.input_text([text("system", "Be brief."), ANSWERED]) == "Be brief."
    assert messages.input_text([CALLED]) is None
    assert messages.input_text([]) is None


def test_output_text_is_the_last_assistant_message() -> None:
    assert messages.output_text([SAID, text("user", "and?")]) == "Yes, at 9 °C."
    assert messages.output_text([SAID, CALLED]) is None
    assert messages.output_text([ASKED]) is None


def test_answers_are_listed_as_text() -> None:
    found = [{"role": "tool", "parts": [answer("rain"), answer({"c": 9}, None), answer([1, None], "c3")]}]
    assert messages.tool_answers(found) == [
        {"id": "c1", "result": "rain"},
        {"id": None, "result": '{"c":9}'},
        {"id": "c3", "result": "[1,null]"},
    ]


@pytest.mark.parametrize(
    ("wrapped", "inside"),
    [
        ({"args": [], "kwargs": {"a": 1}}, {"a": 1}),
        ({"args": [1, 2], "kwargs": {}}, [1, 2]),
        ({"kwargs": {"a": 1}}, {"a": 1}),
        ({"args": [], "sanitize_inputs_outputs": True, "kwargs": {"a": 1}}, {"a": 1}),
        ({"input_str": "{'a': (1, None)}", "tags": []}, {"a": [1, None]}),
        ({"input_str": "{'a': '1'}", "inputs": {"a": "1"}, "kwargs": {}}, {"a": "1"}),
        ({"output": "done", "kwargs": {"name": "f"}}, "done"),
        ({"outputs": {"x": 1}}, {"x": 1}),
        ("{'a': 1}", {"a": 1}),
        (
            {"args": "a value of my own", "kwargs": {}, "other": 1},
            {"args": "a value of my own", "kwargs": {}, "other": 1},
        ),
        ("plain", "plain"),
        (7, 7),
    ],
)
def test_kwargs_are_unwrapped(wrapped: object, inside: object) -> None:
    assert messages.unwrap_kwargs(wrapped) == inside


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("{'a': [1, 2.5, None, True], 'b': ('x',)}", {"a": [1, 2.5, None, True], "b": ["x"]}),
        ("{1: 'one'}", {"1": "one"}),
        ("{3}", [3]),
        ("b'raw'", "raw"),
        ("ChatCompletion(id='x')", "ChatCompletion(id='x')"),
        ("__import__('os').getcwd()", "__import__('os').getcwd()"),
        ("'\\ud800'", "'\\ud800'"),
        ("9" * 400, "9" * 400),
        ("[" * 5000, "[" * 5000),
        ("-" * 90_000 + "1", "-" * 90_000 + "1"),
        ("[0]" + " " * 200_000, "[0]" + " " * 200_000),
        ("not 'closed", "not 'closed"),
    ],
)
def test_python_literals_are_read_and_all_else_stays_text(literal: str, value: object) -> None:
    assert messages.python_literal(literal) == value


def test_json_or_text_reads_what_is_json() -> None:
    assert messages.json_or_text('{"a": [1]}') == {"a": [1]}
    assert messages.json_or_text("{a}") == "{a}"
    assert messages.json_or_text("") == ""
    assert messages.json_or_text({"a": 1}) == {"a": 1}
    too_deep = "[" * 600 + "]" * 600
    assert messages.json_or_text(too_deep) == too_deep


SENT = {
    "prompt_tokens_details": {"cached_tokens": 12},
    "choices": [{"finish_reason": "stop"}, {}, {"finish_reason": "length"}],
    "resume": {"type": "edit", "body": "x"},
    "inner": '{"action": {"action": "deny"}}',
    "zero": 0,
}
DECIDED = [
    {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
    {
        "role": "user",
        "parts": [
            {"type": "text", "content": "go on"},
            {"type": "tool_approval_response", "approved": False, "reason": "too dear"},
            {"type": "tool_approval_response", "approved": True},
        ],
    },
]


@pytest.mark.parametrize(
    ("value", "path", "found"),
    [
        (SENT, "prompt_tokens_details.cached_tokens", 12),
        (SENT, "input_tokens | zero", 0),
        (SENT, "input_tokens | output_tokens", None),
        (SENT, "choices.*.finish_reason", ["stop", "length"]),
        (SENT, "choices.2.finish_reason", "length"),
        (SENT, "choices.7.finish_reason", None),
        (SENT, "choices.x", None),
        (SENT, "resume.type=edit", SENT),
        (SENT, "resume.type=reject", None),
        (SENT, "inner.action.action", "deny"),
        (orjson.dumps(SENT).decode(), "resume.body", "x"),
        (["evaluated", '{"action": {"action": "ask"}}'], "1 → action.action", "ask"),
        (DECIDED, "role=system", DECIDED[:1]),
        (DECIDED, "role=tool", None),
        (DECIDED, "*.parts.0.content", ["Be brief.", "go on"]),
        (DECIDED, "part.type=tool_approval_response → approved", False),
        (DECIDED, "part.type=tool_approval_response → reason", "too dear"),
        (DECIDED, "part.type=text", {"type": "text", "content": "Be brief."}),
        (DECIDED, "part.type=function_approval_request", None),
        ("plain", "a.b", None),
        (None, "a", None),
        (5, "*", None),
    ],
)
def test_paths_lead_to_their_value(value: object, path: str, found: object) -> None:
    assert messages.at_path(value, path) == found


def nested(depth: int, wrap: str) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = {"list": [value], "content": {"content": value}, "input": {"input": value}}[wrap]
    return value


@pytest.mark.parametrize("wrap", ["list", "content", "input"])
@pytest.mark.parametrize("depth", [7, 200, 100_000])
def test_deep_nesting_ends_in_one_text_part(wrap: str, depth: int) -> None:
    found = messages.to_messages(nested(depth, wrap))
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
    found = messages.to_messages(hostile)
    assert time.process_time() - started < 2
    assert [part["type"] for message in found for part in message["parts"]] == ["text"]


def test_a_cycle_is_text() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    assert messages.to_messages(cycle) == [text("user", "(nested too deeply to read)")]


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
    for sayings in (messages.tool_calls(found), messages.tool_answers(found)):
        assert all(isinstance(saying["id"], str | None) for saying in sayings)
    messages.input_text(found)
    messages.output_text(found)
    messages.finish_reasons(found)


@given(VALUES, st.sampled_from(["user", "assistant", "system"]))
def test_whatever_arrives_becomes_canonical_messages(value: object, role: str) -> None:
    assert_canonical(messages.to_messages(value, role=role))
    assert_canonical(messages.to_messages(messages.json_text(value), role=role))
    assert_canonical(messages.to_messages(repr(value), role=role))


@given(st.lists(st.tuples(st.sampled_from(["gen_ai.user.message", "gen_ai.choice", "gen_ai.tool.message"]), VALUES)))
def test_whatever_events_arrive_become_canonical_messages(events: list[tuple[str, object]]) -> None:
    assert_canonical(messages.from_events(events))


@given(st.lists(st.tuples(st.lists(WORDS | st.sampled_from("012"), min_size=1, max_size=6).map(".".join), VALUES)))
def test_whatever_keys_arrive_become_canonical_messages(pairs: list[tuple[str, object]]) -> None:
    assert_canonical(messages.from_indexed(pairs))


@given(VALUES, st.lists(WORDS | st.sampled_from(["*", "0", "9"]), min_size=1, max_size=4).map(".".join))
def test_no_path_raises(value: object, path: str) -> None:
    messages.at_path(value, path)
    messages.at_path(value, f"part.type={path} → {path} | {path}=a")
    messages.unwrap_kwargs(value)
