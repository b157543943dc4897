"""What a visitor tells about a run: a correction, or thumbs up or down."""

from typing import Any

import streamlit as st

from pages.shared import data, login
from pages.shared.format import plain
from queries.client import ApiError

KINDS = {
    "edited_output": "edited the answer",
    "modified_args": "changed the arguments of an action",
    "rejected_action": "refused an action",
    "rejected_output": "threw the answer away",
    "override": "decided differently",
    "takeover": "did it themselves",
    "rerun": "ran it again",
    "rollback_by_user": "undid it",
}
RATINGS = {"up": "found it good (thumbs up)", "down": "found it bad (thumbs down)"}


def draw(project: str, run_id: str, step_id: str | None) -> None:
    """A form in a popover. What it records is about the step that the address names, else about the whole run."""
    if not login.may("review"):
        return
    with st.popover("Correct or rate", icon=":material/edit_note:", key="record"):
        with st.form("correction", clear_on_submit=True, border=False):
            st.selectbox("What a human did", [*RATINGS, *KINDS], format_func=(RATINGS | KINDS).__getitem__, key="act")
            st.text_area("Before", height=80, key="act_before", max_chars=100_000)
            st.text_area("After", height=80, key="act_after", max_chars=100_000)
            st.text_area("Reason or note", height=68, key="act_reason", max_chars=100_000)
            st.form_submit_button("Record", type="primary", on_click=_record, args=(project, run_id, step_id))
        if problem := st.session_state.pop("not_recorded", None):
            st.error("This was not recorded:")
            st.text(plain(problem))


def is_new(run_id: str) -> bool:
    """Whether something was recorded of this run and may not show yet."""
    return bool(st.session_state.get("recorded") == run_id)


def _record(project: str, run_id: str, step_id: str | None) -> None:
    state = st.session_state
    done, reason = state["act"], state["act_reason"]
    about: dict[str, Any] = {"project": project, "run_id": run_id, "step_id": step_id, "source": "app"}
    try:
        if done in RATINGS:
            data.client().record_feedback(**about, rating=done, note=reason)
        else:
            changed = {"before": state["act_before"], "after": state["act_after"], "reason": reason}
            data.client().record_correction(**about, kind=done, **changed)
    except ApiError as error:
        state["not_recorded"] = str(error)
        return
    state["recorded"] = run_id
    data.forget()
    st.toast("Recorded", icon=":material/check:")
