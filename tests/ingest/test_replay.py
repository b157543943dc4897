import gzip
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ingest import replay
from ingest.errors import Busy, TooLarge
from ingest.intake import Receipt, Request, Signal
from sample_traces import history
from settings import Settings
from tests.ingest.otlp_samples import SECOND_NS, START_NS, request_of, spans, spans_json
from tests.ingest.scripted_intake import Script, answered, refused
from tests.serving import ROOT, WAIT_SECONDS, serving_otlp

TRACE = "0af7651916cd43dd8448eb211c80319c"
OTHER_TRACE = "1bf7651916cd43dd8448eb211c80319d"


@contextmanager
def server_that(script: Script) -> Iterator[str]:
    with serving_otlp(script, Settings(http_port=0)) as url:
        yield url


def takes_all() -> Script:
    return Script(lambda request: answered(Receipt()))


def replayed(script: Script, *arguments: str) -> int:
    with server_that(script) as url:
        return replay.main([*arguments, "--url", url])


def written(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return str(path)


def test_each_line_of_a_file_arrives_as_one_request_in_order(tmp_path: Path) -> None:
    lines = [spans_json(TRACE), b"", spans_json(OTHER_TRACE)]
    script = takes_all()
    assert replayed(script, written(tmp_path / "two.jsonl", b"\n".join(lines)), "--project", "shop") == 0
    assert [(request.project, request.encoding) for request in script.requests] == [("shop", "json")] * 2
    assert TRACE.encode() in script.requests[0].body
    assert OTHER_TRACE.encode() in script.requests[1].body


@pytest.mark.parametrize("signal", ["traces", "logs", "metrics"])
@pytest.mark.parametrize("ending", ["pb", "pb.gz"])
def test_a_protobuf_file_arrives_byte_for_byte_at_the_path_in_its_name(
    tmp_path: Path, signal: str, ending: str
) -> None:
    body = request_of(signal)
    script = takes_all()
    data = gzip.compress(body) if ending == "pb.gz" else body
    assert replayed(script, written(tmp_path / f"001.{signal}.{ending}", data)) == 0
    (request,) = script.requests
    assert request.body == body
    assert request.signal == {"traces": Signal.SPAN, "logs": Signal.LOG, "metrics": Signal.METRIC}[signal]


@pytest.mark.parametrize("packed", [bytes, zstandard.compress], ids=["plain", "zstd"])
@pytest.mark.parametrize("encoding", ["json", "protobuf"])
def test_requests_with_their_lengths_before_them_arrive_one_by_one(
    tmp_path: Path, encoding: str, packed: Callable[[bytes], bytes]
) -> None:
    written_as = {"json": spans_json, "protobuf": lambda trace: spans(trace).SerializeToString()}[encoding]
    bodies = [written_as(TRACE), written_as(OTHER_TRACE)]
    framed = b"".join(len(packed(body)).to_bytes(4) + packed(body) for body in bodies)
    script = takes_all()
    assert replayed(script, written(tmp_path / "traces.dump", framed)) == 0
    assert [(request.encoding, request.project) for request in script.requests] == [(encoding, "default")] * 2
    if encoding == "protobuf":
        assert [request.body for request in script.requests] == bodies


def test_a_file_may_be_packed_by_zstd_as_a_whole_in_several_pieces(tmp_path: Path) -> None:
    lines = [spans_json(TRACE) + b"\n", spans_json(OTHER_TRACE) + b"\n"]
    script = takes_all()
    packed = b"".join(zstandard.compress(line) for line in lines)
    assert replayed(script, written(tmp_path / "two.jsonl.zst", packed)) == 0
    assert [TRACE.encode() in request.body for request in script.requests] == [True, False]


@pytest.mark.parametrize("data", [b"", b"\n\n", gzip.compress(b"", mtime=0)])
def test_a_file_with_nothing_in_it_sends_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes
) -> None:
    name = written(tmp_path / "rotated.jsonl", data)
    assert replayed(takes_all(), name) == 0
    assert capsys.readouterr().out == f"{name}: nothing sent, 0 rejected\n"


def test_a_file_with_spans_and_logs_in_one_object_arrives_as_two_requests(tmp_path: Path) -> None:
    run = {**json.loads(spans_json(TRACE)), "resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {}}]}]}]}
    pretty = json.dumps(run, indent=2).encode()
    script = takes_all()
    assert replayed(script, written(tmp_path / "run.json", pretty)) == 0
    assert [request.signal for request in script.requests] == [Signal.SPAN, Signal.LOG]


def test_the_summary_counts_records_and_what_was_rejected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = Script(lambda request: answered(Receipt(1, "all-zero trace id")))
    as_json = written(tmp_path / "three.json", spans_json(TRACE, OTHER_TRACE, TRACE))
    as_protobuf = written(tmp_path / "one.traces.pb", spans(TRACE).SerializeToString())
    assert replayed(script, as_json, as_protobuf) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{as_json}: 3 spans sent, 1 rejected (all-zero trace id)",
        f"{as_protobuf}: 1 spans sent, 1 rejected (all-zero trace id)",
    ]


