"""The address is the state: widgets show what its query says and write there what is chosen.

Streamlit's own `bind="query-params"` is not used. A widget that several pages share would keep its value against the
link that was followed, and leaving a page would put entries into the browser's history that show nothing.
"""

from collections.abc import Collection
from pathlib import PurePath
from typing import Any

import streamlit as st

Query = dict[str, str | list[str]]

# The sign that says which page an address is meant for, see leaving.py; no page is asked for it.
MEANT_FOR = "at"
_HOME = "overview"  # whose path is empty

# What pages about many runs share. Their widgets are drawn by `app.py`.
WINDOW = ("window", "since", "until")
FILTERS = (
    "status",
    "workflow",
    "agent",
    "service",
    "environment",
    "release",
    "model",
    "tool",
    "user",
    "conversation",
    "evidence",
    "attr",
)


def query() -> Query:
    """What the address asks for: name → values."""
    return {name: st.query_params.get_all(name) for name in st.query_params if name != MEANT_FOR}


def meant_for(script: str, query: Query) -> Query:
    """The query with the sign that it is this page's, which the browser heeds and takes out."""
    page = PurePath(script).stem
    return query | {MEANT_FOR: "" if page == _HOME else page}


def text(name: str, default: str = "", among: Collection[str] | None = None) -> str:
    """The value of a name, or `default` where it has none or one that is not `among` those known."""
    said = st.query_params.get(name, default)
    return said if among is None or said in among else default


def texts(name: str, among: Collection[str] | None = None) -> list[str]:
    """The values of a name, each once, those that are not `among` the known left out."""
    said = dict.fromkeys(st.query_params.get_all(name))
    return [value for value in said if value and (among is None or value in among)]


def flag(name: str, default: bool = False) -> bool:
    """`true` or `false`, or `default`."""
    return {"true": True, "false": False}.get(st.query_params.get(name, ""), default)


def bound(name: str, shown: Any, default: Any = None, drops: Collection[str] = ()) -> dict[str, Any]:
    """The arguments that make a widget show `shown` and write what is chosen under this name.

    `default` is not written; a choice takes the names that it `drops` out of the address. The widget's key is the name.
    """
    if name not in st.session_state or st.session_state[name] != shown:
        st.session_state[name] = shown
    return {"key": name, "on_change": _write, "args": (name, shown, default, drops)}


def change(**values: Any) -> None:
    """Puts these into the address and takes out those that are empty; a list begins anew at its first page."""
    changed = query()
    changed.pop("cursor", None)
    for name, value in values.items():
        if value is None or value in ("", []):
            changed.pop(name, None)
        else:
            changed[name] = str(value).lower() if isinstance(value, bool) else value
    st.query_params.from_dict(changed)  # all at once, so that one step back undoes it
    note()


def note() -> None:
    """Takes the address as the one that the widgets of this page are drawn for."""
    st.session_state["drawn_for"] = _here()


def _here() -> tuple[str | None, Query]:
    return st.context.url, query()


def _write(name: str, shown: Any, default: Any, drops: Collection[str]) -> None:
    # While the visitor goes elsewhere, Streamlit takes widgets that it forgets for changed.
    is_choice = st.session_state.get("drawn_for") == _here() and st.session_state[name] != shown
    if is_choice:
        chosen = st.session_state[name]
        change(**dict.fromkeys(drops), **{name: None if chosen == default else chosen})
