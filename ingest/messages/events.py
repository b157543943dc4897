"""Messages out of old per-message events: `gen_ai.user.message`, `gen_ai.choice`."""

from typing import Any

from ingest.messages.canonical import Message
from ingest.messages.envelopes import to_messages
from ingest.messages.message import content_blocks, message_of
from ingest.values import decoded

_EVENT_ROLES = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
    "gen_ai.choice": "assistant",
    "gen_ai.content.prompt": "user",
    "gen_ai.content.completion": "assistant",
}


def from_events(events: list[tuple[str, object]]) -> list[Message]:
    """The messages of old per-message events (event name, body or attributes), in the order given."""
    found: list[Message] = []
    for name, payload in events:
        role = _EVENT_ROLES.get(name)
        body = decoded(payload)
        if isinstance(body, dict) and "gen_ai.event.content" in body:
            body = decoded(body["gen_ai.event.content"])
        if role is not None and body:
            found += _event_messages(body, role)
    return found


def _event_messages(body: Any, role: str) -> list[Message]:
    if not isinstance(body, dict):
        return to_messages(body, role=role)
    for key in ("gen_ai.prompt", "gen_ai.completion"):
        if key in body:
            return to_messages(body[key], role=role)
    said = body.get("message")
    fields = {**body, **said} if isinstance(said, dict) else body if said is None else {**body, "content": said}
    content = fields.get("content")
    blocks = content_blocks(content) if isinstance(content, str) else None  # Strands
    found = [message_of({**fields, "content": blocks} if blocks else fields, role)]
    return found + to_messages(body["tool.result"], role="tool") if "tool.result" in body else found
