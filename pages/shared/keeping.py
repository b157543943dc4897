"""Keeping a run against retention, and removing a run, conversation or user for good, after saying what would go."""

from collections.abc import Callable
from typing import Any

import polars as pl
import streamlit as st

from pages.shared import data, leaving, login, menu
from pages.shared.format import count, one_line, plain, utc_time
from queries.client import ApiError


def draw_run(project: str, run: dict[str, Any]) -> None:
    """What can be done about a run: keep it, remove it, or remove all of its conversation or user."""
    if not login.may("review"):
        return
    is_pinned = bool(run["pins"])
    with st.popover("Keep or remove", icon=":material/keep:" if is_pinned else ":material/delete:", key="keeping"):
        kept = "This run is kept, whatever retention says." if is_pinned else "This run goes when retention says so."
        st.text(kept)
        st.button(
            "Let it go with the others" if is_pinned else "Keep it",
            key="pin_run",
            icon=":material/keep_off:" if is_pinned else ":material/keep:",
            on_click=_pin,
            args=(project, run["run_id"], not is_pinned),
        )
        if login.may("admin"):
            _draw_removals(project, run)
    if problem := st.session_state.pop("not_kept", None):
        st.error("This was not done:")
        st.text(plain(problem))


def _draw_removals(project: str, run: dict[str, Any]) -> None:
    """Of which things the run is a part, and what would go with each."""
    named = {"run": run["run_id"], "conversation": run["conversation_id"], "user": run["user_id"]}
    choices = {what: name for what, name in named.items() if name}
    what = st.radio("Remove for good", list(choices), format_func=_CHOICES.__getitem__, key="removed")
    _draw_removal(project, what, choices[what])


_CHOICES = {"run": "this run", "conversation": "its whole conversation", "user": "all that names its user"}


def _draw_removal(project: str, what: str, name: str) -> None:
    """What would go is asked for when somebody wants to know, since it is looked for in all records."""
    if not st.toggle("Show what would go", key=f"would_go_{what}"):
        return
    found = data.client().removal(project=project, **{what: name})
    st.text(f"{what} {one_line(name, 80)}\n{told(found)}")
    is_sure = st.checkbox("There is no way back; remove it", key=f"sure_{what}")
    st.button(
        "Remove",
        key="remove",
        type="primary",
        icon=":material/delete_forever:",
        disabled=not is_sure,
        on_click=_remove,
        args=(project, what, name),
    )


def told(found: pl.DataFrame) -> str:
    """In words, how many runs and records of which time."""
    row = found.row(0, named=True)
    numbers = {noun: row[f"{name}_count"] for name, noun in _NOUNS.items()}
    counts = [f"{count(number)} {noun}{'' if number == 1 else 's'}" for noun, number in numbers.items() if number]
    if not counts:
        return "Nothing is there any more."
    return f"{', '.join(counts)}\nfrom {utc_time(row['first_at'])}\nto {utc_time(row['last_at'])}"


_NOUNS = {"run": "run", "span": "span", "log": "log record", "metric": "metric point"}


def _pin(project: str, run_id: str, is_pinned: bool) -> None:
    _do(lambda: data.client().pin_run(project=project, run_id=run_id, is_pinned=is_pinned))
    data.forget_answers()


def _remove(project: str, what: str, name: str) -> None:
    client = data.client()
    done = _do(
        {
            "run": lambda: client.delete_run(project=project, run_id=name),
            "conversation": lambda: client.delete_conversation(project=project, conversation=name),
            "user": lambda: client.delete_user(project=project, user=name),
        }[what]
    )
    if done:
        data.forget_answers()
        leaving.leave_for(menu.RUNS.script, menu.to(menu.RUNS))


def _do(task: Callable[[], None]) -> bool:
    try:
        task()
    except ApiError as error:
        st.session_state["not_kept"] = str(error)
        return False
    return True
