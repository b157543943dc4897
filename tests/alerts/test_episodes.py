"""When a rule fires and when it is over, reading by reading."""

import pytest

from alerts.episodes import Episode, advanced
from alerts.readings import Measured, Reading
from alerts.rules import AnyRule
from tests.alerts.watching import error_rate

Number = tuple[float, int] | None  # a rate and the runs behind it; None: no run at all


def states(rule: AnyRule, *numbers: Number) -> list[str]:
    """What becomes of a group after each reading; `ok` where there is nothing to keep."""
    known: Episode | None = None
    told = []
    for moment, number in enumerate(numbers):
        measured = {"w": Measured("w", *number, "/runs", "")} if number else {}
        known = advanced("it", rule, known, Reading("runs_by", "/api/runs-by", measured), "w", moment)
        told.append(known.state if known else "ok")
        if known and known.state == "resolved":
            known = None
    return told


def test_it_fires_from_the_threshold_on_and_is_over_well_below_it() -> None:
    assert states(error_rate(), (0.49, 100), (0.5, 100), (0.46, 100), (0.44, 100), (0.46, 100)) == [
        *("ok", "firing", "firing", "resolved", "ok")
    ]


def test_a_rate_of_too_few_runs_fires_nothing_and_ends_nothing() -> None:
    assert states(error_rate(), (1.0, 2), (1.0, 3), (1.0, 4), (1.0, 2), None) == [
        *("ok", "ok", "firing", "firing", "resolved")
    ]


def test_it_has_to_be_over_the_threshold_in_so_many_evaluations_in_a_row() -> None:
    high, low = (1.0, 9), (0.0, 9)
    assert states(error_rate(fire_after=3), high, high, low, high, high, high) == [
        *("pending", "pending", "ok", "pending", "pending", "firing")
    ]


def test_it_has_to_be_below_it_in_so_many_evaluations_in_a_row() -> None:
    high, between, low = (1.0, 9), (0.46, 9), (0.0, 9)
    assert states(error_rate(resolve_after=3), high, low, low, between, low, None, low) == [
        *("firing", "firing", "firing", "firing", "firing", "firing", "resolved")
    ]


def test_what_is_over_keeps_the_number_that_it_fired_for_if_there_is_no_other() -> None:
    reading = Reading("runs_by", "/api/runs-by", {"w": Measured("w", 0.75, 8, "/runs", "6 of 8 finished runs")})
    fired = advanced("it", error_rate(), None, reading, "w", 1)
    assert fired
    over = advanced("it", error_rate(), fired, Reading("runs_by", "/api/runs-by", {}), "w", 2)
    assert over
    assert (over.value, over.detail, over.fired_ns, over.resolved_ns) == (0.75, "6 of 8 finished runs", 1, 2)
    assert over.alert_id == fired.alert_id


@pytest.mark.parametrize("number", [(0.5, 4), (1.0, 1000)])
def test_exactly_the_threshold_and_the_least_count_will_do(number: Number) -> None:
    assert states(error_rate(), number) == ["firing"]
