"""Ingest: what arrives, from whom, and what became of it."""

import streamlit as st

from pages.shared import data, faces, filters, ledger, links

project, zone = links.project(), filters.viewer_zone()
st.title("Ingest")
since, until, window = filters.choose_window()


def draw() -> None:
    arrived = data.answer("ingest", project=project, since=since, until=until)
    if arrived["totals"].is_empty():
        faces.nothing_arrived(project, since, window)
        return
    ledger.draw_losses(arrived["totals"])
    ledger.draw_totals(arrived["totals"], zone)
    ledger.draw_services(arrived["services"], zone)
    ledger.draw_batches(arrived["batches"], zone)


data.live(draw)
