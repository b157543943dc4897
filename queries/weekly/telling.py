"""The week in three sentences: how reliable it was, what it cost, and what humans made of it."""

from collections.abc import Sequence

from queries.weekly.asking import Inquiry, Row
from queries.weekly.figures import Figures, Kind, kind_of
from queries.weekly.spending import NO_WORKFLOW, main_driver
from queries.weekly.wording import count, difference, plural, share, shown


def summary(inquiry: Inquiry, figures: Figures, groups: Sequence[Row], movers: Sequence[Row]) -> list[str]:
    """Three sentences; one of a week in which nothing ran."""
    if not figures.now.get("run_count"):
        return [f"No run began in week {inquiry.week.name}, so there is nothing to report."]
    return [_reliability(figures, groups), _cost(figures, movers), _humans(figures)]


def _reliability(figures: Figures, groups: Sequence[Row]) -> str:
    now = figures.now
    told = plural(now["run_count"], "run") + _against(figures, "runs")
    if now["ended_count"]:
        told += (
            f", of which {count(now['error_count'])} of the {count(now['ended_count'])} finished ones failed: an error "
            f"rate of {share(now['error_rate'])}{_against(figures, 'error_rate')}"
        )
    new = [group for group in groups if group["state"] == "new"]
    if new:
        name = f"{new[0]['kind']} {new[0]['subject'] or ''}".strip()
        told += f"; {plural(len(new), 'kind of error was', 'kinds of errors were')} new, the first in {name}"
    return f"{told}."


def _cost(figures: Figures, movers: Sequence[Row]) -> str:
    now = figures.now
    if now["cost_usd"] is None:
        return "What they cost is not known."
    told = f"They cost {shown(now['cost_usd'], 'usd')}{_against(figures, 'cost')}"
    if movers and abs(movers[0]["change_usd"]) > 0:
        first = movers[0]
        name = first["workflow_name"] or NO_WORKFLOW
        told += (
            f"; {name} changed most, by {difference(first['change_usd'], 'usd')}, mainly through {main_driver(first)}"
        )
    p95 = now["p95_duration_ms"]
    if p95 is not None:
        told += f"; 95% of the runs took {shown(p95, 'ms')} or less{_against(figures, 'p95_duration')}"
    return f"{told}."


def _humans(figures: Figures) -> str:
    now = figures.now
    told = []
    if now.get("human_count"):
        told.append(
            f"Humans approved {share(now['approval_rate'])} of the {count(now['human_count'])} actions that they "
            f"decided on{_against(figures, 'approval_rate')}, in {shown(now['p50_wait_ms'], 'ms')} at the median"
        )
    else:
        told.append("No human decided on an action")
    if now["reviewed_count"]:
        told.append(
            f"corrected {count(now['corrected_count'])} of {plural(now['reviewed_count'], 'reviewed run')} "
            f"({share(now['correction_rate'])}{_against(figures, 'correction_rate', in_brackets=False)})"
        )
    return f"{', and '.join(told)}."


def _against(figures: Figures, name: str, *, in_brackets: bool = True) -> str:
    """How it stood the week before, if that is known."""
    kind: Kind = kind_of(name)
    before = None if figures.before is None else kind.value(figures.before)
    if before is None:
        return ""
    told = f"week before {shown(before, kind.unit)}"
    return f" ({told})" if in_brackets else f", {told}"
