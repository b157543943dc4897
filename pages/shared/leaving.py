"""Leaves one page for another, as one step of the browser's history.

st.switch_page writes the query of the page to come under the path of the page it leaves, and once more under its own
path: two entries, of which the first names a place where nobody was. And what a page writes when it is drawn may reach
the browser when the visitor has gone on to another. So such a query bears a sign of the page that it is meant for, by
which `history.html`, in the browser, leaves out what comes under the path of another, and takes the sign from the rest.
"""

from pathlib import Path

import streamlit as st

from pages.shared import address
from pages.shared.address import Query

_HISTORY = Path(__file__).parent / "history.html"


def watch_history() -> None:
    """Sees to the browser's history from the first page on. The script is ours alone: no telemetry goes into it."""
    with st.sidebar.container(key="history"):
        st.html(_HISTORY, unsafe_allow_javascript=True)


def leave_for(script: str, query: Query) -> None:
    """Shows another page, or this one asked anew; to be called back by a widget."""
    if st.session_state.get("arrived") == script:
        st.switch_page(script, query_params=query)
    st.session_state["leaving_for"] = script, query
    st.switch_page(script, query_params=address.meant_for(script, query))


def resume(script: str) -> None:
    """Leaves once more, if this is still the old page: a live part that asked to be drawn meanwhile can undo it."""
    going = st.session_state.pop("leaving_for", None)
    if going and going[0] != script:
        leave_for(*going)
