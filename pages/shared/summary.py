"""The numbers of a window, above its runs."""

import polars as pl
import streamlit as st

from pages.shared.format import cost, count, duration, percent, plural

_CUT = (
    "More records hold the words than are looked at: these numbers are of the runs of the newest of them. "
    "The pages of the list go on to the older ones, and a shorter window counts all of its runs."
)


def draw(summary: pl.DataFrame, so_far: str | None = None) -> None:
    """One row: run_count, ok_count, error_count, abandoned_count, waiting_count, running_count, p95_duration_ms,
    cost_usd, unpriced_count, is_cut. `so_far` is the part of the window that it is about, while the rest is
    searched."""
    row = summary.row(0, named=True)
    finished = row["ok_count"] + row["error_count"] + row["abandoned_count"]
    unpriced = f"{plural(row['unpriced_count'], 'call')} unpriced" if row["unpriced_count"] else None
    with st.grid(6, min_column_width=110, gap="small"):
        if row["is_cut"]:
            _number("Runs", f"≥ {count(row['run_count'])}", "the newest alone", _CUT)
        else:
            _number("Runs so far" if so_far else "Runs", count(row["run_count"]), so_far)
        _number(
            "Error rate",
            percent(row["error_count"], finished),
            f"{count(row['error_count'])} of {count(finished)}",
            "Of the runs that finished: ok, error or abandoned",
        )
        _number("Waiting", count(row["waiting_count"]), "for a human")
        _number("Running", count(row["running_count"]), None)
        _number("p95 duration", duration(row["p95_duration_ms"]), None)
        _number("Cost", cost(row["cost_usd"]), unpriced)


def _number(label: str, value: str, beside: str | None, meaning: str | None = None) -> None:
    st.metric(label, value, beside, delta_color="off", delta_arrow="off", help=meaning)
