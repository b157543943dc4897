"""What is known of a project's alerts, in numbers and in one line."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl
import streamlit as st

from pages.shared import data, menu
from pages.shared.format import age, cost, count, duration, one_line, percent, plural

_WATCH_SECONDS = 10

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Known:
    """The answers of the API about a project's alerts; `fired` are those that fire, silenced or not."""

    fired: pl.DataFrame
    pending: pl.DataFrame
    silences: pl.DataFrame
    notifications: pl.DataFrame
    rules: pl.DataFrame

    @property
    def audible(self) -> pl.DataFrame:
        """Those that fire and are told."""
        return self.fired.filter(pl.col("silenced_until_at").is_null())

    @property
    def state(self) -> tuple[Any, ...]:
        """What the page is drawn anew for when it changes; not for each new number."""
        failing = self.rules.filter(pl.col("failure").is_not_null())["rule"]
        parts = (self.fired["alert_id"], self.pending["alert_id"], self.silences["silence_id"], failing)
        sent = self.notifications.select("notification_id", "state", "attempt_count").rows()
        return (*(tuple(part.sort()) for part in parts), tuple(sent))


def known(project: str) -> Known:
    """All of it as it is now: alerts change without a commit, so that nothing of them is kept."""
    ask = {"project": project}
    client = data.client()
    found = client.alerts(**ask)
    return Known(
        found.filter(state="firing"),
        found.filter(state="pending"),
        client.alert_silences(**ask),
        client.alert_notifications(**ask),
        client.alert_rules(**ask),
    )


def watch(project: str, shown: Known) -> None:
    """Draws the whole page anew as soon as anything fires, is over, silenced, sent or not."""

    def look() -> None:
        if known(project).state != shown.state:
            st.rerun()

    data.live(look, every_seconds=_WATCH_SECONDS)


def draw_numbers(known: Known) -> None:
    """Five numbers: what fires, is about to, is silenced, was not delivered, and was not evaluated."""
    unsent = known.notifications.filter(pl.col("state") != "sent").height
    failing = known.rules.filter(pl.col("failure").is_not_null()).height
    silenced, sent = known.fired.height - known.audible.height, known.notifications.height
    with st.grid(5, min_column_width=150, gap="small"):
        _number("Firing", known.audible.height, _longest(known), "Groups of rules that fire and are not silenced")
        told = "Over their threshold, but not yet in enough evaluations in a row"
        _number("About to fire", known.pending.height, "nobody is told yet" if known.pending.height else "", told)
        _number("Silenced", silenced, f"of {count(known.fired.height)} that fire" if silenced else "", _SILENCED)
        newest = f"of {plural(sent, 'message')}" if sent else "no message so far"
        _number("Undelivered", unsent, newest, "Messages that their receiver has not taken so far")
        told = "Rules whose question had no answer; what fires by them goes on firing"
        _number("Not evaluated", failing, _evaluated(known), told)


_SILENCED = "They fire, and nobody is told"


def _longest(known: Known) -> str:
    oldest = known.audible["fired_at"].min()
    return f"the longest for {ago(oldest)}" if isinstance(oldest, datetime) else "all is quiet"


def _evaluated(known: Known) -> str:
    watching = known.rules.filter("is_watching")
    if watching.is_empty():
        return "no rule is on here"
    last = watching["evaluated_at"].max()
    when = f"{ago(last)} ago" if isinstance(last, datetime) else "not yet looked at"
    return f"of {plural(watching.height, 'rule')}, {when}"


def draw_line(project: str) -> None:
    """One line that leads to the alerts that fire, if any do; its words are ours."""
    found = data.client().alerts(project=project).filter(state="firing")
    audible = found.filter(pl.col("silenced_until_at").is_null()).height
    if not found.height:
        return
    silenced = f", {count(found.height - audible)} silenced" if audible < found.height else ""
    st.page_link(
        menu.ALERTS.script,
        label=f"{plural(audible, 'alert')} firing{silenced}",
        icon=":material/notifications_active:" if audible else ":material/notifications_paused:",
        query_params=menu.to(menu.ALERTS),
    )


def amount(value: float, unit: str) -> str:
    """A number of an alert in its unit."""
    if unit == "usd":
        return cost(value)
    if unit == "rate":
        return percent(round(value * 1_000_000), 1_000_000)
    return count(round(value)) if unit == "count" else duration(value)


def group(name: str | None) -> str:
    """What telemetry calls a group, as one line of text."""
    return one_line(name, 120) if name else "(no name)"


def ago(at: datetime) -> str:
    """How long ago that was."""
    return age((datetime.now(UTC) - at).total_seconds())


def _number(label: str, value: int, beside: str, meaning: str) -> None:
    st.metric(label, count(value), beside or None, delta_color="off", delta_arrow="off", help=meaning)
