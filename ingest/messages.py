"""Conversations in every shape that agents send, read into one.

A canonical message is `{"role", "parts", "finish_reason"?}`; a part is `{"type": "text", "content"}`,
`{"type": "reasoning", "content"}`, `{"type": "tool_call", "id", "name", "arguments"}`,
`{"type": "tool_call_response", "id", "response"}`, or any other part as it came, under its own type. Everything
returned is JSON-ready. Nothing here raises on what telemetry says: what has no known shape is one text part.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from typing import Any

import orjson

Part = dict[str, Any]
Message = dict[str, Any]

_MAX_WRAPPERS = 8  # envelopes inside envelopes; real ones have four
_MAX_KEY_SEGMENTS = 12  # of a flattened key; real ones have eight
_MAX_LITERAL_CHARS = 100_000  # a syntax tree takes some hundred bytes per character
_MAX_NESTING = 250  # orjson writes no deeper, and what cannot be written cannot be stored
_UNREADABLE = "(nested too deeply to read)"

_ROLES = {
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
_KNOWN_ROLES = {"system", "user", "assistant", "tool", *_ROLES}
_EVENT_ROLES = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
    "gen_ai.choice": "assistant",
    "gen_ai.content.prompt": "user",
    "gen_ai.content.completion": "assistant",
}

_TEXT_TYPES = {"text", "input_text", "output_text", "summary_text", "refusal"}
_REASONING_TYPES = {"reasoning", "reasoning_text", "thinking", "redacted_thinking"}
_CALL_TYPES = {
    *("tool_call", "function_call", "tool_use", "tool-call", "function", "custom_tool_call", "mcp_call"),
    *("server_tool_use", "mcp_tool_use"),
}
_ANSWER_TYPES = {
    *("tool_call_response", "function_call_output", "tool_result", "tool-result", "tool-error", "function_result"),
    *("custom_tool_call_output", "mcp_tool_result", "web_search_tool_result", "code_execution_tool_result"),
}
_KEPT_TYPES = {  # parts that stay as they are, and are known to be parts wherever they stand
    *("blob", "file", "uri", "generic", "compaction", "server_tool_call", "server_tool_call_response"),
    *("image", "image_url", "input_image", "input_audio", "input_file", "document", "audio", "video"),
    *("function_approval_request", "function_approval_response", "tool_approval_request", "tool_approval_response"),
}
_PART_TYPES = _TEXT_TYPES | _REASONING_TYPES | _CALL_TYPES | _ANSWER_TYPES | _KEPT_TYPES

_CONTENT_KEYS = ("content", "parts", "_content", "contents", "blocks")
_CALLS_KEYS = ("tool_calls", "toolCalls", "function_call")
_FINISH_KEYS = ("finish_reason", "stop_reason", "finishReason", "stopReason")
_FINISH_HOLDERS = {"response_metadata", "_meta", "generation_info"}
_PLAIN_MESSAGE_KEYS = {"role", "parts", "content", "finish_reason", "name", "id", "tool_call_id"}
_ID_KEYS = ("call_id", "callId", "toolCallId", "toolUseId", "tool_call_id", "tool_use_id", "id")
_LONE_MESSAGE_KEYS = {  # a dictionary of these alone is a message, even if it names no role
    *("content", "parts", "id", "name", "tool_calls", "function_call", "tool_call_id", "refusal", "annotations"),
    *("additional_kwargs", "response_metadata", "usage", "usage_metadata", "reasoning_content", *_FINISH_KEYS),
}
_SYSTEM_KEYS = ("system", "instructions", "system_instruction", "systemInstruction")
_WRAPPER_KEYS = ("inputs", "input", "outputs", "output", "update", "resume", "input_args")


def to_messages(value: object, *, role: str = "user") -> list[Message]:
    """The messages that a value holds, in its order; `role` goes to those that name none. Nothing said gives [].

    Reads the shapes of OTel, Pydantic AI, OpenAI (chat and Responses), Anthropic, Bedrock, AI SDK, LangChain, Gemini,
    ADK, Haystack and LlamaIndex, in common wrappers, as objects, JSON text or JSON text of JSON text.
    """
    plain = _decoded(value)
    if plain is None:
        return []
    found = _read(plain, role, 0)
    if found is None:
        return [_text_message(json_text(plain), role)]
    if role == "assistant" and isinstance(plain, list) and all(_is_from_system(item) for item in plain):
        # Gemini CLI's logs call the model "system", one message per chunk of its stream.
        return _joined(({**message, "role": role}, "chunk") for message in found)
    return found


def from_indexed(pairs: list[tuple[str, object]]) -> list[Message]:
    """The messages of flattened keys such as `0.message.content` or `1.tool_calls.0.name`, in the order of indices."""
    tree: dict[str, Any] = {}
    for key, value in pairs:
        _plant(tree, key.split(".", _MAX_KEY_SEGMENTS), value if isinstance(value, str) else _plain(value))
    nodes = [_regrouped(node) for node in _by_index(tree)]
    return [_message(node, "user") for node in nodes if isinstance(node, dict)]


def from_events(events: list[tuple[str, object]]) -> list[Message]:
    """The messages of old per-message events (event name, body or attributes), in the order given."""
    found: list[Message] = []
    for name, payload in events:
        role = _EVENT_ROLES.get(name)
        body = _decoded(payload)
        if isinstance(body, dict) and "gen_ai.event.content" in body:
            body = _decoded(body["gen_ai.event.content"])
        if role is not None and body:
            found += _event_messages(body, role)
    return found


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


def json_text(value: object) -> str:
    """Text as it is, anything else as compact JSON text."""
    if isinstance(value, str):
        return value
    try:
        return _dumped(value).decode()
    except TypeError:
        return _UNREADABLE


def json_or_text(text: Any) -> Any:
    """The value of JSON text; anything else, and JSON too deep to be written again, as it is."""
    if not isinstance(text, str):
        return text
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    is_deep = text.count("[") + text.count("{") > _MAX_NESTING and json_text(value) == _UNREADABLE
    return text if is_deep else value


def python_literal(text: Any) -> Any:
    """The JSON-ready value of a Python literal's repr (tuples and sets become lists); anything else as it is."""
    if not isinstance(text, str) or len(text) > _MAX_LITERAL_CHARS:
        return text
    try:
        return orjson.loads(_dumped(ast.literal_eval(text.strip())))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return text


