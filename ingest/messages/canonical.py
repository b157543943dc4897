"""The one shape that all conversations are read into, and what can be asked of it.

A canonical message is `{"role", "parts", "finish_reason"?}`; a part is `{"type": "text", "content"}`,
`{"type": "reasoning", "content"}`, `{"type": "tool_call", "id", "name", "arguments"}`,
`{"type": "tool_call_response", "id", "response"}`, or any other part as it came, under its own type. All of it is
JSON-ready. No reader of messages raises on what telemetry says: what has no known shape is one text part.
"""

from typing import Any

from ingest.values import is_object_repr, json_text

Part = dict[str, Any]
Message = dict[str, Any]

BLOCKS = '[{"type":'  # how a text begins that is JSON of content blocks (OpenLLMetry)
_MESSAGE_KEYS = {"role", "parts", "finish_reason"}
_SPEAKERS = {"user", "assistant", "system", "tool"}
_TEXT_KEYS = {"type", "content"}
_CALL_KEYS = {"type", "id", "name", "arguments"}
_ANSWER_KEYS = {"type", "id", "response"}


def is_canonical(value: Any, role: str) -> bool:
    """Whether a value is plain canonical messages already, as OTel's conventions send them: no reader would change it.

    False only means that a reader must look. `role` is that of whoever names none.
    """
    if not isinstance(value, list):
        return False
    for message in value:
        if not isinstance(message, dict) or not message.keys() <= _MESSAGE_KEYS:
            return False
        speaker, reason, parts = message.get("role"), message.get("finish_reason", "stop"), message.get("parts")
        if not isinstance(speaker, str) or speaker not in _SPEAKERS or (speaker == "system" and role == "assistant"):
            return False
        if not isinstance(reason, str) or not reason or not isinstance(parts, list) or not (parts or speaker != "tool"):
            return False
        if not all(_is_canonical_part(part, speaker) for part in parts):
            return False
    return True


def _is_canonical_part(part: Any, speaker: str) -> bool:
    if not isinstance(part, dict):
        return False
    kind, keys = part.get("type"), part.keys()
    if kind == "text" and keys == _TEXT_KEYS and speaker != "tool":
        text = part["content"]
        return isinstance(text, str) and text != "" and not text.startswith(BLOCKS) and not is_object_repr(text)
    if kind == "tool_call" and keys == _CALL_KEYS and speaker in ("user", "assistant"):
        return isinstance(part["id"], str) and isinstance(part["name"], str) and isinstance(part["arguments"], dict)
    if kind == "tool_call_response" and keys == _ANSWER_KEYS and speaker == "tool":
        return isinstance(part["id"], str) and part["response"] is not None
    return False


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
