"""Hours or days in which a workflow cost far more than usual, and why."""

from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st

from pages.shared import behind, links, rows
from pages.shared.filters import rfc_3339
from pages.shared.format import one_line
from queries.drivers import USUAL, why

_ROWS_IN_SIGHT, _LINES = 4, 3


def draw(found: pl.DataFrame, zone: str) -> None:
    """One row a spike, the largest first; a click on any cell leads to its runs, the dearest first."""
    st.subheader("Spikes", help="Against the median of the same hours, or days, of up to six weeks before")
    if found.is_empty():
        st.caption("No workflow cost more than usual by over a dollar and three deviations.")
        return

    def open_runs(row: int) -> None:
        links.open_runs(sort="dearest", **behind_spike(found.row(row, named=True)))

    told = list(found.iter_rows(named=True))
    shown = found.select(
        "slot_at",
        pl.Series("workflow", [one_line(row["workflow_name"] or "no workflow", 120) for row in told], dtype=pl.String),
        "excess_usd",
        "cost_usd",
        "usual_cost_usd",
        pl.Series("why", [why(row, USUAL) for row in told], dtype=pl.String),
    )
    columns = {
        "slot_at": rows.moment("From", zone),
        "workflow": rows.text("Workflow", 125),
        "excess_usd": rows.dollars(
            "Excess", "Cost less usual; the table below divides it into its five parts", "+$%.2f"
        ),
        "cost_usd": rows.dollars("Cost", "Of its runs that began then", "$%.2f"),
        "usual_cost_usd": rows.dollars("Usual", "Median of the same hours or days of the weeks before", "$%.2f"),
        "why": rows.text("Why", 430),
    }
    what = "spikes of cost; choosing a cell opens the runs"
    rows.choosing("cost_spikes", what, shown, columns, open_runs, _ROWS_IN_SIGHT, _LINES)
    behind.draw("cost_spikes", found)


def behind_spike(spike: Mapping[str, Any]) -> dict[str, str]:
    """The window and filters of a spike's runs."""
    window = {"since": rfc_3339(spike["slot_at"]), "until": rfc_3339(spike["slot_until_at"])}
    workflow = {"workflow": spike["workflow_name"]} if spike["workflow_name"] else {}
    return {"window": "custom", **window, **workflow}