def unwrap_kwargs(value: Any) -> Any:
    """What a function was called with or gave back, out of what tracing decorators put around it.

    `{"args", "kwargs"}` → kwargs, or args when kwargs is empty; `{"input_str", "inputs"?}` → inputs, else the literal
    in input_str; `{"output"}` or `{"outputs"}` → its value; the repr of a dictionary → that dictionary.
    """
    if isinstance(value, str):
        return python_literal(value) if value.lstrip()[:1] == "{" else value
    if not isinstance(value, dict):
        return value
    if "input_str" in value:
        return value["inputs"] if isinstance(value.get("inputs"), dict) else python_literal(value["input_str"])
    for key in ("output", "outputs"):
        if key in value and value.keys() <= {key, "kwargs", "tags", "metadata"}:
            return value[key]
    if isinstance(value.get("kwargs"), dict) and value.keys() <= {"args", "kwargs", "sanitize_inputs_outputs"}:
        return value["kwargs"] or value.get("args") or {}
    return value


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


# Envelopes. A reader returns None for a shape it does not know.


def _read(value: Any, role: str, depth: int) -> list[Message] | None:
    if depth > _MAX_WRAPPERS:
        return None
    if isinstance(value, str):
        message = _object_message(value, role)
        return [message] if message else [_text_message(value, role)] if value else []
    if isinstance(value, list):
        return _read_list(value, role, depth)
    if isinstance(value, dict):
        for reader in (_read_message, _read_answer, _read_request, _read_part, _read_wrapper):
            found = reader(value, role, depth)
            if found is not None:
                return found
    return None


def _read_list(items: list[Any], role: str, depth: int) -> list[Message] | None:
    """Messages, [role, text] pairs, Responses API items, bare parts, and batches of these."""
    found: list[tuple[Message, str]] = []
    for item in items:
        if _is_pair(item):
            found.append((_text_message(item[1], _role(item[0])), "whole"))
            continue
        inner = _read(item, role, depth + 1)
        if inner is None:
            return None
        joint = _joint(item)
        found += [(message, joint) for message in inner]
    return _joined(found)


