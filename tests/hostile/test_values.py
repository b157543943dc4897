"""Values that no sane exporter sends: they are kept as they are, cut with a word about it, or their request is refused
alone."""

import itertools
import json
import time
from pathlib import Path

import pytest
from google.protobuf.message import Message
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from ingest.errors import Undecodable
from ingest.intake import Request, Signal
from tests.hostile.bodies import REFUSED, attribute, encoded, request, span
from tests.ingest.pipeline import pipeline

LIMIT = 1_000
STRANGE_TIMES = (0, 1, 2**63 - 1, 2**63, 2**64 - 1)
POINT_TYPES = ("gauge", "sum", "histogram", "exponential_histogram", "summary")


@pytest.mark.parametrize("text", ["x" * 10_000, "é" * 5_000, "\U0001f4a5" * 2_500], ids=["ascii", "two", "four"])
def test_a_value_over_the_limit_is_cut_and_says_how_long_it_was(tmp_path: Path, text: str) -> None:
    whole = "y" * LIMIT
    sent = request(
        span(attributes=[attribute("long", text), attribute("whole", whole)]),
        resource={"attributes": [attribute("long", text)]},
    )
    with pipeline(tmp_path / "runlight.duckdb", max_value_bytes=LIMIT) as running:
        assert running.send(Signal.SPAN, encoded(sent, "protobuf")).rejected_count == 0
        (told,) = running.otlp("spans")["resourceSpans"]
    attributes = {item["key"]: item["value"]["stringValue"] for item in told["scopeSpans"][0]["spans"][0]["attributes"]}
    assert attributes["whole"] == whole
    for kept in (attributes["long"], told["resource"]["attributes"][0]["value"]["stringValue"]):
        beginning, marker, rest = kept.partition(" [CUT: the first 1000 of 10000 bytes]")
        assert (text.startswith(beginning), bool(marker), rest) == (True, True, "")
        assert LIMIT - 4 < len(beginning.encode()) <= LIMIT


def test_a_value_of_ten_megabytes_is_kept_whole(tmp_path: Path) -> None:
    text = "An agent read a whole book. " * 380_000
    with pipeline(tmp_path / "runlight.duckdb") as running:
        running.send(Signal.SPAN, encoded(request(span(attributes=[attribute("book", text)])), "protobuf"))
        assert text in json.dumps(running.otlp("spans"))


def test_a_secret_across_the_cut_is_redacted_first(tmp_path: Path) -> None:
    secret = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
    text = "x" * (LIMIT - 21) + " " + secret + " " + "x" * LIMIT
    with pipeline(tmp_path / "runlight.duckdb", max_value_bytes=LIMIT) as running:
        running.send(Signal.SPAN, encoded(request(span(attributes=[attribute("long", text)])), "protobuf"))
        assert secret[:16] not in str(running.otlp("spans"))


def strange_logs() -> Message:
    data = LogsData()
    for time_ns, observed_ns in itertools.product(STRANGE_TIMES, STRANGE_TIMES):
        record = (
            data.resource_logs.add()
            .scope_logs.add()
            .log_records.add(
                time_unix_nano=time_ns, observed_time_unix_nano=observed_ns, flags=2**32 - 1, event_name="api_request"
            )
        )
        record.severity_number = 2**31 - 1  # type: ignore[assignment]
        record.attributes.add(key="duration_ms").value.int_value = 2**63 - 1
    return data


def strange_spans() -> Message:
    data = TracesData()
    for number, time_ns in enumerate(STRANGE_TIMES, 1):
        sent = (
            data.resource_spans.add()
            .scope_spans.add()
            .spans.add(
                trace_id=b"t" * 16,
                span_id=bytes([number] * 8),
                start_time_unix_nano=time_ns,
                end_time_unix_nano=time_ns,
            )
        )
        for name in ("oversight.approval.decided", "exception", "gen_ai.choice"):
            sent.events.add(time_unix_nano=time_ns, name=name)
        sent.links.add(trace_id=b"x")
        sent.attributes.add(key="gen_ai.operation.name").value.string_value = "chat"
        sent.attributes.add(key="gen_ai.usage.input_tokens").value.int_value = 2**63 - 1
        sent.attributes.add(key="gen_ai.usage.output_tokens").value.int_value = -(2**63)
        sent.attributes.add(key="gen_ai.usage.cost").value.double_value = float("nan")
    return data


def strange_points() -> Message:
    data = MetricsData()
    for number, (time_ns, kind) in enumerate(itertools.product(STRANGE_TIMES, POINT_TYPES)):
        metric = data.resource_metrics.add().scope_metrics.add().metrics.add(name=f"m{number}")
        point = getattr(metric, kind).data_points.add(time_unix_nano=time_ns, start_time_unix_nano=time_ns)
        if kind in ("gauge", "sum"):
            point.as_int = -(2**63)
        else:
            point.count, point.sum = 2**64 - 1, float("inf")
        if kind == "histogram":
            point.bucket_counts.extend([2**64 - 1])
            point.explicit_bounds.extend([float("nan")])
    return data


@pytest.mark.parametrize(
    ("signal", "data"),
    [(Signal.SPAN, strange_spans()), (Signal.LOG, strange_logs()), (Signal.METRIC, strange_points())],
    ids=["span", "log", "metric"],
)
def test_the_ends_of_every_range_are_read(tmp_path: Path, signal: Signal, data: Message) -> None:
    with pipeline(tmp_path / "runlight.duckdb") as running:
        assert running.send(signal, data).rejected_count == 0
        ((stored, duplicates, unread),) = running.rows(
            "select sum(stored_count)::int, sum(duplicate_count)::int, sum(unread_count)::int from ingest_batches"
        )
    assert (stored > 0, duplicates, unread) == (True, 0, 0)


@pytest.mark.parametrize("name", REFUSED)
def test_a_request_that_is_refused_harms_none_that_came_with_it(tmp_path: Path, name: str) -> None:
    encoding, body = REFUSED[name]
    good = encoded(request(span()), "protobuf")
    with pipeline(tmp_path / "runlight.duckdb") as running:
        futures = [
            running.writer.submit(Request(Signal.SPAN, sent, sent_as, project, time.time_ns()))
            for sent, sent_as, project in (
                (good, "protobuf", "before"),
                (body, encoding, "bad"),
                (good, "protobuf", "after"),
            )
        ]
        assert isinstance(futures[1].exception(60), Undecodable)
        assert [futures[index].result(60).rejected_count for index in (0, 2)] == [0, 0]
        assert running.rows("select project from spans order by all") == [("after",), ("before",)]
