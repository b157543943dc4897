"""What tools did: the numbers, a row a tool, what models asked for in vain, and the log of calls."""

from typing import Literal

import polars as pl
import streamlit as st

from pages.shared import address, behind, figures_tools, links, rows
from pages.shared.format import STATUS_LABELS, count, percent, plural

DRAWN_TOOLS = 12
_CHART = {"displayModeBar": False}
_CHANGES: dict[str, Literal["inverse"]] = {
    "error_count": "inverse",
    "timeout_count": "inverse",
    "retry_count": "inverse",
}
# The columns of `proposed_outcomes` by the figure's names for them.
_OUTCOME_COUNTS = {
    "ok": "ok_count",
    "error": "error_count",
    "denied": "refused_count",
    "cancelled": "cancelled_count",
    "never_ran": "never_ran_count",
    "open": "open_count",
}


def draw_numbers(stats: pl.DataFrame, outcomes: pl.DataFrame) -> None:
    """Six numbers over all tools of `tool_stats` and `proposed_outcomes`, against the window before if known."""
    now = {name: int(stats[name].sum()) for name in stats.columns if name.endswith("_count")}
    proposed, never_ran = int(outcomes["proposed_count"].sum()), int(outcomes["never_ran_count"].sum())
    with st.grid(6, min_column_width=240, gap="small"):
        _number("Calls", "call_count", stats, now, f"{count(now['unstarted_count'])} more never began")
        _error_rate(stats, now)
        _number("Timeouts", "timeout_count", stats, now, "Failed calls whose error says that time ran out")
        _number("Refused", "refused_count", stats, now, "By a person, a policy or a guardrail; no errors")
        _number("Retries", "retry_count", stats, now, "The same arguments again in a run, right after they failed")
        st.metric(
            "Never ran",
            count(never_ran),
            f"of {count(proposed)} asked for",
            delta_color="off",
            delta_arrow="off",
            help="Calls that a model asked for and that nothing ran, refused or cancelled",
        )


def draw_charts(stats: pl.DataFrame) -> None:
    """Outcomes and durations of the tools called most; a click on a bar narrows the log to its calls."""
    top = stats.filter(pl.col("call_count") + pl.col("unstarted_count") > 0).head(DRAWN_TOOLS)
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader("Calls")
        counts = top.select(
            "tool_name",
            ok=pl.col("ended_count") - pl.col("error_count"),
            error="error_count",
            denied="refused_count",
            cancelled="cancelled_count",
        )
        _narrowing_chart("calls_by_outcome", counts)
    with right:
        st.subheader("Duration")
        st.plotly_chart(
            figures_tools.latency_by_tool(top.filter(pl.col("p50_duration_ms").is_not_null())),
            config=_CHART,
            alt="p50, p95 and p99 duration of the tools called most; the table has the same",
        )
    if top.height < stats.height:
        st.caption(f"The {top.height} tools called most; the table has all {count(stats.height)}.")