def _is_from_system(item: Any) -> bool:
    return isinstance(item, dict) and item.get("role") == "system"


def _is_pair(item: Any) -> bool:
    return (
        isinstance(item, list)
        and len(item) == 2
        and isinstance(item[0], str)
        and isinstance(item[1], str)
        and item[0] in _KNOWN_ROLES
    )


def _joint(item: Any) -> str:
    """Whether an item is a whole message, a piece of one (part, Responses API item), or a chunk of a Gemini stream."""
    if isinstance(item, str):
        return "whole" if _OBJECT_REPR.match(item) else "piece"
    if not isinstance(item, dict):
        return "whole"
    if item.get("role") == "model":
        return "chunk"
    return "piece" if "role" not in item or item.get("type") == "message" else "whole"


def _joined(messages: Iterable[tuple[Message, str]]) -> list[Message]:
    """The messages, where adjacent pieces of one role become one, and the texts of adjacent chunks too."""
    found: list[Message] = []
    before = "whole"
    for message, joint in messages:
        if joint == before != "whole" and found[-1]["role"] == message["role"]:
            parts = found[-1]["parts"]
            for part in message["parts"]:
                if joint == "chunk" and parts and parts[-1]["type"] == part["type"] == "text":
                    parts[-1] = {"type": "text", "content": parts[-1]["content"] + part["content"]}
                else:
                    parts.append(part)
            found[-1].update((key, message[key]) for key in message.keys() & {"finish_reason"})
        else:
            found.append(message)
        before = joint
    return found


def _read_message(value: dict[str, Any], role: str, depth: int) -> list[Message] | None:
    kind = value.get("type")
    kind = kind.lower() if isinstance(kind, str) else None
    if isinstance(value.get("id"), list) and isinstance(value.get("kwargs"), dict):  # LangChain, as a constructor
        names = [name.lower() for name in value["id"][-1:] if isinstance(name, str)]
        return [_message(value["kwargs"], _ROLES.get(names[0], role) if names else role)]
    if kind in _KNOWN_ROLES and isinstance(value.get("data"), dict):  # LangChain, as a message dictionary
        return [_message(value["data"], _role(kind))]
    content = _content(value)
    has_content = not value.keys().isdisjoint(_CONTENT_KEYS)
    if isinstance(content, dict) and not content.keys().isdisjoint({"parts", "role"}):  # ADK's answer
        return [_with_finish_reason(_message(content, role), value)]
    if isinstance(value.get("role", value.get("_role")), str):
        return [_message(value, role)]
    if has_content and kind in _KNOWN_ROLES:
        return [_message(value, _role(kind))]
    is_lone = has_content and kind is None and value.keys() <= _LONE_MESSAGE_KEYS
    return [_message(value, role)] if is_lone else None


def _read_answer(value: dict[str, Any], role: str, depth: int) -> list[Message] | None:
    """What a model's API answers: choices, candidates, LangChain's generations, the output of a Responses call."""
    choices = value.get("choices", value.get("candidates", value.get("generations")))
    if isinstance(choices, list):
        found = []
        for choice in _flat(choices):
            if not isinstance(choice, dict):
                return None
            said = next((choice[key] for key in ("message", "content", "delta", "text") if choice.get(key)), None)
            inner = _read(said, "assistant", depth + 1) or []
            found += [_with_finish_reason(message, choice) for message in inner]
        return found
    if value.get("object") == "response" and isinstance(value.get("output"), list):
        return _read(value["output"], "assistant", depth + 1)
    if isinstance(value.get("raw"), str) and not value.keys().isdisjoint({"tasks_output", "output_format"}):  # CrewAI
        return _read(value["raw"], "assistant", depth + 1)
    return None


