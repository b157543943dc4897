"""The axis of durations."""

import math

import pytest

from pages.shared.duration_axis import duration_axis


@pytest.mark.parametrize(
    ("values_ms", "ticks"),
    [
        ([110.0, 450.0], ["100 ms", "200 ms", "500 ms"]),
        ([230.0, None, 230.0], ["200 ms", "500 ms"]),
        ([3_000.0, 60_000.0], ["2 s", "5 s", "10 s", "20 s", "1 min"]),
        ([20.0, 17_000.0], ["10 ms", "100 ms", "1 s", "10 s", "1 min"]),
        ([], ["1 s"]),
        ([0.0, None], ["1 s"]),
        ([86_400_000.0 * 90], ["40 d"]),
    ],
)
def test_there_are_ticks_around_whatever_there_is(values_ms: list[float | None], ticks: list[str]) -> None:
    axis = duration_axis(values_ms)
    assert axis["ticktext"] == ticks
    low, high = axis["range"]
    assert all(low < math.log10(ms) < high for ms in [*axis["tickvals"], *filter(None, values_ms)])
