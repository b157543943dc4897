"""Where the time goes: the stages of the pipeline in one process, one request at a time, a timer around each.

Nothing runs beside anything else here, so that processor time can be told apart; sockets are not in it.
"""

import itertools
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from bench import machine, results
from bench.bodies import CACHE, Body, Shape, bodies, load_of
from bench.timers import Timers
from ingest import wire
from ingest.intake import Request, Signal
from ingest.prepare import Preparer
from ingest.prices import PriceList
from ingest.pseudonyms import Pseudonyms
from ingest.redact import Redactor
from ingest.redaction import redact_records
from ingest.redaction_file import OwnRules
from ingest.store import Store
from ingest.writer import Writer
from queries.database import Database
from queries.summaries import rebuild
from settings import Settings

SIZES = (4, 64, 512, 4_096)

# Stage, and where its function is called from. A stage's time is without the stages it calls.
STAGES = (
    ("decode", "ingest.wire", "decode"),
    ("redact", "ingest.prepare", "redact_records"),
    ("normalise: attributes into columns", "ingest.normalise", "read_batch"),
    ("normalise: dialects", "ingest.normalise", "detect_dialects"),
    ("normalise: rules", "ingest.normalise", "fill"),
    ("normalise: messages", "ingest.normalise", "contents"),
    ("normalise: the rest", "ingest.prepare", "normalise"),
    ("price", "ingest.prices", "PriceList.price"),
    ("span events", "ingest.prepare", "event_records"),
    ("prepare: the rest", "ingest.prepare", "Preparer._clean"),
    ("prepare: the rest", "ingest.prepare", "Preparer._prepared"),
    ("find repetitions", "ingest.store", "Store.present"),
    ("pack into blocks", "ingest.writer", "into_blocks"),
    ("insert into {1}", "ingest.store", "Store.insert"),
)
_OTHER = "commit, ledger and the rest"
_REBUILD = "rebuild of runs"

# In production the rebuild gathers what a third of a second brings; here, this many spans, for every batch size.
_SPANS_PER_REBUILD = 4_096
_MOST_SPANS = 100_000


def run(*, seed: int, sizes: Sequence[int], most_seconds: float, say: Callable[[str], None]) -> None:
    """Measure every batch size and keep milliseconds of processor time for a thousand spans, by stage."""
    columns: dict[str, Any] = {}
    busy = [machine.load_average()]
    for size in sizes:
        columns[str(size)] = measure(seed, size, most_seconds)
        busy.append(machine.load_average())
        say(f"batches of {size}: {told(columns[str(size)])}, load average {busy[-1]:.1f}")
    results.keep(
        "stages",
        "stages",
        {"machine": machine.machine(), "load_averages": [busy[0], max(busy)], "sizes": columns},
    )


def measure(seed: int, size: int, most_seconds: float, cache: Path = CACHE) -> dict[str, Any]:
    """One batch size: `ms` of processor time by stage for a thousand spans, `wall_ms`, and how many spans that was."""
    timers = Timers()
    requests = bodies(load_of(seed, _MOST_SPANS, Shape(f"batches of {size}", size, size)))
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder, _pipeline(Path(folder) / "store.duckdb") as pipeline:
        writer, derived = pipeline
        _send(writer, derived, Timers(), itertools.islice(requests, 2), most_seconds)
        begun = time.perf_counter()
        with timers.around(STAGES) as missing:
            span_count = _send(writer, derived, timers, requests, most_seconds)
        seconds = time.perf_counter() - begun
    per_thousand = 1e6 / span_count
    return {
        "span_count": span_count,
        "wall_ms": seconds * per_thousand,
        "ms": {name: value * per_thousand for name, value in timers.seconds.items()},
        "marking_ms": _marking_ms(seed, size),
        "missing": missing,
    }


def _marking_ms(seed: int, size: int) -> float:
    """Milliseconds of processor time to redact a thousand spans where personal data is marked too, a setting."""
    redactor = Redactor.configured(OwnRules({}, ()), Pseudonyms(bytes(32)).of, marks_persons=True, is_dry_run=False)
    seconds, span_count = 0.0, 0
    for body in bodies(load_of(seed, _SPANS_PER_REBUILD, Shape(f"batches of {size}", size, size))):
        records, _ = wire.decode(Signal.SPAN, [Request(Signal.SPAN, body.data, "protobuf", "default", 0)])
        records = replace(records, sources=records.sources.with_columns(project=pl.lit("default")))
        begun = time.process_time()
        redact_records(redactor, records, {})
        seconds += time.process_time() - begun
        span_count += body.span_count
    return seconds * 1e6 / span_count


def told(found: dict[str, Any]) -> str:
    """One batch size in one line."""
    total = sum(found["ms"].values())
    most = sorted(found["ms"].items(), key=lambda pair: -pair[1])
    stages = ", ".join(f"{name} {value:.0f}" for name, value in most)
    gone = f"; no such function any more: {', '.join(found['missing'])}" if found["missing"] else ""
    return f"{total:,.0f} CPU ms for 1,000 spans ({found['wall_ms']:,.0f} in all): {stages}{gone}"


def _send(
    writer: Writer, derived: duckdb.DuckDBPyConnection, timers: Timers, requests: Iterator[Body], most_seconds: float
) -> int:
    """Store one request after the other, with a rebuild every few thousand spans. Returns how many spans."""
    deadline = time.perf_counter() + most_seconds
    sent = waiting = 0
    while time.perf_counter() < deadline and (body := next(requests, None)) is not None:
        # The threads' own timers are charged to their stages; what they leave is the commit and what surrounds it.
        before = sum(timers.seconds.values())
        begun = time.process_time()
        writer.submit(Request(Signal.SPAN, body.data, "protobuf", "default", time.time_ns())).result()
        inside = sum(timers.seconds.values()) - before
        timers.seconds[_OTHER] = timers.seconds.get(_OTHER, 0.0) + time.process_time() - begun - inside
        sent += body.span_count
        waiting += body.span_count
        if waiting >= _SPANS_PER_REBUILD:
            _rebuild(derived, timers)
            waiting = 0
    _rebuild(derived, timers)
    return sent


def _rebuild(derived: duckdb.DuckDBPyConnection, timers: Timers) -> None:
    with timers.running(_REBUILD):
        while rebuild(derived):
            pass


@contextmanager
def _pipeline(path: Path) -> Iterator[tuple[Writer, duckdb.DuckDBPyConnection]]:
    """A writer that gathers nothing, and a connection for the rebuild."""
    store = Store.open(path)
    Database(store.cursor())
    pseudonyms = Pseudonyms(store.pseudonym_key())
    preparer = Preparer(PriceList(None), Redactor.default(), pseudonyms, Settings().max_value_bytes)
    writer = Writer(store, preparer, queue_bytes=1 << 30, gather_ms=0, on_commit=lambda: None)
    writer.start()
    try:
        yield writer, store.cursor()
    finally:
        writer.stop()
        store.close()
