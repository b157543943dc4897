"""Each alert that fires: its number, what is behind it, whose it is, and the way to have nobody told for a while."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import PurePath
from urllib.parse import parse_qs

import polars as pl
import streamlit as st

from pages.shared import address, alerts, data, links, login, menu
from pages.shared.alerts import Known, Row
from pages.shared.filters import rfc_3339
from pages.shared.format import local_time, one_line, plain
from queries.client import ApiError

MOST_CARDS = 20
SEVERITIES = {"critical": ":red-badge[critical]", "warning": ":orange-badge[warning]", "info": ":blue-badge[info]"}
_HOURS = {"1 hour": 1, "4 hours": 4, "1 day": 24, "1 week": 168}


def draw_one(alert: Row, known: Known, project: str, zone: str) -> None:
    """The alert that the address asks for, whatever has become of it."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader("One alert")
        st.button(
            "All alerts", icon=":material/close:", type="tertiary", on_click=address.change, kwargs={"alert": None}
        )
    now = known.fired.filter(alert_id=alert["alert_id"])
    _draw(now.row(0, named=True) if now.height else alert, known, project, zone, "one")


def draw_firing(known: Known, project: str, zone: str) -> None:
    """Those that fire: the silenced last, the most severe first, then the latest; and those that are about to."""
    st.subheader("Firing")
    if known.fired.is_empty():
        st.info("No rule fires in this project.", icon=":material/check_circle:")
    severe = known.fired["rule"].replace_strict(_ranks(known), default=len(SEVERITIES), return_dtype=pl.Int64)
    shown = known.fired.sort(pl.col("silenced_until_at").is_not_null(), severe, maintain_order=True)
    for alert in shown.head(MOST_CARDS).iter_rows(named=True):
        _draw(alert, known, project, zone, "firing")
    if shown.height > MOST_CARDS:
        st.caption(f"And {shown.height - MOST_CARDS} more, which the history below has.")
    if known.pending.height:
        names = [f"{alert['rule']} · {alerts.group(alert['group_name'])}" for alert in known.pending.to_dicts()]
        st.text("About to fire: " + ", ".join(names[:MOST_CARDS]))


def _draw(alert: Row, known: Known, project: str, zone: str, place: str) -> None:
    rule = known.rules.filter(rule=alert["rule"])
    said = rule.row(0, named=True) if rule.height else {}
    with st.container(border=True, gap="xsmall", key=f"alert_{place}_{alert['alert_id']}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(SEVERITIES.get(said.get("severity", ""), ":gray-badge[no rule]"), width="content")
            st.text(f"{alert['rule']}: {alerts.group(alert['group_name'])}", width="content")
        value, threshold = (alerts.amount(alert[name], alert["unit"]) for name in ("value", "threshold"))
        st.text(f"{value}, threshold {threshold} · {alert['detail']}")
        st.text(f"{_since(alert, zone)}{_owner(said)}")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _draw_ways(alert, said, project, place)


def _ranks(known: Known) -> dict[str, int]:
    """How far down each rule stands."""
    return {rule: list(SEVERITIES).index(severity) for rule, severity in known.rules.select("rule", "severity").rows()}


def _since(alert: Row, zone: str) -> str:
    fired = f"Since {local_time(alert['fired_at'], zone)}"
    if alert.get("resolved_at"):
        return f"{fired} until {local_time(alert['resolved_at'], zone)}"
    until = alert.get("silenced_until_at")
    return f"{fired}, {alerts.ago(alert['fired_at'])} ago" + (
        f" · silenced until {local_time(until, zone)}" if until else ""
    )


def _owner(said: Row) -> str:
    return f" · owner {one_line(said['owner'], 100)}" if said.get("owner") else ""


def _draw_ways(alert: Row, said: Row, project: str, place: str) -> None:
    path, _, query = alert["address"].lstrip("/").partition("?")
    entry = next((entry for entry in menu.ENTRIES if PurePath(entry.script).stem == path), None)
    if entry:
        narrowing = {"project": project, **parse_qs(query)}
        st.page_link(entry.script, label="What is behind it", icon=":material/arrow_forward:", query_params=narrowing)
    with st.popover("Question", icon=":material/help:", type="tertiary", key=f"question_{place}_{alert['alert_id']}"):
        st.text(f"The number: {said.get('about', 'what a rule measured that there is no longer')}.")
        st.caption(f"It is the answer of the question {alert['question']}, asked last as:")
        st.code(alert["asked"], language=None, wrap_lines=True)
    if said.get("runbook"):
        st.link_button("Runbook", said["runbook"], icon=":material/menu_book:", type="tertiary")
    if not alert.get("resolved_at") and login.may("review"):
        _draw_silencing(alert, project, place)


def _draw_silencing(alert: Row, project: str, place: str) -> None:
    key = f"{place}_{alert['alert_id']}"
    with st.popover("Silence", icon=":material/notifications_paused:", key=f"silence_{key}", type="tertiary"):
        with st.form(f"silencing_{key}", border=False):
            st.selectbox("For", list(_HOURS), key=f"hours_{key}")
            st.selectbox("What", ["this group", "the whole rule"], key=f"what_{key}")
            st.text_input("Why", max_chars=500, key=f"why_{key}")
            if login.person() is None:  # else the server knows
                st.text_input("Who says so", max_chars=100, key=f"who_{key}", help="A reference that your team knows")
            st.form_submit_button("Silence", type="primary", on_click=_silence, args=(alert, project, key))
        if problem := st.session_state.pop(f"not_silenced_{key}", None):
            st.error("This was not silenced:")
            st.text(plain(problem))


def _silence(alert: Row, project: str, key: str) -> None:
    state = st.session_state
    until = datetime.now(UTC) + timedelta(hours=_HOURS[state[f"hours_{key}"]])
    group = alert["group_name"] if state[f"what_{key}"] == "this group" else None
    told = {"until": rfc_3339(until), "reason": state[f"why_{key}"], "by": state.get(f"who_{key}")}
    try:
        data.client().silence_alerts(project=project, rule=alert["rule"], group=group, **told)
    except ApiError as error:
        state[f"not_silenced_{key}"] = str(error)


def draw_silences(known: Known, project: str, zone: str) -> None:
    """The silences that hold, each with who made it and why, and the way to end it."""
    if known.silences.is_empty():
        return
    st.subheader("Silences")
    for silence in known.silences.iter_rows(named=True):
        with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            with st.container(gap="xxsmall", width="stretch"):
                group = "" if silence["group_name"] is None else f": {alerts.group(silence['group_name'])}"
                st.text(f"{silence['rule'] or 'Every rule'}{group}")
                st.text(f"“{one_line(silence['reason'], 500)}”, {one_line(silence['made_by'], 100)}")
                st.caption(f"Until {local_time(silence['until_at'], zone)}")
            if login.may("review"):
                st.button(
                    "End it",
                    key=f"end_{silence['silence_id']}",
                    icon=":material/notifications_active:",
                    type="tertiary",
                    on_click=partial(_end, silence["silence_id"], project),
                )


def _end(silence_id: str, project: str) -> None:
    try:
        data.client().end_silence(project=project, silence_id=silence_id)
    except ApiError as error:
        links.say_refusal(error)
