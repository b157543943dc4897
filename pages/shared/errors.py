"""What failed: how often, since which release, in which groups, and what people say of a group."""

from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st

from pages.shared import address, behind, buckets, data, figures_errors, links, login, oversight, rows
from pages.shared.format import DASH, count, local_time, one_line, percent, plain, plural
from queries.client import ApiError

# What a state is called, its colour in tables, and what it means.
STATES = {
    "regressed": ("regressed", "#d3353d", "seen again after somebody resolved it"),
    "new": ("new", "#9a6006", "first seen in this window"),
    "ongoing": ("ongoing", "#2a72c9", "seen in this window and earlier"),
    "gone": ("gone", "#6b7680", "seen in the window before, not in this one"),
}
_CHART = {"displayModeBar": False}
_SHOWN_RELEASES = 3


def draw_totals(totals: pl.DataFrame, groups: pl.DataFrame) -> None:
    """Six numbers of `error_totals` and `error_groups`, and below them what is no error."""
    by_window = {row["window"]: row for row in totals.iter_rows(named=True)}
    now, before = by_window["asked"], by_window.get("before")
    with st.grid(6, min_column_width=240, gap="small"):
        finished = "Of the runs that finished: ok, error or abandoned"
        oversight.rate("Runs in error", now, before, "error_count", "ended_count", "inverse", finished)
        for label, kind, what in (
            ("Failed steps", "step", "steps of every kind"),
            ("Failed tool calls", "tool", "tool calls"),
            ("Failed model calls", "llm", "model calls"),
        ):
            meaning = f"Of the {what} that ended, those with an error; a run may well recover from it"
            oversight.rate(label, now, before, f"{kind}_error_count", f"{kind}_ended_count", "inverse", meaning)
        states = dict(groups.group_by("state").len().iter_rows())
        seen = groups.height - states.get("gone", 0)
        told = "Kinds of failures, by step, tool or model, type and message"
        oversight.number("Groups", count(seen), f"{count(states.get('gone', 0))} gone", meaning=told)
        back = f"{count(states.get('regressed', 0))} regressed"
        is_known = groups["run_count_before"].null_count() < groups.height or groups.is_empty()
        told = "First seen in this window; a dash where too little is known of the time before"
        oversight.number("New groups", count(states.get("new", 0) if is_known else None), back, meaning=told)
    apart = {
        "calls refused": now["refused_count"],
        "calls given up or expired": now["cancelled_count"],
        "questions that wait": now["pending_count"],
        "runs abandoned": now["abandoned_count"],
    }
    st.caption(f"No errors, and counted apart: {', '.join(f'{name} {count(made)}' for name, made in apart.items())}")


def draw_trend(trend: pl.DataFrame, zone: str) -> None:
    """Error rates over time; a click on a point leads to the failed runs that began then."""

    def open_point() -> None:
        points = st.session_state["error_trend"].selection.points
        if points:
            window = buckets.window(trend.row(points[0]["customdata"], named=True))
            links.open_runs(**window, status="error" if points[0]["curve_number"] == 0 else [], sort="most errors")

    st.subheader("Over time")
    st.plotly_chart(
        figures_errors.error_rates(trend, zone),
        key="error_trend",
        on_select=open_point,
        selection_mode="points",
        config=_CHART,
        alt="Error rates of runs, tool calls and model calls over time; the same as a table below",
    )
    behind.draw("error_trend", trend)


def draw_releases(releases: pl.DataFrame, zone: str) -> None:
    """Error rate by release; a click on a row leads to its failed runs."""
    st.subheader("Releases")
    shown = releases.select(
        rows.words(releases, "service_name", 60),
        rows.words(releases, "service_version", 60),
        pl.when("is_first_bad").then(pl.lit("first bad")).when("is_worse").then(pl.lit("worse")).alias("verdict"),
        pl.col("error_rate") * 100,
        "error_count",
        "ended_count",
        rows.words(releases, "previous_version", 60),
        pl.col("previous_error_rate") * 100,
        "first_run_at",
        "last_run_at",
    )
    columns = {
        "service_name": rows.text("Service", 150),
        "service_version": rows.text("Release", 110),
        "verdict": rows.text("Verdict", 85),
        "error_rate": rows.percent("Error rate", "Of its finished runs in this window"),
        "error_count": rows.number("In error", "Runs that ended in error"),
        "ended_count": rows.number("Finished", "Runs that finished"),
        "previous_version": rows.text("Before it", 110),
        "previous_error_rate": rows.percent("Rate before", "Of the release before it, in both windows"),
        "first_run_at": rows.moment("First run", zone),
        "last_run_at": rows.moment("Last run", zone),
    }

    def open_runs(row: int) -> None:
        links.open_runs(**_of_release(releases.row(row, named=True)))

    rows.choosing("error_releases", "releases; choosing a cell opens their failed runs", shown, columns, open_runs)
    behind.draw("error_releases", releases)


