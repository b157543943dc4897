"""The ingest benchmark: rounds of every load, the latency at half of the top rate, and the limits of the same data."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import machine, results
from bench.bodies import BATCHES, CACHE, LIVE, SHAPES, files, load_of, read
from bench.ingest import Measured, measure
from bench.limits import limits

# As many spans as the limits are measured on; more would tell nothing new.
_LIMIT_SPANS = 50_000
_MIB = 2**20

# Every load that is measured unless others are asked for: shape and transport.
LOADS = (*((name, "http") for name in SHAPES if name != LIVE.name), ("batches", "grpc"), ("small", "grpc"))

_FIGURES: dict[str, Callable[[Measured], float | None]] = {
    "spans_per_second": lambda one: one.spans_per_second,
    "requests_per_second": lambda one: one.requests_per_second,
    "answer_p50_ms": lambda one: one.answer_p50_ms,
    "answer_p99_ms": lambda one: one.answer_p99_ms,
    "cpu_per_million": lambda one: one.cpu_per_million,
    "later_cpu_per_million": lambda one: (
        (one.server_cpu_seconds - one.server_cpu_until_answered) / one.span_count * 1e6
    ),
    "opened_ms": lambda one: one.opened_ms,
    "catch_up_seconds": lambda one: one.catch_up_seconds,
    "client_cpu_per_million": lambda one: one.client_cpu_per_million,
    "peak_mib": lambda one: one.peak_bytes / _MIB,
    "resident_after_mib": lambda one: one.resident_after_bytes / _MIB,
    "bytes_per_span": lambda one: one.bytes_per_span,
    "spans_per_commit": lambda one: one.span_count / one.commit_count,
}


def run(
    *,
    seed: int,
    span_count: int,
    rounds: int,
    loads: Sequence[tuple[str, str]],
    connections: int,
    most_seconds: float,
    say: Callable[[str], None],
) -> None:
    """Measure every load and keep the figures under the counts of spans and connections."""
    busy = [machine.load_average()]
    found: dict[str, Any] = {
        "machine": machine.machine(),
        "spans": span_count,
        "connections": connections,
        "rounds": rounds,
        "limits": measured_limits(seed, span_count),
        "rows": {},
    }
    say(f"limits, CPU s for a million spans: {found['limits']}")
    for shape, transport in loads:
        name = shape if transport == "http" else f"{shape}, gRPC"
        load = load_of(seed, span_count, SHAPES[shape])
        measured = []
        for _ in range(rounds):
            one = measure(load, transport=transport, connections=connections, most_seconds=most_seconds)
            busy.append(machine.load_average())
            say(f"{name}: {told(one)}, load average {busy[-1]:.1f}")
            measured.append(one)
        found["rows"][name] = row(measured)
        half = found["rows"][name]["spans_per_second"][0] / 2
        one = measure(
            load, transport=transport, connections=connections, spans_per_second=half, most_seconds=most_seconds
        )
        say(f"{name}, half rate: {told(one)}")
        found["rows"][f"{name}, half rate"] = row([one])
    found["load_averages"] = [busy[0], max(busy)]
    results.keep("ingest", f"{span_count} over {connections}", found)


def measured_limits(seed: int, span_count: int) -> dict[str, float]:
    """The least that each bare library needs for the first of these spans, in CPU seconds for a million."""
    load = load_of(seed, min(span_count, _LIMIT_SPANS), BATCHES)
    requests = [body for path in files(load) for body in read(path)]
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        store = Path(folder) / "store.duckdb"
        measure(load, database=store)
        return asdict(limits(requests, store, Path(folder) / "scratch.duckdb"))


def row(measured: Sequence[Measured]) -> dict[str, Any]:
    """The figures of some rounds, each as median, smallest and largest."""
    spreads: dict[str, Any] = {}
    for name, of in _FIGURES.items():
        known = [value for one in measured if (value := of(one)) is not None]
        spreads[name] = results.spread(known) if known else None
    other: dict[str, int] = {}
    for one in measured:
        for status, count in one.answers.items():
            if status not in ("200", "OK"):
                other[status] = other.get(status, 0) + count
    return spreads | {"other_answers": other}


def told(one: Measured) -> str:
    """A round in one line."""
    return (
        f"{one.spans_per_second:,.0f} spans/s, {one.requests_per_second:,.0f} requests/s, "
        f"answers p50 {one.answer_p50_ms:,.0f} ms p99 {one.answer_p99_ms:,.0f} ms, "
        f"CPU {one.cpu_per_million:,.0f} s/M (client {one.client_cpu_per_million:.1f}), "
        f"peak {one.peak_bytes / _MIB:,.0f} MiB, {one.bytes_per_span:,.0f} bytes/span, "
        f"{one.span_count / one.commit_count:,.0f} spans a commit"
    )
