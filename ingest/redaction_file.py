"""The operator's own rules for what is replaced before it is stored, and for what is not."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from settings import SettingsError

_NAME = re.compile(r"[a-z0-9_]{1,64}")


@dataclass(frozen=True, slots=True)
class OwnRules:
    """Patterns by the name of their rule, and those of values that no rule may replace."""

    rules: Mapping[str, str]
    allowed: Sequence[re.Pattern[str]]


def read_own_rules(path: Path | None) -> OwnRules:
    """The rules of a JSON file: `rules`, name → pattern, and `allow`, a list of patterns. Raises SettingsError."""
    if path is None:
        return OwnRules({}, ())
    try:
        told = json.loads(path.read_text())
        rules, allowed = dict(told.get("rules", {})), list(told.get("allow", []))
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise SettingsError(f"RUNLIGHT_REDACTION_FILE: {path} is no JSON of rules and allow ({error})") from None
    for name, pattern in [*rules.items(), *(("allow", pattern) for pattern in allowed)]:
        _expect_sound(path, str(name), pattern)
    return OwnRules(rules, tuple(re.compile(pattern) for pattern in allowed))


def _expect_sound(path: Path, name: str, pattern: object) -> None:
    reason = None
    if not _NAME.fullmatch(name):
        reason = "a name has 1 to 64 of a-z, 0-9 and _"
    elif not isinstance(pattern, str) or not pattern:
        reason = "a pattern is a text"
    else:
        try:
            pl.Series([""]).str.contains(pattern)
            reason = "it matches where there is nothing" if re.compile(pattern).search("") else None
        except (re.error, pl.exceptions.ComputeError) as error:
            reason = str(error).splitlines()[0]
    if reason:
        raise SettingsError(f"RUNLIGHT_REDACTION_FILE: {path}: {name!r} cannot be used: {reason}")
