"""Corrections: how often humans correct what agents did, whose work, in which steps, and from what to what."""

from functools import partial

import polars as pl
import streamlit as st

from pages.shared import address, behind, data, faces, figures_oversight, filters, links, oversight, rows
from pages.shared.format import DASH, count, one_line, plural

GROUPS = {
    "workflow": "Workflow",
    "agent": "Agent",
    "release": "Release",
    "prompt_version": "Prompt version",
    "model": "Model",
}
PAGE_ROWS = 20

chosen = filters.current()
zone, open_run = chosen.zone, partial(links.open_run, chosen.project)
links.complain_unless_among("by", GROUPS)
st.title("Human corrections")
asked, before = oversight.periods(data.answer("correction_summary", **chosen.asked))


def draw_numbers(asked: oversight.Counts) -> None:
    kinds = data.answer("correction_kinds", **chosen.asked)
    with st.grid(5, min_column_width=140, gap="small"):
        reviewed = "Of the runs with a decision, feedback or correction by a human; a run corrected twice counts once"
        oversight.rate("Correction rate", asked, before, "corrected_count", "reviewed_count", "inverse", reviewed)
        finished = "Of all runs that finished: ok, error or abandoned"
        oversight.rate("Of finished runs", asked, before, "corrected_ended_count", "ended_count", "inverse", finished)
        seen = "Runs with the word of a human on them"
        oversight.rate("Reviewed runs", asked, before, "reviewed_count", "run_count", "off", seen)
        made = int(kinds.filter(strength="weak").select("correction_count").sum().item() or 0)
        total = int(kinds["correction_count"].sum())
        weak = f"and {plural(made, 'weak sign')}" if made else f"in {plural(asked['corrected_count'], 'run')}"
        oversight.number("Corrections", count(total - made), weak, meaning="Acts of humans; a run may have several")
        oversight.number("Corrected runs", count(asked["corrected_count"]), f"of {plural(asked['run_count'], 'run')}")


def draw_trend() -> None:
    st.subheader("Over time")
    trend = data.answer("correction_rate", **chosen.asked, tz=zone)
    st.plotly_chart(
        figures_oversight.correction_rates(trend, zone),
        config={"displayModeBar": False},
        alt="The share of reviewed runs, and of finished runs, that a human corrected, over time",
    )
    behind.draw("correction-rate", trend)


def draw_groups() -> None:
    st.subheader("Whose work is corrected")
    by = address.text("by", "workflow", GROUPS)
    st.segmented_control(
        "By",
        list(GROUPS),
        format_func=GROUPS.__getitem__,
        required=True,
        label_visibility="collapsed",
        **address.bound("by", by, "workflow"),
    )
    found = data.answer("corrections_by", **chosen.asked, by=by)
    columns = {
        "value": rows.text(GROUPS[by], 210),
        "corrected_count": rows.number("Corrected", "Runs that a human corrected"),
        "reviewed_count": rows.number("Reviewed", "Runs with the word of a human on them"),
        "correction_rate": rows.percent("Of reviewed", "Corrected ÷ reviewed runs"),
        "ended_count": rows.number("Finished", "Runs that finished"),
        "corrected_share": rows.percent("Of finished", "Corrected ÷ finished runs"),
    }
    st.caption("A row narrows the page to its runs. What nobody reviewed is in the table behind.")
    reviewed = found.filter(pl.col("reviewed_count") > 0).with_columns(
        pl.col("correction_rate") * 100, pl.col("corrected_share") * 100
    )
    oversight.ranking(
        f"corrections_by_{by}", "values, the most corrected first", reviewed, columns, partial(narrow, by)
    )
    behind.draw(f"corrections-by-{by}", found)


def narrow(by: str, value: str) -> None:
    if by != "prompt_version":
        address.change(**{by: value or None})
    elif value:
        name, _, version = value.rpartition(" ")
        named = [f"gen_ai.prompt.name={name}"] if name else []
        address.change(attr=[*named, f"gen_ai.prompt.version={version}"])


def draw_kinds_and_steps() -> None:
    kinds_column, steps_column = st.columns([2, 3], gap="medium")
    with kinds_column:
        st.subheader("Kinds")
        kinds = data.answer("correction_kinds", **chosen.asked).rename({"kind": "value"})
        columns = {
            "value": rows.text("Kind", 130),
            "correction_count": rows.number("Corrections"),
            "run_count": rows.number("Runs"),
            "strength": rows.text("Sign", 75),
        }
        shown = kinds.with_columns(pl.col("value").str.replace_all("_", " "))
        oversight.ranking("correction_kinds", "kinds, the most frequent first", shown, columns, only_kind)
        behind.draw("correction-kinds", kinds)
    with steps_column:
        st.subheader("Most corrected steps")
        steps = data.answer("corrected_steps", **chosen.asked, limit=20).rename({"step_name": "value"})
        columns = {
            "value": rows.text("Step", 150),
            "correction_count": rows.number("Corrections"),
            "corrected_run_count": rows.number("Corrected", "Runs in which it was corrected"),
            "run_count": rows.number("Runs", "Runs that have this step"),
            "corrected_share": rows.percent("Of its runs"),
        }
        shown = steps.with_columns(pl.col("corrected_share") * 100)
        oversight.ranking("corrected_steps", "steps, the most corrected first", shown, columns, partial(only, "step"))
        behind.draw("corrected-steps", steps)


def only_kind(words: str) -> None:
    only("kind", words.replace(" ", "_"))


def only(name: str, value: str) -> None:
    address.change(**{name: value})


def draw_list() -> None:
    st.subheader("Each correction")
    kind, step, cursor = (address.text(name) for name in ("kind", "step", "cursor"))
    if kind or step:
        with st.container(horizontal=True, vertical_alignment="center"):
            parts = {"kind": kind, "step": step}
            st.text("Only " + " · ".join(f"{name} {one_line(value, 80)}" for name, value in parts.items() if value))
            lift = {"kind": None, "step": None}
            st.button("All of them", icon=":material/close:", type="tertiary", on_click=address.change, kwargs=lift)
    found, following = data.answer(
        "corrections",
        **chosen.asked,
        kind=kind or None,
        step=step or None,
        cursor=cursor or None,
        limit=PAGE_ROWS,
    )
    if found.is_empty():
        st.caption("Nothing was corrected so.")
        return
    for row in found.iter_rows(named=True):
        what = f"{row['kind'].replace('_', ' ')}: {row['step_name'] or row['target'] or DASH}"
        said = f"{what}, by {row['corrected_by'] or 'a human'}"
        oversight.change(row, said, row["corrected_at"], zone, ("value_before", "value_after"), open_run)
    links.draw_pager(cursor, following)
    behind.draw("corrections", found)


if asked is None:
    faces.no_runs(chosen, "")
    data.rerun_on_news(chosen.project, watched=True)
else:
    draw_numbers(asked)
    if asked["reviewed_count"]:
        draw_trend()
        draw_groups()
        draw_kinds_and_steps()
        draw_list()
    else:
        faces.nothing_of_runs(chosen, "was reviewed by a human: no decision, feedback or correction")
        data.rerun_on_news(chosen.project, watched=True)
