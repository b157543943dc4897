"""Routes: which models were asked for and which ones answered, how well, and what had to be tried again."""

import streamlit as st

from pages.shared import data, faces, filters, routes

chosen = filters.current()
st.title("Routes")

totals = data.answer("route_totals", **chosen.asked)
if "asked" not in totals["window"]:
    faces.nothing_of_runs(chosen, "called a model")
    data.rerun_on_news(chosen.project, watched=True)
    st.stop()
routes.draw_numbers(totals)
routes.draw_routes(data.answer("model_routes", **chosen.asked))
routes.draw_changes(data.answer("route_changes", **chosen.asked, tz=chosen.zone), chosen.zone)
routes.draw_attempts(data.answer("route_attempts", **chosen.asked), chosen.project, chosen.zone)
