"""Ways inside the app: to a run, to a step, to the next rows; and what to say of an address that leads nowhere."""

from collections.abc import Collection

import streamlit as st

from pages.shared import address, leaving, login, menu, restricted
from pages.shared.format import plain
from queries.client import ApiError, BadRequest, ContentRestricted, KeyRefused
from settings import Settings

_MAKE_KEY = "python server.py keys add --name app --scope read --scope review --all-projects"
_MAKE_ACTING_KEY = f"{_MAKE_KEY} --scope admin --scope act"
# How the server begins to say that it knows the person well, and that this is not for them.
_MAY_NOT = ("the role ", "this API key is not for")


def open_run(project: str, run_id: str, step_id: str | None = None) -> None:
    """Leaves this page for that of a run, opened at a step if one is named; to be called back by a widget."""
    open_one(menu.RUN, project, run_id, **({"step": step_id} if step_id else {}))


def open_one(entry: menu.Entry, project: str, name: str, **more: str) -> None:
    """Leaves this page for that of a single thing; to be called back by a widget."""
    leaving.leave_for(entry.script, {"project": project, entry.of: name, **more})


def draw_compare(project: str, run_id: str) -> None:
    """A button that leads from a run to the page that compares it."""
    st.button(
        "Compare",
        key="compare_run",
        icon=menu.COMPARE.icon,
        help="With the last run of its workflow that went well",
        on_click=open_one,
        args=(menu.COMPARE, project, run_id),
    )


def open_runs(**narrowing: str | list[str]) -> None:
    """Leaves this page for the list of its runs, narrowed further by these; to be called back by a widget."""
    leaving.leave_for(menu.RUNS.script, menu.to(menu.RUNS) | narrowing)


def open_step(step_id: str) -> None:
    """Turns the run page to another step, and the timeline to where it is."""
    address.change(step=step_id, bars=None)


def complain(problem: str, value: str) -> None:
    """A warning in our words about an address, and the offending part of it as plain text."""
    with st.container(gap="xxsmall"):
        st.warning(problem, icon=":material/link_off:")
        st.code(plain(value[:500]), language=None)


def complain_unless_among(name: str, known: Collection[str]) -> None:
    """The same about values of a name that the address can have only some of."""
    for value in st.query_params.get_all(name):
        if value not in known:
            complain(f"The address asks for a {name} that there is not:", value)


def say_refusal(error: ApiError) -> None:
    """What the server did not answer, in its own plain words."""
    if isinstance(error, ContentRestricted):
        restricted.say()
        return
    if isinstance(error, KeyRefused):
        _say_key_refused(error)
        return
    is_ours = isinstance(error, BadRequest)
    complain(
        "The address asks for something that the server cannot read:" if is_ours else "The server did not answer this:",
        str(error),
    )


def _say_key_refused(error: KeyRefused) -> None:
    if login.person() is not None and str(error).startswith(_MAY_NOT):
        st.error("Your role does not allow this.", icon=":material/lock:")
        st.text(plain(str(error)[:500]))
        return
    problem = "will not do for this" if Settings().api_key else "is not set"
    st.error(
        f"The app's own API key, the setting RUNLIGHT_API_KEY, {problem}.",
        title="The Runlight server does not let the app in",
        icon=":material/key_off:",
    )
    with st.container(gap="xxsmall"):
        st.text("The server says:")
        st.code(plain(str(error)[:500]), language=None)
        st.text("On the server's machine a key is made like this. Set it as RUNLIGHT_API_KEY and start the app again.")
        st.code(_MAKE_ACTING_KEY if Settings().login_file else _MAKE_KEY, language=None, wrap_lines=True)


def draw_pager(cursor: str, following: str | None) -> None:
    """The ways to newer and older rows; `cursor` names this page, empty the first, and `following` the next."""
    if not cursor and following is None:
        return
    # Page → the page before it, as far as this session came that way; a pasted link knows none.
    before: dict[str, str] = st.session_state.setdefault("pages_before", {})
    with st.container(horizontal=True, horizontal_alignment="right"):
        first = st.button("First page", key="first_page", icon=":material/first_page:", disabled=not cursor)
        previous = st.button(
            "Previous", key="previous_page", icon=":material/chevron_left:", disabled=cursor not in before
        )
        after = st.button("Next", key="next_page", icon=":material/chevron_right:", disabled=following is None)
    if first:
        _turn_to("")
    elif previous:
        _turn_to(before[cursor])
    elif after and following is not None:
        before[following] = cursor
        _turn_to(following)


def _turn_to(cursor: str) -> None:
    address.change(cursor=cursor)
    st.rerun()  # a button in a live part would draw that part only