def draw_first_bad(releases: pl.DataFrame, zone: str) -> None:
    """The first release that fails significantly more often than the one before it, with the way to its failed runs."""
    bad = releases.filter("is_first_bad")
    if bad.is_empty():
        return
    row = bad.row(0, named=True)
    failed_before, ended_before = row["previous_error_count"], row["previous_ended_count"]
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.text(
            f"First bad release: {_release(row)}, since {local_time(row['first_run_at'], zone)}. "
            f"{percent(row['compared_error_count'], row['compared_ended_count'])} of "
            f"{plural(row['compared_ended_count'], 'run')} ended in error; "
            f"with {one_line(row['previous_version'], 60)} it was "
            f"{percent(failed_before, ended_before)} of {count(ended_before)}."
        )
        st.button(
            "Its failed runs",
            key="first_bad",
            icon=":material/arrow_forward:",
            type="tertiary",
            on_click=links.open_runs,
            kwargs=_of_release(row),
        )
    worse = releases.filter("is_worse", ~pl.col("is_first_bad")).head(_SHOWN_RELEASES)
    if worse.height:
        st.text("Worse than the one before it, too: " + ", ".join(_release(row) for row in worse.to_dicts()))


def _release(row: Mapping[str, Any]) -> str:
    return f"{one_line(row['service_name'], 60)} {one_line(row['service_version'], 60)}"


def _of_release(row: Mapping[str, Any]) -> dict[str, str]:
    service = {"service": row["service_name"]} if row["service_name"] else {}
    return {"release": row["service_version"], "status": "error", **service}


