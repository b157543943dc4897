import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import SpanExportResult

from ingest.errors import Busy, Refused, ShuttingDown, Undecodable
from ingest.grpc_receiver import start_grpc
from ingest.intake import Intake, Receipt
from ingest.projects import project_of
from settings import Settings
from tests.ingest.otlp_samples import RESPONSES, request_of, spans
from tests.ingest.scripted_intake import Script, answered, failed_later, refused
from tests.ingest.sdk_telemetry import export_all_signals, sdk_spans
from tests.serving import RunningServer, running_server, until

LIMIT = 1024 * 1024
LARGEST_ANSWER = 2048
TRACE = "0af7651916cd43dd8448eb211c80319c"
NO_TRACE = "0" * 32
PATHS = {
    "traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "logs": "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    "metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
}
UNCOMPRESSED, GZIP = grpc.Compression.NoCompression, grpc.Compression.Gzip
PROJECT = ("x-runlight-project", "boundary")

# What is sent → the answer's code and, if it is a refusal, the details its google.rpc.Status carries.
OUTCOMES: dict[str, tuple[str, bytes, tuple[str, str], str, type[Any] | None]] = {
    "a span": ("traces", request_of("traces"), PROJECT, "OK", None),
    "a log record": ("logs", request_of("logs"), PROJECT, "OK", None),
    "a metric": ("metrics", request_of("metrics"), PROJECT, "OK", None),
    "an empty request": ("traces", b"", PROJECT, "OK", None),
    "other bytes": ("traces", b"\xff\xff not what it says", PROJECT, "INVALID_ARGUMENT", BadRequest),
    "a malformed project": ("logs", b"", ("x-runlight-project", "../etc"), "INVALID_ARGUMENT", BadRequest),
}


@pytest.mark.parametrize("compression", [UNCOMPRESSED, GZIP], ids=lambda compression: compression.name)
@pytest.mark.parametrize(("signal", "body", "project", "code", "detail"), OUTCOMES.values(), ids=OUTCOMES)
def test_every_request_gets_the_code_of_the_specification(
    server: RunningServer,
    compression: grpc.Compression,
    signal: str,
    body: bytes,
    project: tuple[str, str],
    code: str,
    detail: type[Any] | None,
) -> None:
    with channel(server.grpc_address) as opened:
        call = send(opened, signal, body, compression=compression, metadata=[project])
        assert call.code().name == code
        if detail is None:
            assert call.result() == RESPONSES[signal]().SerializeToString()
        else:
            status = status_of(call)
            assert status.details[0].Unpack(detail())
            assert 0 < status.ByteSize() < LARGEST_ANSWER


@contextmanager
def channel(address: str) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(address, options=[("grpc.max_send_message_length", -1)]) as opened:
        yield opened


def send(opened: grpc.Channel, signal: str, body: bytes, **options: Any) -> Any:
    """The finished call."""
    return begin(opened, signal, body, **options)


def begin(opened: grpc.Channel, signal: str, body: bytes, **options: Any) -> Any:
    """The call, which may still wait for its answer; bytes go in and come out."""
    return opened.unary_unary(PATHS[signal]).future(body, **{"timeout": 30, **options})


def status_of(call: Any) -> Status:
    """What a refusal says, after checking that its three ways of saying it agree."""
    status = rpc_status.from_call(call)
    assert status is not None
    assert status.code == Code.Value(call.code().name)
    assert status.message == call.details() != ""
    return status


@pytest.mark.parametrize("compression", [UNCOMPRESSED, GZIP], ids=lambda compression: compression.name)
def test_a_request_too_large_after_inflating_is_refused_for_good_in_bounded_memory(
    tmp_path: Path, compression: grpc.Compression
) -> None:
    with running_server(tmp_path / "runlight.duckdb", max_body_bytes=LIMIT) as server:
        with channel(server.grpc_address) as opened:
            just_right = spans(TRACE, padding=LIMIT - 200).SerializeToString()
            assert send(opened, "traces", just_right, compression=compression).code() is grpc.StatusCode.OK
            before = server.reset_peak_memory()
            call = send(opened, "traces", bytes(128 * LIMIT), compression=compression)
            assert call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert rpc_status.from_call(call) is None  # RetryInfo would mean: send it again
        assert server.peak_memory() - before < 32 * LIMIT


def test_an_unknown_method_is_unimplemented(server: RunningServer) -> None:
    with channel(server.grpc_address) as opened:
        for path in ("/opentelemetry.proto.collector.trace.v1.TraceService/Import", "/some.other.Service/Export"):
            call = opened.unary_unary(path).future(b"", timeout=30)
            assert call.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_request_partly_stored_is_a_success_that_counts_the_rest(server: RunningServer) -> None:
    with channel(server.grpc_address) as opened:
        answer = send(opened, "traces", spans(TRACE, NO_TRACE, NO_TRACE).SerializeToString()).result()
    partial_success = RESPONSES["traces"].FromString(answer).partial_success
    assert partial_success.rejected_spans == 2
    assert partial_success.error_message


