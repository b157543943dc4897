"""Objectives per workflow, from a file of settings, and how much of each limit a week used up."""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from queries import questions
from queries.settings_file import UnreadableFile, read_yaml
from queries.weekly.asking import Inquiry, Row, ratio, rows_of
from queries.weekly.document import Column, Section, Table, Unit, Value
from queries.weekly.figures import WEEKS
from queries.weekly.wording import listed, shown
from queries.words import count, plural

MOST_WORKFLOWS = 100

_Rate = Annotated[float, Field(gt=0, lt=1, strict=True)]
_Limit = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class ObjectivesError(Exception):
    """The file of objectives cannot be used; one line says where and why."""


class Objective(BaseModel):
    """What a workflow is held to; `workflow` may have `*` for anything, and the first that fits holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workflow: Annotated[str, Field(min_length=1)]
    success_rate: _Rate | None = None
    p95_duration_s: _Limit | None = None
    cost_per_run_usd: _Limit | None = None
    correction_rate: _Rate | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    objectives: list[Objective]


def read_objectives(path: Path | None) -> Sequence[Objective]:
    """The objectives of a YAML or JSON file, none without one. Raises ObjectivesError."""
    if path is None:
        return ()
    try:
        found = _File.model_validate(read_yaml(path)).objectives
    except UnreadableFile as error:
        raise ObjectivesError(f"{path} {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where, said = ".".join(str(part) for part in first["loc"]), first["msg"]
        if first["type"] == "extra_forbidden":
            of = Objective if len(first["loc"]) > 1 else _File
            said = f"there is no such field; there are: {', '.join(of.model_fields)}"
        raise ObjectivesError(f"{path}: {where or 'the file'}: {said}") from None
    for place, one in enumerate(found):
        if len(one.model_fields_set) == 1:
            raise ObjectivesError(f"{path}: objectives.{place}: names a workflow and holds it to nothing")
    return tuple(found)


def objectives_section(inquiry: Inquiry, objectives: Sequence[Objective]) -> Section:
    """Each workflow against what it is held to, in this week and in four."""
    if not objectives:
        said = "No objectives are set; the server's setting RUNLIGHT_OBJECTIVES_FILE names the file that sets them."
        return Section(name="objectives", title="Objectives and error budget", sentences=[said])
    held = [(name, one) for name in _workflows(inquiry) if (one := _objective(objectives, name))]
    rows = [row for name, objective in held for row in _rows(inquiry, name, objective)]
    if not rows:
        said = "No workflow that ran in these four weeks has an objective."
        return Section(name="objectives", title="Objectives and error budget", sentences=[said])
    return Section(
        name="objectives",
        title="Objectives and error budget",
        sentences=[_said(rows)],
        blocks=[Table(name="objectives", caption="Objectives per workflow", columns=_COLUMNS, rows=rows, note=_NOTE)],
    )


def missed_count(section: Section) -> int:
    """How many objectives of the section were missed in the week."""
    place = next(place for place, column in enumerate(_COLUMNS) if column.name == "state")
    return sum(row[place] == "missed" for block in section.blocks if isinstance(block, Table) for row in block.rows)


_COLUMNS = [
    Column(name="workflow", label="Workflow"),
    Column(name="objective", label="What"),
    Column(name="unit", label="Unit", audience="machines"),
    Column(name="bound", label="Objective", audience="people"),
    Column(name="target", label="Objective", unit=Unit.MIXED, audience="machines"),
    Column(name="value", label="This week", unit=Unit.MIXED),
    Column(name="counted", label="Counted", audience="people"),
    Column(name="numerator", label="Numerator", unit=Unit.NUMBER, audience="machines"),
    Column(name="denominator", label="Denominator", unit=Unit.COUNT, audience="machines"),
    Column(name="state", label="State"),
    Column(name="used_share", label="Budget used", unit=Unit.SHARE),
    Column(name="value_four_weeks", label="Four weeks", unit=Unit.MIXED),
    Column(name="used_share_four_weeks", label="Budget used, four weeks", unit=Unit.SHARE),
]
_NOTE = (
    "A run succeeds if it ends ok; one that fails or is abandoned spends the error budget, which is what the success "
    "rate allows of the finished runs. Budget used: what happened, over what the objective allows; above 100% it is "
    "missed."
)


def _workflows(inquiry: Inquiry) -> list[str]:
    since_ns = inquiry.week.before(WEEKS - 1).since_ns
    found = questions.filter_values(inquiry.database, inquiry.filters(since_ns=since_ns), limit=MOST_WORKFLOWS)
    return sorted(str(row["value"]) for row in rows_of(found) if row["field"] == "workflow")


def _objective(objectives: Sequence[Objective], workflow: str) -> Objective | None:
    # Of the signs that fnmatch knows, only * is one here.
    return next((one for one in objectives if fnmatchcase(workflow, re.sub(r"([\[?])", r"[\1]", one.workflow))), None)


def _totals(inquiry: Inquiry, workflow: str, weeks: int) -> Row:
    narrowed: dict[str, Any] = {"workflow": workflow, "since_ns": inquiry.week.before(weeks - 1).since_ns}
    return inquiry.totals("overview_totals", **narrowed) | {"ok_count": inquiry.summary(**narrowed)["ok_count"]}


def _rows(inquiry: Inquiry, workflow: str, objective: Objective) -> list[list[Value]]:
    week, month = _totals(inquiry, workflow, 1), _totals(inquiry, workflow, WEEKS)
    rows: list[list[Value]] = []
    if objective.success_rate is not None:
        rows.append(_rate_row("Success rate", objective.success_rate, "ok_count", "ended_count", week, month, True))
    if objective.p95_duration_s is not None:
        limit_ms = objective.p95_duration_s * 1000
        rows.append(_limit_row("Duration, 95th percentile", Unit.MS, limit_ms, "timed_run_count", week, month, _p95))
    if objective.cost_per_run_usd is not None:
        rows.append(_limit_row("Cost per run", Unit.USD, objective.cost_per_run_usd, "run_count", week, month, _cost))
    if objective.correction_rate is not None:
        limit = objective.correction_rate
        rows.append(_rate_row("Correction rate", limit, "corrected_count", "reviewed_count", week, month, False))
    return [[workflow, *row] for row in rows]


def _p95(totals: Row) -> float | None:
    return totals.get("p95_duration_ms")


def _cost(totals: Row) -> float | None:
    return ratio(totals.get("cost_usd"), totals.get("run_count"))


def _rate_row(
    label: str, target: float, part: str, whole: str, week: Row, month: Row, is_at_least: bool
) -> list[Value]:
    """Of an allowance of runs: those that a success rate may miss, or those that may be corrected."""

    def used(totals: Row) -> float | None:
        total = totals.get(whole)
        if not total:
            return None
        bad = total - totals[part] if is_at_least else totals[part]
        return ratio(bad, total * (1 - target if is_at_least else target))

    value, counted = ratio(week.get(part), week.get(whole)), ""
    if week.get(whole):
        counted = f"{count(week[part])} of {count(week[whole])}"
    bound = f"{'≥' if is_at_least else '≤'} {shown(target, 'share')}"
    row: list[Value] = [label, Unit.SHARE.value, bound, target, value, counted, week.get(part), week.get(whole)]
    return [*row, _state(used(week)), used(week), ratio(month.get(part), month.get(whole)), used(month)]


def _limit_row(label: str, unit: Unit, limit: float, whole: str, week: Row, month: Row, value: Any) -> list[Value]:
    now, four = value(week), value(month)
    counted = f"over {count(week[whole])}" if week.get(whole) else ""
    bound = f"≤ {shown(limit, unit.value)}"
    row: list[Value] = [label, unit.value, bound, limit, now, counted, None, week.get(whole)]
    return [*row, _state(ratio(now, limit)), ratio(now, limit), four, ratio(four, limit)]


def _state(used: float | None) -> str:
    return "no data" if used is None else "met" if used <= 1 else "missed"


def _said(rows: list[list[Value]]) -> str:
    places = {column.name: place for place, column in enumerate(_COLUMNS)}
    missed = [row for row in rows if row[places["state"]] == "missed"]
    unknown = sum(row[places["state"]] == "no data" for row in rows)
    if unknown == len(rows):
        return f"{plural(len(rows), 'objective')}; nothing ran in this week that could meet or miss them."
    if not missed:
        no_data = f"; of {unknown} there are no data" if unknown else ""
        return f"{plural(len(rows), 'objective')}, none of them missed{no_data}."
    worst = sorted(missed, key=lambda row: -float(str(row[places["used_share"]])))[:3]
    told = [f"{str(row[places['objective']]).lower()} of {row[places['workflow']]}" for row in worst]
    among = "" if len(missed) == 1 else "most of all " if len(missed) > len(worst) else ""
    return f"{len(missed)} of {plural(len(rows), 'objective')} missed: {among}{listed(told)}."
