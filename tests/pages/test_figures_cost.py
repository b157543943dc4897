"""The figures of the page Cost, from frames as the questions answer."""

from datetime import UTC, datetime, timedelta

import polars as pl

from pages.shared import buckets, figures_cost

HOURS = [datetime(2026, 11, 20, hour, tzinfo=UTC) for hour in (9, 9, 10)]
TREND = pl.DataFrame(
    {
        "bucket_at": HOURS,
        "bucket_until_at": [at + timedelta(hours=1) for at in HOURS],
        "place": [1, 8, 1],
        "is_rest": [False, True, False],
        "value": ["<b>shop</b>", None, "<b>shop</b>"],
        "run_count": [3, 2, 1],
        "cost_usd": [0.5, None, 1.25],
    }
)


def test_each_place_is_a_colour_and_each_bar_knows_its_row() -> None:
    figure = figures_cost.cost_over_time(TREND, "workflow", "Europe/Berlin")
    assert [bar.name for bar in figure.data] == ["&#60;b&#62;shop&#60;/b&#62;", "all others"]
    assert figure.data[0].customdata == (0, 2)
    assert figure.data[0].x == (datetime(2026, 11, 20, 10), datetime(2026, 11, 20, 11))  # noqa: DTZ001
    assert figure.data[0].width == (0.9 * 3_600_000,) * 2


def test_an_unknown_value_is_named_after_what_it_is_grouped_by() -> None:
    assert figures_cost.value_label({"value": None}, "tool") == "no tool"


def test_a_bar_is_as_wide_as_its_bucket_is_on_the_viewers_clock() -> None:
    begins, ends = datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC)  # clocks go back
    day = pl.DataFrame({"bucket_at": [begins], "bucket_until_at": [ends]})
    assert buckets.bars(day, "Europe/Berlin")["width"] == [0.9 * 24 * 3_600_000]
    assert buckets.window(day.row(0, named=True)) == {
        "window": "custom",
        "since": "2026-10-24T22:00:00Z",
        "until": "2026-10-25T23:00:00Z",
    }


def test_runs_whose_cost_is_unknown_are_a_bar_of_their_own() -> None:
    ranges = pl.DataFrame(
        {
            "cost_from_usd": [0.0, 0.02, None],
            "cost_to_usd": [0.0, 0.05, None],
            "run_count": [1, 3, 2],
            "cost_usd": [0.0, 0.09, None],
        }
    )
    (bars,) = figures_cost.runs_by_cost(ranges).data
    assert bars.x == ("$0", "$0.02", "unknown")
    assert bars.hovertext[1] == "$0.02 to below $0.05<br>3 runs<br>$0.0900 in all"
