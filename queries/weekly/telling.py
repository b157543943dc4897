"""The week in three sentences: how reliable it was, what it cost, and what humans made of it."""

from collections.abc import Sequence

from queries.drivers import WEEK_BEFORE, main_driver
from queries.weekly.asking import Inquiry, Row
from queries.weekly.failing import where
from queries.weekly.figures import Figures, kind_of
from queries.weekly.spending import NO_WORKFLOW
from queries.weekly.wording import difference, shown
from queries.words import count, plural, share


def summary(
    inquiry: Inquiry, figures: Figures, groups: Sequence[Row], movers: Sequence[Row], missed: int
) -> list[str]:  # fmt: skip
    """Three sentences; one of a week in which nothing ran. `missed` objectives are told of."""
    if not figures.now.get("run_count"):
        whose = f" of {inquiry.workflow}" if inquiry.workflow else ""
        return [f"No run{whose} began in week {inquiry.week.name}, so there is nothing to report."]
    is_over = inquiry.made_ns >= inquiry.week.until_ns
    return [_reliability(figures, groups, missed, is_over), _cost(figures, movers, is_over), _humans(figures, is_over)]


def _reliability(figures: Figures, groups: Sequence[Row], missed: int, is_over: bool) -> str:
    now = figures.now
    told = plural(now["run_count"], "run") + _against(figures, "runs", is_over, " the week before")
    if now["ended_count"]:
        whole = "" if now["ended_count"] == now["run_count"] else f" of the {count(now['ended_count'])} finished ones"
        told += (
            f"; {count(now['error_count'])}{whole} failed, an error rate of {share(now['error_rate'])}"
            f"{_against(figures, 'error_rate', is_over)}"
        )
    if new := [group for group in groups if group["state"] == "new"]:
        kinds = plural(len(new), "kind of error is", "kinds of errors are")
        told += f"; {kinds} new{', most often' if len(new) > 1 else ','} in {where(new[0])}"
    if missed:
        told += f"; {plural(missed, 'objective was', 'objectives were')} missed"
    return f"{told}."


def _cost(figures: Figures, movers: Sequence[Row], is_over: bool) -> str:
    now = figures.now
    if now["cost_usd"] is None:
        told = "What they cost is not known"
    else:
        told = f"They cost {shown(now['cost_usd'], 'usd')}{_against(figures, 'cost', is_over)}"
    if movers and abs(movers[0]["change_usd"]) > 0:
        first = movers[0]
        name, change = first["workflow_name"] or NO_WORKFLOW, difference(first["change_usd"], "usd")
        told += f"; the largest change is that of {name}, {change}, mainly through {main_driver(first, WEEK_BEFORE)}"
    p95 = now["p95_duration_ms"]
    if p95 is not None:
        told += f"; 95% of them took {shown(p95, 'ms')} or less{_against(figures, 'p95_duration', is_over)}"
    return f"{told}."


def _humans(figures: Figures, is_over: bool) -> str:
    now = figures.now
    told, they = "No human decided on an action", "humans"
    if now.get("human_count"):
        they = "they"
        told = (
            f"Humans approved {count(now['yes_count'])} of the {plural(now['human_count'], 'action')} they decided on, "
            f"{share(now['approval_rate'])}{_against(figures, 'approval_rate', is_over)}"
        )
        if now["p50_wait_ms"] is not None:
            told += f", half of them within {shown(now['p50_wait_ms'], 'ms')}"
    if now["reviewed_count"]:
        told += (
            f"; {they} corrected {count(now['corrected_count'])} of the {plural(now['reviewed_count'], 'run')} they "
            f"reviewed, {share(now['correction_rate'])}{_against(figures, 'correction_rate', is_over)}"
        )
    return f"{told}."


def _against(figures: Figures, name: str, is_over: bool, when: str = "") -> str:
    """How it stood the week before, if that is known; an open week is neither up nor down yet."""
    kind = kind_of(name)
    before = None if figures.before is None else kind.value(figures.before)
    if before is None:
        return ""
    was = shown(before, kind.unit)
    if not is_over:
        return f" ({was} in all of the week before)"
    now, change = shown(kind.value(figures.now), kind.unit), figures.change(kind) or 0
    return f", {'as' if was == now else 'up from' if change > 0 else 'down from'} {was}{when}"
