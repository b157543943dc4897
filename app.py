"""Wires the Streamlit app: navigation, project, and what to do without a server. No logic."""

from pathlib import Path

import streamlit as st

from pages.shared import faces, filters, links
from queries.client import ApiError, ServerDown

SHARED = Path(__file__).parent / "pages" / "shared"

st.set_page_config(page_title="Runlight", page_icon=str(SHARED / "icon.svg"), layout="wide")
st.html(SHARED / "style.css")
st.logo(str(SHARED / "logo.svg"), size="large")
page = st.navigation(
    [
        st.Page(links.RUNS_PAGE, title="Runs", icon=":material/list_alt:", default=True),
        st.Page(links.RUN_PAGE, title="Run", icon=":material/account_tree:", visibility="hidden"),
        st.Page(links.INGEST_PAGE, title="Ingest", icon=":material/input:"),
    ],
    position="hidden",
)
try:
    project = filters.choose_project()
    links.draw_menu(project)
    faces.sample_banner(project)
    page.run()
except ServerDown:
    faces.server_down()
except ApiError as error:
    links.say_refusal(error)
