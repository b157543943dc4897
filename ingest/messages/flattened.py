"""Messages out of flattened keys: `gen_ai.prompt.0.content`, `llm.input_messages.1.message.role`."""

from typing import Any

from ingest.messages.canonical import Message
from ingest.messages.message import message_of
from ingest.values import plain

_MAX_KEY_SEGMENTS = 12  # of a flattened key; real ones have eight


def from_indexed(pairs: list[tuple[str, object]]) -> list[Message]:
    """The messages of flattened keys such as `0.message.content` or `1.tool_calls.0.name`, in the order of indices."""
    tree: dict[str, Any] = {}
    for key, value in pairs:
        _plant(tree, key.split(".", _MAX_KEY_SEGMENTS), value if isinstance(value, str) else plain(value))
    nodes = [_regrouped(node) for node in _by_index(tree)]
    return [message_of(node, "user") for node in nodes if isinstance(node, dict)]


def _plant(tree: dict[str, Any], path: list[str], value: Any) -> None:
    *stem, last = path
    for segment in stem:
        child = tree.setdefault(segment, {})
        if not isinstance(child, dict):
            return
        tree = child
    tree.setdefault(last, value)


def _by_index(tree: dict[str, Any]) -> list[Any]:
    indices = sorted((int(key), key) for key in tree if key.isascii() and key.isdigit() and len(key) < 10)
    return [tree[key] for _, key in indices]


def _regrouped(node: Any) -> Any:
    """A node of the tree with its numbered children as lists, and what stands under `message` lifted out of it."""
    if not isinstance(node, dict):
        return node
    if listed := _by_index(node):
        return [_regrouped(child) for child in listed]
    fields = {key: _regrouped(child) for key, child in node.items()}
    lifted = fields.pop("message", None)
    return {**fields, **lifted} if isinstance(lifted, dict) else fields
