"""What happened in the six weeks before `now`: a pure function of the day of `now`.

Chance comes from `random.Random.random` alone, the one method whose sequence Python promises to keep.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from sample_traces.history import shapes
from sample_traces.history.shapes import SHAPES, Gate, Shape, Tool

_SEED = "runlight-history-1"
_QUIET_MS = 20 * 60_000  # the newest run had ended that long before `now`, so none of the history looks unfinished
_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS


@dataclass(frozen=True, slots=True)
class Wish:
    """A tool call that a model asked for; `number` counts within the run."""

    number: int
    tool: Tool
    arguments: str


@dataclass(slots=True)
class ModelCall:
    """One call of a model; times in ms since the epoch; None was not reported."""

    started_ms: int
    ended_ms: int
    served: str = ""
    wish: Wish | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    error: tuple[str, str] | None = None  # type and message


@dataclass(slots=True)
class ToolCall:
    """One call that ran."""

    started_ms: int
    ended_ms: int
    wish: Wish
    error: tuple[str, str] | None = None


@dataclass(slots=True)
class Approval:
    """One question and its answer."""

    wish: Wish
    policy: str
    requested_ms: int
    decided_ms: int
    decision: str  # approved | approved_modified | rejected | expired
    modified_arguments: str = ""


@dataclass(slots=True)
class Run:
    """One run, its steps in the order in which they happened."""

    shape: Shape
    key: str
    number: int
    user: str
    conversation: str
    environment: str
    version: str
    prompt_version: str
    started_ms: int
    ended_ms: int = 0
    is_lost: bool = False  # the process died over an open wish: neither agent nor workflow span was sent
    error: tuple[str, str] | None = None
    steps: list[ModelCall | ToolCall] = field(default_factory=list)
    approval: Approval | None = None
    edited_ms: int | None = None  # a human rewrote the output
    feedback_ms: int | None = None  # a human judged the output
    is_liked: bool = True

    @property
    def last_ms(self) -> int:
        """The time of its newest record."""
        return max(self.ended_ms, self.edited_ms or 0, self.feedback_ms or 0)


@dataclass(frozen=True, slots=True)
class Change:
    """One release or rollback, as a deployment pipeline reports it."""

    at_ms: int
    service: str
    kind: str  # release | rollback
    subject: str  # service | prompt
    name: str
    before: str
    after: str
    reason: str = ""


def runs(now: datetime, days: int = shapes.DAYS) -> Iterator[Run]:
    """Every run of the last `days` days that had ended 20 minutes before `now`, newest day first."""
    oldest_ms, newest_ms = window_ms(now, days)
    today = now.astimezone(UTC).date()
    for day in range(days + 1):
        for shape in SHAPES:
            for number in range(_runs_on(shape, today, day)):
                run = _Author(shape, today, day, number).run()
                if run.started_ms >= oldest_ms and run.last_ms < newest_ms:
                    yield run


def changes(now: datetime, days: int = shapes.DAYS) -> list[Change]:
    """Releases of services and prompts, and the one rollback, oldest first."""
    today = now.astimezone(UTC).date()
    found: list[Change] = []
    for shape in {shape.service: shape for shape in SHAPES}.values():
        found += _service_changes(shape, today)
    for shape in SHAPES:
        for (_, before), (day, after) in zip(shape.prompts, shape.prompts[1:], strict=False):
            found.append(Change(_at_ms(today, day, 8), shape.service, "release", "prompt", shape.agent, before, after))
    oldest_ms, newest_ms = window_ms(now, days)
    return sorted(
        (change for change in found if oldest_ms <= change.at_ms < newest_ms), key=lambda change: change.at_ms
    )


def window_ms(now: datetime, days: int = shapes.DAYS) -> tuple[int, int]:
    """First and last moment of the history, in ms since the epoch."""
    now_ms = int(now.timestamp() * 1000)
    return now_ms - days * _DAY_MS, now_ms - _QUIET_MS


def cost_spike_ms(now: datetime) -> tuple[int, int]:
    """The hours in which one workflow ran in circles."""
    first, last = shapes.COST_SPIKE_HOURS
    today = now.astimezone(UTC).date()
    return _at_ms(today, shapes.COST_SPIKE_DAY, first), _at_ms(today, shapes.COST_SPIKE_DAY, last)


def bad_release_ms(now: datetime) -> tuple[int, int]:
    """From the bad release to its rollback."""
    return _bad_release_ms(now.astimezone(UTC).date())


def route_change_ms(now: datetime) -> int:
    """From then on one workflow is answered by another model than it asks for."""
    return _at_ms(now.astimezone(UTC).date(), shapes.ROUTE_CHANGE_DAY, 0)


class _Author:
    """Writes one run; everything is decided in the order in which it happens."""

    def __init__(self, shape: Shape, today: date, day: int, number: int) -> None:
        key = f"{_SEED}/{today}/{shape.workflow}/{day}/{number}"
        self._shape = shape
        self._today = today
        self._dice = dice = _Dice(key)
        self._now_ms = _at_ms(today, day, 0) + int(dice.triangular(*shape.hours) * _HOUR_MS)
        self._wishes = 0
        user = f"user-{dice.whole(1, 60):02d}"
        self._run = Run(
            shape,
            key,
            number=dice.whole(10_000, 99_999),
            user=user,
            conversation=f"{shape.workflow}-{today - timedelta(days=day)}-{user}",
            environment="staging" if dice.happens(0.06) else "production",
            version=_version_at(shape, today, self._now_ms),
            prompt_version=_prompt_at(shape, today, self._now_ms),
            started_ms=self._now_ms,
        )

    def run(self) -> Run:
        run, dice = self._run, self._dice
        rounds = dice.whole(*(shapes.COST_SPIKE_ROUNDS if self._runs_in_circles() else self._shape.rounds))
        fate, fatal_turn = self._fate(rounds)
        if fate == "lost":
            run.conversation += f"-{run.number}"  # nobody comes back to it
        for turn in range(rounds):
            is_last = turn == rounds - 1
            if dice.happens(0.02):
                self._refused(("429", f"Rate limit reached for {self._shape.model}"))
                self._now_ms += dice.whole(1500, 6000)
            if fate == "model" and turn == fatal_turn:
                self._refused(("500", "The server had an error while processing your request"))
                return self._failed()
            wish = self._wish(turn, is_last)
            self._answered(turn, wish)
            if fate == "lost" and turn == fatal_turn:
                run.is_lost, run.ended_ms = True, self._now_ms
                return run
            gate = self._shape.gate
            if is_last and gate and dice.happens(gate.share):
                approval = self._gated(gate, wish)
                if approval.decision in {"rejected", "expired"}:
                    break
                wish = Wish(wish.number, wish.tool, approval.modified_arguments or wish.arguments)
            is_fatal = fate == "tool" and turn == fatal_turn
            self._executed(wish, is_fatal or (not is_last and dice.happens(0.03)))
            if is_fatal:
                return self._failed()
        self._answered(rounds, None)
        run.ended_ms = self._now_ms
        self._judged()
        return run

    def _fate(self, rounds: int) -> tuple[str, int]:
        dice = self._dice
        turn = dice.whole(0, rounds - 1)
        if dice.happens(self._failure_rate()):
            return ("tool" if dice.happens(0.6) else "model"), turn
        return ("lost" if dice.happens(0.004) else ""), turn

    def _failure_rate(self) -> float:
        first_ms, last_ms = _bad_release_ms(self._today)
        if self._shape.service == shapes.BAD_RELEASE_SERVICE and first_ms <= self._now_ms < last_ms:
            return shapes.BAD_RELEASE_FAILURE_RATE
        return self._shape.failure_rate

    def _runs_in_circles(self) -> bool:
        return self._shape.workflow == shapes.COST_SPIKE_WORKFLOW and self._run.started_ms // _DAY_MS == (
            _at_ms(self._today, shapes.COST_SPIKE_DAY, 0) // _DAY_MS
        )

    def _wish(self, turn: int, is_last: bool) -> Wish:
        tools = self._shape.tools
        tool = tools[-1] if is_last else tools[turn % max(1, len(tools) - 1)]
        self._wishes += 1
        return Wish(self._wishes, tool, tool.arguments.replace("{n}", str(self._run.number)))

    def _refused(self, error: tuple[str, str]) -> None:
        started_ms = self._now_ms
        self._now_ms += self._dice.whole(150, 900)
        self._run.steps.append(ModelCall(started_ms, self._now_ms, error=error))
        self._run.error = error

    def _answered(self, turn: int, wish: Wish | None) -> None:
        shape, dice = self._shape, self._dice
        growth = shapes.COST_SPIKE_INPUT_GROWTH if self._runs_in_circles() else shape.input_growth
        call = ModelCall(self._now_ms, 0, served=_served(shape, self._today, self._now_ms), wish=wish)
        call.input_tokens = shape.first_input_tokens + growth * turn + dice.whole(0, 120)
        call.output_tokens = int(dice.around(shape.output_tokens if wish is None else shape.output_tokens / 2))
        if shape.provider == "anthropic":
            call.cache_read_tokens = 0 if turn == 0 else shape.first_input_tokens // 2
            call.cache_write_tokens = shape.first_input_tokens // 2 if turn == 0 else 0
        if shape.provider == "openai":
            call.cache_read_tokens = 0 if turn == 0 else call.input_tokens // 128 * 64
            call.reasoning_tokens = int(call.output_tokens * dice.between(0, 0.5))
        self._now_ms += 400 + int(dice.around(call.output_tokens * 11))
        call.ended_ms = self._now_ms
        self._run.steps.append(call)
        self._run.error = None

    def _gated(self, gate: Gate, wish: Wish) -> Approval:
        chance = self._dice.between(0, 1)
        wait_ms = int(self._dice.around(gate.wait_minutes * 60_000))
        approval = Approval(wish, gate.policy, self._now_ms, self._now_ms + wait_ms, "approved")
        if chance < gate.expired:
            approval.decision = "expired"
            approval.decided_ms = self._now_ms + 2 * _HOUR_MS
        elif chance < gate.expired + gate.rejected:
            approval.decision = "rejected"
        elif chance < gate.expired + gate.rejected + gate.modified:
            approval.decision = "approved_modified"
            approval.modified_arguments = gate.modified_arguments.replace("{n}", str(self._run.number))
        self._now_ms = approval.decided_ms
        self._run.approval = approval
        return approval

    def _executed(self, wish: Wish, fails: bool) -> None:
        started_ms = self._now_ms
        self._now_ms += int(self._dice.around(wish.tool.seconds * 1000))
        message = wish.tool.error_message.replace("{n}", str(self._run.number))
        error = (wish.tool.error_type, message) if fails else None
        self._run.steps.append(ToolCall(started_ms, self._now_ms, wish, error))
        self._run.error = error

    def _failed(self) -> Run:
        self._run.ended_ms = self._now_ms
        return self._run

    def _judged(self) -> None:
        run, shape, dice = self._run, self._shape, self._dice
        is_improved = shape.workflow == shapes.BETTER_PROMPT_WORKFLOW and run.started_ms >= _at_ms(
            self._today, shapes.BETTER_PROMPT_DAY, 8
        )
        if dice.happens(shapes.BETTER_PROMPT_EDITED_SHARE if is_improved else shape.edited_share):
            run.edited_ms = run.ended_ms + dice.whole(2 * 60_000, 40 * 60_000)
        if dice.happens(shape.feedback_share):
            run.feedback_ms = run.ended_ms + dice.whole(10_000, 10 * 60_000)
            run.is_liked = dice.happens(0.8)


class _Dice:
    """Chance that is the same every time: seeded by a text."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed).random

    def happens(self, share: float) -> bool:
        return self._random() < share

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self._random()

    def whole(self, low: int, high: int) -> int:
        return low + int(self._random() * (high - low + 1))

    def around(self, middle: float) -> float:
        """Mostly near the middle, now and then three times as much."""
        return middle * (0.6 + 0.8 * self._random() + 2 * self._random() ** 8)

    def triangular(self, low: float, peak: float, high: float) -> float:
        share, turning = self._random(), (peak - low) / (high - low)
        if share < turning:
            return low + math.sqrt(share * (high - low) * (peak - low))
        return high - math.sqrt((1 - share) * (high - low) * (high - peak))