def _read_request(value: dict[str, Any], role: str, depth: int) -> list[Message] | None:
    """What is sent to a model's API: messages, and the system's instructions beside them."""
    keys = ("messages", "contents", "prompt", "chat_history", *(("input",) if "instructions" in value else ()))
    said = next((value[key] for key in keys if value.get(key)), None)
    if said is None:
        return [] if value.get("messages") == [] else None
    found = _read(said, role, depth + 1)
    config = value.get("config")
    holders = (value, config) if isinstance(config, dict) else (value,)
    system = next((holder[key] for holder in holders for key in _SYSTEM_KEYS if holder.get(key)), None)
    return None if found is None else (_read(system, "system", depth + 1) or []) + found


def _read_part(value: dict[str, Any], role: str, depth: int) -> list[Message] | None:
    if not _is_part(value):
        return None
    parts = _parts(value)
    types = {part["type"] for part in parts}
    if "tool_call_response" in types:
        role = "tool"
    elif role == "user" and types & {"tool_call", "reasoning"}:
        role = "assistant"
    return [_with_finish_reason({"role": role, "parts": parts}, value)]


def _read_wrapper(value: dict[str, Any], role: str, depth: int) -> list[Message] | None:
    inner: Any = unwrap_kwargs(value)
    if inner is value:
        inner = next((value[key] for key in _WRAPPER_KEYS if value.get(key)), None)
        if inner is None and len(value) == 1:  # a pipeline's component, under its name
            only = _decoded(next(iter(value.values())))
            return _read(only, role, depth + 1) if isinstance(only, (dict, list)) else None
        if inner is None and value:
            return None
    inner = _decoded(inner)
    if not inner:
        return []
    found = _read(inner, role, depth + 1)
    return [_text_message(json_text(inner), role)] if found is None else found


# One message.


def _message(value: dict[str, Any], role: str) -> Message:
    sent_role = value.get("role") or value.get("_role")
    role = _role(sent_role) if isinstance(sent_role, str) else role
    content = _content(value)
    parts = _content_parts(content)
    if not value.keys() <= _PLAIN_MESSAGE_KEYS:
        _add_beside(parts, value)
    if role == "tool" or value.get("tool_call_id"):
        role = "tool"
        if not any(part["type"] == "tool_call_response" for part in parts):
            parts = [{"type": "tool_call_response", "id": _identity(value), "response": _response(content)}]
    if role == "system" and any(part["type"] == "tool_call" for part in parts):
        role = "assistant"  # Gemini CLI's logs call the model "system"
    return _with_finish_reason({"role": role, "parts": parts}, value)


def _role(sent: str) -> str:
    role = sent.rpartition(".")[2].lower()  # "ChatRole.USER"
    return _ROLES.get(role, role)


def _content(value: dict[str, Any]) -> Any:
    for key in _CONTENT_KEYS:
        content = value.get(key)
        if content is not None and content != []:
            return content
    return None


def _content_parts(content: Any) -> list[Part]:
    if content is None:
        return []
    items = content if isinstance(content, list) else [content]
    return [part for item in items for part in _parts(item)]


def _add_beside(parts: list[Part], value: dict[str, Any]) -> None:
    """Adds the reasoning, refusal and calls that stand beside the content; calls that it tells of too, once."""
    thought = _first(value, ("reasoning_content", "reasoning", "thinking"))
    if isinstance(thought, str) and thought:
        parts.insert(0, {"type": "reasoning", "content": thought})
    refusal = value.get("refusal")
    if isinstance(refusal, str) and refusal:
        parts.append({"type": "text", "content": refusal})
    extra = value.get("additional_kwargs")
    holders = (value, extra) if isinstance(extra, dict) else (value,)
    sent = [holder[key] for holder in holders for key in _CALLS_KEYS if holder.get(key)]
    calls = _decoded(sent[0]) if sent else []
    known = {part["id"] for part in parts if part["type"] == "tool_call"} - {None}
    asked = [_call(call) for call in (calls if isinstance(calls, list) else [calls]) if isinstance(call, dict)]
    parts += [call for call in asked if call["id"] not in known]


def _with_finish_reason(message: Message, holder: dict[str, Any]) -> Message:
    for key in _FINISH_KEYS:
        reason = holder.get(key)
        if isinstance(reason, str) and reason:
            message["finish_reason"] = reason
            return message
    for key in holder.keys() & _FINISH_HOLDERS:
        if isinstance(holder[key], dict):
            _with_finish_reason(message, {name: holder[key].get(name) for name in _FINISH_KEYS})
    return message


