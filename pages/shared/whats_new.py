"""What changed in a window, in words: each line is put together from typed parts and leads to the runs behind it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import polars as pl
import streamlit as st

from pages.shared import menu, spikes
from pages.shared.filters import rfc_3339
from pages.shared.format import cost, count, local_time, one_line, percent, plural
from queries.drivers import BEFORE, USUAL, why
from queries.words import signed, usd

# Of each sort, so many lines; the rest is on the page that the line leads to.
MOST_LINES = 5
# A workflow's change of cost is worth a line from this part of all cost on.
LEAST_COST_SHARE, LEAST_COST_USD = 0.05, 0.01

Colour = Literal["red", "orange", "blue", "green", "violet", "gray"]


@dataclass(frozen=True)
class Line:
    """One thing that changed: what sort it is, in plain words, and the page and narrowing of its runs."""

    sort: str
    colour: Colour
    words: str
    entry: menu.Entry
    narrowing: Mapping[str, str]


def draw(lines: list[Line]) -> None:
    """One row a line."""
    st.subheader("What changed")
    if not lines:
        st.caption("No new errors, no cost or route that moved, no release.")
        return
    for line in lines:
        sort, words, way = st.columns([3, 18, 2], gap="small", vertical_alignment="center")
        sort.badge(line.sort, color=line.colour)
        words.text(line.words)
        way.page_link(
            line.entry.script,
            label="Runs",
            icon=":material/arrow_forward:",
            query_params={**menu.to(line.entry), **line.narrowing},
        )


def of_releases(releases: pl.DataFrame) -> Iterator[Line]:
    """The first bad release of `error_releases`."""
    for row in releases.filter("is_first_bad").iter_rows(named=True):
        failed_before, ended_before = row["previous_error_count"], row["previous_ended_count"]
        words = (
            f"{one_line(row['service_name'], 60)} {one_line(row['service_version'], 60)}: "
            f"{percent(row['compared_error_count'], row['compared_ended_count'])} of "
            f"{plural(row['compared_ended_count'], 'run')} ended in error, "
            f"with {one_line(row['previous_version'], 60)} "
            f"{percent(failed_before, ended_before)} of {count(ended_before)}"
        )
        narrowing = {"release": row["service_version"], "status": "error"} | _named("service", row["service_name"])
        yield Line("bad release", "red", words, menu.RUNS, narrowing)


def of_errors(groups: pl.DataFrame) -> Iterator[Line]:
    """The regressed and new groups of `error_groups`, those with the most runs first."""
    for state, colour in (("regressed", "red"), ("new", "orange")):
        for row in groups.filter(state=state).head(MOST_LINES).iter_rows(named=True):
            said = one_line(": ".join(part for part in (row["error_type"], row["pattern"]) if part), 160).rstrip(".")
            resolved = f", after it was resolved{_in(row['resolved_in'])}" if state == "regressed" else ""
            words = f"{one_line(row['subject'] or row['kind'], 60)}: {said}{resolved}; {_affected(row)}"
            yield Line(f"{state} error", colour, words, menu.ERRORS, {"group": row["fingerprint"]})  # type: ignore[arg-type]


def of_cost(movers: pl.DataFrame, found: pl.DataFrame, zone: str) -> Iterator[Line]:
    """Workflows of `cost_movers` whose change matters, and the spikes of `cost_spikes`, each with the reasons."""
    least = max(
        LEAST_COST_USD, LEAST_COST_SHARE * max(float(movers["cost_usd"].sum()), float(movers["cost_before_usd"].sum()))
    )
    for row in movers.filter(pl.col("change_usd").abs() >= least).head(MOST_LINES).iter_rows(named=True):
        words = (
            f"{one_line(row['workflow_name'] or 'no workflow', 80)} {signed(row['change_usd'], usd)}: "
            f"{cost(row['cost_usd'])} instead of {cost(row['cost_before_usd'])}; {why(row, BEFORE)}"
        )
        narrowing = {"sort": "dearest"} | _named("workflow", row["workflow_name"])
        yield Line("cost moved", "violet", words, menu.RUNS, narrowing)
    for row in found.head(MOST_LINES).iter_rows(named=True):
        words = (
            f"{one_line(row['workflow_name'] or 'no workflow', 80)} +{cost(row['excess_usd'])} over what is usual, "
            f"{_when(row['slot_at'], zone)}: {why(row, USUAL)}"
        )
        yield Line("cost spike", "violet", words, menu.RUNS, {"sort": "dearest"} | spikes.behind_spike(row))


def of_routes(changes: pl.DataFrame, since: datetime | None, zone: str) -> Iterator[Line]:
    """The rows of `route_changes` that started in the window."""
    started = changes if since is None else changes.filter(pl.col("started_at") >= since)
    for row in started.head(MOST_LINES).iter_rows(named=True):
        words = (
            f"{one_line(row['requested_model'], 60)} is answered by {one_line(row['served_model'], 60)} since "
            f"{_when(row['started_at'], zone)}: {count(row['call_count'])} of "
            f"{plural(row['answered_count'], 'answer')}, in {plural(row['run_count'], 'run')}"
        )
        yield Line("route drifted", "blue", words, menu.RUNS, {"model": row["served_model"]})


def of_changes(changes: pl.DataFrame, zone: str) -> Iterator[Line]:
    """Rollbacks and then the newest releases and other changes of `changes`."""
    is_rollback = pl.col("change_kind") == "rollback"
    shown = pl.concat([changes.filter(is_rollback), changes.filter(~is_rollback)]).head(2 * MOST_LINES)
    for row in shown.iter_rows(named=True):
        is_service = row["change_subject"] == "service"
        subject = "" if is_service or not row["change_subject"] else f"{one_line(row['change_subject'], 30)} "
        versions = " → ".join(one_line(name, 60) for name in (row["changed_from"], row["changed_to"]) if name)
        told = "" if row["evidence"] == "explicit" else " (seen by its first run)"
        words = (
            f"{subject}{one_line(row['change_name'] or row['service_name'], 80)} {versions}, "
            f"{_when(row['changed_at'], zone)}{told}; {plural(row['run_count'], 'run')} since then"
        )
        since = {"window": "custom", "since": rfc_3339(row["changed_at"])}
        release = _named("release", row["changed_to"]) if is_service else {}
        colour: Colour = "orange" if row["change_kind"] == "rollback" else "gray"
        narrowing = since | _named("service", row["service_name"]) | release
        yield Line(one_line(row["change_kind"], 30), colour, words, menu.RUNS, narrowing)


def _named(name: str, value: str | None) -> dict[str, str]:
    return {name: value} if value else {}


def _affected(row: Mapping[str, Any]) -> str:
    """The runs with an error, and how many of them it ended."""
    failed, runs = row["failed_run_count"], plural(row["run_count"], "run")
    if not failed:
        return runs
    return f"{runs}, which ended in error" if failed == row["run_count"] else f"{runs}, {count(failed)} ended in error"


def _in(release: str | None) -> str:
    return f" in {one_line(release, 60)}" if release else ""


def _when(at: datetime, zone: str) -> str:
    return local_time(at, zone)[:-3]  # to the minute
