"""Where the time goes is told by stages that are there."""

from pathlib import Path

from bench.stages import measure


def test_every_stage_is_found_and_takes_time(tmp_path: Path) -> None:
    measured = measure(seed=1, size=64, most_seconds=0.1, cache=tmp_path / "of a fresh clone")
    assert measured["span_count"]
    assert not measured["missing"]
    assert all(milliseconds > 0 for milliseconds in measured["ms"].values())
