"""The pipeline from requests to the store, without sockets: what tests of decoding and storing need."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from google.protobuf.message import Message

from ingest.intake import Encoding, Receipt, Request, Signal
from ingest.prepare import Preparer
from ingest.prices import PriceList
from ingest.pseudonyms import Pseudonyms
from ingest.redact import Redactor
from ingest.store import Store
from ingest.stored import Records
from ingest.writer import Writer

ANSWER_SECONDS = 120


class Pipeline:
    """A store and its writer."""

    def __init__(self, store: Store, preparer: Preparer, writer: Writer) -> None:
        self.store = store
        self.preparer = preparer
        self.writer = writer

    def send(
        self, signal: Signal, body: bytes | Message, encoding: Encoding = "protobuf", project: str = "default"
    ) -> Receipt:
        """The receipt of one request, after its commit."""
        data = body if isinstance(body, bytes) else body.SerializeToString()
        return self.writer.submit(Request(signal, data, encoding, project, time.time_ns())).result(ANSWER_SECONDS)

    def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        return self.store.cursor().execute(sql, parameters).fetchall()

    def otlp(self, table: str, project: str = "default") -> dict[str, Any]:
        """All records of a table as one OTLP/JSON document."""
        signal = {"spans": "span", "log_records": "log", "metric_points": "metric"}[table]
        places = self.store.cursor().execute(
            f"select $signal as record_signal, block_id, block_position, resource_id, scope_id from {table}"
            " where project = $project order by all",
            {"signal": signal, "project": project},
        )
        return Records(self.store.connection).otlp(project, places.to_arrow_table())


@contextmanager
def pipeline(
    path: Path, queue_bytes: int = 1 << 28, max_value_bytes: int = 1 << 24, on_lost: Callable[[], None] = lambda: None
) -> Iterator[Pipeline]:
    """A pipeline over the file at `path`, stopped and closed at the end."""
    store = Store.open(path)
    pseudonyms = Pseudonyms(store.pseudonym_key())
    preparer = Preparer(PriceList(None), Redactor.default(), pseudonyms, max_value_bytes)
    writer = Writer(store, preparer, queue_bytes=queue_bytes, gather_ms=2, on_commit=lambda: None, on_lost=on_lost)
    writer.start()
    try:
        yield Pipeline(store, preparer, writer)
    finally:
        writer.stop()
        store.close()
