"""The benchmark's telemetry is what it promises: always the same, valid, and of the size of real agents' spans."""

import gzip
import hashlib
import itertools
from pathlib import Path

import pytest
import zstandard
from opentelemetry.proto.trace.v1.trace_pb2 import Span, TracesData

from bench.bodies import SHAPES, Load, Shape, bodies, files, load_of, read
from bench.telemetry import FEWEST_SPANS_PER_RUN, MOST_SPANS_PER_RUN, Telemetry
from ingest.intake import Signal
from ingest.otlp_json import to_protobuf

SEED = 1
LOAD = load_of(SEED, 4_000, SHAPES["batches"])


def spans_of(data: bytes) -> list[Span]:
    return [
        span
        for resource in TracesData.FromString(data).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


@pytest.fixture(scope="module")
def spans() -> list[Span]:
    return [span for body in bodies(LOAD) for span in spans_of(body.data)]


def test_the_bytes_are_those_of_this_generation() -> None:
    digest = hashlib.sha256(b"".join(body.data for body in bodies(LOAD))).hexdigest()[:16]
    assert digest == "fd69568559a59a4d", "other bytes need another _GENERATION in bench/bodies.py, and this digest"


def test_another_seed_gives_other_telemetry() -> None:
    other = load_of(SEED + 1, 4_000, SHAPES["batches"])
    assert next(bodies(other)).data != next(bodies(LOAD)).data


def test_a_run_can_be_made_without_those_before_it() -> None:
    runs = list(Telemetry(SEED, 200).runs(0, 50))
    assert Telemetry(SEED, 200).run(49) == runs[49]


def test_every_span_is_sent_once_whatever_the_shape(spans: list[Span]) -> None:
    wanted = {span.span_id for span in spans}
    assert len(wanted) == len(spans)
    for shape in SHAPES.values():
        if shape.encoding == "protobuf" and not shape.is_gzipped:
            load = Load(LOAD.seed, LOAD.run_count, shape, LOAD.week_run_count)
            assert sorted(span.span_id for body in bodies(load) for span in spans_of(body.data)) == sorted(wanted)


def test_requests_hold_as_many_spans_as_their_shape_says() -> None:
    sizes = [body.span_count for body in bodies(load_of(SEED, 4_000, SHAPES["small"]))]
    assert set(sizes) == set(range(1, 9))
    assert [len(spans_of(body.data)) for body in bodies(LOAD)] == [body.span_count for body in bodies(LOAD)]
    assert max(body.span_count for body in bodies(LOAD)) == 512


def test_json_says_the_same_as_protobuf() -> None:
    pairs = zip(bodies(LOAD), bodies(load_of(SEED, 4_000, SHAPES["batches-json"])), strict=True)
    for protobuf, json in itertools.islice(pairs, 2):
        assert spans_of(to_protobuf(Signal.SPAN, json.data)) == spans_of(protobuf.data)


def test_gzip_holds_the_same_bytes() -> None:
    gzipped = next(bodies(load_of(SEED, 4_000, SHAPES["batches-gzip"])))
    assert gzip.decompress(gzipped.data) == next(bodies(LOAD)).data


def test_files_hold_what_the_stream_gives(tmp_path: Path) -> None:
    shape = Shape("of seven", 7, 7)
    load = load_of(SEED, 400, shape)
    assert [body for path in files(load, tmp_path) for body in read(path)] == list(bodies(load))


def test_spans_are_valid_and_their_parents_are_in_their_run(spans: list[Span]) -> None:
    ids = {(span.trace_id, span.span_id) for span in spans}
    for span in spans:
        assert len(span.trace_id) == 16
        assert len(span.span_id) == 8
        assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano
        assert not span.parent_span_id or (span.trace_id, span.parent_span_id) in ids


def test_a_parent_ends_after_its_children(spans: list[Span]) -> None:
    by_id = {(span.trace_id, span.span_id): span for span in spans}
    for span in spans:
        if span.parent_span_id:
            parent = by_id[span.trace_id, span.parent_span_id]
            assert parent.start_time_unix_nano <= span.start_time_unix_nano
            assert span.end_time_unix_nano <= parent.end_time_unix_nano


def test_runs_and_spans_have_the_promised_size(spans: list[Span]) -> None:
    lengths = [len(run.spans) for run in Telemetry(SEED, 1_000).runs(0, 1_000)]
    assert (min(lengths), max(lengths)) == (FEWEST_SPANS_PER_RUN, MOST_SPANS_PER_RUN)
    assert 19 < sum(lengths) / len(lengths) < 21
    sizes = [span.ByteSize() for span in spans]
    assert 2_500 < sum(sizes) / len(sizes) < 2_800


def test_text_compresses_as_language_does(spans: list[Span]) -> None:
    raw = b"".join(span.SerializeToString() for span in spans[:64])
    assert 3 < len(raw) / len(zstandard.compress(raw, 3)) < 8


def test_all_that_is_rare_happens(spans: list[Span]) -> None:
    happened = {event.name for span in spans for event in span.events}
    assert happened == {
        "exception",
        "oversight.approval.requested",
        "oversight.approval.decided",
        "oversight.correction",
    }