def test_now_moves_every_time_of_all_files_by_the_same_amount(tmp_path: Path) -> None:
    traces = spans(TRACE)
    span = traces.resource_spans[0].scope_spans[0].spans[0]
    span.events.add(name="said", time_unix_nano=START_NS + 5)
    logs = ExportLogsServiceRequest()
    records = logs.resource_logs.add().scope_logs.add().log_records
    record = records.add(time_unix_nano=START_NS + 3 * SECOND_NS, observed_time_unix_nano=START_NS + 3 * SECOND_NS)
    record.attributes.add(key="oversight.approval.expires_at").value.string_value = "2026-01-01T00:15:00Z"
    record.attributes.add(key="event.timestamp").value.string_value = "2026-01-01T00:00:03.250Z"
    record.attributes.add(key="due").value.string_value = "2026-01-01T00:00:00Z"
    records.add(observed_time_unix_nano=START_NS)
    metrics = ExportMetricsServiceRequest.FromString(request_of("metrics"))
    histogram = metrics.resource_metrics[0].scope_metrics[0].metrics.add(name="duration").histogram
    point = histogram.data_points.add(start_time_unix_nano=START_NS, time_unix_nano=START_NS + SECOND_NS)
    point.exemplars.add(time_unix_nano=START_NS + 7, as_int=1)
    files = [
        written(tmp_path / "a.traces.pb", traces.SerializeToString()),
        written(tmp_path / "b.logs.pb", logs.SerializeToString()),
        written(tmp_path / "c.metrics.pb", metrics.SerializeToString()),
    ]
    script = takes_all()
    moment = datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert replayed(script, *files, "--now", moment.isoformat()) == 0

    newest = int(moment.timestamp()) * SECOND_NS - SECOND_NS
    start = newest - 3 * SECOND_NS
    sent = {request.signal: request.body for request in script.requests}
    span = ExportTraceServiceRequest.FromString(sent[Signal.SPAN]).resource_spans[0].scope_spans[0].spans[0]
    assert (span.start_time_unix_nano, span.end_time_unix_nano) == (start, start + SECOND_NS)
    assert span.events[0].time_unix_nano == start + 5
    record, untimed = ExportLogsServiceRequest.FromString(sent[Signal.LOG]).resource_logs[0].scope_logs[0].log_records
    assert (record.time_unix_nano, record.observed_time_unix_nano) == (newest, newest)
    assert (untimed.time_unix_nano, untimed.observed_time_unix_nano) == (0, start)
    assert [attribute.value.string_value for attribute in record.attributes] == [
        "2026-06-01T12:14:56.000Z",
        "2026-06-01T11:59:59.250Z",
        "2026-01-01T00:00:00Z",
    ]
    gauge, moved = (
        ExportMetricsServiceRequest.FromString(sent[Signal.METRIC]).resource_metrics[0].scope_metrics[0].metrics
    )
    assert gauge.gauge.data_points[0].time_unix_nano == start
    (point,) = moved.histogram.data_points
    assert (point.start_time_unix_nano, point.time_unix_nano) == (start, start + SECOND_NS)
    assert point.exemplars[0].time_unix_nano == start + 7


def test_now_without_a_moment_is_the_present(tmp_path: Path) -> None:
    script = takes_all()
    before = datetime.now(UTC).timestamp()
    assert replayed(script, written(tmp_path / "a.json", spans_json(TRACE)), "--now") == 0
    (recording,) = (replay.Recording("", Signal.SPAN, "protobuf", request.body) for request in script.requests)
    assert before - 2 <= replay.newest_ns([recording]) / SECOND_NS <= datetime.now(UTC).timestamp()


