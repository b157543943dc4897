"""While the store cannot write, exporters are told to return; when it can again, everything is stored once."""

import os
import random
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import duckdb
import grpc
import pytest
from grpc import StatusCode

from ingest.errors import Busy
from ingest.intake import Request, Signal
from tests.faults.exporters import GRPC_EXPORT, Book, check, exporting
from tests.hostile.posts import one_span
from tests.ingest.otlp_samples import request_of, spans
from tests.ingest.pipeline import pipeline
from tests.serving import running_server, until

MIB = 1024 * 1024
BALLAST_BYTES = 24 * MIB


@contextmanager
def small_disk(folder: Path, size_bytes: int) -> Iterator[Path]:
    """A file system of its own."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(
            f"NOT RUN: a disk is filled for real, which only root may mount a small one for: {mounted.stderr.strip()}"
        )
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_asks_exporters_to_return_and_loses_nothing(tmp_path: Path) -> None:
    book = Book()
    with small_disk(tmp_path / "disk", 2 * BALLAST_BYTES) as disk:
        database, ballast = disk / "runlight.duckdb", disk / "ballast"
        with running_server(database) as server, exporting(server, book):
            until(lambda: len(book.acknowledged) > 20)
            fill(ballast)
            until(lambda: any("commit failed" in line for line in server.log))
            refused = one_span("json", "identity").send(server.url)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
            assert server.ask("projects")["rows"]
            ballast.unlink()
            stored = len(book.acknowledged)
            until(lambda: len(book.acknowledged) > stored + 20)
        check(database, book)


def fill(ballast: Path, but_bytes: int = 0) -> None:
    """Takes all the room there is, but for so much."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\xff" * 4096)
        except OSError:
            file.truncate(file.tell() - but_bytes)
            os.fsync(file.fileno())


def test_where_the_disk_has_no_room_the_log_stays_and_nothing_is_lost(tmp_path: Path) -> None:
    book = Book()
    with small_disk(tmp_path / "disk", 2 * BALLAST_BYTES) as disk:
        database, ballast = disk / "runlight.duckdb", disk / "ballast"
        with running_server(database, checkpoint_bytes=64 * 1024) as server, exporting(server, book):
            until(lambda: len(book.acknowledged) > 20)
            fill(ballast, but_bytes=3 * MIB)
            until(lambda: any("has no room to write the log" in line for line in server.log))
            ballast.unlink()
            stored = len(book.acknowledged)
            until(lambda: len(book.acknowledged) > stored + 20)
        check(database, book)


def test_who_watches_is_told_that_the_store_is_lost_to_the_process_and_the_next_one_has_everything(
    tmp_path: Path,
) -> None:
    lost, noise = threading.Event(), random.Random(7)  # of bytes that do not compress
    with small_disk(tmp_path / "disk", 2 * BALLAST_BYTES) as disk:
        database, ballast = disk / "runlight.duckdb", disk / "ballast"
        with (
            pytest.raises(duckdb.FatalException, match="restarted"),  # at its end
            pipeline(database, on_lost=lost.set) as running,
        ):
            for number in range(1, 5):
                one = spans(f"{number:032x}")
                one.resource_spans[0].resource.attributes.add(key="noise").value.string_value = noise.randbytes(
                    MIB
                ).hex()
                running.send(Signal.SPAN, one)
            fill(ballast, but_bytes=MIB)
            with pytest.raises(duckdb.FatalException, match="No space left"):
                running.store.connection.execute("checkpoint")
            with pytest.raises(Busy):
                running.send(Signal.LOG, request_of("logs"))
        assert lost.is_set()
        ballast.unlink()
        with pipeline(database) as running:
            assert running.rows("select count(*) from spans") == [(4,)]


def test_a_write_that_fails_is_worth_sending_again_and_then_stored_once(tmp_path: Path) -> None:
    with pipeline(tmp_path / "runlight.duckdb") as running:
        running.send(Signal.LOG, request_of("logs"))
        running.store.connection.execute("alter table ingest_batches rename to ingest_batches_away")
        with pytest.raises(Busy):
            running.send(Signal.SPAN, request_of("traces"))
        assert running.rows("select count(*) from spans") == [(0,)]
        running.store.connection.execute("alter table ingest_batches_away rename to ingest_batches")
        for _ in range(2):
            assert running.send(Signal.SPAN, request_of("traces")).rejected_count == 0
        assert running.rows(
            "select sum(received_count)::int, sum(stored_count)::int, sum(duplicate_count)::int from ingest_batches"
            " where signal = 'span'"
        ) == [(2, 1, 1)]


def test_a_clock_that_jumps_back_changes_nothing_that_is_stored(tmp_path: Path) -> None:
    now_ns = time.time_ns()
    with pipeline(tmp_path / "runlight.duckdb") as running:
        for received_ns in (now_ns, now_ns - 86_400 * 10**9, 1, now_ns):
            sent = Request(Signal.SPAN, request_of("traces"), "protobuf", "default", received_ns)
            assert running.writer.submit(sent).result(60).rejected_count == 0
        assert running.rows("select count(*) from spans") == [(1,)]
        assert running.rows("select sum(duplicate_count)::int, max(batch_id) from ingest_batches") == [(3, 4)]


def test_past_the_queue_clients_are_told_at_once_memory_stays_flat_and_it_recovers_by_itself(
    tmp_path: Path, is_soak: bool
) -> None:
    large = one_span("protobuf", "identity", padding=100_000)
    with (
        running_server(tmp_path / "runlight.duckdb", queue_bytes=200_000) as server,
        grpc.insecure_channel(server.grpc_address) as channel,
        ThreadPoolExecutor(20) as clients,
    ):

        def told_to_a_crowd() -> set[tuple[object, object]]:
            calls = [channel.unary_unary(GRPC_EXPORT).future(large.body, timeout=60) for _ in range(100)]
            answers = clients.map(lambda _: large.send(server.url), range(100))
            over_http: set[tuple[object, object]] = {
                (answer.status_code, answer.headers.get("retry-after")) for answer in answers
            }
            return over_http | {
                (call.code(), "google.rpc.retryinfo-bin" in dict(call.trailing_metadata())) for call in calls
            }

        told = told_to_a_crowd()
        before, ends = server.reset_peak_memory(), time.monotonic() + 60
        told |= told_to_a_crowd()
        while is_soak and time.monotonic() < ends:
            told |= told_to_a_crowd()
        refused, stored = {(503, "2"), (StatusCode.UNAVAILABLE, True)}, {(200, None), (StatusCode.OK, False)}
        assert refused <= told <= refused | stored
        assert told & stored
        assert server.peak_memory() - before < 192 * 1024 * 1024  # of which gRPC keeps most for itself
        assert one_span("json", "identity").send(server.url).status_code == 200
