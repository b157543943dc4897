"""One conversation, written out in each shape as its framework sends it."""

import orjson
import pytest

from ingest.messages.envelopes import to_messages
from tests.ingest.messages.expected import ANSWERED, ASKED, CALLED, SAID

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
    assert to_messages(shape) == [ASKED, CALLED, ANSWERED, SAID]


@pytest.mark.parametrize("shape", SAME_CONVERSATION.values(), ids=SAME_CONVERSATION.keys())
def test_json_text_reads_as_its_value_does_even_when_encoded_twice(shape: object) -> None:
    once = orjson.dumps(shape).decode()
    assert to_messages(once) == [ASKED, CALLED, ANSWERED, SAID]
    assert to_messages(orjson.dumps(once).decode()) == [ASKED, CALLED, ANSWERED, SAID]
