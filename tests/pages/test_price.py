"""The words for how a cost comes about."""

from typing import Any

import pytest

from pages.shared import price

PRICE = {
    "priced_by": "genai-prices 9.9",
    "model": "m-1",
    "day": "2026-11-20",
    "valid_from": None,
    "above_input_tokens": None,
    "cost_usd": 0.0125,
}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (
            {"cost_usd": 0.0125, "cost_source": "price_table", "price": PRICE},
            "Tokens times their price, together $0.0125:",
        ),
        ({"cost_usd": 0.02, "cost_source": "price_table", "price": PRICE}, "the call was priced at $0.02;"),
        ({"cost_usd": 0.02, "cost_source": "price_table", "price": None}, "the prices of today have none for it"),
        (
            {"cost_usd": 0.02, "cost_source": "reported", "price": PRICE},
            "The telemetry reported this cost. By the prices",
        ),
        ({"cost_usd": 0.02, "cost_source": "gateway", "price": None}, "The gateway reported this cost."),
        ({"cost_usd": None, "cost_source": None, "price": None}, "No price is known for this model"),
    ],
)
def test_the_origin_of_a_cost_is_told_and_where_the_prices_of_today_differ(told: dict[str, Any], words: str) -> None:
    assert words in price.origin(told)


def test_a_price_is_told_with_its_list_its_day_and_what_it_depends_on() -> None:
    assert price.in_force(PRICE) == "Price of m-1 on 2026-11-20 (UTC) by genai-prices 9.9."
    tiered = PRICE | {"valid_from": "2026-09-01", "above_input_tokens": 200_000}
    assert price.in_force(tiered) == (
        "Price of m-1 on 2026-11-20 (UTC) by genai-prices 9.9, which holds since 2026-09-01, for calls with more than "
        "200,000 input tokens."
    )
