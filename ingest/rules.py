"""Applies the rules of the conventions to a batch: the first rule per record that yields a value fills the field."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest import transforms
from ingest.batch import Batch
from ingest.cells import Cells, Mask, Words, cells, merged, truth
from ingest.conventions import Rule, conventions
from ingest.intake import Signal

_KNOWN_SHAPES = 512  # batches of one sender have the same keys again and again
_ENVELOPE = ("name", "scope", "status", "record")
_LOG_COLUMNS = ("event_name", "body", "severity_number")


def rules_at_work(batch: Batch) -> Mapping[str, tuple[Rule, ...]]:
    """By field, the rules that can find anything in the batch, whose dialects must be known; empty fields are not in
    it."""
    known = conventions().keys
    return _at_work(
        batch.signal,
        batch.records.attributes.sent_keys & known,
        batch.resource.attributes.sent_keys & known,
        frozenset(batch.events.keys() & conventions().event_keys),
        frozenset(batch.dialects),
    )


def fill(batch: Batch, name: str, rules: Iterable[Rule]) -> None:
    """Set `batch.fields[name]`, if any rule yields a value for any record."""
    wanted = np.ones(batch.height, dtype=np.bool_)
    parts = []
    for rule in rules:
        found = rule_cells(batch, rule, wanted)
        if found is not None and len(found := _transformed(batch, rule, found)):
            parts.append(found)
            wanted[found.rows] = False
            if not wanted.any():
                break
    filled = merged(parts)
    if filled is not None:
        batch.fields[name] = filled


def rule_cells(batch: Batch, rule: Rule, wanted: Mask) -> Cells | None:
    """The rule's untransformed values where they are wanted and its conditions hold; None if there are none."""
    sent = _source(batch, rule)
    if sent is None:
        return None
    for holds in _conditions(batch, rule):
        wanted = wanted & holds
    found = sent.where(wanted)
    for word in rule.needles:
        found = found.holding(word)
    return found if len(found) else None


@lru_cache(_KNOWN_SHAPES)
def _at_work(
    signal: Signal,
    keys: frozenset[str],
    resource_keys: frozenset[str],
    event_keys: frozenset[tuple[str, str]],
    dialects: frozenset[str],
) -> Mapping[str, tuple[Rule, ...]]:
    def may_find(rule: Rule) -> bool:
        if (rule.dialects and not rule.dialects & dialects) or rule.when.get("dialect", "") not in {"", *dialects}:
            return False
        if rule.on in _ENVELOPE:
            return True
        if rule.on == "event":
            return (rule.event or "", rule.key) in event_keys
        if rule.on == "resource":
            return rule.key in resource_keys
        if rule.on in ("indexed", "events") or (rule.on in ("span", "log") and rule.on != signal):
            return False
        if rule.key in _LOG_COLUMNS or rule.key.startswith("body."):
            return signal is Signal.LOG
        return rule.key in keys or (rule.on == "any" and rule.key in resource_keys)

    found = {name: tuple(filter(may_find, rules)) for name, rules in conventions().rules.items()}
    return {name: rules for name, rules in found.items() if rules}


def _source(batch: Batch, rule: Rule) -> Cells | None:
    key = rule.key
    if rule.on in _ENVELOPE:
        return batch.column(key)
    if rule.on == "event":
        return batch.events.get((rule.event or "", key))
    if rule.on == "resource":
        return batch.resource.cells(key)
    if rule.on in ("indexed", "events") or (rule.on in ("span", "log") and rule.on != batch.signal):
        return None
    if key in _LOG_COLUMNS:
        return batch.column(key) if batch.signal is Signal.LOG else None
    if key.startswith("body."):
        return cells(batch.body).each(partial(transforms.read_path, path=key.removeprefix("body.")))
    sent = batch.attribute(key)
    if rule.on == "any":
        of_resource = batch.resource.cells(key)
        return of_resource if sent is None else sent.beside(of_resource)
    return sent


