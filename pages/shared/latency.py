"""How long things take: the numbers, where the time goes, and the ways from there to the runs."""

from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st

from pages.shared import behind, buckets, figures_latency, links, rows
from pages.shared.format import DASH, STATUS_LABELS, count, duration, percent, plural

GROUPINGS = ("step", "model", "tool")
PARTS = ("p50", "p95", "p99")
SLOWEST = {"working": "without waits for humans", "total": "waits for humans included"}
_CHART = {"displayModeBar": False}
_DRAWN_MODELS = 10
_LEAST_CHANGE = 0.005  # less is no percent


def draw_totals(totals: pl.DataFrame, kinds: pl.DataFrame, first_tokens: pl.DataFrame) -> None:
    """The numbers of the window, each against the window before, if there is one."""
    periods = {row["window"]: row for row in totals.iter_rows(named=True)}
    now, before = periods["asked"], periods.get("before", {})
    with st.grid(6, min_column_width=130, gap="small"):
        _time(
            "Median run", "p50_duration_ms", now, before, f"Of {plural(now['timed_run_count'], 'run')} half took longer"
        )
        _time("p95 run", "p95_duration_ms", now, before, "One run in twenty took longer")
        _time("p99 run", "p99_duration_ms", now, before, "One run in a hundred took longer")
        _time("Slowest run", "max_duration_ms", now, before, "With all that it waited for")
        waits = kinds.filter(kind="human_wait")
        asking = waits["run_count"][0] if waits.height else 0
        timed = kinds["timed_run_count"][0] if kinds.height else 0
        st.metric(
            "Waiting for humans",
            f"{waits['share'][0]:.1%}" if waits.height else ("0.0%" if timed else DASH),
            f"in {count(asking)} of {plural(timed, 'run')}",
            delta_color="off",
            delta_arrow="off",
            help="The part of the runs' time in which a question to a human was open and nothing else was waited for",
        )
        _first_token(first_tokens)


def _time(label: str, column: str, now: Mapping[str, Any], before: Mapping[str, Any], meaning: str) -> None:
    ms, ms_before = now[column], before.get(column)
    change = ms / ms_before - 1 if ms is not None and ms_before else None
    is_same = change is not None and abs(change) < _LEAST_CHANGE
    st.metric(
        label,
        duration(ms),
        None if change is None else "as before" if is_same else f"{change:+.0%}",
        delta_color="off" if is_same else "inverse",
        delta_arrow="off" if is_same else "auto",
        help=f"{meaning}; waits for humans included. In the window before: {duration(ms_before)}",
    )


def _first_token(first_tokens: pl.DataFrame) -> None:
    told = first_tokens.filter(pl.col("ttft_count") > 0)
    st.metric(
        "Median first token",
        duration(told["p50_ttft_ms"][0]) if told.height else DASH,
        f"of {plural(told['ttft_count'][0], 'call')}" if told.height else None,
        delta_color="off",
        delta_arrow="off",
        help="Of the model with most calls that tell; it and the others are in a chart below",
    )


def draw_kinds(kinds: pl.DataFrame) -> None:
    """Where the time of runs goes, but for waits for humans; a click on a bar leads to the slowest runs."""
    st.subheader("Where a run's time goes")
    working = kinds.filter(pl.col("kind") != "human_wait", pl.col("total_ms") > 0)
    if working.is_empty():
        st.caption("No run of this window has ended.")
        return

    def open_bar() -> None:
        if st.session_state["time_by_kind"].selection.points:
            links.open_runs(sort="slowest")

    st.plotly_chart(
        figures_latency.time_by_kind(working),
        key="time_by_kind",
        on_select=open_bar,
        selection_mode="points",
        config=_CHART,
        alt="The share of each kind of step in the runs' time without waits for humans; the same as a table below",
    )
    st.caption(_of_runs(kinds))
    behind.draw("time_by_kind", kinds)


def _of_runs(kinds: pl.DataFrame) -> str:
    timed, ended = kinds["timed_run_count"][0], kinds["ended_count"][0]
    looked_at = f"{count(timed)} of {plural(ended, 'run')}" if timed < ended else plural(ended, "run")
    return (
        f"Of {looked_at} that ended, without waits for humans. Each moment goes to the one step that the run "
        "waited for, so steps side by side are not counted twice."
    )


def draw_heatmap(ranges: pl.DataFrame, zone: str) -> None:
    """How many runs took how long, over time; a click on a cell leads to the runs of its time, the slowest first."""
    st.subheader("How long runs took")
    if ranges.is_empty():
        st.caption("No run of this window has a duration yet.")
        return

    def open_cell() -> None:
        points = st.session_state["heatmap"].selection.points
        if points and points[0].get("customdata") is not None:
            links.open_runs(sort="slowest", **buckets.window(ranges.row(int(points[0]["customdata"]), named=True)))

    st.plotly_chart(
        figures_latency.heatmap(ranges, zone),
        key="heatmap",
        on_select=open_cell,
        selection_mode="points",
        config=_CHART,
        alt="How many runs took how long, over time; the same as a table below",
    )
    behind.draw("latency_heatmap", ranges)


def draw_trend(trend: pl.DataFrame, by: str, part: str, zone: str) -> None:
    """A percentile of the durations of the values that took longest, over time; a click leads to the runs."""
    if trend.is_empty():
        st.caption(f"No {by} of these runs has a duration.")
        return

    def open_point() -> None:
        points = st.session_state["latency_trend"].selection.points
        if points:
            row = trend.row(int(points[0]["customdata"]), named=True)
            links.open_runs(sort="slowest", **buckets.window(row), **_narrowing(row, by))

    st.plotly_chart(
        figures_latency.over_time(trend, by, part, zone),
        key="latency_trend",
        on_select=open_point,
        selection_mode="points",
        config=_CHART,
        alt=f"{part} duration over time by {by}; the same as a table below",
    )
    behind.draw("latency_trend", trend)


