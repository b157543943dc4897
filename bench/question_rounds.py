"""The questions benchmark: every question cold, warm, and while telemetry arrives; and what it reads."""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import machine, results
from bench.asking import Asker, evict, known, routes
from bench.bodies import LIVE, load_of
from bench.questions import PROJECT, WEEK, Question, questions, unasked
from bench.reads import reads_of
from bench.sending import client_command
from bench.serving import ROOT, Server, serving
from bench.stores import large_run

_MOST_ASKS = 40
_ARRIVAL_STARTS_SECONDS = 3.0


def run(
    store: Path,
    *,
    seed: int,
    name: str,
    most_seconds: float,
    live_rate: float,
    wanted: Sequence[str],
    say: Callable[[str], None],
) -> None:
    """Measure every question, or those whose name begins with one of `wanted`, and keep the figures under `name`."""
    found: dict[str, Any] = {
        "machine": machine.machine(),
        "load_averages": [machine.load_average()],
        "live_rate": live_rate,
        "file_bytes": store.stat().st_size,
    }
    evict(store)
    begun = time.perf_counter()
    with serving(store) as server, Asker(server) as asker:
        found["start_seconds"] = time.perf_counter() - begun
        offered = routes(asker)
        asked = questions(known(asker, seed, large_run(seed).trace_id.hex()), offered)
        for path in unasked(offered, asked):
            say(f"bench/questions.py asks nothing of {path}")
        asked = [one for one in asked if not wanted or one.name.startswith(tuple(wanted))]
        found["counts"] = _counts(server)
        rows: dict[str, dict[str, Any]] = {one.name: {} for one in asked}
        for one in asked:
            asker.ask(one, 1, 0)
            warm = asker.ask(one, _MOST_ASKS, most_seconds)
            rows[one.name] |= {"bytes": warm.answer_bytes, "warm": [warm.p50_ms, warm.p95_ms]}
            say(f"{one.name}: p50 {warm.p50_ms:.1f} ms, p95 {warm.p95_ms:.1f} ms, {warm.answer_bytes:,} bytes")
        found["resident_mib"] = server.resident_bytes() / 2**20
    for one in asked:
        cold = None if one.is_variant else _cold(store, one)
        reads = reads_of(store, one)
        rows[one.name] |= {"rows_read": reads.rows, "bytes_read": reads.bytes, "statements": reads.statements}
        rows[one.name]["cold"] = cold
        say(f"{one.name}: {reads.rows:,} rows, {reads.bytes:,} bytes read" + (f", cold {cold:.0f} ms" if cold else ""))
    with serving(store) as server, Asker(server) as asker, _arriving(server, live_rate) as arrived_per_second:
        for one in asked:
            live = asker.ask(one, _MOST_ASKS, most_seconds)
            rows[one.name]["live"] = [live.p50_ms, live.p95_ms]
            say(f"{one.name}: while telemetry arrives p50 {live.p50_ms:.1f} ms, p95 {live.p95_ms:.1f} ms")
        found["arrived_per_second"] = arrived_per_second()
    found["rows"] = rows
    found["load_averages"].append(machine.load_average())
    results.keep("questions", name, found)


def _cold(store: Path, question: Question) -> float:
    """Milliseconds of the first answer after a start, nothing of the file in memory."""
    evict(store)
    with serving(store) as server, Asker(server) as asker:
        evict(store)
        return asker.ask(question, 1, 0).p50_ms


def _counts(server: Server) -> dict[str, int]:
    totals = _totals(server)
    runs = server.rows("summary", project=PROJECT, **WEEK)[0]["run_count"]
    return {"spans": totals["stored_count"], "runs": runs, "commits": totals["batch_count"]}


def _totals(server: Server) -> dict[str, Any]:
    totals = server.rows("ingest", project=PROJECT, since="1971-01-01", until="2200-01-01")[0]["totals"]
    span_totals: dict[str, Any] = next(row for row in totals if row["signal"] == "span")
    return span_totals


@contextmanager
def _arriving(server: Server, spans_per_second: float) -> Iterator[Callable[[], float]]:
    """Telemetry that keeps coming inside the block; gives a function that tells how much of it was stored a second."""
    before = _totals(server)
    # What a former run of this benchmark left in the store must not come again: it would only be a repetition.
    seed = 1_000 + before["batch_count"]
    command = client_command(server, load_of(seed, 1, LIVE), "http", 4)
    with subprocess.Popen([*command, f"--live-seed={seed}", f"--rate={spans_per_second}"], cwd=ROOT) as client:
        begun = time.perf_counter()

        def arrived_per_second() -> float:
            return float(_totals(server)["stored_count"] - before["stored_count"]) / (time.perf_counter() - begun)

        try:
            time.sleep(_ARRIVAL_STARTS_SECONDS)
            yield arrived_per_second
        finally:
            client.terminate()
