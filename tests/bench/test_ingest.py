"""What the benchmark reports of a run is what was sent and stored; nothing here is timed."""

from pathlib import Path

import pytest

from bench.bodies import LIVE, SHAPES, bodies, live_load, load_of
from bench.ingest import measure
from bench.telemetry import DAY_NS, WEEK_BEGINS_NS, WEEK_DAYS


@pytest.mark.parametrize(
    ("shape", "transport", "stored", "rate"), [("batches-json", "http", "200", 0), ("batches", "grpc", "OK", 500)]
)
def test_counts_agree_with_what_was_sent(shape: str, transport: str, stored: str, rate: float, tmp_path: Path) -> None:
    load = load_of(1, 200, SHAPES[shape])
    sent = list(bodies(load))
    measured = measure(load, transport=transport, connections=2, spans_per_second=rate, cache=tmp_path)
    assert measured.span_count == sum(body.span_count for body in sent)
    assert measured.body_bytes == sum(len(body.data) for body in sent)
    assert measured.answers == {stored: len(sent)}
    assert 1 <= measured.commit_count <= len(sent)
    assert measured.file_bytes > 0
    assert measured.server_cpu_seconds >= measured.server_cpu_until_answered > 0


def test_what_arrives_live_comes_after_the_week() -> None:
    body = next(bodies(live_load(7, 1_000)))
    assert body.span_count == LIVE.most
    assert live_load(7, 1_000).begins_ns == WEEK_BEGINS_NS + WEEK_DAYS * DAY_NS
