"""Whether everything is all right: six numbers with their trend and change, each with the way to its runs."""

from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st

from pages.shared import behind, figures_overview, menu, oversight
from pages.shared.figures import ERROR_COLOUR, KIND_COLOURS
from pages.shared.format import cost, count, duration, percent, plural
from pages.shared.oversight import Counts

_NEUTRAL = "#2f7fe0"


def draw(totals: pl.DataFrame, trend: pl.DataFrame, pending: pl.DataFrame, zone: str) -> None:
    """The numbers of `overview_totals`, `overview_trend` and `pending_approvals`."""
    by_window = {row["window"]: row for row in totals.iter_rows(named=True)}
    now, before = by_window["asked"], by_window.get("before")
    card = _Cards(trend, zone)
    with st.grid(6, min_column_width=240, gap="small"):
        with st.container(border=True, gap="xsmall"):
            change = _part(now["run_count"], before["run_count"] if before else None)
            oversight.number("Runs", count(now["run_count"]), _instead(before, "run_count", count), change)
            card.trend("run_count", lambda row: plural(row["run_count"], "run"), _NEUTRAL)
            _link("All of them", menu.RUNS)
        with st.container(border=True, gap="xsmall"):
            finished = "Of the runs that finished: ok, error or abandoned"
            oversight.rate("Error rate", now, before, "error_count", "ended_count", "inverse", finished)
            card.trend("error_rate", _of("error_count", "ended_count", "runs"), ERROR_COLOUR)
            _link("Failed runs", menu.RUNS, status="error")
        with st.container(border=True, gap="xsmall"):
            change = _part(now["p95_duration_ms"], before["p95_duration_ms"] if before else None)
            meaning = f"One in twenty of {plural(now['timed_run_count'], 'run')} took longer; waits for humans included"
            beside = _instead(before, "p95_duration_ms", duration)
            oversight.number("p95 duration", duration(now["p95_duration_ms"]), beside, change, "inverse", meaning)
            card.trend("p95_duration_ms", lambda row: duration(row["p95_duration_ms"]), _NEUTRAL)
            _link("Slowest runs", menu.RUNS, sort="slowest")
        with st.container(border=True, gap="xsmall"):
            change = _part(now["cost_usd"], before["cost_usd"] if before else None)
            meaning = f"Without {plural(now['unpriced_count'], 'model call')} of which no price is known"
            oversight.number(
                "Cost", cost(now["cost_usd"]), _instead(before, "cost_usd", cost), change, "inverse", meaning
            )
            card.trend("cost_usd", lambda row: cost(row["cost_usd"]), KIND_COLOURS["agent"])
            _link("Dearest runs", menu.RUNS, sort="dearest")
        with st.container(border=True, gap="xsmall"):
            oldest = f"oldest {duration(pending['age_ms'][0])}" if pending.height else "nobody waits"
            oversight.number("Pending approvals", count(pending.height), oldest, meaning="Whenever their runs began")
            card.trend(
                "approval_count",
                lambda row: plural(row["approval_count"], "question asked", "questions asked"),
                KIND_COLOURS["approval"],
            )
            _link("Waiting for an answer", menu.APPROVALS)
        with st.container(border=True, gap="xsmall"):
            reviewed = "Of the runs with a decision, feedback or correction by a human"
            oversight.rate(
                "Human correction rate", now, before, "corrected_count", "reviewed_count", "inverse", reviewed
            )
            card.trend("correction_rate", _of("corrected_count", "reviewed_count", "reviewed"), KIND_COLOURS["human"])
            _link("Corrections", menu.CORRECTIONS)
    behind.draw("overview_trend", trend)


class _Cards:
    """Draws the trends of one answer."""

    def __init__(self, trend: pl.DataFrame, zone: str) -> None:
        self._rows = trend.with_columns(pl.col("bucket_at").dt.convert_time_zone(zone)).to_dicts()

    def trend(self, column: str, words: Any, colour: str) -> None:
        told = [f"{row['bucket_at']:%a %d %b, %H:%M}<br>{words(row)}" for row in self._rows]
        st.plotly_chart(
            figures_overview.sparkline([row[column] for row in self._rows], told, colour),
            key=f"trend_{column}",
            config={"displayModeBar": False},
            alt=f"{column.replace('_', ' ')} over time; the same as a table below",
        )


def _of(part: str, whole: str, what: str) -> Any:
    return lambda row: f"{percent(row[part], row[whole])}: {count(row[part])} of {count(row[whole])} {what}"


def _part(now: float | None, before: float | None) -> str | None:
    """The change as a percentage, if there is something to compare with."""
    return f"{now / before - 1:+.0%}".replace("-0%", "+0%") if now is not None and before else None


def _instead(before: Counts | None, column: str, words: Any) -> str:
    return f"was {words(before[column])}" if before else "not compared"


def _link(label: str, entry: menu.Entry, **narrowing: str) -> None:
    query: Mapping[str, Any] = menu.to(entry) | narrowing
    st.page_link(entry.script, label=label, icon=":material/arrow_forward:", query_params=query)
