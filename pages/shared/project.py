"""The project of all that is shown."""

import re

import streamlit as st

from pages.shared import address, data, leaving, links, menu

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def choose(entry: menu.Entry) -> str:
    """The project of this page, by the address; the samples as long as nothing else has arrived.

    Draws the chooser in the sidebar where there is a choice.
    """
    asked = st.query_params.get("project")
    run_counts = data.run_counts()
    if asked not in (None, *run_counts):
        data.forget()  # it may be younger than what is remembered
        run_counts = data.run_counts()
    if asked is None and not run_counts.get(data.DEFAULT_PROJECT) and run_counts.get(data.DEMO_PROJECT):
        asked = st.query_params["project"] = data.DEMO_PROJECT
    elif asked is None and run_counts and data.DEFAULT_PROJECT not in run_counts:
        asked = st.query_params["project"] = min(run_counts)  # the app's key may be for no other
    project = asked or data.DEFAULT_PROJECT
    if not _NAME.fullmatch(project):
        links.complain("No project can have this name:", project)
        project = data.DEFAULT_PROJECT
    elif project not in (data.DEFAULT_PROJECT, *run_counts):
        links.complain("Nothing has arrived in a project of this name:", project)
    names = sorted({project, *run_counts}, key=lambda name: (name != data.DEFAULT_PROJECT, name))
    if len(names) > 1:
        st.session_state["chosen_project"] = project
        st.sidebar.selectbox("Project", names, key="chosen_project", on_change=_switch, args=(entry,))
    return project


def _switch(entry: menu.Entry) -> None:
    """The window goes along; filters name what only the other project has."""
    window = {name: value for name, value in address.query().items() if name in address.WINDOW}
    query = {"project": st.session_state["chosen_project"], **window}
    if entry.hidden:
        leaving.leave_for(menu.RUNS.script, query)
    st.query_params.from_dict(query)
