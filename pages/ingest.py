"""Ingest: what arrives, from whom, and what became of it."""

import streamlit as st

from pages.shared import data, faces, filters, ledger

chosen = filters.current()
st.title("Ingest")


def draw() -> None:
    arrived = data.answer("ingest", **chosen.asked)
    if arrived["totals"].is_empty():
        faces.nothing_arrived(chosen)
        return
    ledger.draw_losses(arrived["totals"])
    ledger.draw_totals(arrived["totals"], chosen.zone)
    ledger.draw_services(arrived["services"], chosen.zone)
    ledger.draw_batches(arrived["batches"], chosen.zone)


data.live(draw)
