"""Which tools a model was offered, from the definitions that were sent with its prompt, in whatever shape."""

from collections.abc import Iterable, Iterator

from ingest.values import json_or_text

_MOST_TOOLS = 512
_NAME_CHARACTERS = 128
# Where a definition has its name, or the definitions that it holds: OpenAI, Anthropic and MCP, Google.
_HOLDERS = ("function", "tool", "tools", "functionDeclarations", "function_declarations")
_DEEPEST = 8


def offered_tools(definitions: Iterable[object]) -> list[str]:
    """The names in these definitions, each once, in order; definitions may be JSON text."""
    names = {name[:_NAME_CHARACTERS] for definition in definitions for name in _names(definition, _DEEPEST)}
    return sorted(names)[:_MOST_TOOLS]


def _names(definition: object, depth: int) -> Iterator[str]:
    value = json_or_text(definition) if isinstance(definition, str) else definition
    if depth == 0:
        return
    if isinstance(value, list):
        for item in value:
            yield from _names(item, depth - 1)
    elif isinstance(value, dict):
        held = [value[name] for name in _HOLDERS if isinstance(value.get(name), dict | list | str)]
        name = value.get("name")
        if isinstance(name, str) and name:
            yield name
        else:
            for item in held:
                yield from _names(item, depth - 1)