def test_a_file_after_now_is_not_taken_for_a_moment(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        replay.main(["--now", "happy-path.jsonl"])
    assert "happy-path.jsonl is no moment like 2026-11-22T12:00:00Z; files go before it" in capsys.readouterr().err


def test_a_busy_server_is_asked_again(tmp_path: Path) -> None:
    def busy_at_first(request: Request) -> Future[Receipt]:
        return refused(Busy("the queue is full")) if len(script.requests) == 1 else answered(Receipt())

    script = Script(busy_at_first)
    assert replayed(script, written(tmp_path / "a.json", spans_json(TRACE))) == 0
    assert len(script.requests) == 2


def test_a_refusal_names_the_file_and_line_and_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def too_large_for_the_second(request: Request) -> Future[Receipt]:
        return refused(TooLarge("more than 5 bytes")) if OTHER_TRACE.encode() in request.body else answered(Receipt())

    name = written(tmp_path / "a.jsonl", b"\n".join([spans_json(TRACE), spans_json(OTHER_TRACE)]))
    assert replayed(Script(too_large_for_the_second), name) == 1
    assert capsys.readouterr().err == f"{name}:2: refused with 413: more than 5 bytes\n"


def test_a_refusal_in_protobuf_says_why_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = written(tmp_path / "a.traces.pb", spans(TRACE).SerializeToString())
    assert replayed(Script(lambda request: refused(TooLarge("more than 5 bytes"))), name) == 1
    assert capsys.readouterr().err == f"{name}: refused with 413: more than 5 bytes\n"


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("missing.json", None, "cannot be read"),
        ("cut.json.gz", gzip.compress(b"{}" * 99, mtime=0)[:20], "cannot be read"),
        ("cut.jsonl.zst", zstandard.compress(b"{}" * 99)[:-2], "its last frame is cut short"),
        ("cut.traces.pb", b"\x00\x00\x00\x09\x0a", "ends in the middle of its request 1"),
        ("", None, "cannot be read: Is a directory"),
        ("unnamed.pb", b"\x0a\x00", "name a protobuf file after its signal"),
        ("other.json", b'{"spans": []}', "holds neither resourceSpans nor resourceLogs nor resourceMetrics"),
        ("list.json", b"{}\n[]", "holds neither"),
        ("broken.jsonl", b'{"resourceSpans": []}\n{"resource', "2: is not valid JSON"),
        ("wrong.json", b'{"resourceSpans": 7}', "is not OTLP"),
        ("wrong.traces.pb", b"\x0a\xff", "is not OTLP"),
    ],
)
def test_what_cannot_be_read_is_one_line_that_names_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, data: bytes | None, why: str
) -> None:
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    assert replayed(takes_all(), str(path)) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"{path}:")
    assert error.count("\n") == 1
    assert why in error


def test_a_line_is_sent_before_the_next_one_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = gzip.compress(b"\n" + spans_json(TRACE) + b"\n" + spans_json(OTHER_TRACE)[:20])
    name, script = written(tmp_path / "a.jsonl.gz", data), takes_all()
    assert replayed(script, name) == 1
    assert [TRACE.encode() in request.body for request in script.requests] == [True]
    assert capsys.readouterr().err.startswith(f"{name}:3: is not valid JSON")


def test_a_server_that_is_not_there_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = written(tmp_path / "a.json", spans_json(TRACE))
    with socket.socket() as taken:  # by nobody who listens
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert replay.main([name, "--url", url]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"{name}:1: cannot reach {url}")
    assert error.count("\n") == 1


def test_an_address_that_is_none_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = written(tmp_path / "a.json", spans_json(TRACE))
    assert replay.main([name, "--url", "http://[::1"]) == 1
    assert capsys.readouterr().err.startswith("http://[::1 is no URL of a server")


def test_an_end_by_hand_is_told_in_one_line(tmp_path: Path) -> None:
    asked, receipt = threading.Event(), Future[Receipt]()

    def keeping_it_waiting(_: Request) -> Future[Receipt]:
        asked.set()
        return receipt

    name = written(tmp_path / "a.json", spans_json(TRACE))
    with server_that(Script(keeping_it_waiting)) as url:
        command = [sys.executable, "-m", "ingest.replay", name, "--url", url]
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
            assert asked.wait(WAIT_SECONDS)
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=WAIT_SECONDS)
        receipt.set_result(Receipt())
    assert process.returncode == 130
    assert told.startswith("interrupted; ")
    assert told.count("\n") == 1


def test_without_files_all_samples_and_the_history_are_sent(capsys: pytest.CaptureFixture[str]) -> None:
    script = takes_all()
    moment = datetime(2026, 11, 22, 12, tzinfo=UTC)
    with server_that(script) as url:
        assert replay.main([url, "--project", "demo", "--now", moment.isoformat()]) == 0
    totals = history.totals(moment)
    scenarios = [recording for path in replay.SAMPLES.glob("*.jsonl") for recording in replay.read(path)]
    sent = [replay.Recording("", request.signal, request.encoding, request.body) for request in script.requests]
    assert count(sent, Signal.SPAN) == count(scenarios, Signal.SPAN) + totals.span_count
    assert count(sent, Signal.LOG) == count(scenarios, Signal.LOG) + totals.log_record_count
    assert {request.project for request in script.requests} == {"demo"}
    assert replay.newest_ns(sent) == int(moment.timestamp()) * SECOND_NS - SECOND_NS
    assert capsys.readouterr().out.startswith(f"samples: {count(sent, Signal.SPAN)} spans, ")


def count(recordings: list[replay.Recording], signal: Signal) -> int:
    return sum(replay.record_count(recording) for recording in recordings if recording.signal is signal)