@pytest.mark.parametrize("compression", [UNCOMPRESSED, GZIP], ids=lambda compression: compression.name)
def test_the_python_exporters_send_every_signal_over_grpc(server: RunningServer, compression: grpc.Compression) -> None:
    project = f"python-grpc-{compression.name.lower()}"
    options: dict[str, Any] = {
        "endpoint": f"http://{server.grpc_address}",
        "headers": {"x-runlight-project": project},
        "compression": compression,
    }
    export_all_signals(OTLPSpanExporter(**options), OTLPLogExporter(**options), OTLPMetricExporter(**options))
    assert server.stored_counts(project) == {"span": 1, "log": 1, "metric": 1}


@dataclass(frozen=True)
class Receiver:
    """The gRPC receiver alone, on an event loop of its own."""

    address: str
    stop: Callable[[float], Future[None]]


@contextmanager
def serving_grpc(intake: Intake, **settings: Any) -> Iterator[Receiver]:
    """The gRPC receiver in front of that intake; raises what starting it raises."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        started = start_grpc(intake, Settings(**{"grpc_port": 0, **settings}), project_of)
        server, port = asyncio.run_coroutine_threadsafe(started, loop).result(60)

        def stop(grace: float) -> Future[None]:
            """Done when the server has stopped; from the return on it takes no more calls."""
            stopped = asyncio.run_coroutine_threadsafe(server.stop(grace), loop)
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(60)  # so `stop` has begun
            return stopped

        try:
            yield Receiver(f"{'[::1]' if 'grpc_host' in settings else '127.0.0.1'}:{port}", stop)
        finally:
            stop(0).result(60)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@pytest.mark.parametrize("reason", [Busy("the queue is full"), ShuttingDown("the server stops")])
def test_a_full_or_stopping_server_asks_to_send_again_later(reason: Refused) -> None:
    with serving_grpc(Script(lambda request: refused(reason))) as receiver, channel(receiver.address) as opened:
        call = send(opened, "logs", b"")
        assert call.code() is grpc.StatusCode.UNAVAILABLE
        retry_info = RetryInfo()
        assert status_of(call).details[0].Unpack(retry_info)
        assert retry_info.retry_delay.seconds == reason.retry_after_seconds


def test_the_python_exporter_sends_again_when_it_was_told_to() -> None:
    class BusyForAMoment(Busy):
        retry_after_seconds = 0

    refusals = 5  # after which it would, by its own clock, have to wait for longer than its timeout
    answers: list[Callable[[], Future[Receipt]]] = [
        lambda: answered(Receipt()),
        *[lambda: refused(BusyForAMoment("the queue is full"))] * refusals,
    ]
    script = Script(lambda request: answers.pop()())
    with serving_grpc(script) as receiver:
        exporter = OTLPSpanExporter(endpoint=f"http://{receiver.address}", timeout=20)
        assert exporter.export(sdk_spans()) is SpanExportResult.SUCCESS
        exporter.shutdown()
    assert len(script.requests) == 1 + refusals


@pytest.mark.parametrize("fail", [refused, failed_later])
def test_a_bug_is_internal_and_its_traceback_stays_in_the_log(
    caplog: pytest.LogCaptureFixture, fail: Callable[[Exception], "Future[Receipt]"]
) -> None:
    script = Script(lambda request: fail(RuntimeError("sk-hunter2")))
    with serving_grpc(script) as receiver, channel(receiver.address) as opened:
        call = send(opened, "metrics", b"")
        assert call.code() is grpc.StatusCode.INTERNAL
        assert "hunter2" not in str(status_of(call))
    assert "hunter2" in caplog.text
    assert "Traceback" in caplog.text


@pytest.mark.parametrize("message", ['"' * 10_000, "\x00\x1b[31m\r\n" * 2000, "ü" * 10_000, "\U0001f4a5\ud800" * 5000])
def test_answers_stay_small_and_plain_whatever_a_message_quotes(message: str) -> None:
    script = Script(lambda request: refused(Undecodable(message)))
    with serving_grpc(script) as receiver, channel(receiver.address) as opened:
        status = status_of(send(opened, "traces", b""))
    assert status.ByteSize() < LARGEST_ANSWER
    assert status.message.isprintable()


def test_the_intake_gets_inflated_bytes_and_the_project() -> None:
    script = Script(lambda request: answered(Receipt()))
    body = request_of("traces")
    with serving_grpc(script) as receiver, channel(receiver.address) as opened:
        send(opened, "traces", body, compression=GZIP, metadata=[("x-runlight-project", "checkout_2")]).result()
        send(opened, "traces", body).result()
    assert [(request.body, request.project) for request in script.requests] == [(body, "checkout_2"), (body, "default")]


def test_a_hundred_exporters_wait_for_one_commit_together() -> None:
    commit: Future[Receipt] = Future()
    script = Script(lambda request: commit)
    with serving_grpc(script) as receiver, channel(receiver.address) as opened:
        calls = [begin(opened, "traces", b"") for _ in range(100)]
        until(lambda: len(script.requests) == len(calls))
        assert not any(call.done() for call in calls)
        commit.set_result(Receipt())
        assert {call.code() for call in calls} == {grpc.StatusCode.OK}


def test_a_client_that_leaves_does_not_undo_the_commit(caplog: pytest.LogCaptureFixture) -> None:
    commit: Future[Receipt] = Future()
    script = Script(lambda request: commit)
    with serving_grpc(script) as receiver, channel(receiver.address) as opened:
        call = begin(opened, "traces", b"")
        until(lambda: script.requests)
        call.cancel()
        commit.set_result(Receipt())
        assert send(opened, "traces", b"").code() is grpc.StatusCode.OK
    assert all(record.levelno < logging.WARNING for record in caplog.records)


def test_a_call_is_not_waited_for_longer_than_its_client_does() -> None:
    commit: Future[Receipt] = Future()
    with serving_grpc(Script(lambda request: commit)) as receiver, channel(receiver.address) as opened:
        assert send(opened, "traces", b"", timeout=0.2).code() is grpc.StatusCode.DEADLINE_EXCEEDED
        receiver.stop(30).result(60)
    assert not commit.cancelled()


def test_calls_that_send_nothing_keep_no_other_call_waiting() -> None:
    script = Script(lambda request: answered(Receipt()))
    with serving_grpc(script) as receiver, ExitStack() as stalled:
        calls = [stalled.enter_context(stalled_call(receiver.address)) for _ in range(200)]
        with channel(receiver.address) as opened:
            assert send(opened, "traces", b"", timeout=60).code() is grpc.StatusCode.OK
        assert not any(call.done() for call in calls)
    assert len(script.requests) == 1


@contextmanager
def stalled_call(address: str) -> Iterator[Any]:
    """A call whose headers the server has, and whose message never comes."""
    is_over = threading.Event()

    def nothing() -> Iterator[bytes]:
        is_over.wait(120)
        yield from ()

    # Each on a connection of its own, since one connection may only have so many calls.
    with grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)]) as opened:
        grpc.channel_ready_future(opened).result(60)
        call = opened.stream_unary(PATHS["traces"]).future(nothing())
        try:
            yield call
        finally:
            is_over.set()


def test_a_message_that_does_not_arrive_in_time_ends_its_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.grpc_receiver._LONGEST_ARRIVAL_SECONDS", 0.1)
    script = Script(lambda request: answered(Receipt()))
    with serving_grpc(script) as receiver, stalled_call(receiver.address) as call:
        assert call.exception(60).code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert "took more than 0.1 seconds" in status_of(call).message
    assert not script.requests


def test_a_call_that_ends_without_a_message_is_refused() -> None:
    with (
        serving_grpc(Script(lambda request: answered(Receipt()))) as receiver,
        channel(receiver.address) as opened,
    ):
        call = opened.stream_unary(PATHS["traces"]).future(iter(()), timeout=60)
        assert call.exception().code() is grpc.StatusCode.INVALID_ARGUMENT
        assert status_of(call).message == "the call ended without a request"


def test_a_stopping_server_answers_what_it_has_accepted_and_takes_no_more() -> None:
    commit: Future[Receipt] = Future()
    script = Script(lambda request: commit)
    with (
        serving_grpc(script) as receiver,
        channel(receiver.address) as opened,
        channel(receiver.address) as later,
    ):
        accepted = begin(opened, "traces", b"")
        until(lambda: script.requests)
        stopped = receiver.stop(30)
        # Cancelled, if its connection was let in a moment before; exporters send again after either.
        assert send(later, "traces", b"").code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
        commit.set_result(Receipt())
        assert accepted.code() is grpc.StatusCode.OK
        stopped.result(60)
    assert len(script.requests) == 1


def test_a_busy_port_is_an_error_instead_of_being_shared() -> None:
    script = Script(lambda request: answered(Receipt()))
    with serving_grpc(script) as receiver:
        busy_port = int(receiver.address.rpartition(":")[2])
        with pytest.raises(RuntimeError, match=str(busy_port)), serving_grpc(script, grpc_port=busy_port):
            pass


def test_an_ipv6_host_is_listened_on() -> None:
    script = Script(lambda request: answered(Receipt()))
    with serving_grpc(script, grpc_host="::1") as receiver, channel(receiver.address) as opened:
        assert send(opened, "traces", b"").code() is grpc.StatusCode.OK
