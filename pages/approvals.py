"""Approvals: what waits for an answer, what became of the rest, how long humans took, and what they changed first."""

from functools import partial

import polars as pl
import streamlit as st

from pages.shared import address, behind, data, faces, figures_oversight, filters, links, oversight, rows
from pages.shared.format import DASH, count, duration, one_line

GROUPS = {"tool": "Tool", "workflow": "Workflow", "agent": "Agent", "decider": "Decider"}
SHOWN = {
    "all": (),
    "approved": ("approved", "approved_modified"),
    "changed": ("approved_modified",),
    "refused": ("rejected",),
    "automatic": ("auto_approved", "auto_denied"),
    "expired": ("expired", "aborted", "ask_failed", "unanswered"),
    "pending": ("pending",),
}
PAGE_ROWS, CHANGES = 50, 5

chosen = filters.current()
zone, open_run = chosen.zone, partial(links.open_run, chosen.project)
links.complain_unless_among("by", GROUPS)
links.complain_unless_among("decision", SHOWN)
st.title("Approvals")
pending = data.answer("pending_approvals", **chosen.asked)
asked, before = oversight.periods(data.answer("approval_summary", **chosen.asked))


def draw_numbers() -> None:
    with st.grid(6, min_column_width=240, gap="small"):
        oldest = f"oldest {duration(pending['age_ms'][0])}" if pending.height else "nobody waits"
        oversight.number("Pending now", count(pending.height), oldest, meaning="Whenever their runs began")
        if asked is None:
            return
        human = "Of the questions that a human answered: approved, with or without changes"
        oversight.rate("Approval rate", asked, before, "yes_count", "human_count", "off", human)
        oversight.wait("Wait, median", asked, before, "p50_wait_ms", "Of humans only, from request to decision")
        oversight.wait("Wait, p95", asked, before, "p95_wait_ms", "Of humans only, from request to decision")
        oversight.rate(
            "Expired", asked, before, "expired_count", "approval_count", "inverse", "Nobody answered in time"
        )
        auto = "Approved by a policy, hook or model, of these and the human decisions"
        oversight.rate("Automatic", asked, before, "auto_approved_count", "passable_count", "off", auto)


def draw_pending() -> None:
    if pending.is_empty():
        return
    st.subheader("Waiting for an answer, oldest first")
    columns = {
        "age": rows.text("Age", 85),
        "tool_name": rows.text("Tool", 130),
        "run_name": rows.text("Run", 130),
        "args_before": rows.text("Arguments", 300),
        "gate_policy": rows.text("Asked by rule", 115),
        "decider": rows.text("May decide", 110),
        "agent_name": rows.text("Agent", 120),
        "evidence": rows.text("Evidence", 85),
    }
    found = pending.with_columns(pl.Series("age", [duration(age_ms) for age_ms in pending["age_ms"]], dtype=pl.String))
    oversight.acts("pending_approvals", "questions that wait, the oldest first", found, columns, open_run)
    behind.draw("pending-approvals", pending)


def draw_trend() -> None:
    st.subheader("Decisions over time")
    trend = data.answer("approval_trend", **chosen.asked, tz=zone)
    st.plotly_chart(
        figures_oversight.decisions_over_time(trend, zone),
        key="decisions",
        on_select=show_clicked,
        selection_mode="points",
        config={"displayModeBar": False},
        alt="Questions by what came of them, over time; a click lists them",
    )
    behind.draw("approval-trend", trend)


def show_clicked() -> None:
    points = st.session_state["decisions"].selection.points
    outcomes = {"modified": "approved_modified"}
    clicked = [outcomes.get(str(point["customdata"]), str(point["customdata"])) for point in points]
    if clicked:
        named = [name for name, members in SHOWN.items() if clicked[0] in members]
        address.change(decision=named[-1] if clicked[0] == "approved_modified" else named[0])


