"""What taking in costs, where it can be counted: commits, and copies of what is sent. Nothing here is timed."""

import gc
import time
from pathlib import Path

import httpx
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from bench.bodies import SMALL, bodies, load_of
from ingest.batch import Batch
from ingest.intake import Request, Signal
from tests.ingest.pipeline import ANSWER_SECONDS, pipeline
from tests.serving import RunningServer

SMALL_REQUESTS = 1_000
MOST_COMMITS = 5
VALUE_BYTES = 32 * 1024 * 1024
MOST_COPIES = 20


def test_a_thousand_small_requests_that_wait_together_take_few_commits(tmp_path: Path) -> None:
    requests = [
        Request(Signal.SPAN, body.data, "protobuf", "default", time.time_ns())
        for body, _ in zip(bodies(load_of(1, 5_000, SMALL)), range(SMALL_REQUESTS), strict=False)
    ]
    assert len(requests) == SMALL_REQUESTS
    with pipeline(tmp_path / "store.duckdb") as line:
        for receipt in [line.writer.submit(request) for request in requests]:
            receipt.result(ANSWER_SECONDS)
        ((commits, taken),) = line.rows("select count(*), sum(request_count) from ingest_batches")
    assert taken == SMALL_REQUESTS
    assert commits <= MOST_COMMITS


def test_a_large_value_takes_a_bounded_multiple_of_itself_in_memory(fresh_server: RunningServer) -> None:
    _send(fresh_server, 1, 1_000)
    before = fresh_server.reset_peak_memory()
    _send(fresh_server, 2, VALUE_BYTES)
    assert (fresh_server.peak_memory() - before) / VALUE_BYTES < MOST_COPIES


def test_a_batch_is_let_go_of_without_the_garbage_collector(tmp_path: Path) -> None:
    requests = [
        Request(Signal.SPAN, body.data, "protobuf", "default", time.time_ns())
        for body in bodies(load_of(1, 100, SMALL))
    ]
    with pipeline(tmp_path / "store.duckdb") as line:
        gc.collect()
        gc.disable()
        try:
            assert sum(len(part.rows) for part in line.preparer.prepare(Signal.SPAN, requests))
            assert not [one for one in gc.get_objects() if type(one) is Batch]
        finally:
            gc.enable()


def _send(server: RunningServer, number: int, size: int) -> None:
    data = TracesData()
    span = (
        data.resource_spans.add()
        .scope_spans.add()
        .spans.add(
            trace_id=number.to_bytes(16, "big"), span_id=number.to_bytes(8, "big"), name="chat", start_time_unix_nano=1
        )
    )
    span.attributes.add(key="gen_ai.input.messages").value.string_value = "x" * size
    answer = httpx.post(
        f"{server.url}/v1/traces",
        content=data.SerializeToString(),
        headers={"content-type": "application/x-protobuf"},
        timeout=60,
    )
    assert answer.status_code == 200
