"""What on-call needs of a run in ten seconds, before any step is opened."""

from collections import Counter
from typing import Any, Literal

import polars as pl
import streamlit as st

from pages.shared import data, restricted
from pages.shared import steps as run_steps
from pages.shared.format import (
    cost,
    count,
    duration,
    file_name,
    local_time,
    one_line,
    plain,
    plural,
    status_label,
    utc_time,
)

_BADGES: dict[str, Literal["green", "red", "orange", "blue"]] = {
    "ok": "green",
    "error": "red",
    "waiting": "orange",
    "pending": "orange",
    "running": "blue",
}


def status_badge(status: str) -> None:
    """The status of a run or step, as sign, word and colour."""
    st.badge(status_label(status), color=_BADGES.get(status, "gray"))


def title(run: dict[str, Any], zone: str) -> None:
    """What ran, how it ended, where and when."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="run_name"):
        status_badge(run["status"])
        st.text(one_line(run["name"] or run["agent_name"] or run["run_id"], 160))
    names = {
        "agent": run["agent_name"],
        "workflow": run["workflow_name"],
        "service": " ".join(part for part in (run["service_name"], run["service_version"]) if part),
        "environment": run["environment"],
        "user": run["user_id"],
    }
    where = " · ".join(f"{name} {one_line(value, 60)}" for name, value in names.items() if value)
    with st.container(gap=None, key="run_context"):
        with st.container(key="hidden_heading"):
            st.title("Run", anchor=False)
        local = "" if zone == "UTC" else f"{local_time(run['started_at'], zone)} ({zone})  ·  "
        st.text(local + utc_time(run["started_at"]))
        st.text(where)


def numbers(run: dict[str, Any]) -> None:
    """How long, how much, how many; each with its unit, unknown as a dash."""
    calls = f"{count(run['llm_call_count'])} model, {count(run['tool_call_count'])} tool"
    failed = f"{count(run['error_count'])} failed" if run["error_count"] else None
    unpriced = f"{plural(run['unpriced_count'], 'call')} unpriced" if run["unpriced_count"] else None
    with st.grid(6, min_column_width=110, gap="small"):
        _number("Duration", duration(run["duration_ms"]), "so far" if run["status"] == "running" else None)
        _number("Cost", cost(run["cost_usd"]), unpriced)
        _number("Tokens in", count(run["input_tokens"]), _part(run["cache_read_tokens"], "from cache"))
        _number("Tokens out", count(run["output_tokens"]), _part(run["reasoning_tokens"], "reasoning"))
        _number("Steps", count(run["step_count"]), failed)
        _number("Calls", count(run["llm_call_count"] + run["tool_call_count"]), calls)


def question_and_answer(run: dict[str, Any], steps: pl.DataFrame) -> None:
    """What it was asked; what it answered, or where and why it broke. Where that is restricted, where and why alone."""
    if run["is_content_restricted"]:
        restricted.say()
        if run["status"] == "error":
            _ending(run, steps)
        return
    with st.grid(2, min_column_width=280, border=True):
        with st.container(gap="small"):
            st.markdown("**Asked**")
            _preview(run["input_preview"])
        with st.container(gap="small"):
            _ending(run, steps)


def models_and_people(run: dict[str, Any], steps: pl.DataFrame) -> None:
    """Which models answered, who decided and who corrected, a line each."""
    routes = run_steps.routes(steps)
    with st.container(gap="xxsmall"):
        if routes:
            st.text("Models: " + ", ".join(one_line(route, 90) for route in routes[:6]))
        for line, times in Counter(
            [*map(approval_line, run["approvals"]), *map(correction_line, run["corrections"])]
        ).items():
            st.text(line if times == 1 else f"{line} ×{times}")


def download(project: str, run_id: str) -> None:
    """The run as OTLP/JSON, asked for when the button is pressed."""
    client = data.client()
    st.download_button(
        "OTLP",
        data=lambda: client.otlp(project=project, run_id=run_id),
        file_name=f"{file_name(run_id)}.otlp.json",
        mime="application/json",
        icon=":material/download:",
        on_click="ignore",
        help="Everything that arrived of this run, as OTLP/JSON",
    )


def _part(tokens: int | None, meaning: str) -> str | None:
    return None if tokens is None else f"{count(tokens)} {meaning}"


def _number(label: str, value: str, beside: str | None) -> None:
    st.metric(label, value, beside, delta_color="off", delta_arrow="off")


def _preview(text: str | None) -> None:
    is_long = text is not None and (len(text) > 350 or text.count("\n") > 4)
    with st.container(height=130 if is_long else "content", border=False):
        if text:
            st.text(plain(text))
        else:
            st.caption("The telemetry does not say.")


def _ending(run: dict[str, Any], steps: pl.DataFrame) -> None:
    if run["status"] != "error":
        st.markdown(
            {"waiting": "**Waiting for a decision**", "running": "**Answer so far**"}.get(run["status"], "**Answered**")
        )
        _preview(run["output_preview"])
        return
    st.markdown(":red[**Broke**]")
    broken = (
        steps.filter(pl.col("step_id") == run_steps.first_to_open(run, steps)).row(0, named=True)
        if steps.height
        else run
    )
    if broken is not run:
        st.text(f"at {one_line(broken['label'], 120)}, {duration(broken['start_ms'])} after the start")
    with st.container(key="run_error"):
        st.text(run_steps.why(run if run["error_message"] else broken))


def approval_line(asked: dict[str, Any]) -> str:
    """One line: what was decided, by whom, after how long, about what."""
    decided = (asked["decision"] or "not decided yet").replace("_", " ")
    by = one_line(asked["decider"] or asked["decider_type"] or "", 80)
    parts = [
        f"Approval: {one_line(decided, 60)}",
        f"by {by}" if by else "",
        f"after {duration(asked['wait_ms'])}" if asked["wait_ms"] is not None else "",
        f"for {one_line(asked['tool_name'], 80)}" if asked["tool_name"] else "",
        f"because “{one_line(asked['reason'], 160)}”" if asked["reason"] else "",
        "" if asked["evidence"] == "explicit" else f"({one_line(asked['evidence'], 40)} evidence)",
    ]
    return " ".join(part for part in parts if part)


def correction_line(made: dict[str, Any]) -> str:
    """One line: what was corrected, by whom, why."""
    by = one_line(made["corrected_by"] or "a human", 80)
    parts = [
        f"Correction: {one_line(made['kind'], 60).replace('_', ' ')}",
        f"by {by}",
        f"“{one_line(made['reason'] or made['value_after'], 200)}”" if made["reason"] or made["value_after"] else "",
    ]
    return " ".join(part for part in parts if part)
