"""Paths of conventions.json: what stands where inside a nested value."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from ingest.messages.fields import content_of
from ingest.values import json_or_text


def at_path(value: object, path: str) -> Any:
    """The value at a path of the conventions; None if nothing is there. JSON text is read on the way.

    `a.b`, `a.0.b`; `*` gives what the elements hold, as a list; ` | ` separates alternatives, the first that is there
    wins; `a=x` keeps the elements (or the value) whose `a` is x; ` → ` goes on from what was found;
    `part.type=x` is the first part of that type in all messages.
    """
    for legs in _legs(path):
        found: Any = value
        for leg in legs:
            found = None if found is None else leg(json_or_text(found))
        if found is not None:
            return found
    return None


@lru_cache(maxsize=1024)
def _legs(path: str) -> list[list[Callable[[Any], Any]]]:
    return [[_leg(leg) for leg in alternative.split(" → ")] for alternative in path.split(" | ")]


def _leg(text: str) -> Callable[[Any], Any]:
    keys, has_condition, wanted = text.partition("=")
    if not has_condition:
        return partial(_at, keys.split("."))
    if keys.startswith("part."):
        return partial(_part_where, keys.removeprefix("part."), wanted)
    return partial(_where, keys.split("."), wanted)


def _at(keys: list[str], value: Any) -> Any:
    for position, key in enumerate(keys):
        value = json_or_text(value)
        if key == "*" and isinstance(value, (list, dict)):
            elements = value if isinstance(value, list) else value.values()
            found = [_at(keys[position + 1 :], element) for element in elements]
            return [element for element in found if element is not None] or None
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdecimal() and len(key) < 10 and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def _where(keys: list[str], wanted: str, value: Any) -> Any:
    if isinstance(value, list):
        return [element for element in value if _at(keys, element) == wanted] or None
    return value if _at(keys, value) == wanted else None


def _part_where(key: str, wanted: str, value: Any) -> Any:
    for message in value if isinstance(value, list) else [value]:
        parts = content_of(message) if isinstance(message, dict) else None
        for part in parts if isinstance(parts, list) else []:
            if isinstance(part, dict) and part.get(key) == wanted:
                return part
    return None
