import asyncio
import gzip
import json
import logging
import select
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing, suppress
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest
import zstandard
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from google.rpc.status_pb2 import Status
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

from ingest.errors import Busy, Refused, ShuttingDown, TooLarge, Undecodable
from ingest.inflate import inflate
from ingest.intake import Receipt, Signal
from ingest.projects import project_of
from ingest.receiver import MEDIA_TYPES, otlp_routes
from settings import Settings
from tests.hostile.posts import (
    COMPRESSIONS,
    LARGEST_ANSWER,
    TRACE,
    Post,
    body_of,
    no_bytes_at_all,
    one_span,
    other_bytes,
    unknown_encoding,
)
from tests.ingest.otlp_samples import RESPONSES, request_of, spans, spans_json
from tests.ingest.scripted_intake import Script, answered, failed_later, refused
from tests.ingest.sdk_telemetry import export_all_signals
from tests.serving import SMALL_BYTES, RunningServer, serving_otlp, until

LIMIT = SMALL_BYTES
NO_TRACE = "0" * 32


@pytest.mark.parametrize("signal", RESPONSES)
def test_every_signal_is_taken(server: RunningServer, signal: str) -> None:
    answer = Post(request_of(signal), MEDIA_TYPES["protobuf"], "identity", f"/v1/{signal}").send(server.url)
    assert answer.status_code == 200
    assert body_of(answer, "protobuf", RESPONSES[signal]) == RESPONSES[signal]()


def test_an_empty_protobuf_body_is_an_empty_request(server: RunningServer) -> None:
    assert no_bytes_at_all("protobuf", "gzip").send(server.url).status_code == 200


def test_an_empty_json_body_is_no_json(server: RunningServer) -> None:
    answer = no_bytes_at_all("json", "identity").send(server.url)
    assert answer.status_code == 400
    assert "{}" in answer.json()["message"]


def test_a_400_says_in_its_details_what_is_bad(server: RunningServer) -> None:
    status = Status.FromString(other_bytes("protobuf", "gzip").send(server.url).content)
    bad_request = BadRequest()
    assert status.details[0].Unpack(bad_request)
    assert bad_request.field_violations[0].description == status.message


def test_an_unknown_encoding_is_told_which_are_known(server: RunningServer) -> None:
    answer = unknown_encoding("json", "gzip").send(server.url)
    assert answer.headers["accept-encoding"] == "gzip, deflate, zstd, identity"


@pytest.mark.parametrize("encoding", MEDIA_TYPES)
def test_a_request_partly_stored_is_a_success_that_counts_the_rest(server: RunningServer, encoding: str) -> None:
    ids = (TRACE, NO_TRACE, NO_TRACE)
    body = spans(*ids).SerializeToString() if encoding == "protobuf" else spans_json(*ids)
    answer = Post(body, MEDIA_TYPES[encoding], "identity").send(server.url)
    message: Any = body_of(answer, encoding, RESPONSES["traces"])
    assert answer.status_code == 200
    assert message.partial_success.rejected_spans == 2
    assert message.partial_success.error_message
    if encoding == "json":
        assert answer.json()["partialSuccess"]["rejectedSpans"] == "2"


def test_answers_do_not_repeat_what_was_sent(server: RunningServer) -> None:
    secret = "sk-hunter2" * 100
    for post in (
        Post(f'{{"resourceSpans": "{secret}"}}'.encode(), MEDIA_TYPES["json"], "identity"),
        Post(secret.encode(), MEDIA_TYPES["protobuf"], "identity"),
        Post(b"", "text/" + secret, "identity"),
        Post(b"", MEDIA_TYPES["json"], secret),
        Post(b"", MEDIA_TYPES["json"], "identity", path="/v1/" + secret),
        Post(b"", MEDIA_TYPES["json"], "identity", project=secret),
    ):
        answer = post.send(server.url)
        assert answer.status_code >= 400
        assert b"hunter2" not in answer.content
        assert len(answer.content) < LARGEST_ANSWER


