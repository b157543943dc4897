"""Views under a name: the page that is shown, with its window and filters, and the list of those that were saved."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import PurePath
from typing import Any
from urllib.parse import parse_qs, urlencode

import polars as pl
import streamlit as st

from pages.shared import address, data, leaving, links, login, menu
from pages.shared.address import Query
from pages.shared.format import local_time, one_line, plain
from queries.client import ApiError, ServerDown

MOST_LETTERS = 100
# Where one is in a list, and what a list forgets, is no part of a view.
_PASSING = ("project", "cursor")


@dataclass(frozen=True)
class View:
    """A saved view, as far as its page is one of ours."""

    view_id: str
    name: str
    saved_at: datetime
    entry: menu.Entry | None
    query: Query


def draw_form(entry: menu.Entry, project: str) -> None:
    """In the sidebar: saves the page as it is shown, for all who see the project."""
    if entry is menu.VIEWS or not login.may("review"):
        return
    with st.sidebar.popover("Save this view", icon=":material/bookmark_add:", key="save_view", width="stretch"):
        with st.form("save_view_form", clear_on_submit=True, border=False):
            st.text_input("Name", key="view_name", max_chars=MOST_LETTERS, help="One of the same name is replaced")
            st.form_submit_button("Save", type="primary", on_click=_save, args=(entry, project))
        if problem := st.session_state.pop("view_not_saved", None):
            st.error("This was not saved:")
            st.text(plain(problem))
        elif saved := st.session_state.pop("view_saved", None):
            st.text(f"Saved as “{one_line(saved, MOST_LETTERS)}”.")


def _save(entry: menu.Entry, project: str) -> None:
    name = st.session_state["view_name"].strip()
    if not name:
        st.session_state["view_not_saved"] = "It needs a name."
        return
    try:
        data.client().save_view(project=project, name=name, address=address_of(entry, address.query()))
    except (ApiError, ServerDown) as error:
        st.session_state["view_not_saved"] = str(error)
    else:
        st.session_state["view_saved"] = name


def address_of(entry: menu.Entry, query: Query) -> str:
    """The page and its query, in the form that is saved."""
    kept = {name: value for name, value in query.items() if name not in _PASSING}
    return f"/{_path(entry)}" + (f"?{urlencode(kept, doseq=True)}" if kept else "")


def _path(entry: menu.Entry) -> str:
    return PurePath(entry.script).stem


def views(project: str) -> list[View]:
    """The saved views of a project, by name."""
    rows: pl.DataFrame = data.client().saved_views(project=project)
    return [_view(row) for row in rows.iter_rows(named=True)]


def _view(row: dict[str, Any]) -> View:
    path, _, query = row["address"].lstrip("/").partition("?")
    entry = next((entry for entry in menu.ENTRIES if _path(entry) == path), None)
    return View(row["view_id"], row["name"], row["saved_at"], entry, dict(parse_qs(query)))


def draw_list(found: list[View], project: str, zone: str) -> None:
    """Each view with what it shows, and ways to open and to delete it."""
    for view in found:
        with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(gap="xxsmall"):
                st.text(one_line(view.name, MOST_LETTERS))
                st.caption(f"Saved {local_time(view.saved_at, zone)}")
                st.text(_shows(view))
            st.button(
                "Open",
                key=f"open_{view.view_id}",
                icon=":material/arrow_forward:",
                disabled=view.entry is None,
                on_click=partial(_open, view, project),
            )
            if login.may("review"):
                st.button(
                    "Delete",
                    key=f"delete_{view.view_id}",
                    icon=":material/delete:",
                    type="tertiary",
                    on_click=partial(_delete, view, project),
                )


def _shows(view: View) -> str:
    page = view.entry.title if view.entry else "A page that there is no longer"
    narrowing = [f"{name} {', '.join(values)}" for name, values in view.query.items()]
    return one_line(" · ".join([page, *narrowing]), 300)


def _open(view: View, project: str) -> None:
    if view.entry is not None:
        leaving.leave_for(view.entry.script, {"project": project, **view.query})


def _delete(view: View, project: str) -> None:
    try:
        data.client().delete_view(project=project, view_id=view.view_id)
    except ApiError as error:
        links.say_refusal(error)
