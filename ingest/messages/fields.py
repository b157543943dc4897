"""The fields of one message, under every name that they have: role, content, finish reason."""

from typing import Any

from ingest.messages.canonical import Message

ROLES = {
    "human": "user",
    "ai": "assistant",
    "model": "assistant",
    "developer": "system",
    "function": "tool",
    "humanmessage": "user",
    "aimessage": "assistant",
    "aimessagechunk": "assistant",
    "systemmessage": "system",
    "toolmessage": "tool",
    "functionmessage": "tool",
    "tool-call": "assistant",
    "tool-response": "tool",
}
KNOWN_ROLES = {"system", "user", "assistant", "tool", *ROLES}
CONTENT_KEYS = ("content", "parts", "_content", "contents", "blocks")
FINISH_KEYS = ("finish_reason", "stop_reason", "finishReason", "stopReason")
_FINISH_HOLDERS = {"response_metadata", "_meta", "generation_info"}


def role_of(sent: str) -> str:
    """system, user, assistant, tool, or what was sent if it is none of them."""
    role = sent.rpartition(".")[2].lower()  # "ChatRole.USER"
    return ROLES.get(role, role)


def content_of(value: dict[str, Any]) -> Any:
    """What a message says, in the form sent; None for nothing."""
    for key in CONTENT_KEYS:
        content = value.get(key)
        if content is not None and content != []:
            return content
    return None


def with_finish_reason(message: Message, holder: dict[str, Any]) -> Message:
    """The message, with the finish reason that `holder` has, if it has one."""
    for key in FINISH_KEYS:
        reason = holder.get(key)
        if isinstance(reason, str) and reason:
            message["finish_reason"] = reason
            return message
    for key in holder.keys() & _FINISH_HOLDERS:
        if isinstance(holder[key], dict):
            with_finish_reason(message, {name: holder[key].get(name) for name in FINISH_KEYS})
    return message
