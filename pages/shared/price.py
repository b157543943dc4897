"""How the cost of a model call comes about: who told it, or tokens times prices."""

from typing import Any

import polars as pl
import streamlit as st

from pages.shared import rows
from pages.shared.format import cost, count, one_line

CLASSES = {
    "fresh_input": "Fresh input",
    "cache_read": "Cache read",
    "cache_write": "Cache write",
    "audio_input": "Audio input",
    "output": "Output",
    "audio_output": "Audio output",
    "request": "The request",
}
_TOLD_BY = {
    "reported": "The telemetry reported this cost.",
    "gateway": "The gateway reported this cost.",
    "joined_log": "A log record of the call reported this cost.",
}
_SAME_USD = 1e-9


def draw(detail: dict[str, Any]) -> None:
    """For a model call with tokens or a cost, an expander that explains it."""
    is_used = any(detail[name] is not None for name in ("cost_usd", "input_tokens", "output_tokens"))
    if detail["kind"] not in ("llm", "embedding") or not is_used:
        return
    shown = st.expander("How the cost comes about", icon=":material/payments:", key="price", on_change="rerun")
    if not shown.open:
        return
    with shown:
        price = detail["price"]
        st.text(origin(detail))
        if price is not None:
            _parts(price)


def origin(detail: dict[str, Any]) -> str:
    """Where the cost of a call is from, in a sentence or two."""
    price, source = detail["price"], detail["cost_source"]
    if detail["cost_usd"] is None:
        return (
            "No price is known for this model, so the call is in no sum of dollars. The page Cost tells how to set one."
        )
    if source in _TOLD_BY:
        today = "" if price is None else f" By the prices below it would be {_usd(price['cost_usd'])}."
        return _TOLD_BY[source] + today
    if price is None:
        return "It was priced when it was stored; the prices of today have none for it."
    if abs(price["cost_usd"] - detail["cost_usd"]) > _SAME_USD:
        return (
            f"When it was stored, the call was priced at {_usd(detail['cost_usd'])}; by the prices of today, and the "
            f"tokens below, it is {_usd(price['cost_usd'])}. `server.py renormalise` prices what is stored anew."
        )
    return f"Tokens times their price, together {_usd(price['cost_usd'])}:"


def _parts(price: dict[str, Any]) -> None:
    parts = pl.DataFrame(
        {
            "token_class": [CLASSES[part["token_class"]] for part in price["parts"]],
            "tokens": [None if part["token_class"] == "request" else part["tokens"] for part in price["parts"]],
            "usd_per_million": [part["usd_per_million"] for part in price["parts"]],
            "cost_usd": [part["cost_usd"] for part in price["parts"]],
        },
        schema_overrides={"tokens": pl.Int64, "usd_per_million": pl.Float64, "cost_usd": pl.Float64},
    )
    st.dataframe(
        parts,
        hide_index=True,
        placeholder="—",
        alt=f"The {parts.height} parts of the cost, which add up to it",
        column_config={
            "token_class": rows.text("Tokens", 95),
            "tokens": st.column_config.NumberColumn(
                "Count", format="localized", width=70, help="Reasoning is part of the output"
            ),
            "usd_per_million": st.column_config.NumberColumn("$ a million", format="$%.3f", width=85),
            "cost_usd": st.column_config.NumberColumn("Cost", format="$%.7f", width=95),
        },
    )
    st.text(in_force(price))


def in_force(price: dict[str, Any]) -> str:
    """Whose prices they are, and when they hold."""
    since = f", which holds since {price['valid_from']}" if price["valid_from"] else ""
    above = price["above_input_tokens"]
    tier = f", for calls with more than {count(above)} input tokens" if above is not None else ""
    return f"Price of {one_line(price['model'], 80)} on {price['day']} (UTC) by {price['priced_by']}{since}{tier}."


def _usd(usd: float) -> str:
    return cost(usd) if usd >= 1 else f"${usd:.8f}".rstrip("0").rstrip(".")