def _event_messages(body: Any, role: str) -> list[Message]:
    if not isinstance(body, dict):
        return to_messages(body, role=role)
    for key in ("gen_ai.prompt", "gen_ai.completion"):
        if key in body:
            return to_messages(body[key], role=role)
    said = body.get("message")
    fields = {**body, **said} if isinstance(said, dict) else body if said is None else {**body, "content": said}
    content = fields.get("content")
    blocks = _blocks(content) if isinstance(content, str) else None  # Strands
    found = [_message({**fields, "content": blocks} if blocks else fields, role)]
    return found + to_messages(body["tool.result"], role="tool") if "tool.result" in body else found


# Parts.


def _is_part(value: dict[str, Any]) -> bool:
    kind = value.get("type")
    if isinstance(kind, str):
        return kind in _PART_TYPES
    if isinstance(value.get("text"), str) or not value.keys().isdisjoint(_BARE_PARTS):
        return True
    return _is_bare_call(value) or isinstance(value.get("origin"), dict)


def _is_bare_call(value: dict[str, Any]) -> bool:
    is_named = not value.keys().isdisjoint({"name", "toolName", "tool_name"})
    return is_named and not value.keys().isdisjoint({"arguments", "args", "toolCallId"})


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
        text = _first(item, ("content", "text", "value", "refusal"))
        return _text_parts(text) if isinstance(text, str) else _text_parts(json_text(text)) if text else []
    if kind in _REASONING_TYPES:
        return _reasoning(item)
    if kind in _CALL_TYPES:
        return [_call(item)] if item.keys() != {"type"} else []
    if kind in _ANSWER_TYPES:
        return [_answer(item)]
    if kind == "message":
        return _content_parts(_content(item))
    return [item] if any(value for key, value in item.items() if key != "type") else []


def _untyped_parts(item: dict[str, Any]) -> list[Part]:
    if isinstance(item.get("text"), str):
        return _reasoning(item) if item.get("thought") is True else _text_parts(item["text"])
    for key, reader in _BARE_PARTS.items():
        if isinstance(item.get(key), dict):
            return reader(item[key])
    if isinstance(item.get("origin"), dict):  # Haystack: the result of a call
        return [_answer({**item, "id": item["origin"].get("id")})]
    if _is_bare_call(item):
        return [_call(item)]
    return [{"type": "text", "content": json_text(item)}]


def _text_parts(text: str) -> list[Part]:
    blocks = _blocks(text) if text.startswith('[{"type":') else None  # OpenLLMetry
    if blocks:
        return _content_parts(blocks)
    message = _object_message(text, "assistant")
    if message:
        return list(message["parts"])
    return [{"type": "text", "content": text}] if text else []


def _blocks(text: str) -> list[Any] | None:
    """The content blocks that a text holds as JSON; None for any other text."""
    blocks = json_or_text(text) if text.startswith("[") else None
    if isinstance(blocks, list) and all(isinstance(block, dict) and _is_part(block) for block in blocks):
        return blocks
    return None


def _reasoning(item: dict[str, Any]) -> list[Part]:
    thought = _first(item, ("content", "text", "thinking", "reasoning", "summary", "reasoningText"))
    text = "\n".join(_texts(thought)) if isinstance(thought, (list, dict)) else thought
    return [{"type": "reasoning", "content": text}] if isinstance(text, str) and text else []


def _call(value: dict[str, Any]) -> Part:
    inner = value.get("tool_call")
    holder = inner if isinstance(inner, dict) else value
    function = holder.get("function")
    fields = function if isinstance(function, dict) else holder
    arguments = _first(fields, ("arguments", "args", "input", "parameters"))
    if isinstance(arguments, str):
        arguments = json_or_text(arguments) if arguments else {}
    name = _first(fields, ("name", "toolName", "tool_name"))
    return {
        "type": "tool_call",
        "id": _identity(holder),
        "name": "" if name is None else json_text(name),
        "arguments": {} if arguments is None else arguments,
    }


def _answer(value: dict[str, Any]) -> Part:
    result = _first(value, ("response", "result", "output", "content", "error", "value"))
    return {"type": "tool_call_response", "id": _identity(value), "response": _response(result)}


