"""Tool calls, their answers, and reasoning: parts in the shape of any provider, one at a time."""

from collections.abc import Iterator
from typing import Any

from ingest.messages.canonical import Part
from ingest.values import first_of, json_or_text, json_text

REASONING_TYPES = {"reasoning", "reasoning_text", "thinking", "redacted_thinking"}
CALL_TYPES = {
    *("tool_call", "function_call", "tool_use", "tool-call", "function", "custom_tool_call", "mcp_call"),
    *("server_tool_use", "mcp_tool_use"),
}
ANSWER_TYPES = {
    *("tool_call_response", "function_call_output", "tool_result", "tool-result", "tool-error", "function_result"),
    *("custom_tool_call_output", "mcp_tool_result", "web_search_tool_result", "code_execution_tool_result"),
}
_ID_KEYS = ("call_id", "callId", "toolCallId", "toolUseId", "tool_call_id", "tool_use_id", "id")


def is_bare_call(value: dict[str, Any]) -> bool:
    """Whether a dictionary without a type is a call."""
    is_named = not value.keys().isdisjoint({"name", "toolName", "tool_name"})
    return is_named and not value.keys().isdisjoint({"arguments", "args", "toolCallId"})


def call_part(value: dict[str, Any]) -> Part:
    """The canonical `tool_call` of a call."""
    inner = value.get("tool_call")
    holder = inner if isinstance(inner, dict) else value
    function = holder.get("function")
    fields = function if isinstance(function, dict) else holder
    arguments = first_of(fields, ("arguments", "args", "input", "parameters"))
    if isinstance(arguments, str):
        arguments = json_or_text(arguments) if arguments else {}
    name = first_of(fields, ("name", "toolName", "tool_name"))
    return {
        "type": "tool_call",
        "id": identity(holder),
        "name": "" if name is None else json_text(name),
        "arguments": {} if arguments is None else arguments,
    }


def answer_part(value: dict[str, Any]) -> Part:
    """The canonical `tool_call_response` of an answer."""
    result = first_of(value, ("response", "result", "output", "content", "error", "value"))
    return {"type": "tool_call_response", "id": identity(value), "response": response_of(result)}


def reasoning_parts(item: dict[str, Any]) -> list[Part]:
    """The canonical `reasoning`, in a list; an empty one if there is no text of it."""
    thought = first_of(item, ("content", "text", "thinking", "reasoning", "summary", "reasoningText"))
    text = "\n".join(_texts(thought)) if isinstance(thought, (list, dict)) else thought
    return [{"type": "reasoning", "content": text}] if isinstance(text, str) and text else []


def identity(value: dict[str, Any]) -> str | None:
    """The id of the call that this is or belongs to."""
    found = first_of(value, _ID_KEYS)
    return found if isinstance(found, str) else None


def response_of(content: Any) -> Any:
    """A tool's result out of its blocks: texts joined, AI SDK's {"type", "value"} and Bedrock's json opened."""
    if content is None:
        return ""
    if isinstance(content, dict) and content.keys() == {"type", "value"}:
        return content["value"]
    if isinstance(content, list) and content:
        if len(content) == 1 and isinstance(content[0], dict) and content[0].keys() == {"json"}:
            return content[0]["json"]
        texts = list(_texts(content))
        if len(texts) == len(content):
            return "\n".join(texts)
    return content


def _texts(blocks: Any) -> Iterator[str]:
    for block in blocks if isinstance(blocks, list) else [blocks]:
        text = first_of(block, ("text", "content")) if isinstance(block, dict) else block
        if isinstance(text, str):
            yield text
