"""Two runs side by side: their numbers, their steps, and one pair of steps in full."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import streamlit as st

from pages.shared import address, behind, data, diffs, links, rows
from pages.shared.format import DASH, STATUS_LABELS, cost, count, duration, local_time, one_line, plain, status_label
from pages.shared.inspector import pairs

Facts = Mapping[str, Any]

CHANGES = {"same": "= same", "changed": "≠ changed", "added": "+ added", "dropped": "− dropped"}
# What a step can differ in, in words, in the order of the answer's columns.
FIELDS = {
    "name": "name",
    "agent": "agent",
    "model": "model",
    "requested_model": "requested model",
    "provider": "provider",
    "prompt": "prompt",
    "tool_args": "arguments",
    "status": "status",
    "error_type": "error",
    "instructions": "instructions",
}
_LONG = ("tool_args", "instructions")  # told as differences of their texts
_NUMBERS = {
    "duration_ms": ("Duration", duration),
    "cost_usd": ("Cost", cost),
    "input_tokens": ("Tokens in", count),
    "output_tokens": ("Tokens out", count),
    "step_count": ("Steps", count),
    "llm_call_count": ("Model calls", count),
    "tool_call_count": ("Tool calls", count),
    "error_count": ("Failed steps", count),
}
_NEUTRAL = ("input_tokens", "output_tokens", "step_count", "llm_call_count", "tool_call_count")  # neither good nor bad
_FACTS = {
    "service_version": "Release",
    "environment": "Environment",
    "status": "Status",
    "models": "Models",
    "tool_names": "Tools",
    "agent_names": "Agents",
    "prompts": "Prompts",
}
# Whole contents of a step that are compared when it is chosen.
_CONTENTS = {
    "tool_args": "Arguments",
    "tool_result": "Result",
    "system_instructions": "System instructions",
    "input_messages": "Messages in",
    "output_messages": "Messages out",
    "tool_definitions": "Tool definitions",
}


def draw_ids(run_id: str, other_id: str) -> None:
    """The ids of the two runs, to be changed."""
    with st.container(horizontal=True, gap="small"):
        st.text_input("Run", **address.bound("a", run_id, "", drops=("row",)))
        st.text_input(
            "With",
            placeholder="the last good run of its workflow",
            **address.bound("b", other_id, "", drops=("row",)),
        )


def draw_run(run: Facts, project: str, zone: str, what: str) -> None:
    """Which run it is, and the way there."""
    with st.container(border=True, gap="xsmall"):
        st.caption(what)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.text(status_label(run["status"]))
            st.text(one_line(run["name"] or run["agent_name"] or run["run_id"], 120))
        service = " ".join(part for part in (run["service_name"], run["service_version"]) if part)
        st.text(f"{local_time(run['started_at'], zone)}  ·  {one_line(service or None, 80)}")
        st.button(
            "Open run",
            key=f"open_{what}",
            icon=":material/arrow_forward:",
            type="tertiary",
            on_click=links.open_run,
            args=(project, run["run_id"]),
        )


def draw_numbers(numbers: Sequence[Facts]) -> None:
    """The numbers of the run, each with the difference to the other's."""
    with st.grid(4, min_column_width=110, gap="small"):
        for number in numbers:
            what, difference = number["what"], number["difference"]
            label, words = _NUMBERS[what]
            st.metric(
                label,
                words(number["a"]),
                None if difference is None else _signed(difference, words),
                delta_color="off" if not difference or what in _NEUTRAL else "inverse",
                delta_arrow="auto" if difference else "off",
                help=f"The other run: {words(number['b'])}",
            )


def _signed(difference: float, words: Any) -> str:
    return f"{'-' if difference < 0 else '+'}{words(abs(difference))}" if difference else "the same"


def draw_facts(facts: Sequence[Facts]) -> None:
    """In which facts the runs differ, and what only one of them used."""
    if facts:
        told = {"what": [_FACTS[fact["what"]] for fact in facts]}
        told |= {side: [_said(fact[side]) for fact in facts] for side in "ab"}
        st.dataframe(
            pl.DataFrame(told, schema_overrides=dict.fromkeys("ab", pl.String)),
            hide_index=True,
            alt=f"{len(facts)} facts in which the runs differ",
            column_config={
                "what": rows.text("Differs in", 120),
                "a": rows.text("This run alone", 380),
                "b": rows.text("The other alone", 380),
            },
        )


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(one_line(one, 80) for one in value) or DASH
    return one_line(value, 200)


