"""What is said of why a cost changed."""

from typing import Any

import pytest

from queries.drivers import BEFORE, DRIVERS, USUAL, WEEK_BEFORE, main_driver, why

SPIKE = {
    "excess_usd": 16.0,
    "volume_usd": 0.8,
    "calls_per_run_usd": 8.8,
    "tokens_per_call_usd": 4.8,
    "model_mix_usd": 1.6,
    "price_usd": 0.0,
    "run_count": 13,
    "usual_run_count": 11.6,
    "calls_per_run": 39.08,
    "usual_calls_per_run": 8.42,
    "tokens_per_call": 23118.4,
    "usual_tokens_per_call": 6696.4,
}


def mover(change: float, **parts: float | None) -> dict[str, Any]:
    counts = dict.fromkeys(("run_count", "calls_per_run", "tokens_per_call"), 3.0)
    before = {f"{name}_before": 2.5 for name in counts}
    return {"change_usd": change, **dict.fromkeys(DRIVERS, 0.0), **counts, **before, **parts}


def test_the_parts_that_matter_are_told_the_largest_first() -> None:
    assert why(SPIKE, USUAL) == (
        "55% through more model calls per run (39.1, usually 8.4), "
        "30% through more tokens per call (23,118, usually 6,696), 10% through dearer models"
    )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            mover(10.0, tokens_per_call_usd=53.8, volume_usd=-40.0, price_usd=-3.8, run_count=1),
            "+$53.80 through more tokens per call (3, before 2.5), −$3.80 through lower prices, "
            "−$40.00 through fewer runs (1, before 2.5)",
        ),
        (
            mover(-10.0, tokens_per_call_usd=-14.0, model_mix_usd=4.0),
            "−$14.00 through fewer tokens per call (3, before 2.5), +$4.00 through dearer models",
        ),
        (mover(-10.0, volume_usd=-10.0), "100% through fewer runs (3, before 2.5)"),
    ],
)
def test_no_share_is_told_of_more_than_the_whole(row: dict[str, Any], said: str) -> None:
    assert why(row, BEFORE) == said


def test_what_ran_in_one_of_the_two_times_only_is_told_so() -> None:
    assert why(mover(2.0, volume_usd=2.0, run_count_before=None), BEFORE) == "no run before"
    assert why(SPIKE | {"usual_run_count": None}, USUAL) == "no run usually"
    assert main_driver(mover(-2.0, volume_usd=-2.0, run_count=None), WEEK_BEFORE) == "no run this week"


def test_the_main_driver_moved_the_cost_the_way_it_went() -> None:
    assert main_driver(mover(-1.0, price_usd=4.0, volume_usd=-5.0), WEEK_BEFORE) == "fewer runs"
    assert main_driver(mover(1.0, price_usd=4.0, volume_usd=-3.0), WEEK_BEFORE) == "higher prices"
