"""Hours or days in which a workflow cost far more than usual, and why."""

from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st

from pages.shared import behind, links, rows
from pages.shared.filters import rfc_3339
from pages.shared.format import cost, one_line

# Part of a change → what it is called where there was more, or less, and the column that tells how much there was then.
PARTS = {
    "volume_usd": ("more runs", "fewer runs", "run_count"),
    "calls_per_run_usd": ("more calls per run", "fewer calls per run", "calls_per_run"),
    "tokens_per_call_usd": ("more tokens per call", "fewer tokens per call", "tokens_per_call"),
    "model_mix_usd": ("dearer models", "cheaper models", None),
    "price_usd": ("a higher price", "a lower price", None),
}
_LEAST_SHARE = 0.1  # what is smaller is not worth words
_ROWS_IN_SIGHT = 6


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
        pl.Series("why", [why(row) for row in told], dtype=pl.String),
        "cost_usd",
        "usual_cost_usd",
        pl.col(*PARTS).round(2) + 0.0,  # no -0.00
    )
    columns = {
        "slot_at": st.column_config.DatetimeColumn("From", format="D MMM, HH:mm", timezone=zone, width=105),
        "workflow": st.column_config.TextColumn("Workflow", width=135),
        "excess_usd": _dollars("Excess, $", "%+.2f", "Cost less usual; the five parts add up to it"),
        "why": st.column_config.TextColumn("Why", width=540),
        "cost_usd": _dollars("Cost", "$%.2f", "Of its runs that began then"),
        "usual_cost_usd": _dollars("Usual", "$%.2f", "Median of the same hours or days of the weeks before"),
        "volume_usd": _part("Volume"),
        "calls_per_run_usd": _part("Calls a run"),
        "tokens_per_call_usd": _part("Tokens a call"),
        "model_mix_usd": _part("Model mix"),
        "price_usd": _part("Price"),
    }
    what = "spikes of cost; choosing a cell opens the runs"
    rows.choosing("cost_spikes", what, shown, columns, open_runs, _ROWS_IN_SIGHT)
    behind.draw("cost_spikes", found)


def why(row: Mapping[str, Any], change: str = "excess_usd", once: str = "usual_{}", said: str = "usually") -> str:
    """The parts of a change that matter, the largest first: 52% by more calls per run (39.1, usually 8.4), 45% by …

    `once` is the name of the column that tells how much of something there was else, and `said` how it is called.
    """
    parts = sorted(PARTS, key=lambda part: row[part] / row[change], reverse=True)
    words = [_share(row, part, change, once, said) for part in parts if row[part] / row[change] >= _LEAST_SHARE]
    return ", ".join(words) or cost(row[change])


def _share(row: Mapping[str, Any], part: str, change: str, once: str, said: str) -> str:
    more, fewer, then = PARTS[part]
    share = f"{row[part] / row[change]:.0%} by {more if row[change] > 0 else fewer}"
    if then is None or row[then] is None or row[once.format(then)] is None:
        return share
    return f"{share} ({_amount(row[then])}, {said} {_amount(row[once.format(then)])})"


def _amount(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 or number == int(number) else f"{number:.1f}"


def behind_spike(spike: Mapping[str, Any]) -> dict[str, str]:
    """The window and filters of a spike's runs."""
    window = {"since": rfc_3339(spike["slot_at"]), "until": rfc_3339(spike["slot_until_at"])}
    workflow = {"workflow": spike["workflow_name"]} if spike["workflow_name"] else {}
    return {"window": "custom", **window, **workflow}


def _dollars(label: str, written: str, meaning: str) -> Any:
    return st.column_config.NumberColumn(label, format=written, width=80, help=meaning)


def _part(label: str) -> Any:
    return _dollars(f"{label}, $", "%+.2f", "This part of the excess, a Shapley share")
