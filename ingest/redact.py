"""Secrets out, before anything is stored: each is replaced by a marker that names the rule it broke."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import polars as pl
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from ingest.cells import Mask

_PATTERNS = Path(__file__).with_name("secret_patterns.json")
_MARKER = re.compile(r"(\[REDACTED:[a-z0-9_]+\])")
_SECRET_ATTRIBUTE = "secret_attribute"  # the rule for values whose key says that they are secret

# Ends of attribute keys, in the syntax that Python's and Rust's regular expressions share, as all patterns here.
_SECRET_KEY = re.compile(
    r"(?:authorization|cookie|password|passwd|passphrase|secret|credentials"
    r"|(?:access|api|private|secret)[_-]?key"
    r"|(?:access|api|auth|bearer|id|refresh|security|session)[_-]?token)$",
    re.IGNORECASE,
)
# What stands where a secret would, and is none: documentation, templates, and what others redacted.
_PLACEHOLDER = re.compile(
    r"\W*|[*x.•]+|<.*>|\$?\{.*\}|%\(.*\)s|\[(?:redacted|scrubbed|filtered|masked).*\]?"
    r"|(?:redacted|hidden|masked|none|null|undefined|true|false|yes|no|str|string|required|optional|changeme)"
    r"|(?:your|my|the|a)?[-_ ]?(?:user)?(?:pass|password|passwd|secret|token|api[-_]?key)(?:[-_ ]?here)?",
    re.IGNORECASE | re.DOTALL,
)


class Redactor:
    """Finds and replaces secrets by rules (name → pattern).

    A pattern replaces its group `secret`, or all that it matches if it has none. It must be valid for Python's `re`
    and for Rust's `regex`, so without look-around; rules are tried in their order.
    """

    def __init__(self, rules: Mapping[str, str]) -> None:
        self._rules = [_compiled(name, pattern) for name, pattern in rules.items()]
        # Rust allows a group's name only once, and this expression only says whether anything is there.
        groups = [f"(?:{pattern.replace('(?P<secret>', '(?:')})" for pattern in rules.values()]
        self._any_rule = "|".join(groups) or r"[^\s\S]"

    @classmethod
    def default(cls) -> Self:
        """The rules of `secret_patterns.json`."""
        return cls(json.loads(_PATTERNS.read_text()))

    def suspects(self, texts: pl.Series) -> Mask:
        """For each text, whether it may hold a secret: false only where `redact` would change nothing."""
        return texts.str.contains(self._any_rule).fill_null(value=False).to_numpy()

    def is_secret_key(self, key: str) -> bool:
        """Whether `redact_message` would redact the value of an attribute of this key whole."""
        return _SECRET_KEY.search(key) is not None

    def redact(self, text: str) -> tuple[str, Counter[str]]:
        """The text with `[REDACTED:<rule>]` for each secret, and how many each rule found. Doing it twice is once."""
        return _redacted(text, self._rules)

    def redact_message(self, message: Message) -> Counter[str]:
        """Redacts every text in an OTLP message in place, keys excepted, and says how many each rule found.

        A value whose key says that it is secret becomes the marker as a whole, whatever its type; so do the values of
        such keys in maps.
        """
        return self.redact_messages([message])[0]

    def redact_messages(self, messages: Sequence[Message]) -> list[Counter[str]]:
        """`redact_message` of each. All texts are looked over together: the first costs as much as a few hundred."""
        counts: list[Counter[str]] = [Counter() for _ in messages]
        places = [place for message, found in zip(messages, counts, strict=True) for place in _places(message, found)]
        texts = pl.Series([place.text for place in places], dtype=pl.String)
        suspects = np.flatnonzero(self.suspects(texts)).tolist()
        if not suspects:
            return counts
        # Python's engine is a hundred times slower than Rust's, so it only tries the rules that find something.
        broken = [texts.gather(suspects).str.contains(rule.pattern.pattern) for rule in self._rules]
        for row, at in enumerate(suspects):
            rules = [rule for rule, hits in zip(self._rules, broken, strict=True) if hits[row]]
            redacted, found = _redacted(places[at].text, rules)
            places[at].put(redacted)
            places[at].counts.update(found)
        return counts


class _Rule(NamedTuple):
    name: str
    pattern: re.Pattern[str]


def _compiled(name: str, pattern: str) -> _Rule:
    if not re.fullmatch(r"[a-z0-9_]+", name):
        raise ValueError(f"redaction rule {name!r}: a name has lower-case letters, digits and _ only")
    try:
        pl.Series([""]).str.contains(pattern)
        return _Rule(name, re.compile(pattern))
    except (re.error, pl.exceptions.ComputeError) as error:
        raise ValueError(f"redaction rule {name!r}: {error}") from error


def _redacted(text: str, rules: Iterable[_Rule]) -> tuple[str, Counter[str]]:
    counts: Counter[str] = Counter()
    for rule in rules:
        if "[REDACTED:" not in text:
            text = _marked(text, rule, counts)
            continue
        pieces = _MARKER.split(text)  # markers stand at the odd places
        pieces[::2] = [_marked(piece, rule, counts) for piece in pieces[::2]]
        text = "".join(pieces)
    return text, counts


def _marked(text: str, rule: _Rule, counts: Counter[str]) -> str:
    def marker(match: re.Match[str]) -> str:
        start, end = match.span("secret" if "secret" in match.re.groupindex else 0)
        if _PLACEHOLDER.fullmatch(text, start, end):
            return match[0]
        counts[rule.name] += 1
        return f"{text[match.start() : start]}[REDACTED:{rule.name}]{text[end : match.end()]}"

    return rule.pattern.sub(marker, text)


class _Place(NamedTuple):
    """A text, where it stands in a message, and the counts of that message."""

    text: str
    owner: Message
    field: str
    position: int | None  # in a repeated field
    counts: Counter[str]

    def put(self, text: str) -> None:
        if self.position is None:
            setattr(self.owner, self.field, text)
        else:
            getattr(self.owner, self.field)[self.position] = text


def _places(message: Message, counts: Counter[str]) -> Iterator[_Place]:
    """The texts of a message; values of secret keys are redacted on the way."""
    waiting = [message]
    while waiting:
        owner = waiting.pop()
        if isinstance(owner, KeyValue) and _SECRET_KEY.search(owner.key):
            _redact_whole(owner.value, counts)
            continue
        for field, value in owner.ListFields():
            if field.name == "key" or field.name.endswith("_keys"):
                continue
            if field.type == FieldDescriptor.TYPE_MESSAGE:
                waiting += value if field.is_repeated else [value]
            elif field.type == FieldDescriptor.TYPE_STRING and field.is_repeated:
                yield from (_Place(text, owner, field.name, position, counts) for position, text in enumerate(value))
            elif field.type == FieldDescriptor.TYPE_STRING:
                yield _Place(value, owner, field.name, None, counts)


def _redact_whole(value: AnyValue, counts: Counter[str]) -> None:
    if value.WhichOneof("value") in (None, "bool_value") or _holds_no_secret(value):
        return
    value.string_value = f"[REDACTED:{_SECRET_ATTRIBUTE}]"
    counts[_SECRET_ATTRIBUTE] += 1


def _holds_no_secret(value: AnyValue) -> bool:
    if value.HasField("array_value"):
        return all(_holds_no_secret(element) for element in value.array_value.values)
    return value.HasField("string_value") and _PLACEHOLDER.fullmatch(value.string_value) is not None