def _conditions(batch: Batch, rule: Rule) -> Iterable[Mask]:
    if rule.event is not None and rule.on != "event":
        names = batch.event if batch.signal is Signal.LOG else batch.name
        yield _known(batch, ("named", rule.event), partial(_named, names, rule.event))
    if rule.dialects:
        yield batch.is_of(rule.dialects)
    for name, expected in rule.when.items():
        if name in _CONDITIONS:
            asked = (name, repr(expected), repr(rule.when.get("eq")), repr(rule.when.get("prefix")))
            yield _known(batch, asked, partial(_CONDITIONS[name], batch, rule.when, expected))


def _known(batch: Batch, asked: tuple[str, ...], find: Callable[[], Mask]) -> Mask:
    """Many rules ask the same; what was filled since is never asked about twice."""
    if asked not in batch.masks:
        batch.masks[asked] = find()
    return batch.masks[asked]


def _named(events: Words, expected: str) -> Mask:
    """Event names are compared with and without the vendor's prefix."""
    if expected.startswith("*"):
        return events.where(lambda text: text.endswith(expected[1:]))
    wanted = {expected, expected.rpartition(".")[2]}
    return events.where(lambda text: text in wanted or text.endswith("." + expected))


def _attribute_is(batch: Batch, key: str, holds: Callable[[pa.StringArray], pa.BooleanArray]) -> Mask:
    sent = batch.attribute(key)
    return batch.nowhere() if sent is None else sent.matching(holds(sent.values)).mask(batch.height)


def _body_begins(batch: Batch, value: object) -> Mask:
    if batch.signal is not Signal.LOG:
        return batch.nowhere()
    return truth(pc.starts_with(batch.body, pattern=f'["{value}"'))


_CONDITIONS: dict[str, Callable[[Batch, Mapping[str, Any], Any], Mask]] = {
    "attr": lambda batch, when, key: _attribute_is(batch, key, lambda texts: pc.equal(texts, when["eq"])),
    "attr_prefix": lambda batch, when, key: _attribute_is(
        batch, key, lambda texts: pc.starts_with(texts, pattern=when["prefix"])
    ),
    "body_0": lambda batch, _, value: _body_begins(batch, value),
    "dialect": lambda batch, _, name: batch.is_of([name]),
    "dialect_in": lambda batch, _, names: batch.is_of(names),
    "evaluator": lambda batch, _, value: _field_is(batch, "evaluator_type", value),
    "event": lambda batch, _, value: _named(batch.event, value),
    "event_in": lambda batch, _, names: batch.event.among(names),
    "event_prefix": lambda batch, _, value: batch.event.starting(value),
    "has": lambda batch, _, key: _attribute_is(batch, key, pc.is_valid),
    "kind": lambda batch, _, kinds: batch.kind(kinds),
    "name": lambda batch, _, value: batch.name.among([value]),
    "name_prefix": lambda batch, _, value: batch.name.starting(value),
    "name_suffix": lambda batch, _, value: batch.name.where(lambda text: text.endswith(value)),
    "not_dialect": lambda batch, _, name: ~batch.is_of([name]),
    "not_scope": lambda batch, _, value: ~batch.scope.among([value]),
    "not_scope_in": lambda batch, _, names: ~batch.scope.among(names),
    "not_status": lambda batch, _, value: ~batch.has_status(value),
    "root": lambda batch, _, value: batch.root == value,
    "status": lambda batch, _, value: batch.has_status(value),
    "scope": lambda batch, _, value: batch.scope.among([value]),
}


def _field_is(batch: Batch, name: str, value: str) -> Mask:
    filled = batch.fields.get(name)
    if filled is None:
        return batch.nowhere()
    return filled.matching(pc.equal(filled.values, value)).mask(batch.height)


