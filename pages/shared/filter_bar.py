"""The window and the filters, as every page about many runs shows them on top."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import streamlit as st

from pages.shared import address, data, filters
from pages.shared.filters import FIELDS, Filters
from pages.shared.format import one_line
from pages.shared.menu import Entry


def draw(entry: Entry, settled: Filters) -> None:
    """As much of it as the page takes."""
    if "window" not in entry.takes:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="filter_bar"):
        window = address.text("window", filters.DEFAULT_WINDOW, filters.WINDOWS)
        st.segmented_control(
            "Window",
            list(filters.WINDOWS),
            required=True,
            label_visibility="collapsed",
            wrap=True,
            **address.bound("window", window, filters.DEFAULT_WINDOW, drops=("since", "until")),
        )
        if "status" in entry.takes:
            _choose_narrowing(settled)
    if window == "custom":
        _choose_bounds(settled)
    if settled.narrowing:
        _show_narrowing(settled.narrowing)


def _choose_narrowing(settled: Filters) -> None:
    st.pills(
        "Status",
        filters.STATUSES,
        selection_mode="multi",
        label_visibility="collapsed",
        **address.bound("status", address.texts("status", filters.STATUSES)),
    )
    popover = st.popover("Filters", icon=":material/filter_list:", key="more_filters", on_change="rerun")
    if popover.open:
        with popover:
            _choose_fields({name: settled.asked[name] for name in ("project", "since", "until")})


def _choose_fields(bounds: Mapping[str, Any]) -> None:
    seen = data.answer("filter_values", **bounds)
    with st.grid(2, min_column_width=160, gap="xsmall"):
        for name, label in FIELDS.items():
            st.selectbox(
                label,
                seen.filter(pl.col("field") == name)["value"].to_list(),  # the most frequent first
                index=None,
                accept_new_options=True,
                filter_mode="contains",
                placeholder="any",
                **address.bound(name, address.text(name) or None),
            )
        st.selectbox(
            "Evidence",
            filters.EVIDENCE,
            index=None,
            placeholder="any",
            help="How sure it is that a human approved or corrected",
            **address.bound("evidence", address.text("evidence", among=filters.EVIDENCE) or None),
        )
    st.multiselect(
        "Attribute, tag or metadata",
        [],
        accept_new_options=True,
        placeholder="key=value, then Enter",
        **address.bound("attr", address.texts("attr"), []),
    )


def _show_narrowing(narrowing: Mapping[str, str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text("Only " + " · ".join(f"{label.lower()} {one_line(value, 60)}" for label, value in narrowing.items()))
        st.button("Clear filters", icon=":material/close:", type="tertiary", on_click=filters.clear)


def _choose_bounds(settled: Filters) -> None:
    """The bounds of the address, which are in UTC, on the viewer's clock."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        for name, label, at in zip(("since", "until"), ("From", "Until, not included"), settled.bounds, strict=True):
            key = f"{name}_local"
            st.session_state[key] = at and at.astimezone(ZoneInfo(settled.zone)).replace(tzinfo=None)
            st.datetime_input(
                f"{label} ({settled.zone})",
                None,
                key=key,
                step=60,
                on_change=_choose_bound,
                args=(name, key, settled.zone),
                width=230,
            )


def _choose_bound(name: str, key: str, zone: str) -> None:
    chosen: datetime | None = st.session_state[key]
    address.change(**{name: chosen and filters.rfc_3339(chosen.replace(tzinfo=ZoneInfo(zone)))})
