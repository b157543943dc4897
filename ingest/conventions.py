"""The telemetry conventions: which attribute means what, in which dialect. The rules are data, in conventions.json.

A field's rules are tried in order; the first whose key is present, whose conditions hold and whose transform yields
a value fills the field. A rule names

- `key`, and `on`: where it stands (span, log, any = record then resource, resource, event, events, indexed, name,
  scope, status, record);
- `event`: only on records (or span events) of this name; `*` at the start matches any prefix;
- `when`: conditions on other attributes, the scope, the name, the dialect or the kind;
- `path`: where in a JSON value; ` | ` separates alternatives, ` → ` goes on from what was found;
- `transform`: steps separated by `|`, see `ingest/transforms.py`;
- `dialect`, `src`: who sends it, and where we know it from (`sources`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to fill a field."""

    field: str
    key: str
    on: str
    event: str | None
    path: str | None
    when: Mapping[str, Any]
    transforms: tuple[tuple[str, str], ...]
    dialects: frozenset[str]
    needles: tuple[str, ...]  # words that a value must hold for the path to find anything


@dataclass(frozen=True, slots=True)
class Conventions:
    """All of conventions.json, ready for use."""

    rules: Mapping[str, tuple[Rule, ...]]
    types: Mapping[str, str]
    maps: Mapping[str, Mapping[str, Any]]
    dialects: tuple[Mapping[str, Any], ...]
    events: Mapping[str, str]
    twins: Mapping[str, Mapping[str, int]]
    tokens: Mapping[str, tuple[str, ...]]
    keys: frozenset[str]
    event_keys: frozenset[tuple[str, str]]
    personal_keys: frozenset[str]


@cache
def conventions() -> Conventions:
    """The conventions, read once."""
    data = orjson.loads((Path(__file__).parent / "conventions.json").read_bytes())
    names = {entry["dialect"] for entry in data["dialects"]}
    rules = {name: tuple(_rule(name, row, names) for row in rows) for name, rows in data["fields"].items()}
    every = [rule for rows in rules.values() for rule in rows]
    return Conventions(
        rules=rules,
        types=data["types"],
        maps=data["maps"],
        dialects=tuple(data["dialects"]),
        events=data["events"],
        twins=data["twins"],
        tokens={name: tuple(rows) for name, rows in data["tokens"].items()},
        keys=frozenset(key for rule in every for key in _keys(rule)),
        event_keys=frozenset((rule.event or "", rule.key) for rule in every if rule.on == "event"),
        personal_keys=frozenset(rule.key for rule in every if ("pseudonym", "") in rule.transforms),
    )


def _rule(name: str, row: Mapping[str, Any], dialects: set[str]) -> Rule:
    sent_by = {part.strip() for part in row["dialect"].split(",")}
    steps = row.get("transform", "").split("|") if row.get("transform") else []
    return Rule(
        field=name,
        key=row["key"],
        on=row["on"],
        event=row.get("event"),
        path=row.get("path"),
        when=row.get("when", {}),
        transforms=tuple((step.split(":", 1)[0], step.split(":", 1)[1] if ":" in step else "") for step in steps),
        # Event names such as `tool_call` are short: only their own dialects' records are meant.
        dialects=frozenset(sent_by) if row.get("event") and sent_by <= dialects else frozenset(),
        needles=_needles(row.get("path") or ""),
    )


def _needles(path: str) -> tuple[str, ...]:
    """`a=x` and `part.type=x` find nothing where there is no x; of alternatives any may be there."""
    if " | " in path:
        return ()
    return tuple(leg.partition("=")[2] for leg in path.split(" → ") if "=" in leg)


def _keys(rule: Rule) -> set[str]:
    keys = {rule.key.removeprefix("body.") if rule.on == "log" else rule.key}
    keys.update(str(rule.when[name]) for name in ("has", "attr", "attr_prefix") if name in rule.when)
    for name, argument in rule.transforms:
        if name == "add":
            keys.update(argument.split(","))
        if name == "with":
            keys.update(part.split("=", 1)[1] for part in argument.split(","))
    return keys
