"""Addresses inside the app: which pages there are, and the queries that show one thing as it is seen now."""

from typing import NoReturn

import streamlit as st

from pages.shared.format import plain
from queries.client import ApiError, BadRequest

RUNS_PAGE = "pages/runs.py"
RUN_PAGE = "pages/run.py"
INGEST_PAGE = "pages/ingest.py"

Query = dict[str, str | list[str]]


def to_run(project: str, run_id: str) -> Query:
    """The query of the run page."""
    return {"project": project, "run": run_id}


def to_all(project: str) -> Query:
    """The query of a page of many runs, without any filter."""
    return {"project": project}


def open_step(step_id: str) -> None:
    """Turns the run page to another step, and the timeline to where it is."""
    st.query_params.pop("bars", None)
    st.query_params["step"] = step_id


def complain(problem: str, value: str) -> None:
    """A warning in our words about an address, and the offending part of it as plain text."""
    with st.container(gap="xxsmall"):
        st.warning(problem, icon=":material/link_off:")
        st.code(plain(value[:500]), language=None)


def say_refusal(error: ApiError) -> None:
    """What the server did not answer, in its own plain words."""
    is_ours = isinstance(error, BadRequest)
    complain(
        "The address asks for something that the server cannot read:" if is_ours else "The server did not answer this:",
        str(error),
    )


def first_page() -> None:
    """Back to the beginning, where other rows are asked for."""
    st.query_params.pop("cursor", None)
    st.session_state["cursors"] = []


def draw_pager(cursor: str | None, following: str | None) -> None:
    """The ways to newer and older rows; `cursor` names this page, None the first, and `following` the next."""
    if cursor is None and following is None:
        return
    # The pages before this one, as far as this session came through them; a pasted link knows none.
    passed: list[str | None] = st.session_state.setdefault("cursors", [])
    with st.container(horizontal=True, horizontal_alignment="right"):
        first = st.button("First page", key="first_page", icon=":material/first_page:", disabled=cursor is None)
        before = st.button("Previous", key="previous_page", icon=":material/chevron_left:", disabled=not passed)
        after = st.button("Next", key="next_page", icon=":material/chevron_right:", disabled=following is None)
    if first:
        _turn_to(None, [])
    elif before:
        _turn_to(passed[-1], passed[:-1])
    elif after:
        _turn_to(following, [*passed, cursor])


def _turn_to(cursor: str | None, passed: list[str | None]) -> None:
    first_page()
    st.session_state["cursors"] = passed
    if cursor is not None:
        st.query_params["cursor"] = cursor
    st.rerun()


def remember_runs(project: str) -> None:
    """Keeps the runs page as it stands, so that every way back leads to the same rows."""
    shown = {name: st.query_params.get_all(name) for name in st.query_params}
    st.session_state["runs_query"] = {**shown, "project": project}


def take_up_where_left(project: str) -> None:
    """On the runs page: shows it as it was left, where the browser's way back from a run has lost that."""
    # st.switch_page notes the run's query under the page being left, without its filters, before it leaves.
    if "run" in st.query_params:
        st.switch_page(RUNS_PAGE, query_params=back_to_runs(project))


def back_to_runs(project: str) -> Query:
    """The query of the runs page as it was left in this project, or its plain form."""
    seen: Query = st.session_state.get("runs_query", {})
    return seen if seen.get("project") == project else to_all(project)


def project() -> str:
    """The project that `app.py` settled for this page; handed over once per run of the page."""
    settled: str | None = st.session_state.pop("project", None)
    if settled is None:
        _enter_by_app()
    return settled


def _enter_by_app() -> NoReturn:
    # To the first visitor of a new process, Streamlit shows the files of a folder named `pages` by themselves,
    # until somebody has called st.navigation.
    st.navigation([st.Page(RUNS_PAGE), st.Page(RUN_PAGE), st.Page(INGEST_PAGE)])
    st.rerun()


def draw_menu(project: str) -> None:
    """The pages, as links that keep the project."""
    with st.sidebar:
        st.page_link(RUNS_PAGE, icon=":material/list_alt:", query_params=to_all(project))
        st.page_link(INGEST_PAGE, icon=":material/input:", query_params=to_all(project))
