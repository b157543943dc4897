"""Reports: the weekly reliability report of a week, to look at, to download, and to make anew."""

import streamlit as st

from pages.shared import data, faces, filters, links, login, weekly
from pages.shared.format import one_line

chosen = filters.current()
st.title("Reports")
if not data.run_counts().get(chosen.project):
    faces.empty_store(chosen.project)
    st.stop()
weeks = weekly.weeks(chosen.project)
links.complain_unless_among("week", weeks)
with st.container(horizontal=True, vertical_alignment="bottom", key="choose_report"):
    week = weekly.choose_week(weeks)
    workflow = weekly.choose_workflow(chosen.project)
    wanted = weekly.Wanted(chosen.project, week, workflow)
    if login.may("review"):
        weekly.draw_button(wanted)
report = weekly.shown(wanted)
st.caption(report.told(chosen.zone))
weekly.draw_downloads(report)
of = f"of {one_line(workflow, 60)} " if workflow else ""
st.iframe(report.preview(), height=weekly.PREVIEW_PIXELS, alt=f"Weekly reliability report {of}for {week}")
weekly.draw_history(chosen.project, chosen.zone)
