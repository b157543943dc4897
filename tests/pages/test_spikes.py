"""What is said of a spike."""

from pages.shared import spikes

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


def test_the_parts_that_matter_are_told_the_largest_first() -> None:
    assert spikes.why(SPIKE) == (
        "55% by more calls per run (39.1, usually 8.4), 30% by more tokens per call (23,118, usually 6,696), "
        "10% by dearer models"
    )


def test_where_nothing_was_usual_volume_alone_is_told() -> None:
    nothing = dict.fromkeys(SPIKE, 0.0) | {name: None for name in SPIKE if name.startswith("usual_")}
    assert spikes.why(nothing | {"excess_usd": 2.0, "volume_usd": 2.0}) == "100% by more runs"
