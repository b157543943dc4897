"""Metrics: what agents and SDKs measured of themselves, one at a time; it is in no sum of the other pages."""

import streamlit as st

from pages.shared import data, faces, filters, links, metrics

chosen = filters.current()
st.title("Metrics")
names = data.answer("metric_names", **chosen.asked)
if names.is_empty():
    faces.no_metrics(chosen)
    data.rerun_on_news(chosen.project, watched=True)
    st.stop()
known = metrics.metrics_of(names)
links.complain_unless_among("metric", [metric.key for metric in known])
with st.grid(3, min_column_width=240, gap="small"):
    metric = metrics.choose(known)
    labels = data.answer("metric_labels", **chosen.asked, metric=metric.name)
    group = metrics.choose_group(labels)
    way = metrics.choose_way(metric)
said = "These are from metrics, and in no sum of runs, tokens or cost on any other page."
if metric.tells_tokens_or_cost:
    st.info(said, icon=":material/info:")
else:
    st.caption(said)
trend = data.answer(
    "metric_trend",
    **chosen.asked,
    metric=metric.name,
    type=metric.kind,
    unit=metric.unit,
    group=group,
    tz=chosen.zone,
)
metrics.draw_numbers(trend, metric, way)
metrics.draw_trend(trend, metric, way, group, chosen.zone)
metrics.draw_names(names, known, chosen.zone)
