"""What a rule can say. One class a kind; each fires for a group from its threshold on."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

# The samples are to look at, and nobody is to be woken by them.
UNWATCHED_PROJECT = "demo"

NARROWS_RUNS = frozenset({"workflow", "agent", "service", "environment", "release", "model", "tool", "user"})

Unit = Literal["usd", "rate", "ms", "count"]
_MINUTE_MS, _SECOND_MS = 60_000, 1_000
_DAY_MINUTES = 1_440


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("a time zone reads like UTC or Europe/Berlin") from None
    return name


_Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
_Rate = Annotated[float, Field(gt=0, le=1)]
_Usd = Annotated[float, Field(gt=0)]
_Time = Annotated[float, Field(gt=0)]
_Count = Annotated[int, Field(ge=1)]


class Rule(BaseModel):
    """What every rule may say. It fires for a group once its number was at or over the threshold in `fire_after`
    evaluations in a row, and is resolved once it was below `resolve_at` × threshold in `resolve_after` of them. A
    kind's field `threshold_…` is the threshold, its field `min_…`, if it has one, the least count behind a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
    narrows: ClassVar[frozenset[str]] = NARROWS_RUNS  # what `only` may name
    unit: ClassVar[Unit]
    per_unit: ClassVar[int] = 1  # of the unit in that of the field `threshold_…`
    sample: ClassVar[str]  # what is counted behind the number
    about: ClassVar[str]  # the number in words

    enabled: bool = True
    severity: Literal["info", "warning", "critical"] = "warning"
    projects: list[_Line] | None = None
    only: dict[str, _Line] = Field(default_factory=dict)
    ignore: list[str] = Field(default_factory=list)
    every_minutes: Annotated[int, Field(ge=1, le=_DAY_MINUTES)] = 1
    fire_after: Annotated[int, Field(ge=1, le=1000)] = 1
    resolve_after: Annotated[int, Field(ge=1, le=1000)] = 2
    resolve_at: Annotated[float, Field(gt=0, le=1)] = 0.9
    owner: _Line | None = None
    runbook: Annotated[str, Field(max_length=500, pattern=r"^https?://[^\s<>]+$")] | None = None
    notify: list[_Line] | None = None

    @model_validator(mode="after")
    def _narrows_what_it_can(self) -> Self:
        if wrong := sorted(self.only.keys() - self.narrows):
            known = ", ".join(sorted(self.narrows)) or "nothing"
            raise ValueError(f"`only` can name {known} here, not {', '.join(wrong)}")
        return self

    @property
    def threshold(self) -> float:
        """From which number on it fires, in its unit."""
        return self._told("threshold_", 0) * self.per_unit

    @property
    def least_count(self) -> int:
        """How much must be behind a number for it to fire."""
        return int(self._told("min_", 1))

    @property
    @abstractmethod
    def reach_minutes(self) -> float:
        """How far back its question looks."""

    @property
    def listens_minutes(self) -> float:
        """For how long the server must have listened before its answer means something."""
        return 0

    def watches(self, project: str) -> bool:
        """Whether it is evaluated in a project."""
        return self.enabled and (project != UNWATCHED_PROJECT if self.projects is None else project in self.projects)

    def _told(self, beginning: str, otherwise: float) -> float:
        """The value of the field whose name begins so."""
        fields = (name for name in type(self).model_fields if name.startswith(beginning))
        return float(next((getattr(self, name) for name in fields), otherwise))


class _Windowed(Rule):
    window_minutes: Annotated[int, Field(ge=1, le=45 * _DAY_MINUTES)] = 60

    @property
    def reach_minutes(self) -> float:
        return self.window_minutes


class _Remembering(Rule):
    forget_after_days: _Time

    @property
    def reach_minutes(self) -> float:
        return self.forget_after_days * _DAY_MINUTES