def draw_table(stats: pl.DataFrame, zone: str) -> None:
    """One row a tool; a click on any cell leads to the runs that called it."""
    shown = stats.select(
        rows.words(stats, "tool_name", 80),
        "call_count",
        (pl.col("call_count") - pl.col("call_count_before")).alias("change"),
        "run_count",
        pl.col("error_rate") * 100,
        *(pl.col(f"{name}_duration_ms") / 1000 for name in ("p50", "p95", "p99")),
        *("error_count", "timeout_count", "retry_count", "refused_count", "cancelled_count"),
        "peak_calls_per_minute",
        "first_seen_at",
        "last_seen_at",
        rows.words(stats, pl.col("mcp_servers").list.join(", "), 80).alias("mcp_servers"),
    )
    columns = {
        "tool_name": rows.text("Tool", 145),
        "call_count": rows.number("Calls", "Calls with a step of their own"),
        "change": rows.change("Change", "Against the window before"),
        "run_count": rows.number("Runs", "Runs that called it"),
        "error_rate": rows.percent("Error rate", "Failed / ended"),
        "error_count": rows.number("Failed", "Calls that ended in an error"),
        "timeout_count": rows.number("Timeouts", "Failed calls whose error says that time ran out"),
        "refused_count": rows.number("Refused", "Before they began, or by the tool"),
        "cancelled_count": rows.number("Cancelled", "Given up, or their approval expired"),
        "retry_count": rows.number("Retries", "The same arguments again in a run, right after they failed"),
        **{f"{name}_duration_ms": rows.seconds(name, 2) for name in ("p50", "p95", "p99")},
        "peak_calls_per_minute": rows.number("Peak / min", "Most calls that began in one minute"),
        "first_seen_at": rows.time("First seen", zone),
        "last_seen_at": rows.time("Last seen", zone),
        "mcp_servers": rows.text("MCP server", 120),
    }

    def open_runs(row: int) -> None:
        links.open_runs(tool=stats["tool_name"][row])

    st.subheader("Tools")
    rows.choosing("tool_stats", "tools; choosing a cell opens the runs that called it", shown, columns, open_runs)
    behind.draw("tool_stats", stats)


def draw_proposals(outcomes: pl.DataFrame, in_vain: pl.DataFrame, project: str, zone: str) -> None:
    """What became of the calls that models asked for, and those in vain; a click on one opens its run at the step."""
    st.subheader("Asked for and executed")
    if outcomes.is_empty():
        st.caption("No message of these runs tells of calls that a model asked for; their content may not be recorded.")
        return
    left, right = st.columns([2, 3], gap="medium")
    with left:
        counts = outcomes.select("tool_name", **_OUTCOME_COUNTS).head(DRAWN_TOOLS)
        st.plotly_chart(
            figures_tools.calls_by_outcome(counts),
            config=_CHART,
            alt="What became of the calls that models asked for, by tool; the same as a table below",
        )
    with right:
        _draw_in_vain(in_vain, project, zone)
    behind.draw("proposed_outcomes", outcomes)


def draw_idle(offered: pl.DataFrame, project: str, zone: str) -> None:
    """The tools that models were offered and that never ran; a click on one opens the newest run that offered it."""
    idle = offered.filter("never_ran")
    if idle.is_empty():
        return
    shown = idle.select(
        rows.words(idle, "tool_name", 80), "offered_run_count", "first_offered_at", "last_offered_at", "last_run_id"
    )
    columns = {
        "tool_name": rows.text("Tool", 200),
        "offered_run_count": rows.number("Runs", "Runs in which a model was offered it"),
        "first_offered_at": rows.time("First offered", zone),
        "last_offered_at": rows.time("Last offered", zone),
        "last_run_id": rows.text("Newest run", 250),
    }

    def open_newest(row: int) -> None:
        links.open_run(project, idle["last_run_id"][row])

    st.subheader("Offered, but never ran")
    st.caption(
        f"{count(idle.height)} of {count(offered.height)} tools that models were offered: what is not needed costs "
        "tokens in every call, and is a permission that nobody uses."
    )
    rows.choosing(
        "idle_tools", "tools; choosing a cell opens the newest run that offered it", shown, columns, open_newest
    )
    behind.draw("offered_tools", offered)


