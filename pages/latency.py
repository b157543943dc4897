"""Latency: how long runs and their steps take, what runs wait for, and what made the slowest ones so slow."""

import streamlit as st

from pages.shared import address, data, faces, filters, latency, links

chosen = filters.current()
zone = chosen.zone
for name, known in (("by", latency.GROUPINGS), ("part", latency.PARTS), ("slow", latency.SLOWEST)):
    links.complain_unless_among(name, known)
by = address.text("by", latency.GROUPINGS[0], latency.GROUPINGS)
part = address.text("part", latency.PARTS[1], latency.PARTS)
st.title("Latency")

totals = data.answer("latency_totals", **chosen.asked)
if "asked" not in totals["window"]:
    faces.no_runs(chosen, "")
    data.rerun_on_news(chosen.project, watched=True)
    st.stop()
kinds = data.answer("time_by_kind", **chosen.asked)
first_tokens = data.answer("first_token", **chosen.asked)
latency.draw_totals(totals, kinds, first_tokens)
left, right = st.columns(2, gap="medium")
with left:
    latency.draw_kinds(kinds)
with right:
    latency.draw_heatmap(data.answer("latency_heatmap", **chosen.asked, tz=zone), zone)

with st.container(horizontal=True, vertical_alignment="center", key="heading"):
    st.subheader("Steps")
    st.segmented_control(
        "By",
        latency.GROUPINGS,
        format_func="by {}".format,
        required=True,
        label_visibility="collapsed",
        **address.bound("by", by, latency.GROUPINGS[0]),
    )
    st.segmented_control(
        "Percentile",
        latency.PARTS,
        required=True,
        label_visibility="collapsed",
        **address.bound("part", part, latency.PARTS[1]),
    )
latency.draw_trend(data.answer("latency_trend", **chosen.asked, tz=zone, by=by), by, part, zone)
latency.draw_steps(data.answer("latency_by", **chosen.asked, by=by), by)
latency.draw_first_tokens(first_tokens)

st.subheader("The slowest runs, and what they waited for")
slow = address.text("slow", "working", latency.SLOWEST)
st.segmented_control(
    "Slowest",
    list(latency.SLOWEST),
    format_func=latency.SLOWEST.__getitem__,
    required=True,
    label_visibility="collapsed",
    **address.bound("slow", slow, "working"),
)
latency.draw_slowest(data.answer("slowest_runs", **chosen.asked, by=slow), slow, chosen.project, zone)
