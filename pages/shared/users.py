"""Whom runs were for: the numbers, users and conversations over time, one by one, and the ways to their runs."""

from typing import Any

import polars as pl
import streamlit as st

from pages.shared import behind, buckets, figures_users, links, menu, oversight, rows
from pages.shared.filters import Filters
from pages.shared.format import cost, count, plural

GROUPS = {"user": "Users", "conversation": "Conversations"}


def draw_numbers(asked: oversight.Counts, before: oversight.Counts | None) -> None:
    """Users, conversations, and how many of them saw a run fail; against the window before."""
    with st.grid(6, min_column_width=240, gap="small"):
        unnamed = f"{plural(asked['unnamed_run_count'], 'run names', 'runs name')} none"
        _count("Users", "user_count", asked, before, unnamed)
        failed = "Users of whom at least one run failed"
        oversight.rate("Saw a failed run", asked, before, "failed_user_count", "user_count", "inverse", failed)
        corrected = "Users of whom a human corrected at least one run"
        oversight.rate("Saw a correction", asked, before, "corrected_user_count", "user_count", "inverse", corrected)
        _count("Conversations", "conversation_count", asked, before, f"in {plural(asked['run_count'], 'run')}")
        failed = "Conversations in which at least one run failed"
        oversight.rate(
            "With a failed run", asked, before, "failed_conversation_count", "conversation_count", "inverse", failed
        )
        usd, usd_before = asked["cost_per_user_usd"], before["cost_per_user_usd"] if before else None
        change = f"{usd / usd_before - 1:+.0%}" if usd and usd_before else None
        meaning = "Of the runs that name a user and whose cost is known"
        oversight.number(
            "Cost per user", cost(usd), f"{cost(asked['user_cost_usd'])} in all", change, "inverse", meaning
        )


def _count(label: str, column: str, asked: oversight.Counts, before: oversight.Counts | None, beside: str) -> None:
    change = f"{asked[column] - before[column]:+,}" if before else None
    oversight.number(label, count(asked[column]), beside, change)


def draw_trend(trend: pl.DataFrame, by: str, zone: str) -> None:
    """Over time; a click on a bar leads to the runs that it stands for."""

    def open_bar() -> None:
        points = st.session_state[f"affected_by_{by}"].selection.points
        if points:
            place, is_failed = points[0]["customdata"]
            window = buckets.window(trend.row(place, named=True))
            links.open_runs(**window, **({"status": "error"} if is_failed else {}))

    st.plotly_chart(
        figures_users.affected_over_time(trend, by, zone),
        key=f"affected_by_{by}",
        on_select=open_bar,
        selection_mode="points",
        config={"displayModeBar": False},
        alt=f"{GROUPS[by]} over time, and those that saw a run fail; the same as a table below",
    )
    behind.draw("affected_trend", trend)


def draw_table(affected: pl.DataFrame, by: str, chosen: Filters) -> None:
    """One row a user or conversation; a click on any cell leads to the runs of the one, or to the other's own page."""
    if affected.height < (total := affected["value_count"][0]):
        st.caption(f"The first {count(affected.height)} of {count(total)}, those with most failed runs first.")
    is_user = by == "user"
    shown = affected.select(
        rows.words(affected, pl.col("value").fill_null(f"no {by} named"), 120),
        *([] if is_user else [rows.words(affected, "user_id", 80)]),
        "run_count",
        "error_count",
        pl.col("error_rate") * 100,
        change=pl.col("error_count").cast(pl.Int64) - pl.col("error_count_before").cast(pl.Int64),
        **({"conversation_count": "conversation_count"} if is_user else {}),
        corrected_run_count="corrected_run_count",
        approval_count="approval_count",
        cost_usd="cost_usd",
        last_seen_at="last_seen_at",
    )
    columns = {
        "value": rows.text(by.capitalize(), 190 if is_user else 150),
        "user_id": rows.text("User", 110),
        "run_count": rows.number("Runs", "Runs that began in the window"),
        "error_count": rows.number("Failed", "Runs that ended in an error"),
        "error_rate": rows.percent("Error rate", "Failed / ended"),
        "change": rows.change("Change", "Failed runs, against the window before"),
        "conversation_count": rows.number("Sessions", "Conversations that its runs name"),
        "corrected_run_count": rows.number("Corrected", "Runs that a human corrected"),
        "approval_count": rows.number("Approvals", "Questions put to humans and policies"),
        "cost_usd": rows.dollars("Cost", "A dash: no price is known"),
        "last_seen_at": rows.moment("Last seen", chosen.zone),
    }

    def open_row(row: int) -> None:
        open_value(chosen.project, by, affected["value"][row])

    what = f"{by}s; choosing a cell opens {'the runs' if is_user else 'the conversation'}"
    rows.choosing(f"affected_{by}", what, shown, columns, open_row)
    behind.draw(f"affected_by_{by}", affected)


def open_value(project: str, by: str, value: Any) -> None:
    """Leaves this page for the runs of a user, or for the page of a conversation; to be called back by a widget."""
    if value is None:
        return
    if by == "user":
        links.open_runs(user=value)
    else:
        links.open_one(menu.CONVERSATION, project, value)
