"""Saved views: pages that somebody named, with their windows and filters."""

import streamlit as st

from pages.shared import filters, menu, saved

chosen = filters.current()
st.title("Saved views")
found = saved.views(chosen.project)
if found:
    saved.draw_list(found, chosen.project, chosen.zone)
else:
    st.info(
        "Narrow any page to what matters, then give it a name with “Save this view” in the sidebar.",
        title="Nothing is saved in this project yet",
        icon=":material/bookmark:",
    )
    st.page_link(menu.RUNS.script, label="Runs", icon=menu.RUNS.icon, query_params=menu.to(menu.RUNS))
