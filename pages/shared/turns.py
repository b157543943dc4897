"""A conversation: its numbers, and its runs one after another with what was asked, what was answered and what broke."""

from typing import Any

import polars as pl
import streamlit as st

from pages.shared import links
from pages.shared.format import DASH, cost, count, duration, local_time, one_line, percent, plain, plural
from pages.shared.run_head import status_badge
from pages.shared.steps import why


def draw_numbers(summary: dict[str, Any], turns: pl.DataFrame) -> None:
    """Of the whole conversation: a row of `summary`, and the turns that are shown."""
    ended = summary["ok_count"] + summary["error_count"] + summary["abandoned_count"]
    open_count = summary["waiting_count"] + summary["running_count"]
    with st.grid(6, min_column_width=110, gap="small"):
        _number("Runs", count(summary["run_count"]), f"{count(open_count)} still open" if open_count else None)
        _number(
            "Error rate", percent(summary["error_count"], ended), f"{count(summary['error_count'])} of {count(ended)}"
        )
        _number("Median duration", duration(summary["p50_duration_ms"]), None)
        unpriced = summary["unpriced_count"]
        _number("Cost", cost(summary["cost_usd"]), f"{plural(unpriced, 'call')} unpriced" if unpriced else None)
        _number("Approvals", count(summary["approval_count"]), "questions asked")
        _number("Corrected runs", count(summary["corrected_run_count"]), f"of {count(summary['run_count'])}")
    people = turns["user_id"].drop_nulls().unique(maintain_order=True).to_list()
    if people:
        st.text("User " + ", ".join(one_line(person, 80) for person in people[:5]))


def _number(label: str, value: str, beside: str | None) -> None:
    st.metric(label, value, beside, delta_color="off", delta_arrow="off")


def draw(turns: pl.DataFrame, project: str, zone: str) -> None:
    """The runs in their order, with the time between them."""
    for turn in turns.iter_rows(named=True):
        if turn["gap_ms"] is not None:
            st.caption(f"{duration(turn['gap_ms'])} later" if turn["gap_ms"] >= 0 else "while the run before went on")
        _turn(turn, project, zone)


def _turn(turn: dict[str, Any], project: str, zone: str) -> None:
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.text(f"{turn['turn']}.")
            status_badge(turn["status"])
            st.text(f"{one_line(turn['name'] or turn['agent_name'] or turn['run_id'], 100)}  ·  {_facts(turn, zone)}")
            st.button(
                "Open run",
                key=f"open_{turn['run_id']}",
                icon=":material/arrow_forward:",
                type="tertiary",
                on_click=links.open_run,
                args=(project, turn["run_id"], turn["error_step_id"]),
            )
        _said("user", turn["input_preview"])
        _said("assistant", turn["output_preview"])
        if turn["status"] == "error":
            with st.container(key=f"broke_{turn['turn']}"):
                st.text(f"Broke: {why(turn)}")


def _facts(turn: dict[str, Any], zone: str) -> str:
    tokens = [turn["input_tokens"], turn["output_tokens"]]
    parts = [
        local_time(turn["started_at"], zone),
        duration(turn["duration_ms"]),
        cost(turn["cost_usd"]),
        f"{count(tokens[0])} tokens in, {count(tokens[1])} out" if any(token is not None for token in tokens) else "",
        _some(turn["tool_call_count"], "tool call"),
        _some(turn["approval_count"], "approval"),
        f"{count(turn['pending_count'])} of them pending" if turn["pending_count"] else "",
        _some(turn["correction_count"], "correction"),
    ]
    return "  ·  ".join(part for part in parts if part and part != DASH)


def _some(number: int | None, thing: str) -> str:
    return f"{count(number)} {thing}{'' if number == 1 else 's'}" if number else ""


def _said(role: str, text: str | None) -> None:
    if not text:
        return
    avatar = ":material/person:" if role == "user" else ":material/smart_toy:"
    with st.chat_message(role, avatar=avatar):
        st.text(plain(text))
