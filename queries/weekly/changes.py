"""What a report made anew says otherwise than the one before it about the same week, and why, as far as can be told."""

from datetime import datetime

from queries.weekly.document import Column, Report, Section, Table, Unit, Value
from queries.weekly.figures import KINDS
from queries.weekly.wording import moment
from queries.words import plural

_COLUMNS = [
    Column(name="figure", label="Figure"),
    Column(name="unit", label="Unit", audience="machines"),
    Column(name="was", label="Then", unit=Unit.MIXED),
    Column(name="numerator_was", label="Numerator then", unit=Unit.NUMBER, audience="machines"),
    Column(name="denominator_was", label="Denominator then", unit=Unit.COUNT, audience="machines"),
    Column(name="value", label="Now", unit=Unit.MIXED),
    Column(name="numerator", label="Numerator now", unit=Unit.NUMBER, audience="machines"),
    Column(name="denominator", label="Denominator now", unit=Unit.COUNT, audience="machines"),
    Column(name="difference", label="Difference", unit=Unit.MIXED, is_difference=True),
]


def with_changes(report: Report, earlier: Report | None) -> Report:
    """The report with a section on what changed since the earlier one, if there is one."""
    if earlier is None:
        return report
    return report.model_copy(
        update={"sections": [*report.sections[:-1], _section(report, earlier), report.sections[-1]]}
    )


def _section(report: Report, earlier: Report) -> Section:
    since = moment(earlier.made_at, report.tz)
    title = "Changes since this report was last made"
    rows = [row for row in (_row(kind.name, kind.label, kind.unit, report, earlier) for kind in KINDS) if row]
    if not rows:
        said = f"None of the figures differs from those of the report that was made {since}."
        return Section(name="changes", title=title, sentences=[said])
    said = f"Against the report that was made {since}, {plural(len(rows), 'figure differs', 'figures differ')}."
    table = Table(name="changes", caption="Figures then and now", columns=_COLUMNS, rows=rows)
    return Section(name="changes", title=title, sentences=[said, *_reasons(report, earlier)], blocks=[table])


def _row(name: str, label: str, unit: Unit, report: Report, earlier: Report) -> list[Value] | None:
    was, now = ([facts.get(f"{name}{part}") for part in _PARTS] for facts in (earlier.facts, report.facts))
    if was == now:
        return None
    difference = None if was[0] is None or now[0] is None else now[0] - was[0]
    return [label, unit.value, *was, *now, difference]


_PARTS = ("", " numerator", " denominator")


def _reasons(report: Report, earlier: Report) -> list[str]:
    was, now = earlier.facts, report.facts

    def more(name: str) -> float:
        return (now.get(name) or 0) - (was.get(name) or 0)

    reasons = []
    if not earlier.is_final:
        reasons.append("The earlier report was made before the week was over.")
    if came := more("runs"):
        reasons.append(_counted(came, "run", "was sent late" if earlier.is_final else "came since"))
    if calls := more("llm_call_count"):
        reasons.append(_counted(calls, "model call", "came with late telemetry" if earlier.is_final else "came since"))
    if (ended := -(more("running_count") + more("waiting_count"))) > 0:
        reasons.append(_counted(ended, "run", "ended or went silent since"))
    if reviewed := more("correction_rate denominator"):
        reasons.append(_counted(reviewed, "run", "was reviewed since, by a late decision, feedback or correction"))
    elif corrected := more("correction_rate numerator"):
        reasons.append(_counted(corrected, "reviewed run", "was corrected since"))
    if (priced := -more("unpriced_count")) > 0:
        reasons.append(_counted(priced, "model call", "has a price now that had none"))
    same_tokens = not any(more(name) for name in ("llm_call_count", "input_tokens", "output_tokens"))
    if more("cost") and same_tokens:
        changed = "other prices may have changed too" if more("unpriced_count") else "prices changed"
        reasons.append(f"The same calls with the same tokens cost otherwise: {changed}.")
    if _is_of_an_earlier_moment(report, earlier):
        reasons.append("This report was asked for as of an earlier moment than the other.")
    return reasons


def _counted(value: float, noun: str, what: str) -> str:
    """1 run was sent late; 2 runs were sent late; or fewer than then."""
    number = round(abs(value))
    if value < 0:
        return f"{plural(number, noun)} fewer than then."
    many = what.replace("was ", "were ", 1).replace("has ", "have ", 1)
    return f"{plural(number, noun)} {what if number == 1 else many}."


def _is_of_an_earlier_moment(report: Report, earlier: Report) -> bool:
    return datetime.fromisoformat(report.made_at) < datetime.fromisoformat(earlier.made_at)
