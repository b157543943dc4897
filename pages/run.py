"""Run: what one run was asked, what it answered or where and why it broke; then its steps, one by one."""

import streamlit as st

from pages.shared import (
    address,
    data,
    faces,
    filters,
    inspector,
    keeping,
    links,
    menu,
    recording,
    run_head,
    steps,
    timeline,
)
from queries.client import NotFound

chosen = filters.current()
project, zone = chosen.project, chosen.zone
run_id = address.text("run")
try:
    run = data.answer("run", project=project, run_id=run_id)
    all_steps = steps.described(data.answer("steps", project=project, run_id=run_id))
except NotFound:
    faces.no_such_run(project, run_id)
    st.stop()

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    menu.draw_way_back()
    links.draw_compare(project, run_id)
    recording.draw(project, run_id, address.text("step") or None)
    if not run["is_content_restricted"]:
        run_head.download(project, run_id)
    keeping.draw_run(project, run)
run_head.title(run, zone)
run_head.numbers(run)
run_head.question_and_answer(run, all_steps)
run_head.models_and_people(run, all_steps)

opened = timeline.opened_step(run, all_steps)
with st.container(horizontal=True, gap="medium", key="run_parts"):
    left, right = st.container(key="run_timeline"), st.container(key="run_step")
with right:  # first, since the figure on the left keeps the browser busy for a moment
    inspector.draw(project, run, all_steps, opened)
with left:
    timeline.draw(project, run, all_steps, opened, zone)
data.rerun_on_news(project, watched=run["status"] in ("running", "waiting") or recording.is_new(run_id))
