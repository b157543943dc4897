"""The one shape that all conversations are read into, and what can be asked of it.

A canonical message is `{"role", "parts", "finish_reason"?}`; a part is `{"type": "text", "content"}`,
`{"type": "reasoning", "content"}`, `{"type": "tool_call", "id", "name", "arguments"}`,
`{"type": "tool_call_response", "id", "response"}`, or any other part as it came, under its own type. All of it is
JSON-ready. No reader of messages raises on what telemetry says: what has no known shape is one text part.
"""

from typing import Any

from ingest.values import json_text

Part = dict[str, Any]
Message = dict[str, Any]


def text_message(text: str, role: str) -> Message:
    """A message that says this and nothing else."""
    return {"role": role, "parts": [{"type": "text", "content": text}] if text else []}


def input_text(messages: list[Message]) -> str | None:
    """Text of the last user message that has any; without one, of the last message with text; else None."""
    texts = [(message["role"], text) for message in messages if (text := _text(message))]
    asked = [text for role, text in texts if role == "user"]
    return asked[-1] if asked else texts[-1][1] if texts else None


def output_text(messages: list[Message]) -> str | None:
    """Text of the last assistant message; None if there is none or it says nothing."""
    said = [message for message in messages if message["role"] == "assistant"]
    return _text(said[-1]) or None if said else None


def tool_calls(messages: list[Message]) -> list[dict[str, str | None]]:
    """id, name, args (compact JSON text) of every call that these messages ask for, in order."""
    return [
        {"id": part["id"], "name": part["name"], "args": json_text(part["arguments"])}
        for message in messages
        for part in message["parts"]
        if part["type"] == "tool_call"
    ]


def tool_answers(messages: list[Message]) -> list[dict[str, str | None]]:
    """id, result (text, or compact JSON text) of every tool result that these messages carry, in order."""
    return [
        {"id": part["id"], "result": json_text(part["response"])}
        for message in messages
        for part in message["parts"]
        if part["type"] == "tool_call_response"
    ]


def finish_reasons(messages: list[Message]) -> list[str]:
    """The finish reasons as sent, one for each message that has one."""
    return [message["finish_reason"] for message in messages if "finish_reason" in message]


def _text(message: Message) -> str:
    return "\n".join(part["content"] for part in message["parts"] if part["type"] == "text")
