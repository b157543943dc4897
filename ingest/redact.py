"""Secrets out, and personal data where that is set, before anything is stored: each is replaced by a marker that names
the rule it broke."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import polars as pl
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from ingest import personal
from ingest.cells import Mask
from ingest.conventions import conventions
from ingest.redaction_file import OwnRules

DRY_RUN = "dry_run."  # before the name of a rule that only counted

_PATTERNS = Path(__file__).with_name("secret_patterns.json")
_MARKER = re.compile(r"(\[REDACTED:[a-z0-9_]+\])")
_SECRET_ATTRIBUTE = "secret_attribute"  # the rule for values whose key says that they are secret
_PERSON = "person"  # the rule for values whose key says that they name a person

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

    def __init__(
        self,
        rules: Mapping[str, str],
        checks: Mapping[str, personal.Check] | None = None,
        allowed: Sequence[re.Pattern[str]] = (),
        pseudonym: Callable[[str], str] | None = None,
        *,
        is_dry_run: bool = False,
    ) -> None:
        """`checks` are of rules whose pattern alone does not say enough; what `allowed` matches whole is left as it is;
        with `pseudonym`, that stands for persons whom an attribute's key says it names. A dry run only counts."""
        self.is_dry_run = is_dry_run
        self._pseudonym = pseudonym
        self._rules = [
            _compiled(name, pattern)._replace(check=(checks or {}).get(name), allowed=allowed)
            for name, pattern in rules.items()
        ]
        # Rust allows a group's name only once, and this expression only says whether anything is there.
        groups = [f"(?:{pattern.replace('(?P<secret>', '(?:')})" for pattern in rules.values()]
        self._any_rule = "|".join(groups) or r"[^\s\S]"

    @classmethod
    def default(cls) -> Self:
        """The rules of `secret_patterns.json`."""
        return cls(json.loads(_PATTERNS.read_text()))

    @classmethod
    def configured(
        cls, own: OwnRules, pseudonym: Callable[[str], str], *, marks_persons: bool, is_dry_run: bool
    ) -> Self:
        """Those, then the operator's own, then those of personal data where that is to be marked."""
        rules = json.loads(_PATTERNS.read_text()) | own.rules
        return cls(
            rules | personal.PATTERNS if marks_persons else rules,
            personal.CHECKS if marks_persons else {},
            own.allowed,
            pseudonym if marks_persons else None,
            is_dry_run=is_dry_run,
        )

    def suspects(self, texts: pl.Series) -> Mask:
        """For each text, whether it may hold a secret: false only where `redact` would change nothing."""
        return texts.str.contains(self._any_rule).fill_null(value=False).to_numpy()

    def is_secret_key(self, key: str) -> bool:
        """Whether `redact_message` would redact the value of an attribute of this key whole."""
        return _SECRET_KEY.search(key) is not None or (self._pseudonym is not None and _is_personal(key))

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
        places = [
            place for message, found in zip(messages, counts, strict=True) for place in self._places(message, found)
        ]
        texts = pl.Series([place.text for place in places], dtype=pl.String)
        suspects = np.flatnonzero(self.suspects(texts)).tolist()
        if not suspects:
            return counts
        # Python's engine is a hundred times slower than Rust's, so it only tries the rules that find something.
        broken = [texts.gather(suspects).str.contains(rule.pattern.pattern) for rule in self._rules]
        for row, at in enumerate(suspects):
            rules = [rule for rule, hits in zip(self._rules, broken, strict=True) if hits[row]]
            redacted, found = _redacted(places[at].text, rules)
            places[at].counts.update(self._named(found))
            if not self.is_dry_run:
                places[at].put(redacted)
        return counts

    def _named(self, found: Counter[str]) -> Counter[str]:
        return Counter({f"{DRY_RUN}{name}": count for name, count in found.items()}) if self.is_dry_run else found

    def _places(self, message: Message, counts: Counter[str]) -> Iterator["_Place"]:
        """The texts of a message; values whose key says what they are are redacted on the way."""
        waiting = [message]
        while waiting:
            owner = waiting.pop()
            if isinstance(owner, KeyValue) and self.is_secret_key(owner.key):
                stand_in = self._stand_in(owner)
                if stand_in is not None:
                    rule, text = stand_in
                    counts.update(self._named(Counter([rule])))
                    if not self.is_dry_run:
                        owner.value.string_value = text
                continue
            for field, value in owner.ListFields():
                if field.name == "key" or field.name.endswith("_keys"):
                    continue
                if field.type == FieldDescriptor.TYPE_MESSAGE:
                    waiting += value if field.is_repeated else [value]
                elif field.type == FieldDescriptor.TYPE_STRING and field.is_repeated:
                    yield from (
                        _Place(text, owner, field.name, position, counts) for position, text in enumerate(value)
                    )
                elif field.type == FieldDescriptor.TYPE_STRING:
                    yield _Place(value, owner, field.name, None, counts)

    def _stand_in(self, sent: KeyValue) -> tuple[str, str] | None:
        """The rule that this attribute broke and what stands for its value; None where it holds nothing to hide."""
        if _SECRET_KEY.search(sent.key):
            is_harmless = sent.value.WhichOneof("value") in (None, "bool_value") or _holds_no_secret(sent.value)
            return None if is_harmless else (_SECRET_ATTRIBUTE, f"[REDACTED:{_SECRET_ATTRIBUTE}]")
        assert self._pseudonym
        name = sent.value.string_value
        hidden = self._pseudonym(name) if name else name
        return None if hidden == name else (_PERSON, hidden)


def _is_personal(key: str) -> bool:
    return key in conventions().personal_keys


class _Rule(NamedTuple):
    name: str
    pattern: re.Pattern[str]
    check: personal.Check | None = None
    allowed: Sequence[re.Pattern[str]] = ()


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
        if rule.check is not None:
            true_end = rule.check(text, start, end)
            if true_end is None:
                return match[0]
            end = true_end
        if _PLACEHOLDER.fullmatch(text, start, end) or any(one.fullmatch(text, start, end) for one in rule.allowed):
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


def _holds_no_secret(value: AnyValue) -> bool:
    if value.HasField("array_value"):
        return all(_holds_no_secret(element) for element in value.array_value.values)
    return value.HasField("string_value") and _PLACEHOLDER.fullmatch(value.string_value) is not None
