"""Ingest: is what the other pages show all there is?"""

from typing import Any

import streamlit as st

from pages.shared import address, arrivals, costs, data, faces, filters, ledger

chosen = filters.current()
st.title("Ingest")


def part(name: str) -> Any:
    return data.answer("ingest", part=name, **chosen.asked)


def draw() -> None:
    totals = part("totals")
    if totals.is_empty():
        faces.nothing_arrived(chosen)
        return
    services, late, rejections = part("services"), part("late"), part("rejections")
    arrivals.draw_losses(totals, rejections, late, services)
    ledger.draw_totals(totals, chosen.zone)
    ledger.draw_services(services, chosen.zone)
    arrivals.draw_rejections(rejections, chosen.zone)
    arrivals.draw_late(late)
    arrivals.draw_redactions(part("redactions"), chosen.zone)
    arrivals.draw_unmapped(part("unmapped"), chosen)
    costs.draw_unpriced(data.answer("unpriced_calls", **chosen.asked), chosen)
    arrivals.draw_store(part("store"), part("growth"), part("times"))
    arrivals.draw_times(part("times"))
    ledger.draw_batches(part("batches"), chosen.zone)


data.live(draw, watched=address.flag("live", True))
