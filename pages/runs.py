"""Runs: what ran in a window, how it ended, and the way to each run."""

import streamlit as st

from pages.shared import data, faces, filters, links, summary, tables

PAGE_ROWS = 50

project = links.project()
links.take_up_where_left(project)
heading = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
heading.title("Runs")
chosen = filters.choose_filters(project)
cursor = st.query_params.get("cursor")
watched = heading.toggle("Live", value=True, key="live", bind="query-params", disabled=cursor is not None)


def draw() -> None:
    runs, following = data.answer("runs", **chosen.asked, sort=chosen.sort, cursor=cursor, limit=PAGE_ROWS)
    if runs.is_empty():
        faces.no_runs(project, chosen)
        return
    summary.draw(data.answer("summary", **chosen.asked))
    if "q" in chosen.asked:
        st.caption("These numbers are of the whole window; the search narrows the list only.")
    opened = tables.runs_table(runs, filters.viewer_zone())
    links.draw_pager(cursor, following)
    if opened:
        links.remember_runs(project)
        st.switch_page(links.RUN_PAGE, query_params=links.to_run(project, opened))


data.live(draw, watched=watched and cursor is None)
