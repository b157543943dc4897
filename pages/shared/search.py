"""One box on every page for an id of any kind, or words; and the list of what goes by it where that is several."""

from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from pages.shared import data, leaving, links, menu, rows
from pages.shared.format import one_line
from queries.client import ApiError, ServerDown

MOST_LETTERS = 1_000
KINDS = {
    "run": "Run",
    "trace": "Trace",
    "step": "Step",
    "tool_call": "Tool call",
    "approval": "Approval",
    "response": "Response",
    "conversation": "Conversation",
    "user": "User",
}


def draw_box(project: str) -> None:
    """In the sidebar; what is entered there leads to where it belongs."""
    st.sidebar.text_input(
        "Find",
        placeholder="Find an id or words",
        label_visibility="collapsed",
        icon=":material/search:",
        help="A trace, span, session, tool call, response or user id, of any time; or words in what was said",
        key="find",
        on_change=_find,
        args=(project,),
    )


def _find(project: str) -> None:
    text = st.session_state["find"].strip()[:MOST_LETTERS]
    st.session_state["find"] = ""
    if not text:
        return
    try:
        things = found(project, text)
    except (ServerDown, ApiError):
        links.open_one(menu.SEARCH, project, text)  # there it is asked again, and told what is wrong
        return
    if things.is_empty():
        links.open_runs(q=text)
    elif things.height == 1:
        open_thing(project, things.row(0, named=True))
    else:
        links.open_one(menu.SEARCH, project, text)


def found(project: str, text: str) -> pl.DataFrame:
    """The things that go by this id."""
    hits: pl.DataFrame = data.answer("search", project=project, q=text)
    return hits.filter(pl.col("kind") != "words")


def open_thing(project: str, thing: dict[str, Any]) -> None:
    """Leaves this page for that of the thing; to be called back by a widget."""
    if thing["kind"] == "conversation":
        links.open_one(menu.CONVERSATION, project, thing["id"])
    elif thing["kind"] == "user":
        everything = {"project": project, "window": "all", "user": thing["id"], "by": "conversation"}
        leaving.leave_for(menu.USERS.script, everything)
    else:
        links.open_run(project, thing["run_id"], thing["step_id"])


def draw_things(project: str, things: pl.DataFrame, zone: str) -> None:
    """A table, a row of which opens its thing."""
    shown = things.select(
        pl.col("kind").replace(KINDS),
        rows.words(things, "label", 120),
        "started_at",
        "run_count",
        rows.words(things, "run_id", 80),
    )
    columns = {
        "kind": rows.text("Is a", 110),
        "label": rows.text("Name", 260),
        "started_at": rows.time("Started, the newest", zone),
        "run_count": rows.number("Runs", "How many runs it has"),
        "run_id": rows.text("In run", 260),
    }
    rows.choosing("things", "things; choosing a cell opens one", shown, columns, partial(_open_row, project, things))


def _open_row(project: str, things: pl.DataFrame, row: int) -> None:
    open_thing(project, things.row(row, named=True))


def draw_words(text: str) -> None:
    """The way to the runs in which these words were said."""
    st.page_link(
        menu.RUNS.script,
        label="Runs in which these words were said",
        icon=menu.RUNS.icon,
        query_params=menu.to(menu.RUNS) | {"q": text},
    )


def draw_text(text: str) -> None:
    """What is looked for."""
    st.text(f"“{one_line(text, 200)}”")
