"""What the questions of a page are narrowed by: the project everywhere; window and filters where there are many runs.

The widgets' keys are the names in the URL, so that a pasted link chooses the same.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl
import streamlit as st

from pages.shared import data, links
from pages.shared.format import one_line

WINDOWS = {
    "1h": "the last hour",
    "6h": "the last 6 hours",
    "24h": "the last 24 hours",
    "7d": "the last 7 days",
    "30d": "the last 30 days",
    "all": "all time",
    "custom": "the chosen time",
}
FIELDS = {
    "workflow": "Workflow",
    "agent": "Agent",
    "service": "Service",
    "environment": "Environment",
    "release": "Release",
    "model": "Model",
    "tool": "Tool",
    "user": "User",
    "conversation": "Conversation",
}
_PROJECT = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
STATUSES = ("error", "waiting", "running", "abandoned", "ok")
SORTS = {
    "newest": "started_at",
    "slowest": "duration",
    "dearest": "cost",
    "most tokens": "tokens",
    "most errors": "errors",
}


@dataclass(frozen=True)
class Filters:
    """What is asked about many runs: `asked` and `sort` by the read API's names, the `window` in words, and the
    `narrowing` beyond the window, label → value."""

    asked: Mapping[str, Any]
    sort: str
    window: str
    narrowing: Mapping[str, str]


def viewer_zone() -> str:
    """The browser's time zone; UTC until it has told, or where it tells of one that nobody knows."""
    try:
        return ZoneInfo(st.context.timezone or "UTC").key
    except (ZoneInfoNotFoundError, ValueError):
        return "UTC"


def choose_project() -> str:
    """The project of this page, by the URL; the samples as long as nothing else has arrived.

    Draws the chooser in the sidebar where there is a choice.
    """
    asked = st.query_params.get("project")
    run_counts = data.run_counts()
    if asked not in (None, *run_counts):
        data.forget()  # it may be younger than what is remembered
        run_counts = data.run_counts()
    if asked is None and not run_counts.get(data.DEFAULT_PROJECT) and run_counts.get(data.DEMO_PROJECT):
        asked = st.query_params["project"] = data.DEMO_PROJECT
    project = asked or data.DEFAULT_PROJECT
    if not _PROJECT.fullmatch(project):
        links.complain("No project can have this name:", project)
        project = data.DEFAULT_PROJECT
    elif project not in (data.DEFAULT_PROJECT, *run_counts):
        links.complain("Nothing has arrived in a project of this name:", project)
    names = sorted({data.DEFAULT_PROJECT, project, *run_counts}, key=lambda name: (name != data.DEFAULT_PROJECT, name))
    if len(names) > 1:
        st.session_state["chosen_project"] = project
        st.sidebar.selectbox("Project", names, key="chosen_project", on_change=_switch_project)
    st.session_state["project"] = project
    return project


def choose_filters(project: str) -> Filters:
    """Draws window, search, status, the other filters and the order; what they ask for."""
    _complain_unless_among("window", WINDOWS)
    _complain_unless_among("status", STATUSES)
    _complain_unless_among("sort", SORTS)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        window = _choose_window()
        st.text_input(
            "Search",
            type="search",
            key="q",
            bind="query-params",
            on_change=links.first_page,
            placeholder="Search runs",
            label_visibility="collapsed",
            width=200,
        )
        st.pills(
            "Status",
            STATUSES,
            selection_mode="multi",
            key="status",
            bind="query-params",
            on_change=links.first_page,
            label_visibility="collapsed",
        )
        with st.popover("Filters", icon=":material/filter_list:"):
            fields = st.container()
        sort = st.selectbox(
            "Sort",
            list(SORTS),
            key="sort",
            bind="query-params",
            on_change=links.first_page,
            icon=":material/sort:",
            label_visibility="collapsed",
            width=155,
        )
    since, until = _bounds(window)
    bounds = {"project": project, "since": since, "until": until}
    with fields:
        _choose_fields(_suggestions(bounds))
    narrowing = _narrowing()
    _show_narrowing(narrowing)
    return Filters(bounds | _asked_fields(), SORTS[sort], WINDOWS[window], narrowing)


def choose_window() -> tuple[str, str | None, str]:
    """Draws the window alone; its start and end by the read API's names, and the window in words."""
    _complain_unless_among("window", WINDOWS)
    window = _choose_window()
    return *_bounds(window), WINDOWS[window]


