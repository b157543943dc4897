"""Runs: what ran in a window, how it ended, and the way to each run."""

from functools import partial

import streamlit as st

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
    runs, following = data.answer("runs", **question, **SORTS[sort], cursor=cursor or None, limit=PAGE_ROWS)
    if runs.is_empty():
        faces.no_runs(chosen, words)
        return
    summary.draw(data.answer("summary", **question))
    tables.runs_table(runs, chosen.zone, partial(links.open_run, chosen.project))
    links.draw_pager(cursor, following)


data.live(draw, watched=watched and not cursor)