def _draw_in_vain(in_vain: pl.DataFrame, project: str, zone: str) -> None:
    if in_vain.is_empty():
        st.caption("Every call that a model asked for ended well, or still may.")
        return
    labels = {name: label for name, (label, _) in figures_tools.OUTCOMES.items()}
    shown = in_vain.select(
        "proposed_at",
        rows.words(in_vain, "tool_name", 80),
        pl.col("outcome").replace(labels),
        rows.words(in_vain, "tool_args", 300),
        rows.words(in_vain, "error_message", 300),
        rows.words(in_vain, "agent_name", 80),
        rows.words(in_vain, "workflow_name", 80),
    )
    columns = {
        "proposed_at": rows.time("Asked", zone),
        "tool_name": rows.text("Tool", 130),
        "outcome": rows.text("Outcome", 85),
        "tool_args": rows.text("Arguments", 230),
        "error_message": rows.text("Error or reason", 230),
        "agent_name": rows.text("Agent", 120),
        "workflow_name": rows.text("Workflow", 130),
    }

    def open_step(row: int) -> None:
        links.open_run(project, in_vain["run_id"][row], in_vain["step_id"][row])

    what = "calls asked for in vain; choosing a cell opens the run at the step"
    rows.choosing("proposed_calls", what, shown, columns, open_step)


def draw_log(calls: pl.DataFrame, project: str, zone: str) -> None:
    """The calls of a page of the log; a click on one opens its run at the step."""
    shown = calls.select(
        "started_at",
        rows.words(calls, pl.coalesce("tool_name", "name"), 80).alias("tool_name"),
        pl.col("status").replace(STATUS_LABELS),
        rows.words(calls, "tool_args", 400),
        rows.words(calls, pl.coalesce("error_message", "tool_result"), 400).alias("result"),
        pl.col("duration_ms") / 1000,
        rows.words(calls, "agent_name", 80),
        rows.words(calls, "workflow_name", 80),
        rows.words(calls, "mcp_server", 80),
        "run_id",
    )
    columns = {
        "started_at": rows.time("Started", zone),
        "tool_name": rows.text("Tool", 140),
        "status": rows.text("Status", 95),
        "tool_args": rows.text("Arguments", 260),
        "result": rows.text("Result, error or reason", 300),
        "duration_ms": rows.seconds("Duration", 3),
        "agent_name": rows.text("Agent", 120),
        "workflow_name": rows.text("Workflow", 130),
        "mcp_server": rows.text("MCP server", 110),
        "run_id": rows.text("Run", 110),
    }

    def open_step(row: int) -> None:
        links.open_run(project, calls["run_id"][row], calls["step_id"][row])

    rows.choosing("tool_log", "tool calls; choosing a cell opens the run at the step", shown, columns, open_step)
    behind.draw("tool_calls", calls)


def _number(label: str, column: str, stats: pl.DataFrame, now: dict[str, int], meaning: str) -> None:
    before = stats[f"{column}_before"]
    known = before.null_count() == 0
    st.metric(
        label,
        count(now[column]),
        f"{now[column] - int(before.sum()):+,}" if known else None,
        delta_color=_CHANGES.get(column, "off"),
        delta_description=f"from {count(int(before.sum()))}" if known else None,
        help=meaning,
    )


def _error_rate(stats: pl.DataFrame, now: dict[str, int]) -> None:
    errors, ended = now["error_count"], now["ended_count"]
    errors_before, ended_before = int(stats["error_count_before"].sum()), int(stats["ended_count_before"].sum())
    known = bool(ended and ended_before)
    points = 100 * (errors / ended - errors_before / ended_before) if known else None
    st.metric(
        "Error rate",
        percent(errors, ended),
        f"{points:+.1f} points" if points is not None else None,
        delta_color="inverse" if points and abs(points) >= 0.05 else "off",
        delta_description=f"from {percent(errors_before, ended_before)}" if known else None,
        help=f"{count(errors)} of {plural(ended, 'call')} that ended; refused and cancelled ones are none",
    )


def _narrowing_chart(key: str, counts: pl.DataFrame) -> None:
    def narrow() -> None:
        points = st.session_state[key].selection.points
        if points and points[0].get("customdata"):
            tool, outcome = points[0]["customdata"]
            address.change(tool=tool, outcome=outcome)

    st.plotly_chart(
        figures_tools.calls_by_outcome(counts),
        key=key,
        on_select=narrow,
        selection_mode="points",
        config=_CHART,
        alt="Calls by tool and outcome; choosing a part of a bar narrows the log to its calls",
    )
