"""Compare: a run beside another, or the last good one of its workflow: what it did otherwise, and what that came to."""

import streamlit as st

from pages.shared import address, comparison, data, filters, links, menu
from queries.client import NotFound

chosen = filters.current()
project, run_id, other_id = chosen.project, address.text(menu.COMPARE.of).strip(), address.text("b").strip()
menu.draw_way_back()
st.title("Compare")
comparison.draw_ids(run_id, other_id)
if not run_id:
    st.info("Name a run above, or open one and press Compare there.", icon=menu.COMPARE.icon)
    st.page_link(menu.RUNS.script, label="All runs", icon=menu.RUNS.icon, query_params={"project": project})
    st.stop()
try:
    found = data.answer("compare", project=project, a=run_id, b=other_id or None)
except NotFound as error:
    links.complain("One of the two runs is not there; it may not have arrived yet, or have been removed:", str(error))
    st.page_link(menu.RUNS.script, label="All runs", icon=menu.RUNS.icon, query_params={"project": project})
    st.stop()
if found["b"] is None:
    comparison.draw_run(found["a"], project, chosen.zone, "This run")
    st.info(
        "No run of its workflow went well before it. Name one above to compare it with.", icon=":material/search_off:"
    )
    st.stop()

left, right = st.columns(2, gap="medium")
with left:
    comparison.draw_run(found["a"], project, chosen.zone, "This run")
with right:
    what = "The last good run of its workflow" if found["is_last_good"] else "The other run"
    comparison.draw_run(found["b"], project, chosen.zone, what)
comparison.draw_numbers(found["numbers"])
comparison.draw_facts(found["facts"])
comparison.draw_steps(found["rows"], found["unaligned_count"])
comparison.draw_step(found, project)