def test_a_body_in_chunks_is_bounded_like_one_with_a_length(small_server: RunningServer) -> None:
    for chunk_count, status in ((3, 400), (6, 413)):
        chunks = (b"\xff" * (LIMIT // 4) for _ in range(chunk_count))
        headers = {"content-type": MEDIA_TYPES["protobuf"]}
        answer = httpx.post(small_server.url + "/v1/traces", content=chunks, headers=headers, timeout=60)
        assert answer.status_code == status


def test_a_body_without_end_is_cut_off(small_server: RunningServer) -> None:
    chunk = b"%x\r\n%s\r\n" % (LIMIT, b"\xff" * LIMIT)
    sent_bytes = 0
    with connection(small_server.url) as client:
        client.sendall(b"POST /v1/logs HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n")
        with suppress(BrokenPipeError, ConnectionResetError):
            while sent_bytes < 1000 * LIMIT:
                client.sendall(chunk)
                sent_bytes += LIMIT
    assert sent_bytes < 50 * LIMIT  # twice the limit, and what the sockets' buffers hold


def test_a_client_that_asks_first_is_not_made_to_send_too_much(small_server: RunningServer) -> None:
    with connection(small_server.url) as client:
        client.sendall(
            b"POST /v1/logs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            b"content-length: 2000000\r\nexpect: 100-continue\r\n\r\n"
        )
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")


def connection(url: str) -> socket.socket:
    address = httpx.URL(url)
    return socket.create_connection((address.host, address.port), timeout=60)


@pytest.mark.parametrize("compression", Compression)
def test_the_python_exporters_send_every_signal_over_http(server: RunningServer, compression: Compression) -> None:
    project = f"python-http-{compression.value}"
    headers = {"x-runlight-project": project}
    export_all_signals(
        OTLPSpanExporter(server.url + "/v1/traces", headers=headers, compression=compression),
        OTLPLogExporter(server.url + "/v1/logs", headers=headers, compression=compression),
        OTLPMetricExporter(server.url + "/v1/metrics", headers=headers, compression=compression),
    )
    assert server.stored_counts(project) == {"span": 1, "log": 1, "metric": 1}


def test_a_connection_stays_open_while_an_exporter_waits_for_its_next_batch(server: RunningServer) -> None:
    address = httpx.URL(server.url)
    with closing(HTTPConnection(address.host, address.port)) as connection:
        connection.request("POST", "/v1/traces", spans_json(TRACE), {"content-type": "application/json"})
        connection.getresponse().read()
        # 5 s is what OpenTelemetry has exporters wait (OTEL_BSP_SCHEDULE_DELAY)
        closed, _, _ = select.select([connection.sock], [], [], 6)
        assert not closed
        connection.request("POST", "/v1/traces", spans_json(TRACE), {"content-type": "application/json"})
        assert connection.getresponse().status == 200


def test_the_requests_of_the_node_exporter_are_taken(server: RunningServer) -> None:
    # As @opentelemetry/exporter-trace-otlp-http sends them: gzip in chunks, keep-alive.
    headers = {
        "content-type": "application/json",
        "content-encoding": "gzip",
        "user-agent": "OTel-OTLP-Exporter-JavaScript/0.223.0",
        "connection": "keep-alive",
    }
    body = gzip.compress(spans_json(TRACE))
    with httpx.Client(base_url=server.url, timeout=60) as client:
        for _ in range(2):
            answer = client.post("/v1/traces", content=iter([body[:10], body[10:]]), headers=headers)
            assert answer.json() == {}


@pytest.mark.parametrize("encoding", MEDIA_TYPES)
@pytest.mark.parametrize("reason", [Busy("the queue is full"), ShuttingDown("the server stops")])
def test_a_full_or_stopping_server_asks_to_send_again_later(encoding: str, reason: Refused) -> None:
    with serving_otlp(Script(lambda request: refused(reason)), Settings()) as url:
        answer = one_span(encoding, "gzip").send(url)
    status = body_of(answer, encoding, Status)
    assert isinstance(status, Status)
    retry_info = RetryInfo()
    assert answer.status_code == 503
    assert status.code == Code.Value("UNAVAILABLE")
    assert status.details[0].Unpack(retry_info)
    assert retry_info.retry_delay.seconds == int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("fail", [refused, failed_later])
def test_a_bug_is_a_500_whose_traceback_stays_in_the_log(
    caplog: pytest.LogCaptureFixture, fail: Callable[[Exception], "Future[Receipt]"]
) -> None:
    with serving_otlp(Script(lambda request: fail(RuntimeError("sk-hunter2"))), Settings()) as url:
        answer = one_span("json", "identity").send(url)
    assert answer.status_code == 500
    assert answer.json()["code"] == Code.Value("INTERNAL")
    assert "hunter2" not in answer.text
    assert "hunter2" in caplog.text
    assert "Traceback" in caplog.text


def test_what_the_intake_refuses_later_is_answered_like_what_it_refuses_at_once() -> None:
    with serving_otlp(Script(lambda request: failed_later(Undecodable("no spans"))), Settings()) as url:
        answer = one_span("json", "identity").send(url)
    assert (answer.status_code, answer.json()["message"]) == (400, "no spans")


@pytest.mark.parametrize(
    ("path", "field_name"),
    [("traces", "rejectedSpans"), ("logs", "rejectedLogRecords"), ("metrics", "rejectedDataPoints")],
)
def test_each_signal_counts_what_was_rejected_in_its_own_field(path: str, field_name: str) -> None:
    with serving_otlp(Script(lambda request: answered(Receipt(3, "no time"))), Settings()) as url:
        answer = Post(b"{}", MEDIA_TYPES["json"], "identity", f"/v1/{path}").send(url)
    assert answer.json() == {"partialSuccess": {field_name: "3", "errorMessage": "no time"}}


def test_a_warning_without_a_rejection_is_passed_on() -> None:
    with serving_otlp(Script(lambda request: answered(Receipt(0, "clock runs ahead"))), Settings()) as url:
        answer = one_span("json", "identity").send(url)
    assert answer.json() == {"partialSuccess": {"errorMessage": "clock runs ahead"}}


@pytest.mark.parametrize("message", ['"' * 10_000, "\x00\x1b[31m\r\n" * 2000, "ü" * 10_000, "\U0001f4a5\ud800" * 5000])
def test_answers_stay_small_and_plain_whatever_a_message_quotes(message: str) -> None:
    for script in (lambda _: answered(Receipt(1, message)), lambda _: refused(Undecodable(message))):
        with serving_otlp(Script(script), Settings()) as url:
            for encoding in MEDIA_TYPES:
                answer = one_span(encoding, "identity").send(url)
                assert len(answer.content) < LARGEST_ANSWER
                if encoding == "json":
                    json.loads(answer.content)
                    assert answer.text.isprintable()


def test_the_intake_gets_inflated_bytes_signal_encoding_and_project() -> None:
    script = Script(lambda request: answered(Receipt()))
    body = spans_json(TRACE)
    with serving_otlp(script, Settings()) as url:
        Post(zstandard.compress(body), MEDIA_TYPES["json"], "zstd", project="checkout_2").send(url)
        httpx.post(url + "/v1/logs", content=b"", headers={"content-type": MEDIA_TYPES["protobuf"]}, timeout=60)
    first, second = script.requests
    assert (first.signal, first.encoding, first.project, first.body) == (Signal.SPAN, "json", "checkout_2", body)
    assert (second.signal, second.encoding, second.project, second.body) == (Signal.LOG, "protobuf", "default", b"")
    assert first.received_ns <= second.received_ns


def test_bodies_that_arrive_together_are_bounded_together(caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(max_body_bytes=LIMIT, queue_bytes=LIMIT)
    begin = b"POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
    with (
        serving_otlp(Script(lambda request: answered(Receipt())), settings) as url,
        connection(url) as first,
        connection(url) as second,
    ):
        first.sendall(begin % (LIMIT, b" " * (LIMIT - 1)))
        second.sendall(begin % (LIMIT, b" " * (LIMIT - 1)))
        until(lambda: "status=503" in caplog.text)  # else one may be read to its end before the other is begun
        second.sendall(b" ")
        first.sendall(b" ")
        answers = {client.recv(1000).split(b" ")[1] for client in (first, second)}
        third = Post(b" " * LIMIT, MEDIA_TYPES["json"], "identity").send(url)
    assert b"503" in answers
    assert third.status_code == 200


def test_a_body_that_stops_arriving_gives_its_room_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.receiver._LONGEST_ARRIVAL_SECONDS", 0.1)
    monkeypatch.setattr("ingest.receiver._LONGEST_DISCARD_SECONDS", 0.1)
    settings = Settings(max_body_bytes=LIMIT, queue_bytes=LIMIT)
    with (
        serving_otlp(Script(lambda request: answered(Receipt())), settings) as url,
        connection(url) as client,
    ):
        client.sendall(b"POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n")
        client.sendall(b"content-length: 1000000\r\n\r\n" + b" " * 999_999)
        assert client.recv(1000).startswith(b"HTTP/1.1 408 ")
        monkeypatch.undo()  # the next may take the time it needs
        assert Post(b" " * LIMIT, MEDIA_TYPES["json"], "identity").send(url).status_code == 200


def test_a_client_that_leaves_in_the_middle_of_its_body_leaves_no_trace(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "ingest.receiver")
    script = Script(lambda request: answered(Receipt()))
    with serving_otlp(script, Settings()) as url:
        with connection(url) as client:
            client.sendall(b"POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n")
            client.sendall(b"content-length: 100\r\n\r\n{")
        until(lambda: "otlp abandoned" in caplog.text)
    assert not script.requests
    assert all(record.levelno < logging.WARNING for record in caplog.records)


def test_a_client_that_leaves_before_the_answer_does_not_undo_the_commit(caplog: pytest.LogCaptureFixture) -> None:
    commit: Future[Receipt] = Future()
    script = Script(lambda request: commit)
    with serving_otlp(script, Settings()) as url:
        with connection(url) as client:
            client.sendall(b"POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n")
            client.sendall(b"content-length: 2\r\n\r\n{}")
            until(lambda: script.requests)
        commit.set_result(Receipt())
        assert one_span("json", "identity").send(url).status_code == 200
    assert all(record.levelno < logging.WARNING for record in caplog.records)


def test_a_cancelled_handler_does_not_cancel_the_commit() -> None:
    commit: Future[Receipt] = Future()
    script = Script(lambda request: commit)
    (route,) = otlp_routes(script, Settings(), project_of)

    async def begin_and_cancel() -> None:
        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b"{}"}

        async def send(message: object) -> None:
            raise AssertionError("nothing is answered before the commit")

        headers = [(b"content-type", b"application/json")]
        scope = {"type": "http", "path": "/v1/logs", "method": "POST", "headers": headers}
        handler = asyncio.create_task(route(scope, receive, send))
        while not script.requests:
            await asyncio.sleep(0)
        handler.cancel()
        with pytest.raises(asyncio.CancelledError):
            await handler

    asyncio.run(begin_and_cancel())
    commit.set_result(Receipt())
    assert commit.result() == Receipt()


def test_many_exporters_wait_for_one_commit_together() -> None:
    commit: Future[Receipt] = Future()
    script = Script(lambda request: commit)
    statuses: list[int] = []
    with serving_otlp(script, Settings()) as url:
        exporters = [
            threading.Thread(target=lambda: statuses.append(one_span("protobuf", "gzip").send(url).status_code))
            for _ in range(20)
        ]
        for exporter in exporters:
            exporter.start()
        until(lambda: len(script.requests) == len(exporters))
        assert not statuses
        commit.set_result(Receipt())
        for exporter in exporters:
            exporter.join()
    assert statuses == [200] * len(exporters)


@given(body=st.binary(max_size=2000), coding=st.sampled_from(["gzip", "deflate", "zstd"]))
def test_inflating_anything_gives_bytes_or_a_refusal(body: bytes, coding: str) -> None:
    compressed = COMPRESSIONS[coding](body)
    assert inflate(compressed, [coding], 2000) == body
    assert inflate(compressed * 2, [coding], 4000) == body * 2  # members and frames may follow one another
    for broken in (body, compressed[:-1], compressed[: len(body) // 2] + body):
        try:
            inflate(broken, [coding], 2000)
        except (Undecodable, TooLarge):
            continue


def test_inflating_is_exact_at_the_limit() -> None:
    compressed = gzip.compress(bytes(LIMIT))
    assert len(inflate(compressed, ["gzip"], LIMIT)) == LIMIT
    with pytest.raises(TooLarge):
        inflate(compressed, ["gzip"], LIMIT - 1)


@pytest.mark.parametrize("name", ["", "-a", "_a", "A", "a" * 65, "a b", "a\n", "../x", "ä", "a.b"])
def test_a_project_that_cannot_exist_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="x-runlight-project"):
        project_of({"x-runlight-project": name})


def test_the_project_is_the_one_named_or_the_default() -> None:
    assert project_of({}) == "default"
    assert project_of({"x-runlight-project": "a" * 64}) == "a" * 64
    assert project_of({"x-runlight-project": "0_shop-eu"}) == "0_shop-eu"