def draw_groups(groups: pl.DataFrame, zone: str) -> None:
    """One row a group, of the chosen state; a click on a row opens the group below."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Groups")
        state = address.text("state", among=STATES) or None
        st.pills("State", list(STATES), label_visibility="collapsed", help=_meanings(), **address.bound("state", state))
    listed = groups.filter(state=state) if state else groups
    if listed.is_empty():
        st.caption(f"No group is {state}." if state else "No step of these runs failed.")
        behind.draw("error_groups", groups)
        return
    shown = listed.select(
        pl.concat_list("state").alias("state"),
        rows.words(listed, pl.coalesce("subject", "kind"), 60).alias("subject"),
        rows.words(listed, _said(), 200).alias("error"),
        "run_count",
        (pl.col("run_count").cast(pl.Int64) - pl.col("run_count_before").cast(pl.Int64)).alias("change"),
        "failed_run_count",
        "trend",
        "last_seen_at",
        "first_seen_at",
        rows.words(listed, pl.col("releases").list.join(", "), 80).alias("releases"),
        rows.words(listed, "assigned_to", 60),
        rows.words(listed, _resolved(), 60).alias("resolved"),
    )
    columns = {
        "state": st.column_config.MultiselectColumn(
            "State", width=90, options=list(STATES), color=[colour for _, colour, _ in STATES.values()]
        ),
        "subject": rows.text("At", 125),
        "error": rows.text("Error", 270),
        "run_count": rows.number("Runs", "Runs of this window with this error"),
        "change": rows.change("Change", "Runs, against the window before"),
        "trend": st.column_config.BarChartColumn(
            "Over time", width=110, y_min=0, help="Runs with it, bucket by bucket"
        ),
        "failed_run_count": rows.number("In error", "Runs with it that ended in error; the others recovered"),
        "first_seen_at": rows.moment("First seen", zone),
        "last_seen_at": rows.moment("Last seen", zone),
        "releases": rows.text("Releases", 130),
        "assigned_to": rows.text("Assigned to", 100),
        "resolved": rows.text("Resolved", 100),
    }

    def open_group(row: int) -> None:
        address.change(group=listed["fingerprint"][row])

    rows.choosing("error_groups", "groups; choosing a cell shows its runs below", shown, columns, open_group)
    behind.draw("error_groups", groups)


def _meanings() -> str:
    return "; ".join(f"{label}: {meaning}" for label, _, meaning in STATES.values())


def _said() -> pl.Expr:
    return pl.concat_str("error_type", "pattern", separator=": ", ignore_nulls=True)


def _resolved() -> pl.Expr:
    in_release = pl.concat_str(pl.lit("in "), "resolved_in")
    return pl.when("is_resolved").then(pl.coalesce(in_release, pl.lit("yes")))


def draw_group(group: Mapping[str, Any], marks: pl.DataFrame, zone: str) -> None:
    """What one group is, and what people said of it."""
    st.subheader("One group")
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(gap="xxsmall", key="error_group"):
            st.text(f"{group['kind']} {one_line(group['subject'] or '', 80)} · {group['state']}")
            st.text(f"{one_line(group['error_type'], 100)}: {one_line(group['pattern'], 400)}")
        st.button("Close", key="close_group", icon=":material/close:", type="tertiary", on_click=_close)
    st.caption("As it was said last")
    st.code(plain(group["example"]), language=None, wrap_lines=True)
    facts = {
        "first seen": local_time(group["first_seen_at"], zone),
        "last seen": local_time(group["last_seen_at"], zone),
        "agents": _listed(group["agents"]),
        "workflows": _listed(group["workflows"]),
        "releases": _listed(group["releases"]),
    }
    st.text(" · ".join(f"{name} {value}" for name, value in facts.items()))
    for row in marks.iter_rows(named=True):
        st.text(f"{local_time(row['marked_at'], zone)}  {mark_line(row)}")


def mark_line(row: Mapping[str, Any]) -> str:
    """One line: what a person said of a group, and who, if known."""
    assigned = row["assigned_to"]
    parts = [
        "" if assigned is None else f"assigned to {one_line(assigned, 80)}" if assigned else "assigned to nobody",
        {"resolved": "resolved", "open": "open again"}.get(row["marked_state"], ""),
        f"in {one_line(row['resolved_in'], 80)}" if row["resolved_in"] else "",
        f"“{one_line(row['note'], 500)}”" if row["note"] else "",
        f"by {one_line(row['marked_by'], 80)}" if row["marked_by"] else "",
    ]
    return " ".join(part for part in parts if part)


def draw_group_runs(runs: pl.DataFrame, project: str, zone: str) -> None:
    """The runs that a group affects; a click on one opens it at the step that failed."""
    if runs.is_empty():
        st.caption("No run of this window has it any more.")
        return
    shown = runs.select(
        "failed_at",
        rows.words(runs, "run_name", 100),
        "status",
        rows.words(runs, "error_message", 300),
        "error_count",
        rows.words(runs, "agent_name", 80),
        rows.words(runs, "service_version", 60),
        rows.words(runs, "user_id", 60),
    )
    columns = {
        "failed_at": rows.time("Failed", zone),
        "run_name": rows.text("Run", 160),
        "status": rows.text("Run's status", 90),
        "error_message": rows.text("Error", 380),
        "error_count": rows.number("Times", "Failed steps of this group in the run"),
        "agent_name": rows.text("Agent", 130),
        "service_version": rows.text("Release", 100),
        "user_id": rows.text("User", 110),
    }

    def open_step(row: int) -> None:
        links.open_run(project, runs["run_id"][row], runs["step_id"][row])

    rows.choosing("error_runs", "runs; choosing a cell opens the run at its failed step", shown, columns, open_step)
    behind.draw("error_runs", runs)


def draw_marking(project: str, group: Mapping[str, Any]) -> None:
    """A form in a popover that says of a group who sees to it, whether it is resolved, and a note."""
    if not login.may("review"):
        return
    with st.popover("Assign, resolve, note", icon=":material/flag:", key="marking"):
        with st.form("mark", clear_on_submit=True, border=False):
            st.text_input(
                "Assigned to",
                value=group["assigned_to"] or "",
                max_chars=128,
                key="mark_assigned_to",
                help="A reference that your team knows; empty for nobody",
            )
            st.selectbox(
                "State", ["open", "resolved"], index=int(group["is_resolved"]), key="mark_state", help=_RESOLVING
            )
            st.text_input("Resolved in release", max_chars=128, key="mark_release", placeholder="any later time")
            st.text_area("Note", height=80, max_chars=500, key="mark_note")
            st.form_submit_button("Record", type="primary", on_click=_mark, args=(project, dict(group)))
        if problem := st.session_state.pop("not_marked", None):
            st.error("This was not recorded:")
            st.text(plain(problem))


_RESOLVING = "Resolved in a release, it counts as regressed when that release or a newer one fails so again"


def _mark(project: str, group: Mapping[str, Any]) -> None:
    state = st.session_state
    assigned, release = state["mark_assigned_to"].strip(), state["mark_release"].strip()
    told: dict[str, str] = {}
    if assigned != (group["assigned_to"] or ""):
        told["assigned_to"] = assigned
    if state["mark_state"] != ("resolved" if group["is_resolved"] else "open") or group["state"] == "regressed":
        told["state"] = state["mark_state"]
    if release:
        told |= {"state": "resolved", "release": release}
    if note := state["mark_note"].strip():
        told["note"] = note
    if not told:
        return
    try:
        data.client().mark_error(project=project, fingerprint=group["fingerprint"], source="app", **told)
    except ApiError as error:
        state["not_marked"] = str(error)
        return
    data.forget()


def _close() -> None:
    address.change(group=None)


def _listed(names: list[str] | None) -> str:
    return ", ".join(one_line(name, 60) for name in names or ()) or DASH
