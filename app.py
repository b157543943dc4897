"""Wires the Streamlit app: navigation, project, filters, and what to do without a server. No logic."""

from pathlib import Path

import streamlit as st

from pages.shared import faces, filter_bar, filters, health, leaving, links, login, menu, project, saved, search
from queries.client import ApiError, ServerDown

SHARED = Path(__file__).parent / "pages" / "shared"

entry, page = menu.navigation()
st.set_page_config(page_title=f"{entry.title} · Runlight", page_icon=str(SHARED / "icon.svg"), layout="wide")
st.html(SHARED / "style.css")
st.logo(str(SHARED / "logo.svg"), size="large")
try:
    login.settle()
    chosen = project.choose(entry)
    leaving.watch_history()
    menu.arrive(entry, chosen)
    search.draw_box(chosen)
    menu.draw()
    health.draw(chosen)
    saved.draw_form(entry, chosen)
    login.draw_person()
    faces.sample_banner(chosen)
    filter_bar.draw(entry, filters.settle(chosen, entry))
    page.run()
except ServerDown:
    faces.server_down()
except ApiError as error:
    links.say_refusal(error)
