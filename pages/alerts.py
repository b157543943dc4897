"""Alerts: what fires and whom it was told, what is silenced, what fired before, and by which rules."""

import streamlit as st

from pages.shared import address, alert_cards, alert_tables, alerts, data, faces, filters, links

chosen = filters.current()
project, zone = chosen.project, chosen.zone
st.title("Alerts")

known = alerts.known(project)
if known.fired.is_empty() and data.projects().filter(project=project)["last_commit_at"].is_null().all():
    faces.empty_store(project)
    data.rerun_on_news(project, watched=True)
    st.stop()
alerts.watch(project, known)
alerts.draw_numbers(known)

asked = address.text("alert")
if asked:
    found = data.client().alert_history(project=project, alert=asked)
    if found.is_empty():
        links.complain("The address asks for an alert that this project does not have:", asked)
    else:
        alert_cards.draw_one(found.row(0, named=True), known, project, zone)
alert_cards.draw_firing(known, project, zone)
alert_cards.draw_silences(known, project, zone)
alert_tables.draw_notifications(known, zone)
rule = address.text("rule")
links.complain_unless_among("rule", known.rules["rule"].to_list())
alert_tables.draw_history(data.client().alert_history(project=project, rule=rule or None), known, zone)
alert_tables.draw_rules(known, zone)
