"""Cost: what the runs of a window cost, what it was spent on, and which runs cost most."""

from functools import partial

import streamlit as st

from pages.shared import address, behind, costs, data, faces, figures_cost, filters, links, spikes, tables

DEAREST_RUNS = 10

chosen = filters.current()
links.complain_unless_among("by", costs.GROUPINGS)
by = address.text("by", costs.GROUPINGS[0], costs.GROUPINGS)
with st.container(horizontal=True, vertical_alignment="center", key="heading"):
    st.title("Cost")
    st.selectbox(
        "By",
        costs.GROUPINGS,
        format_func="by {}".format,
        label_visibility="collapsed",
        width=180,
        **address.bound("by", by, costs.GROUPINGS[0]),
    )

totals = data.answer("cost_totals", **chosen.asked)
if "asked" not in totals["window"]:
    faces.no_runs(chosen, "")
    data.rerun_on_news(chosen.project, watched=True)
    st.stop()
costs.draw_totals(totals)
costs.draw_trend(data.answer("cost_trend", **chosen.asked, tz=chosen.zone, by=by), by, chosen.zone)
spikes.draw(data.answer("cost_spikes", **chosen.asked, tz=chosen.zone), chosen.zone)
costs.draw_spenders(data.answer("cost_by", **chosen.asked, by=by), by)

tokens, runs = st.columns(2, gap="medium")
with tokens:
    st.subheader("Tokens by class")
    classes = data.answer("token_classes", **chosen.asked, tz=chosen.zone)
    st.plotly_chart(
        figures_cost.tokens_by_class(classes, chosen.zone),
        config={"displayModeBar": False},
        alt="Tokens by class and cache hit rate over time; the same as a table below",
    )
    behind.draw("token_classes", classes)
with runs:
    st.subheader("Runs by cost")
    ranges = data.answer("cost_per_run", **chosen.asked)
    st.plotly_chart(
        figures_cost.runs_by_cost(ranges),
        config={"displayModeBar": False},
        alt="How many runs cost how much; the same as a table below",
    )
    behind.draw("cost_per_run", ranges)

st.subheader("The most expensive runs")
dearest, _ = data.answer("runs", **chosen.asked, sort="cost", limit=DEAREST_RUNS)
tables.runs_table(dearest, chosen.zone, partial(links.open_run, chosen.project))
costs.draw_unpriced(data.answer("unpriced_calls", **chosen.asked), chosen)