def draw_steps(steps: pl.DataFrame, by: str) -> None:
    """One row a step, model or tool; a click on any cell leads to the runs with it, the slowest first."""
    if steps.is_empty():
        return
    labels = [figures_latency.value_label(row, by) for row in steps.iter_rows(named=True)]
    shown = steps.select(
        rows.words(pl.DataFrame({"value": labels}), "value", 120),
        pl.col("total_ms") / 60_000,
        *(pl.col(f"{part}_ms") / 1000 for part in PARTS),
        (100 * (pl.col("p95_ms") / pl.col("p95_ms_before") - 1)).alias("change"),
        pl.col("max_ms") / 1000,
        *("step_count", "run_count", "error_count", "kind"),
    )
    columns = {
        "value": rows.text(by.capitalize(), 245),
        "kind": rows.text("Kind", 75),
        "step_count": rows.number("Steps", "That ended, with ok or error, and have a duration"),
        "run_count": rows.number("Runs", "Runs with it"),
        "error_count": rows.number("Failed", "Steps that ended in an error"),
        **{f"{part}_ms": rows.seconds(part, 2) for part in PARTS},
        "max_ms": rows.seconds("Longest", 2),
        "change": st.column_config.NumberColumn(
            "p95 change", format="%+.1f %%", width=90, help="Against the window before; a dash: nothing then"
        ),
        "total_ms": rows.minutes("In all", "All steps together, those side by side too"),
    }

    def open_row(row: int) -> None:
        links.open_runs(sort="slowest", **_narrowing(steps.row(row, named=True), by))

    what = f"rows by {by}, those that took longest in all first; choosing a cell opens their runs"
    rows.choosing(f"latency_by_{by}", what, shown, columns, open_row)
    behind.draw("latency_by", steps)


def _narrowing(row: Mapping[str, Any], by: str) -> dict[str, str]:
    if by != "step":
        return {by: row["value"]} if row["value"] is not None else {}
    return {"agent": row["agent_name"]} if row["agent_name"] else {}


def draw_first_tokens(first_tokens: pl.DataFrame) -> None:
    """The time to the first token by model; a click on a model leads to its runs."""
    st.subheader("Time to first token")
    told = first_tokens.filter(pl.col("ttft_count") > 0).head(_DRAWN_MODELS)
    if told.is_empty():
        st.caption("No model call of these runs tells when its first token came.")
        return

    def open_model() -> None:
        points = st.session_state["first_token"].selection.points
        if points and (model := told["model"][int(points[0]["customdata"])]) is not None:
            links.open_runs(model=model, sort="slowest")

    st.plotly_chart(
        figures_latency.first_tokens(told),
        key="first_token",
        on_select=open_model,
        selection_mode="points",
        config=_CHART,
        alt="p50, p95 and p99 of the time to the first token by model; the same as a table below",
    )
    behind.draw("first_token", first_tokens)


def draw_slowest(paths: pl.DataFrame, slow: str, project: str, zone: str) -> None:
    """A bar a run, made of the steps that it waited for: a click opens the run at the step; and the runs as a table."""
    if paths.is_empty():
        st.caption("No run of this window has ended.")
        return
    drawn = paths if slow == "total" else paths.filter(pl.col("kind") != "human_wait")

    def open_step() -> None:
        points = st.session_state[f"slowest_{slow}"].selection.points
        if points:
            row = drawn.row(int(points[0]["customdata"]), named=True)
            links.open_run(project, row["run_id"], row["step_id"])

    st.plotly_chart(
        figures_latency.slowest_runs(drawn),
        key=f"slowest_{slow}",
        on_select=open_step,
        selection_mode="points",
        config=_CHART,
        alt="What each of the slowest runs waited for, in order; the same as a table below",
    )
    _draw_runs(paths, project, zone)
    behind.draw("slowest_runs", paths)


def _draw_runs(paths: pl.DataFrame, project: str, zone: str) -> None:
    is_rest = pl.col("kind") == "rest"
    ordered = paths.sort("run_place", is_rest, "own_ms", descending=[False, False, True], maintain_order=True)
    runs = ordered.group_by("run_id", maintain_order=True).first()
    shown = runs.select(
        "started_at",
        rows.words(runs, pl.coalesce("run_name", "run_id"), 100).alias("run_name"),
        pl.col("status").replace(STATUS_LABELS),
        pl.col("duration_ms") / 1000,
        pl.col("working_ms") / 1000,
        pl.col("human_wait_ms") / 1000,
        pl.Series("longest", [_longest(row) for row in runs.iter_rows(named=True)], dtype=pl.String),
    )
    columns = {
        "started_at": rows.time("Started", zone),
        "run_name": rows.text("Run", 180),
        "status": rows.text("Status", 95),
        "duration_ms": rows.seconds("Duration", 2),
        "working_ms": rows.seconds("At work", 2),
        "human_wait_ms": rows.seconds("For humans", 2),
        "longest": rows.text("Waited longest for", 320),
    }

    def open_run(row: int) -> None:
        links.open_run(project, runs["run_id"][row], runs["step_id"][row])

    rows.choosing("slowest_runs", "slowest runs; choosing a cell opens the run", shown, columns, open_run)


def _longest(row: Mapping[str, Any]) -> str:
    share = percent(round(row["own_ms"]), round(row["duration_ms"]))
    return f"{figures_latency.step_label(row)}: {duration(row['own_ms'])}, {share}"