def draw_steps(steps: Sequence[Facts], unaligned_count: int) -> None:
    """The aligned steps as a table; a click on a row shows the two steps in full below."""
    counts = Counter(step["change"] for step in steps)
    st.subheader("Steps")
    st.caption(" · ".join(f"{count(counts[name])} {name}" for name in CHANGES))
    if unaligned_count:
        st.caption(f"{count(unaligned_count)} steps are too many to be aligned; they are told as added or dropped.")
    with_same = address.flag("same", True)
    st.toggle("Show what is the same", **address.bound("same", with_same, True))
    shown = [step for step in steps if with_same or step["change"] != "same"]
    if not shown:
        st.info("Both did the same, step by step.", icon=":material/check:")
        return

    def choose(row: int) -> None:
        address.change(row=shown[row]["place"])

    what = "aligned steps; choosing a cell shows both steps below"
    rows.choosing("aligned_steps", what, _table(shown), _COLUMNS, choose)
    behind.draw("compare", pl.DataFrame(steps, infer_schema_length=None))


def _table(steps: Sequence[Facts]) -> pl.DataFrame:
    columns: dict[str, list[Any]] = {
        "change": [CHANGES[step["change"]] for step in steps],
        "name": [_name(step) for step in steps],
        "kind": [step["kind"] for step in steps],
        "changed": [", ".join(FIELDS[name] for name in step["changed"]) or None for step in steps],
        "status": [STATUS_LABELS.get(step["a_status"] or step["b_status"]) for step in steps],
    }
    texts = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    numbers = ("a_duration_ms", "duration_difference_ms", "a_cost_usd", "cost_difference_usd")
    frame = pl.DataFrame({name: [step[name] for step in steps] for name in numbers}, dict.fromkeys(numbers, pl.Float64))
    return texts.hstack(frame.with_columns(pl.col("^.*_ms$") / 1000))


def _name(step: Facts) -> str:
    names = dict.fromkeys(one_line(step[f"{side}_name"], 80) for side in "ba" if step[f"{side}_name"])
    return " → ".join(names)


_COLUMNS = {
    "change": rows.text("Change", 95),
    "name": rows.text("Step", 260),
    "kind": rows.text("Kind", 80),
    "changed": rows.text("Differs in", 170),
    "status": rows.text("Status", 95),
    "a_duration_ms": rows.seconds("Duration", 2),
    "duration_difference_ms": st.column_config.NumberColumn(
        "Difference", format="%+,.2f s", width=90, help="This run's minus the other's"
    ),
    "a_cost_usd": st.column_config.NumberColumn("Cost", format="$%.5f", width=90),
    "cost_difference_usd": st.column_config.NumberColumn(
        "Difference, $", format="%+.5f", width=95, help="This run's minus the other's"
    ),
}


def draw_step(found: Facts, project: str) -> None:
    """The pair of steps that the address names by its row: in what they differ, with the whole contents."""
    asked = address.text("row")
    step = next((step for step in found["rows"] if str(step["place"]) == asked), None)
    if asked and step is None:
        links.complain("There is no such row:", asked)
    if step is None:
        return
    with st.container(border=True, key="compared_step"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(f"{CHANGES[step['change']]}  {step['kind']}  {_name(step)}")
            for side, words in (("a", "Open in this run"), ("b", "Open in the other")):
                if step[f"{side}_step_id"]:
                    st.button(
                        words,
                        key=f"open_step_{side}",
                        type="tertiary",
                        icon=":material/arrow_forward:",
                        on_click=links.open_run,
                        args=(project, found[side]["run_id"], step[f"{side}_step_id"]),
                    )
        differing = {name: words for name, words in FIELDS.items() if name in step["changed"] and name not in _LONG}
        if differing:
            pairs(
                {words: f"{plain(step[f'b_{name}'])} → {plain(step[f'a_{name}'])}" for name, words in differing.items()}
            )
        _contents(found, step, project)


def _contents(found: Facts, step: Facts, project: str) -> None:
    details = {
        side: data.answer("step", project=project, run_id=found[side]["run_id"], step_id=step[f"{side}_step_id"])
        for side in "ab"
        if step[f"{side}_step_id"]
    }
    is_any = False
    for name, label in _CONTENTS.items():
        mine, other = (_text(details.get(side, {}).get(name)) for side in "ab")
        if mine != other:
            is_any = True
            st.markdown(f"**{label}**")
            diffs.draw(other, mine)
    if not is_any:
        st.caption("Arguments, results and messages are the same, as far as the telemetry has them.")


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
