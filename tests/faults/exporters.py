"""Exporters that send numbered spans, one a request, over every way in, and remember which were acknowledged."""

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import grpc
import httpx

from tests.ingest.otlp_samples import START_NS, spans, spans_json
from tests.serving import RunningServer

GRPC_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
RETRYABLE = {429, 502, 503, 504}
GRPC_RETRYABLE = {"UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"}
TIMEOUT_SECONDS = 30


@dataclass
class Book:
    """What was acknowledged, and what exporters may send again; `wrong` has answers that were neither."""

    acknowledged: set[int] = field(default_factory=set)
    unanswered: set[int] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    next_number: int = START_NS
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> int:
        """A number to send: one that was never answered, or a new one."""
        with self._lock:
            if self.unanswered:
                return self.unanswered.pop()
            self.next_number += 1
            return self.next_number

    def note(self, number: int, outcome: str) -> None:
        """How the server answered: "stored", "later", or anything else."""
        with self._lock:
            if outcome == "stored":
                self.acknowledged.add(number)
            else:
                self.unanswered.add(number)
            if outcome not in ("stored", "later"):
                self.wrong.append(outcome)


@contextmanager
def exporting(server: RunningServer, book: Book, exporters_per_way: int = 2) -> Iterator[None]:
    """Some exporters for each way in at work, until the end."""
    is_over = threading.Event()
    ways = (_over_http("application/x-protobuf"), _over_http("application/json"), _over_grpc)
    threads = [
        threading.Thread(target=way, args=(server, book, is_over)) for way in ways for _ in range(exporters_per_way)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def _over_http(media_type: str) -> Callable[[RunningServer, Book, threading.Event], None]:
    is_json = media_type == "application/json"
    headers = {"content-type": media_type} | ({"content-encoding": "gzip"} if is_json else {})

    def export(server: RunningServer, book: Book, is_over: threading.Event) -> None:
        with httpx.Client(base_url=server.url, timeout=TIMEOUT_SECONDS, verify=False) as client:
            while not is_over.is_set():
                number = book.take()
                trace_id = f"{number:032x}"
                body = gzip.compress(spans_json(trace_id)) if is_json else spans(trace_id).SerializeToString()
                try:
                    status = client.post("/v1/traces", content=body, headers=headers).status_code
                except httpx.TransportError:
                    book.note(number, "later")
                    is_over.wait(0.01)
                    continue
                book.note(number, "stored" if status == 200 else "later" if status in RETRYABLE else str(status))

    return export


def _over_grpc(server: RunningServer, book: Book, is_over: threading.Event) -> None:
    with grpc.insecure_channel(server.grpc_address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        export = channel.unary_unary(GRPC_EXPORT)
        while not is_over.is_set():
            number = book.take()
            try:
                export(spans(f"{number:032x}").SerializeToString(), timeout=TIMEOUT_SECONDS)
            except grpc.RpcError as error:
                name = error.code().name
                book.note(number, "later" if name in GRPC_RETRYABLE else name)
                is_over.wait(0.01)
                continue
            book.note(number, "stored")


def check(database: Path, book: Book) -> None:
    """The file opens, each acknowledged span is there once, and the ledger's sums are what is there."""
    with duckdb.connect(str(database)) as store:
        ids = [int.from_bytes(row[0]) for row in store.execute("select trace_id from spans").fetchall()]
        ledger = store.execute(
            "select sum(stored_count)::bigint, "
            "sum(received_count - stored_count - duplicate_count - conflicting_count)::bigint from ingest_batches"
        ).fetchone()
    assert not book.wrong, book.wrong[:5]
    assert not book.acknowledged - set(ids)
    assert len(ids) == len(set(ids))
    assert ledger == (len(ids), 0)
