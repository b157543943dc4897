"""Values as telemetry sends them: JSON or text, Python literals, reprs of objects, and the wrappers of decorators.

Everything returned is JSON-ready. Nothing here raises on what telemetry says: what cannot be read stays text.
"""

import ast
import re
from collections.abc import Iterable
from typing import Any

import orjson

_MAX_LITERAL_CHARS = 100_000  # a syntax tree takes some hundred bytes per character
_MAX_NESTING = 250  # orjson writes no deeper, and what cannot be written cannot be stored
_UNREADABLE = "(nested too deeply to read)"
_OBJECT_REPR = re.compile(r"[A-Z]\w*\(\w+=")
_ENUM_REPR = re.compile(r"<\w*Role\.\w+: ('\w+')>")


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


def decoded(value: Any) -> Any:
    """A JSON-ready value; JSON text is read, also when encoded twice, and so is the repr of a list or dictionary."""
    if not isinstance(value, str):
        return plain(value)
    for _ in range(3):
        start = value.lstrip()[:1]
        if value == "null":
            return None
        if not start or start not in '[{"':
            return value
        inner = json_or_text(value)
        if inner is value and start != '"' and "'" in value:
            inner = python_literal(value)
        if inner is value or not isinstance(inner, str):
            return inner
        value = inner
    return value


def plain(value: Any) -> Any:
    """A JSON-ready value that says the same."""
    text = json_text(value)
    return value if text is value else text if text == _UNREADABLE else orjson.loads(text)


def python_literal(text: Any) -> Any:
    """The JSON-ready value of a Python literal's repr (tuples and sets become lists); anything else as it is."""
    if not isinstance(text, str) or len(text) > _MAX_LITERAL_CHARS:
        return text
    try:
        return orjson.loads(_dumped(ast.literal_eval(text.strip())))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return text


def is_object_repr(text: str) -> bool:
    """Whether a text begins like the repr of an object with named fields: `ChatMessage(role=…`."""
    return _OBJECT_REPR.match(text) is not None


def object_fields(text: str) -> Any:
    """The fields in the repr of an object, objects in it likewise as dictionaries; None for any other text."""
    if not is_object_repr(text) or len(text) > _MAX_LITERAL_CHARS:
        return None
    try:
        tree = ast.parse(_ENUM_REPR.sub(r"\1", text.strip()), mode="eval")
        return orjson.loads(_dumped(_evaluated(tree.body)))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None


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


def first_of(value: dict[str, Any], keys: Iterable[str]) -> Any:
    """The value of the first of these keys that has one; None without any."""
    for key in keys:
        found = value.get(key)
        if found is not None:
            return found
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


def _dumped(value: Any) -> bytes:
    return orjson.dumps(value, default=_as_json, option=orjson.OPT_NON_STR_KEYS)


def _as_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return list(value) if isinstance(value, (set, frozenset)) else str(value)
