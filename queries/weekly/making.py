"""Makes a report: asks its questions, one section after the other."""

from collections.abc import Sequence
from datetime import date, timedelta

from queries.database import Database
from queries.filters import BadFilter
from queries.weekly.approving import approvals_section, ask_pending
from queries.weekly.asking import Inquiry, Row
from queries.weekly.correcting import corrections_section
from queries.weekly.counting import counting_section
from queries.weekly.coverage import coverage_section
from queries.weekly.daily import by_day
from queries.weekly.document import Report, Section
from queries.weekly.failing import ask_groups, errors_section
from queries.weekly.figures import KINDS, Figures, ask_figures, figures_section
from queries.weekly.objectives import Objective, missed_count, objectives_section
from queries.weekly.releasing import releases_section
from queries.weekly.routing import routes_section
from queries.weekly.spending import ask_movers, cost_section
from queries.weekly.telling import summary
from queries.weekly.weeks import Week, written

_S_NS = 10**9


def make_report(
    database: Database,
    project: str,
    workflow: str | None,
    week: Week,
    made_ns: int,
    objectives: Sequence[Objective] = (),
) -> Report:
    """The report of a week as it is known at `made_ns`, which counts in whole seconds: the same bytes for the same
    arguments and store. Raises BadFilter for a week that has not begun."""
    made_ns = made_ns // _S_NS * _S_NS
    if made_ns <= week.since_ns:
        raise BadFilter(f"the week {week.name} has not begun on {written(made_ns)}")
    inquiry = Inquiry(database, project, workflow, week, made_ns)
    figures = ask_figures(inquiry)
    groups, movers = ask_groups(inquiry), ask_movers(inquiry)
    held = objectives_section(inquiry, objectives)
    return Report(
        project=project,
        workflow=workflow,
        week=week.name,
        tz=week.tz,
        since=written(week.since_ns),
        until=written(week.until_ns),
        made_at=written(made_ns),
        is_final=made_ns >= week.until_ns,
        title=f"Weekly reliability report, {week.name}",
        subtitle=f"{f'{workflow} in ' if workflow else ''}{project}, {_dates(week.monday)} ({week.tz})",
        summary=summary(inquiry, figures, groups, movers, missed_count(held)),
        sections=_sections(inquiry, figures, held, groups, movers),
        facts=_facts(inquiry, figures),
    )


def _sections(inquiry: Inquiry, figures: Figures, held: Section, groups: list[Row], movers: list[Row]) -> list[Section]:
    return [
        figures_section(inquiry, figures),
        held,
        errors_section(groups),
        cost_section(inquiry, movers),
        routes_section(inquiry),
        approvals_section(inquiry, figures.now, ask_pending(inquiry)),
        corrections_section(inquiry, figures.now),
        releases_section(inquiry),
        coverage_section(inquiry, figures, by_day(inquiry, inquiry.rows("run_trend"))),
        counting_section(),
    ]


def _facts(inquiry: Inquiry, figures: Figures) -> dict[str, int | float | None]:
    """The figures with what they were counted from, and what tells late telemetry from new prices."""
    facts: dict[str, int | float | None] = {}
    for kind in KINDS:
        facts[kind.name] = kind.value(figures.now)
        facts[f"{kind.name} numerator"] = kind.numerator(figures.now)
        facts[f"{kind.name} denominator"] = kind.denominator(figures.now)
    totals = inquiry.summary()
    for name in ("llm_call_count", "input_tokens", "output_tokens", "unpriced_count", "running_count", "waiting_count"):
        facts[name] = totals[name]
    return facts


def _dates(monday: date) -> str:
    sunday = monday + timedelta(days=6)
    first = f"{monday.day} {monday:%B}" if monday.month != sunday.month else str(monday.day)
    if monday.year != sunday.year:
        first = f"{first} {monday.year}"
    return f"{first} to {sunday.day} {sunday:%B %Y}"
