"""What fired before, the messages that were sent or not, and the rules."""

from typing import Any
from urllib.parse import urlsplit

import polars as pl
import streamlit as st

from pages.shared import address, alerts, behind, rows
from pages.shared.alerts import Known
from pages.shared.format import DASH, age, duration, local_time, plural
from settings import is_loopback

_STATES = {"firing": ("firing", "#d3353d"), "resolved": ("resolved", "#1b7d52")}


def draw_history(history: pl.DataFrame, known: Known, zone: str) -> None:
    """What fired, the newest first, of one rule if it is chosen; a click shows it on top."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("History")
        names = known.rules["rule"].to_list()
        st.selectbox(
            "Rule",
            names,
            index=None,
            placeholder="All rules",
            label_visibility="collapsed",
            width=240,
            **address.bound("rule", address.text("rule", among=names) or None),
        )
    if history.is_empty():
        st.caption("Nothing has fired yet.")
        return
    lasted = (history["resolved_at"] - history["fired_at"]).dt.total_milliseconds()
    shown = history.select(
        pl.concat_list("state").alias("state"),
        "fired_at",
        pl.Series("lasted", [None if ms is None else duration(ms) for ms in lasted], dtype=pl.String),
        "rule",
        rows.words(history, "group_name", 120),
        _amounts(history, "value"),
        _amounts(history, "threshold"),
        "detail",
        pl.when("is_told").then(pl.lit("yes")).otherwise(pl.lit("silenced")).alias("told"),
    )
    columns = {
        "state": st.column_config.MultiselectColumn(
            "State", width=95, options=list(_STATES), color=[colour for _, colour in _STATES.values()]
        ),
        "fired_at": rows.time("Fired", zone),
        "lasted": rows.text("Lasted", 90),
        "rule": rows.text("Rule", 150),
        "group_name": rows.text("Group", 220),
        "value": rows.text("Number", 90),
        "threshold": rows.text("Threshold", 90),
        "detail": rows.text("What it was", 330),
        "told": rows.text("Told", 75),
    }

    def open_alert(row: int) -> None:
        address.change(alert=history["alert_id"][row])

    rows.choosing("alert_history", "alerts; choosing a cell shows it on top", shown, columns, open_alert)
    behind.draw("alert_history", history)


def draw_notifications(known: Known, zone: str) -> None:
    """Messages that were not taken so far; of the others how many there are."""
    st.subheader("Messages")
    names = sorted({name for channels in known.rules["channels"] for name in channels})
    if not names:
        st.caption("No receiver is set (RUNLIGHT_ALERT_CHANNELS), so what fires shows here alone.")
    elif problem := unreachable(known.rules):
        st.warning(problem, icon=":material/link_off:")
    unsent = known.notifications.filter(pl.col("state") != "sent")
    if unsent.is_empty():
        if names:
            height = known.notifications.height
            sent = f"{plural(height, 'message')}, all delivered" if height else "None was sent so far"
            st.caption(f"{sent}. Receivers: {', '.join(names)}.")
    else:
        shown = unsent.select(
            "state",
            "channel",
            "last_error",
            "attempt_count",
            "next_attempt_at",
            rows.words(unsent, "title", 200),
            "created_at",
        )
        columns = {
            "state": rows.text("State", 80),
            "channel": rows.text("Receiver", 110),
            "last_error": rows.text("Why it was not taken", 230),
            "attempt_count": rows.number("Attempts", "How often it was sent in vain"),
            "next_attempt_at": rows.time("Next attempt", zone),
            "title": rows.text("Message", 360),
            "created_at": rows.time("Made", zone),
        }
        _table("Messages that were not delivered", shown, columns)
    if known.notifications.height:
        behind.draw("alert_notifications", known.notifications)


def unreachable(rules: pl.DataFrame) -> str | None:
    """That links in messages lead to the machine of whoever reads them, if they do."""
    links_to = rules["links_to"][0] if rules.height else ""
    if not is_loopback(urlsplit(links_to).hostname or ""):
        return None
    return (
        f"Links in messages lead to `{links_to}`, which opens on the server's machine alone: "
        "set RUNLIGHT_APP_URL to the app's address as people reach it."
    )


def draw_rules(known: Known, zone: str) -> None:
    """What was not evaluated and why; and one row a rule with what it says, leaving out what none of them says."""
    st.subheader("Rules")
    rules = known.rules
    for rule in rules.filter(pl.col("failure").is_not_null()).iter_rows(named=True):
        since = local_time(rule["failing_since_at"], zone)
        st.text(f"{rule['rule']} has not been evaluated since {since}: {rule['failure']}")
    shown = rules.select(
        "rule",
        pl.when("is_watching").then(pl.lit("on")).otherwise(pl.lit("off")).alias("state"),
        "about",
        _amounts(rules, "threshold"),
        pl.when(pl.col("least_count") > 1).then(pl.concat_str("least_count", pl.lit(" "), "sample")).alias("least"),
        pl.Series("reach", [age(minutes * 60) for minutes in rules["reach_minutes"]], dtype=pl.String),
        rows.words(rules, "only", 120),
        "severity",
        rows.words(rules, "owner", 80),
        pl.when(pl.col("channels").list.len() > 0).then(pl.col("channels").list.join(", ")).alias("channels"),
        "evaluated_at",
    )
    columns = {
        "rule": rows.text("Rule", 120),
        "state": rows.text("Here", 48),
        "about": rows.text("What it measures", 465),
        "threshold": rows.text("Threshold", 85),
        "least": rows.text("Of at least", 112),
        "reach": rows.text("Looks back", 82),
        "only": rows.text("Only", 90),
        "severity": rows.text("Severity", 80),
        "owner": rows.text("Owner", 120),
        "channels": rows.text("Told to", 120),
        "evaluated_at": rows.time("Evaluated", zone),
    }
    _table("Rules", rows.telling(shown), columns)
    st.caption(
        "Built in, and changed or added to by the file that RUNLIGHT_ALERT_RULES names; read when the server starts."
    )
    behind.draw("alert_rules", rules)


def _amounts(frame: pl.DataFrame, name: str) -> pl.Series:
    told = [DASH if value is None else alerts.amount(value, unit) for value, unit in frame.select(name, "unit").rows()]
    return pl.Series(name, told, dtype=pl.String)


def _table(alt: str, shown: pl.DataFrame, columns: dict[str, Any]) -> None:
    st.dataframe(shown, hide_index=True, placeholder="—", alt=alt, height="content", column_config=columns)
