"""Runs: what ran in a window, how it ended, and the way to each run."""

from functools import partial
from typing import Any

import polars as pl
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared import address, data, faces, filters, links, summary, tables

PAGE_ROWS = 50
SORTS = {
    "newest": {"sort": "started_at"},
    "oldest": {"sort": "started_at", "order": "asc"},
    "slowest": {"sort": "duration"},
    "dearest": {"sort": "cost"},
    "most tokens": {"sort": "tokens"},
    "most errors": {"sort": "errors"},
}

chosen = filters.current()
words, cursor, watched = address.text("q"), address.text("cursor"), address.flag("live", True)
links.complain_unless_among("sort", SORTS)
with st.container(horizontal=True, vertical_alignment="center", key="heading"):
    st.title("Runs")
    st.text_input(
        "Search",
        type="search",
        placeholder="Search runs",
        label_visibility="collapsed",
        width=230,
        **address.bound("q", words, ""),
    )
    sort = st.selectbox(
        "Sort",
        list(SORTS),
        icon=":material/sort:",
        label_visibility="collapsed",
        width=160,
        **address.bound("sort", address.text("sort", "newest", SORTS), "newest"),
    )
    st.toggle("Live", disabled=bool(cursor), **address.bound("live", watched, True))


def draw() -> None:
    question = {**chosen.asked, "q": words or None}
    parts = chosen.shorter_windows() if words and not cursor and _is_new(question) else []
    numbers, table = (st.empty(), st.empty()) if parts else (st.container(), st.container())
    # Words are searched in the newest first: what there is so far shows while the rest of the window is searched.
    is_drawn = False
    if parts:
        table.caption(f"Searching {chosen.window}, the newest first …")
    for since, so_far in parts:
        found = data.answer("summary", **question | {"since": since})
        with numbers.container():
            summary.draw(found, so_far)
        if sort == "newest" and found["run_count"][0] > PAGE_ROWS and not is_drawn:
            is_drawn = True
            draw_table(table, *listed(question))
    runs, following = listed(question)
    if runs.is_empty():
        numbers.empty()
        with table.container():
            faces.no_runs(chosen, words)
        return
    if parts and not is_drawn:
        is_drawn = True
        draw_table(table, runs, following)
    totals = data.answer("summary", **question)
    with numbers.container():
        summary.draw(totals)
    if not is_drawn:
        draw_table(table, runs, following)


def listed(question: dict[str, Any]) -> tuple[pl.DataFrame, str | None]:
    """A page of the runs, and where the next begins."""
    found: tuple[pl.DataFrame, str | None] = data.answer(
        "runs", **question, **SORTS[sort], cursor=cursor or None, limit=PAGE_ROWS
    )
    return found


def draw_table(place: DeltaGenerator, runs: pl.DataFrame, following: str | None) -> None:
    with place.container():
        tables.runs_table(runs, chosen.zone, partial(links.open_run, chosen.project))
        links.draw_pager(cursor, following)


def _is_new(question: dict[str, Any]) -> bool:
    """Whether something else was searched before, or nothing."""
    before, st.session_state["searched"] = st.session_state.get("searched"), question
    return bool(before != question)


data.live(draw, watched=watched and not cursor)