def _runs_on(shape: Shape, today: date, day: int) -> int:
    is_weekend = (today - timedelta(days=day)).weekday() >= 5
    growth = 1.12 - 0.3 * day / shapes.DAYS  # six weeks ago there was less to do
    jitter = _Dice(f"{_SEED}/{today}/{shape.workflow}/{day}").between(0.88, 1.12)
    return round(shape.runs_per_weekday * (shape.weekend if is_weekend else 1.0) * growth * jitter)


def _served(shape: Shape, today: date, at_ms: int) -> str:
    is_rerouted = shape.workflow == shapes.ROUTE_CHANGE_WORKFLOW and at_ms >= _at_ms(today, shapes.ROUTE_CHANGE_DAY, 0)
    return shapes.ROUTE_CHANGE_SERVED if is_rerouted else shape.model


def _version_at(shape: Shape, today: date, at_ms: int) -> str:
    version = _version_of(today, _BEFORE_ALL)
    for change in _service_changes(shape, today):
        if change.at_ms <= at_ms:
            version = change.after
    return version


def _prompt_at(shape: Shape, today: date, at_ms: int) -> str:
    return [version for day, version in shape.prompts if _at_ms(today, day, 8) <= at_ms][-1]


def _service_changes(shape: Shape, today: date) -> list[Change]:
    found = []
    service = shape.service
    before = _version_of(today, _BEFORE_ALL)
    for day in shape.releases:
        after = _version_of(today, day)
        if (service, day) == (shapes.BAD_RELEASE_SERVICE, shapes.BAD_RELEASE_DAY):
            released_ms, rolled_back_ms = _bad_release_ms(today)
            reason = "error rate of order-support and refund-request above 20 %"
            found.append(Change(released_ms, service, "release", "service", service, before, after))
            found.append(Change(rolled_back_ms, service, "rollback", "service", service, after, before, reason))
        else:
            found.append(Change(_at_ms(today, day, 8), service, "release", "service", service, before, after))
            before = after
    return found


_BEFORE_ALL = shapes.DAYS + 8


def _version_of(today: date, day: int) -> str:
    return (today - timedelta(days=day)).strftime("%Y.%m.%d")


def _bad_release_ms(today: date) -> tuple[int, int]:
    return (
        _at_ms(today, shapes.BAD_RELEASE_DAY, shapes.BAD_RELEASE_HOUR),
        _at_ms(today, shapes.ROLLBACK_DAY, shapes.ROLLBACK_HOUR),
    )


def _at_ms(today: date, day: int, hour: int) -> int:
    moment = datetime.combine(today - timedelta(days=day), time(hour), UTC)
    return int(moment.timestamp()) * 1000
