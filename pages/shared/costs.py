"""What runs cost: the numbers, what it is spent on, and the ways from there to the runs."""

import json
from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st

from pages.shared import behind, buckets, figures_cost, links, rows
from pages.shared.filters import Filters
from pages.shared.format import DASH, cost, count, one_line, plural

# All but steps narrow the list of runs by their own value.
GROUPINGS = ("workflow", "agent", "step", "tool", "model", "user", "conversation")
_CHART = {"displayModeBar": False}
_ROWS_IN_SIGHT = 10
_LEAST_CHANGE = 0.005  # less is no percent
_LEAST_USD = 1e-6  # less is the rounding of sums


def draw_totals(totals: pl.DataFrame) -> None:
    """The numbers of the window, each against the window before, if there is one."""
    by_window = {row["window"]: row for row in totals.iter_rows(named=True)}
    now, before = by_window["asked"], by_window.get("before", {})
    with st.grid(6, min_column_width=130, gap="small"):
        _money("Cost", "cost_usd", now, before, f"Of {plural(now['priced_run_count'], 'run')} whose cost is known")
        _money("Median run", "p50_run_cost_usd", now, before, "Half of the runs cost more")
        _money("p95 run", "p95_run_cost_usd", now, before, "One run in twenty costs more")
        _money("Dearest run", "max_run_cost_usd", now, before, "The most that a run cost")
        _cache(now, before)
        unpriced = now["unpriced_count"]
        st.metric(
            "Unpriced calls",
            count(unpriced),
            f"of {plural(now['llm_call_count'], 'model call')}",
            delta_color="off",
            delta_arrow="off",
            help="Model calls with tokens but no known price; they are in no sum of dollars",
        )


def _money(label: str, column: str, now: dict[str, Any], before: Mapping[str, Any], meaning: str) -> None:
    usd, usd_before = now[column], before.get(column)
    change = usd / usd_before - 1 if usd is not None and usd_before else None
    is_same = change is not None and abs(change) < _LEAST_CHANGE
    st.metric(
        label,
        cost(usd),
        None if change is None else "as before" if is_same else f"{change:+.0%}",
        delta_color="off" if is_same else "inverse",
        delta_arrow="off" if is_same else "auto",
        help=f"{meaning}. In the window before: {cost(usd_before)}",
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
        "value": rows.text(by.capitalize(), 180),
        "cost_usd": rows.dollars("Cost", "A dash: no price is known"),
        "cost_share": st.column_config.ProgressColumn("Share", format="%.1f %%", min_value=0, max_value=100, width=105),
        "change": rows.dollars("Change, $", "Against the window before; a dash: nothing then", "%+.4f"),
        "cost_per_run_usd": rows.dollars("Per run", "Cost / runs"),
        "run_count": rows.number("Runs"),
        "call_count": rows.number("Calls", "Model calls"),
        "input_tokens": rows.number("Tokens in"),
        "output_tokens": rows.number("Tokens out"),
        "unpriced_count": rows.number("Unpriced", "Model calls without a known price"),
    }
    what = f"rows of cost by {by}; choosing a cell opens the runs"
    rows.choosing("cost_by", what, shown, columns, open_runs, _ROWS_IN_SIGHT)
    if others := beyond(spenders):
        st.caption(others)
    behind.draw("cost_by", spenders)


def beyond(spenders: pl.DataFrame) -> str | None:
    """What the values cost that an answer has no room for, if there are any."""
    others_usd = spenders.select(pl.max("total_cost_usd") - pl.sum("cost_usd")).item() or 0.0
    if others_usd < _LEAST_USD:
        return None
    return f"These are the {count(spenders.height)} dearest; all others together cost {cost(others_usd)}."


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
        "model": rows.text("Model", 230),
        "provider": rows.text("Provider", 120),
        "call_count": rows.number("Calls"),
        "run_count": rows.number("Runs"),
        "input_tokens": rows.number("Tokens in"),
        "output_tokens": rows.number("Tokens out"),
        "first_at": rows.moment("First", chosen.zone),
        "last_at": rows.moment("Last", chosen.zone),
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
