"""One message with its parts, in the shape of any provider; a part may hold a message again."""

from collections.abc import Callable
from typing import Any

from ingest.messages.calls import (
    ANSWER_TYPES,
    CALL_TYPES,
    REASONING_TYPES,
    answer_part,
    call_part,
    identity,
    is_bare_call,
    reasoning_parts,
    response_of,
)
from ingest.messages.canonical import BLOCKS, Message, Part
from ingest.messages.fields import (
    CONTENT_KEYS,
    FINISH_KEYS,
    KNOWN_ROLES,
    ROLES,
    content_of,
    role_of,
    with_finish_reason,
)
from ingest.values import decoded, first_of, json_or_text, json_text, object_fields

_TEXT_TYPES = {"text", "input_text", "output_text", "summary_text", "refusal"}
_KEPT_TYPES = {  # parts that stay as they are, and are known to be parts wherever they stand
    *("blob", "file", "uri", "generic", "compaction", "server_tool_call", "server_tool_call_response"),
    *("image", "image_url", "input_image", "input_audio", "input_file", "document", "audio", "video"),
    *("function_approval_request", "function_approval_response", "tool_approval_request", "tool_approval_response"),
}
_PART_TYPES = _TEXT_TYPES | REASONING_TYPES | CALL_TYPES | ANSWER_TYPES | _KEPT_TYPES
_CALLS_KEYS = ("tool_calls", "toolCalls", "function_call")
_PLAIN_KEYS = {"role", "parts", "content", "finish_reason", "name", "id", "tool_call_id"}
_LONE_MESSAGE_KEYS = {  # a dictionary of these alone is a message, even if it names no role
    *("content", "parts", "id", "name", "tool_calls", "function_call", "tool_call_id", "refusal", "annotations"),
    *("additional_kwargs", "response_metadata", "usage", "usage_metadata", "reasoning_content", *FINISH_KEYS),
}


def known_message(value: dict[str, Any], role: str) -> Message | None:
    """The message that a dictionary is, by its keys; None for one that is something else."""
    kind = value.get("type")
    kind = kind.lower() if isinstance(kind, str) else None
    if isinstance(value.get("id"), list) and isinstance(value.get("kwargs"), dict):  # LangChain, as a constructor
        names = [name.lower() for name in value["id"][-1:] if isinstance(name, str)]
        return message_of(value["kwargs"], ROLES.get(names[0], role) if names else role)
    if kind in KNOWN_ROLES and isinstance(value.get("data"), dict):  # LangChain, as a message dictionary
        return message_of(value["data"], role_of(kind))
    content = content_of(value)
    has_content = not value.keys().isdisjoint(CONTENT_KEYS)
    if isinstance(content, dict) and not content.keys().isdisjoint({"parts", "role"}):  # ADK's answer
        return with_finish_reason(message_of(content, role), value)
    if isinstance(value.get("role", value.get("_role")), str):
        return message_of(value, role)
    if has_content and kind in KNOWN_ROLES:
        return message_of(value, role_of(kind))
    is_lone = has_content and kind is None and value.keys() <= _LONE_MESSAGE_KEYS
    return message_of(value, role) if is_lone else None


def part_message(value: dict[str, Any], role: str) -> Message | None:
    """The message of one part that stands alone, said by whoever says such things; None for what is no part."""
    if not _is_part(value):
        return None
    parts = _parts(value)
    types = {part["type"] for part in parts}
    if "tool_call_response" in types:
        role = "tool"
    elif role == "user" and types & {"tool_call", "reasoning"}:
        role = "assistant"
    return with_finish_reason({"role": role, "parts": parts}, value)


def object_message(text: str, role: str) -> Message | None:
    """The message in a repr such as `ChatMessage(role=…, content=…)` or `ResponseFunctionToolCall(…)`, if it is one."""
    fields = object_fields(text)
    return known_message(fields, role) or part_message(fields, role) if isinstance(fields, dict) else None


def message_of(value: dict[str, Any], role: str) -> Message:
    """A dictionary read as a message, whatever it is; `role` is the speaker if it names none."""
    sent_role = value.get("role") or value.get("_role")
    role = role_of(sent_role) if isinstance(sent_role, str) else role
    content = content_of(value)
    parts = _content_parts(content)
    if not value.keys() <= _PLAIN_KEYS:
        _add_beside(parts, value)
    if role == "tool" or value.get("tool_call_id"):
        role = "tool"
        if not any(part["type"] == "tool_call_response" for part in parts):
            parts = [{"type": "tool_call_response", "id": identity(value), "response": response_of(content)}]
    if role == "system" and any(part["type"] == "tool_call" for part in parts):
        role = "assistant"  # Gemini CLI's logs call the model "system"
    return with_finish_reason({"role": role, "parts": parts}, value)