def clear_filters() -> None:
    """Lifts every filter but project and window."""
    for name in FIELDS:
        st.session_state[name] = None
    st.session_state["q"], st.session_state["status"], st.session_state["attr"] = "", [], []
    links.first_page()


def widen_window() -> None:
    """Asks for all time."""
    st.session_state["window"] = "all"
    links.first_page()


def _switch_project() -> None:
    st.query_params.from_dict({"project": st.session_state["chosen_project"]})


def _choose_window() -> str:
    return st.segmented_control(
        "Window",
        list(WINDOWS),
        default="24h",
        required=True,
        key="window",
        bind="query-params",
        on_change=links.first_page,
        label_visibility="collapsed",
        wrap=True,
    )


def _bounds(window: str) -> tuple[str, str | None]:
    if window != "custom":
        return (data.ALL_TIME if window == "all" else f"-{window}"), None
    since, until = _custom_bounds()
    return since or data.ALL_TIME, until


def _choose_fields(suggestions: Mapping[str, list[str]]) -> None:
    with st.grid(2, min_column_width=160, gap="xsmall"):
        for name, label in FIELDS.items():
            st.selectbox(
                label,
                suggestions.get(name, []),
                index=None,
                key=name,
                bind="query-params",
                accept_new_options=True,
                on_change=links.first_page,
                filter_mode="contains",
                placeholder="any",
            )
    st.multiselect(
        "Attribute, tag or metadata",
        [],
        key="attr",
        bind="query-params",
        accept_new_options=True,
        on_change=links.first_page,
        placeholder="key=value, then Enter",
    )


def _suggestions(bounds: Mapping[str, Any]) -> dict[str, list[str]]:
    """What the runs of the window have, the most frequent first, by the names of FIELDS; any other may be typed."""
    values = data.answer("filter_values", **bounds)
    return {name: values.filter(pl.col("field") == name)["value"].to_list() for name in FIELDS}


def _asked_fields() -> dict[str, Any]:
    asked: dict[str, Any] = {name: st.session_state[name] for name in ("q", *FIELDS) if st.session_state[name]}
    if st.session_state["status"]:
        asked["status"] = tuple(sorted(st.session_state["status"]))
    for pair in st.session_state["attr"]:
        key, equals, value = pair.partition("=")
        if key and equals:
            asked[f"attr.{key}"] = value
        else:
            links.complain("An attribute filter reads key=value, this one does not:", pair)
    return asked


def _narrowing() -> dict[str, str]:
    single = {label: st.session_state[name] for name, label in {"q": "Search", **FIELDS}.items()}
    several = {
        label: ", ".join(st.session_state[name]) for name, label in (("status", "Status"), ("attr", "Attribute"))
    }
    return {label: value for label, value in (single | several).items() if value}


def _show_narrowing(narrowing: Mapping[str, str]) -> None:
    if not narrowing:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text("Only " + " · ".join(f"{label.lower()} {one_line(value, 60)}" for label, value in narrowing.items()))
        st.button("Clear filters", icon=":material/close:", type="tertiary", on_click=clear_filters)


def _custom_bounds() -> tuple[str | None, str | None]:
    """The bounds in the URL (RFC 3339), drawn and chosen on the viewer's clock."""
    zone = viewer_zone()
    bounds: dict[str, str | None] = {}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        for name, label in (("since", "From"), ("until", "Until, not included")):
            at = _moment(st.query_params.get(name))
            bounds[name] = None if at is None else _rfc_3339(at)
            local = None if at is None else at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
            st.session_state[f"{name}_local"] = local
            st.datetime_input(
                f"{label} ({zone})",
                None,
                key=f"{name}_local",
                step=60,
                on_change=_choose_bound,
                args=(name, zone),
                width=230,
            )
    return bounds["since"], bounds["until"]


def _choose_bound(name: str, zone: str) -> None:
    chosen: datetime | None = st.session_state[f"{name}_local"]
    if chosen is None:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = _rfc_3339(chosen.replace(tzinfo=ZoneInfo(zone)))


def _rfc_3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _moment(text: str | None) -> datetime | None:
    """RFC 3339 as a moment; None, with a word to the viewer, for anything else."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        links.complain("A bound of the window reads like 2026-01-31T09:00:00Z, this one does not:", text)
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _complain_unless_among(name: str, known: Collection[str]) -> None:
    for value in st.query_params.get_all(name):
        if value not in known:
            links.complain(f"The address asks for a {name} that there is not:", value)
