"""What messages come in: lists and pairs of them, requests and answers of models' APIs, wrappers of frameworks."""

from collections.abc import Iterable, Iterator
from typing import Any

from ingest.messages.canonical import Message, is_canonical, text_message
from ingest.messages.fields import KNOWN_ROLES, role_of, with_finish_reason
from ingest.messages.message import known_message, object_message, part_message
from ingest.values import decoded, is_object_repr, json_text, unwrap_kwargs

_MAX_WRAPPERS = 8  # envelopes inside envelopes; real ones have four
_SYSTEM_KEYS = ("system", "instructions", "system_instruction", "systemInstruction")
_WRAPPER_KEYS = ("inputs", "input", "outputs", "output", "update", "resume", "input_args")


def to_messages(value: object, *, role: str = "user") -> list[Message]:
    """The messages that a value holds, in its order; `role` goes to those that name none. Nothing said gives [].

    Reads the shapes of OTel, Pydantic AI, OpenAI (chat and Responses), Anthropic, Bedrock, AI SDK, LangChain, Gemini,
    ADK, Haystack and LlamaIndex, in common wrappers, as objects, JSON text or JSON text of JSON text.
    """
    plain = decoded(value)
    if plain is None:
        return []
    if is_canonical(plain, role):
        messages: list[Message] = plain
        return messages
    found = _read(plain, role, 0)
    if found is None:
        return [text_message(json_text(plain), role)]
    if role == "assistant" and isinstance(plain, list) and all(_is_from_system(item) for item in plain):
        # Gemini CLI's logs call the model "system", one message per chunk of its stream.
        return _joined(({**message, "role": role}, "chunk") for message in found)
    return found


def _is_from_system(item: Any) -> bool:
    return isinstance(item, dict) and item.get("role") == "system"


def _read(value: Any, role: str, depth: int) -> list[Message] | None:
    """The messages of a value inside `depth` others; None for a shape that is not known."""
    if depth > _MAX_WRAPPERS:
        return None
    if isinstance(value, str):
        message = object_message(value, role)
        return [message] if message else [text_message(value, role)] if value else []
    if isinstance(value, list):
        return _read_list(value, role, depth)
    return _read_object(value, role, depth) if isinstance(value, dict) else None


def _read_object(value: dict[str, Any], role: str, depth: int) -> list[Message] | None:
    if message := known_message(value, role):
        return [message]
    if (found := _read_answer(value, depth)) is not None:
        return found
    if (found := _read_request(value, role, depth)) is not None:
        return found
    if message := part_message(value, role):
        return [message]
    return _read_wrapper(value, role, depth)


def _read_list(items: list[Any], role: str, depth: int) -> list[Message] | None:
    """Messages, [role, text] pairs, Responses API items, bare parts, and batches of these."""
    found: list[tuple[Message, str]] = []
    for item in items:
        if _is_pair(item):
            found.append((text_message(item[1], role_of(item[0])), "whole"))
            continue
        inner = _read(item, role, depth + 1)
        if inner is None:
            return None
        joint = _joint(item)
        found += [(message, joint) for message in inner]
    return _joined(found)


def _is_pair(item: Any) -> bool:
    return (
        isinstance(item, list)
        and len(item) == 2
        and isinstance(item[0], str)
        and isinstance(item[1], str)
        and item[0] in KNOWN_ROLES
    )


def _joint(item: Any) -> str:
    """Whether an item is a whole message, a piece of one (part, Responses API item), or a chunk of a Gemini stream."""
    if isinstance(item, str):
        return "whole" if is_object_repr(item) else "piece"
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


def _read_answer(value: dict[str, Any], depth: int) -> list[Message] | None:
    """What a model's API answers: choices, candidates, LangChain's generations, the output of a Responses call."""
    choices = value.get("choices", value.get("candidates", value.get("generations")))
    if isinstance(choices, list):
        found = []
        for choice in _flat(choices):
            if not isinstance(choice, dict):
                return None
            said = next((choice[key] for key in ("message", "content", "delta", "text") if choice.get(key)), None)
            inner = _read(said, "assistant", depth + 1) or []
            found += [with_finish_reason(message, choice) for message in inner]
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


def _read_wrapper(value: dict[str, Any], role: str, depth: int) -> list[Message] | None:
    inner: Any = unwrap_kwargs(value)
    if inner is value:
        inner = next((value[key] for key in _WRAPPER_KEYS if value.get(key)), None)
        if inner is None and len(value) == 1:  # a pipeline's component, under its name
            only = decoded(next(iter(value.values())))
            return _read(only, role, depth + 1) if isinstance(only, (dict, list)) else None
        if inner is None and value:
            return None
    inner = decoded(inner)
    if not inner:
        return []
    found = _read(inner, role, depth + 1)
    return [text_message(json_text(inner), role)] if found is None else found


def _flat(items: list[Any]) -> Iterator[Any]:
    for item in items:
        yield from item if isinstance(item, list) else [item]