def _identity(value: dict[str, Any]) -> str | None:
    found = _first(value, _ID_KEYS)
    return found if isinstance(found, str) else None


def _response(content: Any) -> Any:
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


_BARE_PARTS: dict[str, Callable[[dict[str, Any]], list[Part]]] = {
    "functionCall": lambda item: [_call(item)],
    "function_call": lambda item: [_call(item)],
    "toolUse": lambda item: [_call(item)],
    "tool_call": lambda item: [_call(item)],
    "functionResponse": lambda item: [_answer(item)],
    "function_response": lambda item: [_answer(item)],
    "toolResult": lambda item: [_answer(item)],
    "reasoningContent": _reasoning,
    "message_content": lambda item: _parts(item),
}


# Reprs of objects, which some instrumentations send where messages belong.

_OBJECT_REPR = re.compile(r"[A-Z]\w*\(\w+=")
_ENUM_REPR = re.compile(r"<\w*Role\.\w+: ('\w+')>")


def _object_message(text: str, role: str) -> Message | None:
    """The message in a repr such as `ChatMessage(role=…, content=…)` or `ResponseFunctionToolCall(…)`, if it is one."""
    if not _OBJECT_REPR.match(text) or len(text) > _MAX_LITERAL_CHARS:
        return None
    try:
        tree = ast.parse(_ENUM_REPR.sub(r"\1", text.strip()), mode="eval")
        value = orjson.loads(_dumped(_evaluated(tree.body)))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    for reader in (_read_message, _read_part):
        found = reader(value, role, 0) if isinstance(value, dict) else None
        if found:
            return found[0]
    return None


def _evaluated(node: ast.expr) -> Any:
    """The value of a literal, in which calls stand for dictionaries of their keyword arguments."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return [_evaluated(item) for item in node.elts]
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {_evaluated(key): _evaluated(value) for key, value in pairs if key}
    if isinstance(node, ast.Call):
        return {keyword.arg: _evaluated(keyword.value) for keyword in node.keywords if keyword.arg}
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_evaluated(node.operand)
    raise ValueError("not a literal")


# Flattened keys.


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


# Paths.


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
        parts = _content(message) if isinstance(message, dict) else None
        for part in parts if isinstance(parts, list) else []:
            if isinstance(part, dict) and part.get(key) == wanted:
                return part
    return None


# Plain values.


def _decoded(value: Any) -> Any:
    """A JSON-ready value; JSON text is read, also when encoded twice, and so is the repr of a list or dictionary."""
    if not isinstance(value, str):
        return _plain(value)
    for _ in range(3):
        start = value.lstrip()[:1]
        if value == "null":
            return None
        if not start or start not in '[{"':
            return value
        decoded = json_or_text(value)
        if decoded is value and start != '"' and "'" in value:
            decoded = python_literal(value)
        if decoded is value or not isinstance(decoded, str):
            return decoded
        value = decoded
    return value


def _plain(value: Any) -> Any:
    text = json_text(value)
    return value if text is value else text if text == _UNREADABLE else orjson.loads(text)


def _dumped(value: Any) -> bytes:
    return orjson.dumps(value, default=_as_json, option=orjson.OPT_NON_STR_KEYS)


def _as_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return list(value) if isinstance(value, (set, frozenset)) else str(value)


def _text_message(text: str, role: str) -> Message:
    return {"role": role, "parts": [{"type": "text", "content": text}] if text else []}


def _text(message: Message) -> str:
    return "\n".join(part["content"] for part in message["parts"] if part["type"] == "text")


def _texts(blocks: Any) -> Iterator[str]:
    for block in blocks if isinstance(blocks, list) else [blocks]:
        text = _first(block, ("text", "content")) if isinstance(block, dict) else block
        if isinstance(text, str):
            yield text


def _first(value: dict[str, Any], keys: Iterable[str]) -> Any:
    for key in keys:
        found = value.get(key)
        if found is not None:
            return found
    return None


def _flat(items: list[Any]) -> Iterator[Any]:
    for item in items:
        yield from item if isinstance(item, list) else [item]