def draw_groups() -> None:
    st.subheader("By tool, workflow, agent and decider")
    by = address.text("by", "tool", GROUPS)
    st.segmented_control(
        "By",
        list(GROUPS),
        format_func=GROUPS.__getitem__,
        required=True,
        label_visibility="collapsed",
        **address.bound("by", by, "tool", drops=("value",)),
    )
    found = data.answer("approvals_by", **chosen.asked, by=by)
    shown = found.with_columns(
        pl.col("approval_rate") * 100,
        p50_wait_minutes=pl.col("p50_wait_ms") / 60_000,
        p95_wait_minutes=pl.col("p95_wait_ms") / 60_000,
    )
    columns = {
        "value": rows.text(GROUPS[by], 190),
        "approval_count": rows.number("Questions"),
        "human_count": rows.number("By humans", "Decided by a human"),
        "approval_rate": rows.percent("Approved", "Of the human decisions"),
        "modified_count": rows.number("Changed", "Approved with changes"),
        "rejected_count": rows.number("Refused"),
        "auto_approved_count": rows.number("Automatic", "Approved without a human"),
        "expired_count": rows.number("Expired"),
        "p50_wait_minutes": rows.minutes("Wait, median", "Of humans"),
        "p95_wait_minutes": rows.minutes("Wait, p95", "Of humans"),
    }
    oversight.ranking(f"approvals_by_{by}", "values, the most questions first", shown, columns, show_value)
    behind.draw(f"approvals-by-{by}", found)


def show_value(value: str) -> None:
    address.change(value=value or DASH)


def draw_list() -> None:
    st.subheader("Each question")
    decision, value, cursor = address.text("decision", "all", SHOWN), address.text("value"), address.text("cursor")
    by = address.text("by", "tool", GROUPS)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.segmented_control(
            "Decisions",
            list(SHOWN),
            required=True,
            label_visibility="collapsed",
            **address.bound("decision", decision, "all", drops=("cursor",)),
        )
        if value:
            st.text(f"Only {by} {one_line(value, 60)}")
            st.button(
                "All of them", icon=":material/close:", type="tertiary", on_click=address.change, kwargs={"value": None}
            )
    narrowed = {"by": by, "value": "" if value == DASH else value} if value else {}
    found, following = data.answer(
        "approvals",
        **chosen.asked,
        **narrowed,
        outcome=SHOWN[decision] or None,
        cursor=cursor or None,
        limit=PAGE_ROWS,
    )
    if found.is_empty():
        st.caption("No question is of this kind.")
        return
    columns = {
        "requested_at": rows.moment("Asked", zone),
        "outcome": rows.text("Decision", 120),
        "tool_name": rows.text("Tool", 120),
        "decider": rows.text("Decider", 120),
        "wait_minutes": rows.minutes("Wait"),
        "args_before": rows.text("Arguments", 200),
        "reason": rows.text("Reason", 160),
        "run_name": rows.text("Run", 140),
        "evidence": rows.text("Evidence", 85),
    }
    listed = found.with_columns(
        pl.col("outcome").str.replace_all("_", " "),
        pl.coalesce("requested_at", "decided_at").alias("requested_at"),
        pl.coalesce("decider", "decider_type").alias("decider"),
        wait_minutes=pl.col("wait_ms") / 60_000,
    )
    oversight.acts("approvals", "questions, the newest first", listed, columns, open_run)
    links.draw_pager(cursor, following)
    behind.draw("approvals", found)


def draw_changes() -> None:
    found, _ = data.answer("approvals", **chosen.asked, outcome=("approved_modified",), limit=CHANGES)
    if found.is_empty():
        return
    st.subheader("What was changed before approval")
    total = count(asked["modified_count"]) if asked else DASH
    st.caption(f"The newest {found.height} of {total}; the list above has all under “changed”.")
    for row in found.iter_rows(named=True):
        said = f"{row['tool_name'] or 'an action'}, by {row['decider'] or row['decider_type'] or 'a human'}"
        oversight.change(row, said, row["decided_at"], zone, ("args_before", "args_after"), open_run)


if asked is None and pending.is_empty():
    faces.nothing_of_runs(chosen, "asked for permission")
    data.rerun_on_news(chosen.project, watched=True)
else:
    draw_numbers()
    draw_pending()
    if asked is not None:
        draw_trend()
        draw_groups()
        draw_list()
        draw_changes()