def _content_parts(content: Any) -> list[Part]:
    if content is None:
        return []
    items = content if isinstance(content, list) else [content]
    return [part for item in items for part in _parts(item)]


def _add_beside(parts: list[Part], value: dict[str, Any]) -> None:
    """Adds the reasoning, refusal and calls that stand beside the content; calls that it tells of too, once."""
    thought = first_of(value, ("reasoning_content", "reasoning", "thinking"))
    if isinstance(thought, str) and thought:
        parts.insert(0, {"type": "reasoning", "content": thought})
    refusal = value.get("refusal")
    if isinstance(refusal, str) and refusal:
        parts.append({"type": "text", "content": refusal})
    extra = value.get("additional_kwargs")
    holders = (value, extra) if isinstance(extra, dict) else (value,)
    sent = [holder[key] for holder in holders for key in _CALLS_KEYS if holder.get(key)]
    calls = decoded(sent[0]) if sent else []
    known = {part["id"] for part in parts if part["type"] == "tool_call"} - {None}
    asked = [call_part(call) for call in (calls if isinstance(calls, list) else [calls]) if isinstance(call, dict)]
    parts += [call for call in asked if call["id"] not in known]


def _is_part(value: dict[str, Any]) -> bool:
    kind = value.get("type")
    if isinstance(kind, str):
        return kind in _PART_TYPES
    if isinstance(value.get("text"), str) or not value.keys().isdisjoint(_BARE_PARTS):
        return True
    return is_bare_call(value) or isinstance(value.get("origin"), dict)


def _parts(item: Any) -> list[Part]:
    """The parts of one element of a message's content; an empty text is none."""
    if isinstance(item, str):
        return _text_parts(item)
    if not isinstance(item, dict):
        return [] if item is None else [{"type": "text", "content": json_text(item)}]
    kind = item.get("type")
    if not isinstance(kind, str):
        return _untyped_parts(item)
    if kind in _TEXT_TYPES:
        text = first_of(item, ("content", "text", "value", "refusal"))
        return _text_parts(text) if isinstance(text, str) else _text_parts(json_text(text)) if text else []
    if kind in REASONING_TYPES:
        return reasoning_parts(item)
    if kind in CALL_TYPES:
        return [call_part(item)] if item.keys() != {"type"} else []
    if kind in ANSWER_TYPES:
        return [answer_part(item)]
    if kind == "message":
        return _content_parts(content_of(item))
    return [item] if any(value for key, value in item.items() if key != "type") else []


def _untyped_parts(item: dict[str, Any]) -> list[Part]:
    if isinstance(item.get("text"), str):
        return reasoning_parts(item) if item.get("thought") is True else _text_parts(item["text"])
    for key, reader in _BARE_PARTS.items():
        if isinstance(item.get(key), dict):
            return reader(item[key])
    if isinstance(item.get("origin"), dict):  # Haystack: the result of a call
        return [answer_part({**item, "id": item["origin"].get("id")})]
    if is_bare_call(item):
        return [call_part(item)]
    return [{"type": "text", "content": json_text(item)}]


def _text_parts(text: str) -> list[Part]:
    blocks = content_blocks(text) if text.startswith(BLOCKS) else None
    if blocks:
        return _content_parts(blocks)
    message = object_message(text, "assistant")
    if message:
        return list(message["parts"])
    return [{"type": "text", "content": text}] if text else []


def content_blocks(text: str) -> list[Any] | None:
    """The content blocks that a text holds as JSON; None for any other text."""
    blocks = json_or_text(text) if text.startswith("[") else None
    if isinstance(blocks, list) and all(isinstance(block, dict) and _is_part(block) for block in blocks):
        return blocks
    return None


_BARE_PARTS: dict[str, Callable[[dict[str, Any]], list[Part]]] = {
    "functionCall": lambda item: [call_part(item)],
    "function_call": lambda item: [call_part(item)],
    "toolUse": lambda item: [call_part(item)],
    "tool_call": lambda item: [call_part(item)],
    "functionResponse": lambda item: [answer_part(item)],
    "function_response": lambda item: [answer_part(item)],
    "toolResult": lambda item: [answer_part(item)],
    "reasoningContent": reasoning_parts,
    "message_content": lambda item: _parts(item),
}