def _transformed(batch: Batch, rule: Rule, found: Cells) -> Cells:
    """The values after the rule's path and steps; those that cannot be read are left out."""
    steps = [step for step in rule.transforms if step[0] not in transforms.AS_THEY_ARE]
    if rule.path is not None:
        is_python = ("python_literal", "") in steps
        steps = [step for step in steps if step[0] != "python_literal"]
        found = _each(batch, rule, found, partial(transforms.read_path, path=rule.path, is_python=is_python))
    for name, argument in steps:
        if name in _COLUMN_STEPS:
            found = _COLUMN_STEPS[name](batch, rule, found, argument)
        else:
            found = _each(batch, rule, found, partial(transforms.transform, name, argument))
    return found


def _each(batch: Batch, rule: Rule, found: Cells, read: Callable[[str], str | None]) -> Cells:
    """Apply a step once per distinct value; what it cannot read is marked, not dropped silently."""
    unread: set[str] = set()

    def read_or_mark(text: str) -> str | None:
        try:
            return read(text)
        except (ValueError, TypeError, OverflowError, RecursionError):
            unread.add(text)
            return None

    result = found.each(read_or_mark)
    if unread:
        marked = found.matching(pc.is_in(found.values, pa.array(list(unread), pa.string())))
        batch.flaws.append((marked.rows, f"unread:{rule.field}"))
    return result


def _add(batch: Batch, rule: Rule, found: Cells, keys: str) -> Cells:
    """The sum of these numbers and of the named attributes of the same records, unknown ones taken as 0."""
    totals = [_whole(text) for text in found.values.to_pylist()]
    for key in keys.split(","):
        sent = batch.attribute(key)
        others = {} if sent is None else dict(sent.texts())
        totals = [
            None if total is None else total + (_whole(others.get(row)) or 0)
            for row, total in zip(found.rows.tolist(), totals, strict=True)
        ]
    column = pa.array([None if total is None else str(total) for total in totals], pa.string())
    return Cells(found.rows, column).keep(truth(column.is_valid())) if column.null_count else Cells(found.rows, column)


def _whole(text: str | None) -> int | None:
    """A number whose text is one; None for any other text."""
    return int(text) if text is not None and text.removeprefix("-").isdecimal() else None


def _zero_is_unknown(batch: Batch, rule: Rule, found: Cells, dialect: str) -> Cells:
    zero = np.array([_is_zero(text) for text in found.values.to_pylist()], dtype=np.bool_)
    return found.keep(~(zero & batch.is_of([dialect])[found.rows]))


def _is_zero(text: str) -> bool:
    try:
        return float(text) == 0
    except ValueError:
        return False


def _since_start_ms(batch: Batch, rule: Rule, found: Cells, _: str) -> Cells:
    """How long after its record's start an ISO time is."""
    moments = _each(batch, rule, found, partial(transforms.transform, "iso", ""))
    starts = batch.records.fields.column("start_time_unix_nano").to_numpy()[moments.rows].tolist()
    ends = moments.values.to_pylist()
    elapsed = [repr((int(moment) - start) / 1e6) for moment, start in zip(ends, starts, strict=True)]
    return Cells(moments.rows, pa.array(elapsed, pa.string()))


def _indirect(batch: Batch, rule: Rule, found: Cells, _: str) -> Cells:
    """The values of the attributes that the values name."""
    parts = []
    for key in found.values.unique().to_pylist():
        naming = found.matching(pc.equal(found.values, key))
        sent = batch.attribute(key)
        if sent is not None:
            parts.append(sent.where(naming.mask(batch.height)))
    return merged(parts) or found.keep(np.zeros(len(found), dtype=np.bool_))


def _pseudonym(batch: Batch, rule: Rule, found: Cells, _: str) -> Cells:
    if batch.pseudonyms is None:
        raise ValueError(f"{rule.field} names a person, and there are no pseudonyms")
    return _each(batch, rule, found, batch.pseudonyms.of)


_COLUMN_STEPS: dict[str, Callable[[Batch, Rule, Cells, str], Cells]] = {
    "add": _add,
    "indirect": _indirect,
    "iso_minus_start_ms": _since_start_ms,
    "pseudonym": _pseudonym,
    "zero_is_unknown_if": _zero_is_unknown,
}
