"""Canonical messages, as tests write them down."""

from typing import Any


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