class CostSpike(_Windowed):
    """A workflow cost more than usual in an hour or day that lies in the window, by the spike rule of the Cost page."""

    kind: Literal["cost_spike"]
    unit, sample, about = "usd", "runs", "dollars above the usual cost of the same hour or day of the week"
    slot: Literal["hour", "day"] = "hour"
    threshold_usd: _Usd


class Budget(Rule):
    """A workflow cost so much since the day or month began."""

    kind: Literal["budget"]
    unit, sample, about = "usd", "runs", "dollars that a workflow cost since the day or month began"
    threshold_usd: _Usd
    period: Literal["day", "month"]
    tz: Annotated[str, AfterValidator(_known_zone)] = "UTC"

    @property
    def reach_minutes(self) -> float:
        return _DAY_MINUTES * (1 if self.period == "day" else 31)


class ErrorRate(_Windowed):
    """So many of a workflow's finished runs ended in error."""

    kind: Literal["error_rate"]
    unit, sample, about = "rate", "finished runs", "share of a workflow's finished runs that failed"
    threshold_rate: _Rate
    min_runs: _Count = 20


class P95Duration(_Windowed):
    """One in twenty of a workflow's runs took so long; waits for humans are part of it."""

    kind: Literal["p95_duration"]
    unit, per_unit, sample = "ms", _SECOND_MS, "runs"
    about = "95th percentile of how long a workflow's runs take, waits for humans included"
    threshold_seconds: _Time
    min_runs: _Count = 20


class ToolErrorRate(_Windowed):
    """So many of a tool's calls failed."""

    kind: Literal["tool_error_rate"]
    unit, sample, about = "rate", "calls", "share of a tool's calls that failed"
    threshold_rate: _Rate
    min_calls: _Count = 20


class PendingApproval(_Remembering):
    """A question of a workflow has waited so long for an answer."""

    kind: Literal["pending_approval"]
    unit, per_unit, sample = "ms", _MINUTE_MS, "questions"
    about = "how long a workflow's oldest question has waited for an answer"
    threshold_minutes: _Time
    forget_after_days: _Time = 14


class CorrectionRate(_Windowed):
    """Humans corrected so many of a workflow's runs that they looked at."""

    kind: Literal["correction_rate"]
    unit, sample, about = "rate", "reviewed runs", "share of a workflow's reviewed runs that a human corrected"
    threshold_rate: _Rate
    min_reviewed_runs: _Count = 10


class ServedModel(_Windowed):
    """Another model answered so many of the calls that were put to one."""

    kind: Literal["served_model"]
    unit, sample, about = "rate", "calls", "share of a model's answered calls that another model answered"
    threshold_rate: _Rate
    min_calls: _Count = 10


class UnpricedModel(_Windowed):
    """So many calls of a model have tokens and no price."""

    kind: Literal["unpriced_model"]
    unit, sample, about = "count", "calls", "calls of a model that have tokens and no price"
    threshold_calls: _Count


class SilentService(_Remembering):
    """A service that used to send has sent nothing for so long; by default only where that is unusual for it."""

    kind: Literal["silent_service"]
    narrows = frozenset({"service"})
    unit, per_unit, sample = "ms", _MINUTE_MS, "commits"
    about = "how long a service has sent nothing of a signal"
    threshold_minutes: _Time
    unusual_only: bool = True
    forget_after_days: _Time = 7

    @property
    def listens_minutes(self) -> float:
        return self.threshold_minutes


class Rejecting(_Windowed):
    """So many records or requests were refused for a reason."""

    kind: Literal["rejecting"]
    narrows = frozenset()
    unit, sample, about = "count", "commits", "records or requests that ingest refused for a reason"
    threshold_records: _Count


AnyRule = Annotated[
    CostSpike
    | Budget
    | ErrorRate
    | P95Duration
    | ToolErrorRate
    | PendingApproval
    | CorrectionRate
    | ServedModel
    | UnpricedModel
    | SilentService
    | Rejecting,
    Field(discriminator="kind"),
]

KINDS: tuple[type[Rule], ...] = get_args(get_args(AnyRule)[0])
Rules = Mapping[str, AnyRule]
