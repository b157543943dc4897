"""What was acknowledged survives a power cut; what was not may be sent again."""

import concurrent.futures
import time
from pathlib import Path

import duckdb
import httpx
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from tests.serving import running_server

REQUESTS = 200
PROTOBUF = {"content-type": "application/x-protobuf"}


def _request(number: int) -> bytes:
    data = TracesData()
    data.resource_spans.add().scope_spans.add().spans.add(
        trace_id=number.to_bytes(16, "big"),
        span_id=number.to_bytes(8, "big"),
        name=f"invoke_agent {number}",
        start_time_unix_nano=time.time_ns(),
    ).attributes.add(key="gen_ai.operation.name").value.string_value = "invoke_agent"
    return data.SerializeToString()


def test_every_acknowledged_span_is_there_after_a_kill_and_a_restart(tmp_path: Path) -> None:
    database = tmp_path / "runlight.duckdb"
    acknowledged: set[int] = set()
    with (
        running_server(database) as server,
        concurrent.futures.ThreadPoolExecutor(8) as senders,
        httpx.Client(base_url=server.url, timeout=60) as http,
    ):

        def send(number: int) -> None:
            try:
                answer = http.post("/v1/traces", content=_request(number), headers=PROTOBUF)
            except httpx.TransportError:
                return  # it was killed meanwhile
            if answer.status_code == 200:
                acknowledged.add(number)

        sent = [senders.submit(send, number) for number in range(1, REQUESTS + 1)]
        while len(acknowledged) < REQUESTS // 4 and not all(future.done() for future in sent):
            concurrent.futures.wait(sent, timeout=0.01)
        server.kill()
        concurrent.futures.wait(sent)
    assert len(acknowledged) >= REQUESTS // 4
    with running_server(database) as server, httpx.Client(base_url=server.url, timeout=60) as http:
        deadline = time.monotonic() + 60
        shown: set[int] = set()
        while not acknowledged <= shown and time.monotonic() < deadline:
            rows = http.get("/api/runs", params={"limit": 1000}).json()["rows"]
            shown = {int(row["run_id"], 16) for row in rows}
        assert acknowledged <= shown
    with duckdb.connect(str(database), read_only=True) as store:
        ids = [row[0] for row in store.execute("select trace_id from spans").fetchall()]
    assert len(ids) == len(set(ids))
