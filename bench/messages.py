"""What is said in a run: messages in the shape of the GenAI conventions, as JSON text."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

Message = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Wish:
    """A tool call that a model asks for; `below` is the plumbing that the tool uses."""

    tool: str
    below: str
    call_id: str
    arguments: dict[str, object]


def as_json(value: object) -> str:
    """As an instrumentation writes it into an attribute."""
    return orjson.dumps(value).decode()


def text(content: str) -> dict[str, object]:
    """A part that is text."""
    return {"type": "text", "content": content}


def asked(content: str) -> Message:
    """The user's message."""
    return {"role": "user", "parts": [text(content)]}


def said(content: str, wishes: list[Wish]) -> dict[str, object]:
    """The model's message, with the tool calls that it asks for."""
    calls = [
        {"type": "tool_call", "id": wish.call_id, "name": wish.tool, "arguments": wish.arguments} for wish in wishes
    ]
    return {"role": "assistant", "parts": [text(content), *calls]}


def answered(wish: Wish, result: object) -> Message:
    """What a tool call is answered with."""
    return {"role": "tool", "parts": [{"type": "tool_call_response", "id": wish.call_id, "response": result}]}
