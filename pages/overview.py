"""Overview: is everything all right? Six numbers with their trends, and what changed, in words with links."""

import streamlit as st

from pages.shared import alerts, behind, data, faces, filters, overview, whats_new

chosen = filters.current()
asked, zone = chosen.asked, chosen.zone
st.title("Overview")
alerts.draw_line(chosen.project)

totals = data.answer("overview_totals", **asked)
if "asked" not in totals["window"]:
    data.live(lambda: faces.no_runs(chosen, ""))  # turns to the samples when they come
    data.rerun_on_news(chosen.project, watched=True)
    st.stop()
trend = data.answer("overview_trend", **asked, tz=zone)
overview.draw(totals, trend, data.answer("pending_approvals", **asked), zone)
changes = data.answer("changes", **asked)
compared = data.answer("compared", **asked).row(0, named=True)
whats_new.draw(
    [
        *whats_new.of_releases(data.answer("error_releases", **asked)),
        *whats_new.of_errors(data.answer("error_groups", **asked, tz=zone)),
        *whats_new.of_cost(data.answer("cost_movers", **asked), data.answer("cost_spikes", **asked, tz=zone), zone),
        *whats_new.of_routes(data.answer("route_changes", **asked, tz=zone), compared["since_at"], zone),
        *whats_new.of_changes(changes, zone),
    ]
)
if changes.height:
    behind.draw("changes", changes)
