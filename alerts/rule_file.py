"""Reads rules: the built-in ones, and the file that changes them, adds to them or switches them off."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from alerts.rules import KINDS, AnyRule, Rules
from queries.settings_file import UnreadableFile, read_yaml
from settings import SettingsError

_BUILT_IN = Path(__file__).with_name("default_rules.yaml")
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}", re.ASCII)
_ONE_RULE: TypeAdapter[AnyRule] = TypeAdapter(AnyRule)
_FIELDS = {get_args(one.model_fields["kind"].annotation)[0]: sorted(one.model_fields) for one in KINDS}


class RuleFileError(SettingsError):
    """One line that names the file, the rule and the field, and what is wrong."""


def read_rules(path: Path | None, channels: Collection[str]) -> Rules:
    """All rules by name, the built-in first: those of `path` replace the built-in fields of the same rule. `channels`
    are those that a rule may notify. Raises RuleFileError."""
    built_in = _rules_in(_BUILT_IN)
    told = _rules_in(path) if path else {}
    rules = {name: _rule(_BUILT_IN, name, fields) for name, fields in built_in.items() if name not in told}
    for name, fields in told.items():
        assert path
        rules[name] = _rule(path, name, _over(built_in.get(name, {}), fields))
        if unknown := sorted(set(rules[name].notify or ()) - set(channels)):
            known = ", ".join(sorted(channels)) or "none"
            raise RuleFileError(f"{path}: rule {name!r}: notify: there is no channel {unknown[0]!r}; known: {known}")
    return {name: rules[name] for name in dict.fromkeys([*built_in, *told])}


def _over(built_in: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """A rule of another kind has nothing of the built-in one of its name."""
    is_same_kind = told.get("kind", built_in.get("kind")) == built_in.get("kind")
    return {**built_in, **told} if is_same_kind else dict(told)


def _rule(path: Path, name: str, fields: Mapping[str, Any]) -> AnyRule:
    try:
        return _ONE_RULE.validate_python(fields)
    except ValidationError as error:
        raise RuleFileError(f"{path}: rule {name!r}: {_said(error, fields.get('kind'))}") from None


def _said(error: ValidationError, kind: object) -> str:
    """The first field that is wrong, and what would be right."""
    first = error.errors(include_url=False)[0]
    if first["type"].startswith("union_tag"):
        return f"kind: one of these is expected: {', '.join(_FIELDS)}"
    field = ".".join(str(part) for part in first["loc"] if part != kind)
    said = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        said = f"there is no such field; there are: {', '.join(_FIELDS[str(kind)])}"
    return f"{field}: {said}" if field else said


def _rules_in(path: Path) -> dict[str, dict[str, Any]]:
    """The fields of each rule of a file, by its name."""
    try:
        told = read_yaml(path)
    except UnreadableFile as error:
        raise RuleFileError(f"{path} {error}") from None
    if not isinstance(told, dict) or told.keys() != {"rules"} or not isinstance(told["rules"], dict):
        raise RuleFileError(f"{path}: one key `rules` is expected, with the rules by their names below it")
    for name, fields in told["rules"].items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise RuleFileError(f"{path}: rule {name!r}: a name is 1 to 64 of a-z 0-9 . _ -")
        if not isinstance(fields, dict) or not all(isinstance(field, str) for field in fields):
            raise RuleFileError(f"{path}: rule {name!r}: its fields are expected below it, such as `enabled: false`")
    rules: dict[str, dict[str, Any]] = told["rules"]
    return rules
