"""The steps that conventions.json can name in a rule's `transform`, each from text to text; None is "no value"."""

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

import orjson

from ingest.conventions import conventions
from ingest.paths import at_path
from ingest.values import json_or_text, python_literal, unwrap_kwargs

# Which value maps hold beginnings of names rather than whole values.
_PREFIX_MAPS = {"name_prefix_kind", "crewai_kind", "haystack_kind"}
# Steps that say what the text holds and leave it as it is.
AS_THEY_ARE = frozenset({"array_or_json", "json", "json_or_text", "messages", "string"})
_FAILING = {"fail", "failed", "negative", "bad", "thumbs_down", "false", "incorrect"}
_EXIT_CODE = re.compile(r"(?:exited with code|exit code:?|exit_code\W+)\s*(-?\d+)", re.IGNORECASE)


def transform(name: str, argument: str, text: str) -> str | None:
    """Apply one step to one value. Raises ValueError when the value cannot be read."""
    return _STEPS[name](text, argument)


def read_path(text: str, path: str, *, is_python: bool = False) -> str | None:
    """The value at `path` in JSON text (or in a Python literal), as text; None if it is not there."""
    value = python_literal(text) if is_python else json_or_text(text)
    return as_text(at_path(value, path))


def as_text(value: object) -> str | None:
    """A plain value as the text that a column keeps: strings as they are, everything else as JSON."""
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value, default=str).decode()


def _map(text: str, name: str) -> str | None:
    table: Mapping[str, str | None] = conventions().maps[name]
    if text in table:
        return table[text]
    if name in _PREFIX_MAPS:
        starts = [start for start in table if text.startswith(start)]
        return table[max(starts, key=len)] if starts else None
    if name == "provider":
        return table.get(text.partition(".")[0], text)
    return table.get("*")


def _integer(text: str, _: str) -> str:
    return str(int(float(text))) if not text.strip().lstrip("-").isdigit() else text.strip()


def _bool(text: str, _: str) -> str | None:
    lowered = text.strip().lower()
    return {"1": "true", "0": "false"}.get(lowered, lowered if lowered in ("true", "false") else None)


def _match(text: str, argument: str) -> str | None:
    for pair in argument.split(","):
        needle, _, value = pair.partition("=")
        if needle in text:
            return value
    return None


def _strip_prefix(text: str, argument: str) -> str | None:
    for prefix in argument.split(","):
        if text.startswith(prefix):
            return text.removeprefix(prefix) or None
    return text


def _exit_code(text: str, _: str) -> str | None:
    found = _EXIT_CODE.search(text)
    return None if found is None else "ok" if int(found[1]) == 0 else "error"


def _if_negative(text: str, argument: str) -> str | None:
    try:
        return argument if float(text) <= 0 else None
    except ValueError:
        return argument if text.strip().strip('"').lower() in _FAILING else None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _iso(text: str, _: str) -> str:
    moment = datetime.fromisoformat(text)
    return str(int(moment.timestamp()) * 1_000_000_000 + moment.microsecond * 1_000)


def _when(argument: str, holds: Callable[[str, str], bool], text: str) -> str | None:
    expected, _, value = argument.rpartition(":")
    return value if holds(text, expected) else None


def _unique(text: str, _: str) -> str:
    values = orjson.loads(text)
    return orjson.dumps(list(dict.fromkeys(values))).decode() if isinstance(values, list) else text


def _json_string(text: str, _: str) -> str | None:
    value = json_or_text(text)
    return as_text(value)


def _first(text: str, _: str) -> str | None:
    values = json_or_text(text)
    return as_text(values[0]) if isinstance(values, list) and values else None


def _wrap(text: str, _: str) -> str:
    return text if text.startswith("[") else orjson.dumps([text]).decode()


_STEPS: dict[str, Callable[[str, str], str | None]] = {
    "before_dot": lambda text, _: text.partition(".")[0],
    "bool": _bool,
    "const": lambda _, argument: argument,
    "double": lambda text, _: str(float(text)),
    "drop_scrubbed": lambda text, _: None if text.startswith("[Scrubbed") else text,
    "ends_with": lambda text, argument: "true" if text.endswith(argument) else None,
    "eq": lambda text, argument: "true" if text == argument else None,
    "first": _first,
    "first_word": lambda text, _: text.split(" ", 1)[0],
    "ge": lambda text, argument: "true" if float(text) >= float(argument) else None,
    "hash": lambda text, _: "sha256:" + hashlib.sha256(text.encode()).hexdigest()[:16],
    "host": lambda text, _: urlsplit(text).hostname,
    "if_ends": lambda text, argument: _when(argument, str.endswith, text),
    "if_eq": lambda text, argument: _when(argument, str.__eq__, text),
    "if_fail": lambda text, argument: argument if text.strip().lower() in _FAILING else None,
    "if_false": lambda text, argument: argument if _bool(text, "") == "false" else None,
    "if_ge400": lambda text, _: text if float(text) >= 400 else None,
    "if_gt0": lambda text, argument: argument if float(text) > 0 else None,
    "if_lt": lambda text, argument: _when(argument, lambda value, limit: float(value) < float(limit), text),
    "if_negative": _if_negative,
    "if_number": lambda text, _: text if _is_number(text) else None,
    "if_true": lambda text, argument: argument if _bool(text, "") == "true" else None,
    "int": _integer,
    "iso": _iso,
    "json_string": _json_string,
    "length": lambda text, _: str(len(orjson.loads(text))),
    "lower": lambda text, _: text.lower(),
    "map": _map,
    "match": _match,
    "match_exit_code": _exit_code,
    "mul": lambda text, argument: repr(float(text) * float(argument)),
    "nonempty": lambda text, _: text or None,
    "not": lambda text, _: {"true": "false", "false": "true"}.get(text),
    "path": lambda text, argument: read_path(text, argument) if text[:1] in "{[" else text,
    "plus1": lambda text, _: str(int(float(text)) + 1),
    "prefix": lambda text, argument: argument + text,
    "python_literal": lambda text, _: as_text(python_literal(text)),
    "strip_prefix": _strip_prefix,
    "strip_suffix": lambda text, argument: text.removesuffix(argument),
    "unique": _unique,
    "unless_number": lambda text, _: None if _is_number(text) else text,
    "unless": lambda text, argument: None if text == argument else text,
    "unwrap_kwargs": lambda text, _: as_text(unwrap_kwargs(json_or_text(text))),
    "wrap": _wrap,
}
