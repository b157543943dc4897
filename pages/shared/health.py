"""In the sidebar of every page: whether all is here that was sent, in one line that leads to the page Ingest."""

from typing import Any

import streamlit as st

from pages.shared import data, menu
from pages.shared.format import age, count, one_line, plural

SIGNALS = {"span": "spans", "log": "log records", "metric": "metric points"}


def draw(project: str) -> None:
    """One line in words of ours, kept up to date; a service that fell silent is named below it, as text."""
    with st.sidebar.container(gap="xxsmall", key="health"):
        data.live(lambda: _draw(data.health(project)), every_seconds=data.HEALTH_SECONDS)


def _draw(health: dict[str, Any]) -> None:
    icon, label, meaning, named = said(health)
    st.page_link(menu.INGEST.script, label=label, icon=icon, help=meaning, query_params=menu.to(menu.INGEST))
    if named:
        st.text(named)


def said(health: dict[str, Any]) -> tuple[str, str, str, str]:
    """Icon, line and meaning of the worst that is known, and what telemetry calls it, if anything."""
    if health["last_commit_at"] is None:
        return ":material/sensors:", "Nothing has arrived yet", "In this project", ""
    last = age(health["since_last_s"])
    if health["refused_count"]:
        told = f"Their exporters were told why; {plural(health['stored_count'], 'record')} were stored. Last {last} ago"
        return ":material/report:", f"{count(health['refused_count'])} rejected in 24 h", told, ""
    if health["unread_count"]:
        return (
            ":material/report:",
            f"{count(health['unread_count'])} unread in 24 h",
            "Our own code failed: kept raw",
            "",
        )
    if health["silent_count"]:
        line = f"No {SIGNALS[health['silent_signal']]} for {age(health['silent_s'])} from"
        others = f" and {count(health['silent_count'] - 1)} more" if health["silent_count"] > 1 else ""
        named = one_line(health["silent_service"], 60) + others
        return ":material/sensors_off:", line, f"Anything at all came {last} ago", named
    return ":material/check_circle:", f"All stored · last {last} ago", "Of what came in 24 h, nothing was refused", ""
