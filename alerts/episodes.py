"""The life of an alert: over its threshold (pending), for long enough (firing), long enough below it (resolved)."""

import secrets
from dataclasses import dataclass, replace
from typing import Literal

from alerts.readings import Measured, Reading
from alerts.rules import AnyRule, Unit

State = Literal["pending", "firing", "resolved"]

_ID_BYTES = 8


@dataclass(frozen=True, slots=True)
class Episode:
    """A row of the table `alerts`. Times are nanoseconds since 1970. `streak` is how many evaluations in a row it was
    over the threshold while pending, or below it while firing; `is_told` whether messages say that it fires."""

    alert_id: str
    rule: str
    group_name: str
    state: State
    streak: int
    value: float
    unit: Unit
    threshold: float
    sample_count: int
    sample: str
    detail: str
    question: str
    asked: str
    address: str
    is_told: bool
    began_ns: int
    evaluated_ns: int
    fired_ns: int | None = None
    resolved_ns: int | None = None


def advanced(
    name: str, rule: AnyRule, known: Episode | None, reading: Reading, group: str, now_ns: int
) -> Episode | None:
    """What has become of a group's episode, if there is one, or began, after one more reading; None if there is none
    any more, or it was not worth one."""
    measured = reading.measured.get(group)
    if known is None or known.state == "pending":
        return _rising(name, rule, known, reading, measured, now_ns)
    seen = known if measured is None else _measured(known, rule, reading, measured, now_ns)
    if not _is_calm(rule, measured):
        return replace(seen, streak=0)
    if seen.streak + 1 < rule.resolve_after:
        return replace(seen, streak=seen.streak + 1)
    return resolved(seen, now_ns)


def resolved(known: Episode, now_ns: int) -> Episode:
    """The episode at its end."""
    return replace(known, state="resolved", streak=0, resolved_ns=now_ns)


def _rising(
    name: str, rule: AnyRule, known: Episode | None, reading: Reading, measured: Measured | None, now_ns: int
) -> Episode | None:
    if measured is None or measured.value < rule.threshold or measured.sample_count < rule.least_count:
        return None
    begun = _measured(known or _new(name, measured.group, rule, now_ns), rule, reading, measured, now_ns)
    streak = begun.streak + 1
    if streak < rule.fire_after:
        return replace(begun, streak=streak)
    return replace(begun, state="firing", streak=0, fired_ns=now_ns)


def _is_calm(rule: AnyRule, measured: Measured | None) -> bool:
    """A number over too few still holds up what fires; nothing at all does not."""
    return measured is None or measured.value < rule.threshold * rule.resolve_at


def _new(name: str, group: str, rule: AnyRule, now_ns: int) -> Episode:
    return Episode(
        alert_id=secrets.token_hex(_ID_BYTES),
        rule=name,
        group_name=group,
        state="pending",
        streak=0,
        value=0,
        unit=rule.unit,
        threshold=rule.threshold,
        sample_count=0,
        sample=rule.sample,
        detail="",
        question="",
        asked="",
        address="",
        is_told=False,
        began_ns=now_ns,
        evaluated_ns=now_ns,
    )


def _measured(known: Episode, rule: AnyRule, reading: Reading, measured: Measured, now_ns: int) -> Episode:
    return replace(
        known,
        value=measured.value,
        threshold=rule.threshold,
        sample_count=measured.sample_count,
        detail=measured.detail,
        question=reading.question,
        asked=reading.asked,
        address=measured.address,
        evaluated_ns=now_ns,
    )
