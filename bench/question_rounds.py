"""The questions benchmark: every question cold, warm, and while telemetry arrives; and what it reads."""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import machine, results
from bench.asking import Asked, Asker, GivenUp, evict, known, routes
from bench.bodies import LIVE, load_of
from bench.questions import PROJECT, WEEK, Question, questions, unasked
from bench.reads import reads_of
from bench.sending import client_command
from bench.serving import ROOT, Server, serving
from bench.stores import large_run

_MOST_ASKS = 40
_ARRIVAL_STARTS_SECONDS = 3.0

# What is done besides asking warm.
PHASES = ("reads", "cold", "live")

_Keep = Callable[[Question, dict[str, Any]], None]


def run(
    store: Path,
    *,
    seed: int,
    name: str,
    phases: Sequence[str],
    most_seconds: float,
    live_rate: float,
    wanted: Sequence[str],
    say: Callable[[str], None],
) -> None:
    """Measure every question, or those whose name begins with one of `wanted`.

    The figures are kept under `name` after each phase, so that a run that is broken off leaves what it has. None stands
    for those of a question that the server gave up.
    """
    found: dict[str, Any] = {
        "machine": machine.machine(),
        "load_averages": [machine.load_average()] * 2,
        "file_bytes": store.stat().st_size,
        "rows": {},
    }

    def keep(one: Question, figures: dict[str, Any]) -> None:
        found["rows"].setdefault(one.name, {}).update(figures)
        found["load_averages"][1] = max(found["load_averages"][1], machine.load_average())
        say(f"{one.name}: {told(figures)}")

    asked = _ask_warm(store, seed, wanted, most_seconds, found, keep, say)
    results.keep("questions", name, found)
    if "reads" in phases:
        for one in asked:
            if reads := reads_of(store, one):
                keep(one, {"rows_read": reads.rows, "bytes_read": reads.bytes, "statements": reads.statements})
        results.keep("questions", name, found)
    if "cold" in phases:
        for one in asked:
            if not one.is_variant:
                keep(one, {"cold": _cold(store, one)})
        results.keep("questions", name, found)
    if "live" in phases:
        _ask_live(store, asked, most_seconds, live_rate, found, keep)
        results.keep("questions", name, found)


def told(figures: dict[str, Any]) -> str:
    """Figures of a question in one line."""
    units = {"warm": "ms (p50, p95)", "live": "ms (p50, p95) while telemetry arrives", "cold": "ms at first"}
    return ", ".join(
        f"{value if isinstance(value, int) else _rounded(value)} {units.get(name, name.replace('_', ' '))}"
        for name, value in figures.items()
    )


def _rounded(value: float | list[float] | None) -> str:
    if value is None:
        return "given up:"
    return " and ".join(f"{one:,.1f}" for one in (value if isinstance(value, list) else [value]))


def _ask_warm(
    store: Path,
    seed: int,
    wanted: Sequence[str],
    most_seconds: float,
    found: dict[str, Any],
    keep: _Keep,
    say: Callable[[str], None],
) -> list[Question]:
    """Every question on one server, after a first answer that does not count. Returns the questions."""
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
        for one in asked:
            warm = _later_answers(asker, one, most_seconds)
            keep(one, {"warm": _times(warm), "bytes": warm.answer_bytes} if warm else {"warm": None})
        found["resident_mib"] = server.resident_bytes() / 2**20
    return asked


def _ask_live(
    store: Path, asked: Sequence[Question], most_seconds: float, live_rate: float, found: dict[str, Any], keep: _Keep
) -> None:
    with serving(store) as server, Asker(server) as asker, _arriving(server, live_rate) as arrived_per_second:
        for one in asked:
            keep(one, {"live": _times(_later_answers(asker, one, most_seconds))})
        found["arrived_per_second"] = [live_rate, arrived_per_second()]


def _cold(store: Path, question: Question) -> float | None:
    """Milliseconds of the first answer after a start, nothing of the file in memory."""
    evict(store)
    with serving(store) as server, Asker(server) as asker:
        evict(store)
        answer = _answers(asker, question, 1, 0)
        return answer.p50_ms if answer else None


def _later_answers(asker: Asker, question: Question, most_seconds: float) -> Asked | None:
    """The answers after a first that does not count."""
    return _answers(asker, question, 1, 0) and _answers(asker, question, _MOST_ASKS, most_seconds)


def _answers(asker: Asker, question: Question, most: int, most_seconds: float) -> Asked | None:
    try:
        return asker.ask(question, most, most_seconds)
    except GivenUp:
        return None


def _times(answers: Asked | None) -> list[float] | None:
    return [answers.p50_ms, answers.p95_ms] if answers else None


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
