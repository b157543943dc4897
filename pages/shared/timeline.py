"""The steps of a run, all at once: waterfall, table, tool calls, cost and latency, and the session's other runs."""

from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from pages.shared import address, data, figures, links, menu, tables, waterfall
from pages.shared.format import count, plural
from pages.shared.steps import end_ms, first_to_open

TABS = ("Timeline", "Steps", "Tool calls", "Cost and latency", "Session")
BARS_A_PAGE = 50
RANKED_STEPS = 12
_CHART = {"displayModeBar": False}


def opened_step(run: dict[str, Any], steps: pl.DataFrame) -> str | None:
    """The step that the URL names, else the one that explains the run's state."""
    asked = address.text("step")
    if asked and asked not in steps["step_id"]:
        links.complain("This run has no such step; the one that matters most is opened instead:", asked)
        asked = ""
    return asked or first_to_open(run, steps)


def draw(project: str, run: dict[str, Any], steps: pl.DataFrame, opened: str | None, zone: str) -> None:
    """Tabs, of which only the open one is computed."""
    timeline, table, calls, cost, session = st.tabs(
        TABS, **address.bound("tab", address.text("tab", TABS[0], TABS), TABS[0])
    )
    if timeline.open:
        with timeline:
            _waterfall(steps, opened)
    if table.open:
        with table:
            tables.steps_table(steps, links.open_step)
    if calls.open:
        with calls:
            _tool_calls(steps)
    if cost.open:
        with cost:
            _cost_and_latency(steps)
    if session.open:
        with session:
            _session(project, run, zone)


def _waterfall(steps: pl.DataFrame, opened: str | None) -> None:
    plumbing_count = steps.filter(kind="other").height
    plumbing = bool(plumbing_count) and st.toggle(
        f"Show {count(plumbing_count)} plumbing spans", **address.bound("plumbing", address.flag("plumbing"), False)
    )
    shown = steps if plumbing else steps.filter(pl.col("kind") != "other")
    if shown.is_empty():
        st.caption("This run has no steps to draw.")
        return
    first = _first_bar(shown["step_id"], opened)
    rows = shown.slice(first, BARS_A_PAGE)
    st.html(waterfall.legend(rows))
    st.plotly_chart(
        waterfall.waterfall(rows, end_ms(steps), opened),
        key="waterfall",
        on_select=_open_clicked_bar,
        selection_mode="points",
        config=_CHART,
        alt=f"When each of {rows.height} steps ran; the tab Steps has the same as a table",
    )


def _first_bar(step_ids: pl.Series, opened: str | None) -> int:
    """Where the drawn bars begin: on the page that the URL names, else on that of the opened step."""
    page_count = -(-len(step_ids) // BARS_A_PAGE)
    if page_count == 1:
        return 0
    asked = address.text("bars")
    of_opened = ((step_ids.index_of(opened) if opened else None) or 0) // BARS_A_PAGE + 1
    key = f"bars_of_{opened}"
    with st.container(horizontal=True, vertical_alignment="center"):
        page = st.pagination(
            page_count,
            default=int(asked) if asked.isdecimal() and 1 <= int(asked) <= page_count else of_opened,
            key=key,
            on_change=lambda: address.change(bars=st.session_state[key]),
        )
        first = (page - 1) * BARS_A_PAGE
        last = min(first + BARS_A_PAGE, len(step_ids))
        st.text(f"Showing {count(first + 1)} to {count(last)} of {plural(len(step_ids), 'step')}")
    return first


def _open_clicked_bar() -> None:
    points = st.session_state["waterfall"].selection.points
    if points:
        links.open_step(str(points[0]["customdata"]))


def _tool_calls(steps: pl.DataFrame) -> None:
    calls = steps.filter(kind="tool")
    if calls.is_empty():
        st.caption("This run called no tools.")
        return
    tables.tool_calls_table(calls, links.open_step)


def _cost_and_latency(steps: pl.DataFrame) -> None:
    counted = steps.filter(pl.col("counted") & (pl.col("kind") != "other"))
    priced = counted.filter(pl.col("cost_usd") > 0).sort("cost_usd", descending=True, maintain_order=True)
    _ranking("Cost by step", figures.cost_by_step, priced, "No step of this run has a known price.")
    timed = counted.filter(pl.col("duration_ms") > 0, ~pl.col("kind").is_in(["workflow", "agent"]))
    slowest = timed.sort("duration_ms", descending=True, maintain_order=True)
    _ranking("Latency by step", figures.latency_by_step, slowest, "No step of this run has a known duration.")


def _ranking(title: str, figure: Any, steps: pl.DataFrame, otherwise: str) -> None:
    st.markdown(f"**{title}**")
    if steps.is_empty():
        st.caption(otherwise)
        return
    if steps.height > RANKED_STEPS:
        st.caption(f"The top {RANKED_STEPS} of {plural(steps.height, 'step')}.")
    st.plotly_chart(figure(steps.head(RANKED_STEPS)), config=_CHART, alt=title)


def _session(project: str, run: dict[str, Any], zone: str) -> None:
    if not run["conversation_id"]:
        st.caption("The telemetry of this run names no session or conversation.")
        return
    st.button(
        "The whole session on one page",
        icon=":material/forum:",
        on_click=links.open_one,
        args=(menu.CONVERSATION, project, run["conversation_id"]),
    )
    others = data.answer("conversation_runs", project=project, run_id=run["run_id"])
    if others.is_empty():
        st.caption("This session has no other run.")
        return
    tables.session_table(others, zone, run["run_id"], partial(links.open_run, project))
