"""What runs cost: the numbers, what it is spent on, and the ways from there to the runs."""

import json
from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st

from pages.shared import behind, buckets, figures_cost, links, rows
from pages.shared.filters import Filters
from pages.shared.format import DASH, cost, count, one_line

# All but steps narrow the list of runs by their own value.
GROUPINGS = ("workflow", "agent", "step", "tool", "model", "user", "conversation")
_CHART = {"displayModeBar": False}
_ROWS_IN_SIGHT = 10


def draw_totals(totals: pl.DataFrame) -> None:
    """The numbers of the window, each against the window before, if there is one."""
    rows = {row["window"]: row for row in totals.iter_rows(named=True)}
    now, before = rows["asked"], rows.get("before", {})
    with st.grid(6, min_column_width=130, gap="small"):
        _money("Cost", "cost_usd", now, before, f"Of {count(now['priced_run_count'])} runs whose cost is known")
        _money("Median run", "p50_run_cost_usd", now, before, "Half of the runs cost more")
        _money("p95 run", "p95_run_cost_usd", now, before, "One run in twenty costs more")
        _money("Dearest run", "max_run_cost_usd", now, before, "The most that a run cost")
        _cache(now, before)
        unpriced = now["unpriced_count"]
        st.metric(
            "Unpriced calls",
            count(unpriced),
            f"of {count(now['llm_call_count'])} model calls",
            delta_color="off",
            delta_arrow="off",
            help="Model calls with tokens but no known price; they are in no sum of dollars",
        )


def _money(label: str, column: str, now: dict[str, Any], before: Mapping[str, Any], meaning: str) -> None:
    usd, usd_before = now[column], before.get(column)
    delta = f"{usd / usd_before - 1:+.0%}" if usd is not None and usd_before else None
    st.metric(
        label, cost(usd), delta, delta_color="inverse", help=f"{meaning}. In the window before: {cost(usd_before)}"
    )


def _cache(now: dict[str, Any], before: Mapping[str, Any]) -> None:
    rate, rate_before = now["cache_hit_rate"], before.get("cache_hit_rate")
    st.metric(
        "Cache hit rate",
        DASH if rate is None else f"{rate:.1%}",
        f"{100 * (rate - rate_before):+.1f} points" if rate is not None and rate_before is not None else None,
        help=f"{count(now['cache_read_tokens'])} of {count(now['input_tokens'])} input tokens were read from a cache. "
        f"In the window before: {DASH if rate_before is None else f'{rate_before:.1%}'}",
    )


def draw_trend(trend: pl.DataFrame, by: str, zone: str) -> None:
    """Cost over time, stacked; a click on a bar leads to the runs that it stands for."""

    def open_bar() -> None:
        points = st.session_state["cost_trend"].selection.points
        if points:
            links.open_runs(sort="dearest", **_behind_bar(trend, points[0]["customdata"], by))

    st.plotly_chart(
        figures_cost.cost_over_time(trend, by, zone),
        key="cost_trend",
        on_select=open_bar,
        selection_mode="points",
        config=_CHART,
        alt=f"Cost over time by {by}; the same as a table below",
    )
    behind.draw("cost_trend", trend)


def _behind_bar(trend: pl.DataFrame, row_number: int, by: str) -> dict[str, str]:
    row = trend.row(row_number, named=True)
    return buckets.window(row) | ({by: row["value"]} if row["value"] is not None and by != "step" else {})


def draw_spenders(spenders: pl.DataFrame, by: str) -> None:
    """One row a value; a click on any cell leads to its runs, the dearest first."""

    def open_runs(row: int) -> None:
        links.open_runs(sort="dearest", **_narrowing(spenders.row(row, named=True), by))

    st.subheader(f"By {by}")
    labels = [one_line(figures_cost.value_label(row, by), 120) for row in spenders.iter_rows(named=True)]
    shown = spenders.select(
        pl.Series("value", labels, dtype=pl.String),
        "cost_usd",
        pl.col("cost_share") * 100,
        change=pl.col("cost_usd").fill_null(0) - pl.col("cost_before_usd"),
        cost_per_run_usd=pl.col("cost_usd") / pl.col("run_count"),
        run_count="run_count",
        call_count="call_count",
        input_tokens="input_tokens",
        output_tokens="output_tokens",
        unpriced_count="unpriced_count",
    )
    columns = {
        "value": st.column_config.TextColumn(by.capitalize(), width=230),
        "cost_usd": _dollars("Cost", "A dash: no price is known"),
        "cost_share": st.column_config.ProgressColumn("Share", format="%.1f %%", min_value=0, max_value=100, width=120),
        "change": _dollars("Change, $", "Against the window before; a dash: nothing then", "%+.4f"),
        "cost_per_run_usd": _dollars("Per run", "Cost / runs"),
        "run_count": _number("Runs"),
        "call_count": _number("Calls", "Model calls"),
        "input_tokens": _number("Tokens in"),
        "output_tokens": _number("Tokens out"),
        "unpriced_count": _number("Unpriced", "Model calls without a known price"),
    }
    what = f"rows of cost by {by}; choosing a cell opens the runs"
    rows.choosing("cost_by", what, shown, columns, open_runs, _ROWS_IN_SIGHT)
    behind.draw("cost_by", spenders)


def _narrowing(row: Mapping[str, Any], by: str) -> dict[str, str]:
    if by == "step":
        return {"agent": row["agent_name"]} if row["agent_name"] else {}
    return {by: row["value"]} if row["value"] is not None else {}


def draw_unpriced(calls: pl.DataFrame, chosen: Filters) -> None:
    """The models without a price, and the entry of a price file that would give them one."""
    st.subheader("Unpriced calls")
    if calls.is_empty():
        st.caption("Every model call that used tokens has a price.")
        return

    def open_runs(row: int) -> None:
        if calls["model"][row] is not None:
            links.open_runs(model=calls["model"][row])

    names = [rows.words(calls, name, 120) for name in ("model", "provider")]
    columns = {
        "model": st.column_config.TextColumn("Model", width=230),
        "provider": st.column_config.TextColumn("Provider", width=120),
        "call_count": _number("Calls"),
        "run_count": _number("Runs"),
        "input_tokens": _number("Tokens in"),
        "output_tokens": _number("Tokens out"),
        "first_at": _moment("First", chosen.zone),
        "last_at": _moment("Last", chosen.zone),
    }
    what = "models without a known price; choosing a cell opens their runs"
    rows.choosing("unpriced", what, calls.with_columns(names), columns, open_runs)
    behind.draw("unpriced_calls", calls)
    st.caption(
        "To price them: put their models and your prices into a file, name it in RUNLIGHT_PRICE_FILE and restart the "
        "server. What comes then is priced; `server.py renormalise` prices what is stored."
    )
    st.code(_price_file(calls), language="json")


def _price_file(calls: pl.DataFrame) -> str:
    models = [one_line(model) for model in calls["model"].unique(maintain_order=True).drop_nulls()]
    entries = [{"match": model, "input_usd_per_million": 0, "output_usd_per_million": 0} for model in models]
    return json.dumps({"models": entries}, indent=2)


def _dollars(label: str, meaning: str, written: str = "$%.4f") -> Any:
    return st.column_config.NumberColumn(label, format=written, width=90, help=meaning)


def _number(label: str, meaning: str | None = None) -> Any:
    return st.column_config.NumberColumn(label, format="localized", width=80, help=meaning)


def _moment(label: str, zone: str) -> Any:
    return st.column_config.DatetimeColumn(label, format="D MMM, HH:mm", timezone=zone, width=110)
