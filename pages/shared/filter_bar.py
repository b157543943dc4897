"""The window and the filters, as every page about many runs shows them on top."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import streamlit as st

from pages.shared import address, data, filters, freshness
from pages.shared.filters import FIELDS, Filters
from pages.shared.format import count, local_time, one_line
from pages.shared.menu import INGEST, METRICS, Entry

_FOLLOWED = (METRICS, INGEST)  # beside those that are compared with the window before


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
        if entry.compares or entry in _FOLLOWED:
            freshness.draw(settled)
    if window == "custom":
        _choose_bounds(settled)
    if settled.narrowing:
        _show_narrowing(settled.narrowing)
    if entry.compares:
        _say_unless_compared(settled)


def _say_unless_compared(settled: Filters) -> None:
    bounds = {name: settled.asked[name] for name in ("project", "since", "until")}
    compared = data.answer("compared", **bounds).row(0, named=True)
    if compared["before_at"] and compared["first_run_at"] and not compared["is_compared"]:
        began = local_time(compared["first_run_at"], settled.zone)
        st.caption(f"No earlier data to compare with: the first run of this project began {began}.")


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
        with popover, st.container(width=460):
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
    _choose_attributes(bounds)


def _choose_attributes(bounds: Mapping[str, Any]) -> None:
    """Those that are chosen, where others can be typed; and below, a key that was seen and one of its values."""
    st.multiselect(
        "Attribute, tag or metadata",
        [],
        accept_new_options=True,
        placeholder="type key=value, or choose below",
        **address.bound("attr", address.texts("attr"), []),
    )
    keys = data.answer("label_keys", **bounds)
    value_counts = dict(keys.select("key", "value_count").iter_rows())
    with st.grid(2, min_column_width=160, gap="xsmall"):
        key = st.selectbox(
            "Key",
            list(value_counts),
            index=None,
            format_func=lambda key: f"{one_line(key, 60)} ({count(value_counts[key])})",
            key="attr_key",
            filter_mode="contains",
            placeholder=f"{count(keys.height)} seen",
            help="In brackets: how many values it has",
        )
        _choose_value(key, bounds)


def _choose_value(key: str | None, bounds: Mapping[str, Any]) -> None:
    seen = data.answer("label_values", key=key, **bounds).select("value", "run_count") if key else pl.DataFrame()
    run_counts: dict[str, int] = dict(seen.iter_rows())

    def words(value: str) -> str:
        return f"{one_line(value, 60)} ({count(run_counts[value])})" if value in run_counts else value

    st.selectbox(
        "Value",
        list(run_counts),
        index=None,
        format_func=words,
        key="attr_value",
        accept_new_options=True,
        disabled=key is None,
        filter_mode="contains",
        placeholder="of the key" if key is None else "choose or type",
        on_change=_add_attribute,
        help="In brackets: how many runs have it",
    )


def _add_attribute() -> None:
    key, value = st.session_state["attr_key"], st.session_state["attr_value"]
    if key and value:
        others = [pair for pair in address.texts("attr") if not pair.startswith(f"{key}=")]
        address.change(attr=[*others, f"{key}={value}"])
    st.session_state["attr_key"] = st.session_state["attr_value"] = None


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
