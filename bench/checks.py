"""Whether what was acknowledged can be read: if not, a figure about it is worth nothing."""

import time
from typing import Any

from bench.bodies import Load
from bench.load import RETRIED
from bench.questions import PROJECT
from bench.serving import Server, wait_until
from bench.telemetry import Run, Telemetry

_CATCH_UP_SECONDS = 900
_CHECKED_RUNS = 5
_EVER = {"since": "1971-01-01", "until": "2200-01-01"}


class WrongCount(Exception):
    """What is readable is not what was acknowledged."""


def opened_at_once_ms(server: Server, load: Load) -> float:
    """How long it takes to open the newest run, whole, right after the last answer. Raises WrongCount."""
    run = _telemetry(load).run(load.run_count - 1)
    begun = time.perf_counter()
    _check_steps(server, run)
    return (time.perf_counter() - begun) * 1000


def catch_up(server: Server) -> float:
    """Seconds until no run waits for its summary."""
    begun = time.monotonic()

    def is_done() -> bool:
        waiting: int = server.rows("version", project=PROJECT, **_EVER)[0]["waiting_count"]
        return waiting == 0

    if not wait_until(is_done, _CATCH_UP_SECONDS):
        raise WrongCount(f"runs still wait for their summary {_CATCH_UP_SECONDS} s after the last answer")
    return time.monotonic() - begun


def check_ledger(server: Server, sent: dict[str, Any]) -> int:
    """How many commits the ledger tells of, if it agrees with what was acknowledged. Raises WrongCount."""
    totals = [row for row in server.rows("ingest", project=PROJECT)[0]["totals"] if row["signal"] == "span"]
    stored = sum(row["stored_count"] for row in totals)
    refused = {status: count for status, count in sent["answers"].items() if status not in ("200", "OK", *RETRIED)}
    if refused or stored != sent["span_count"]:
        raise WrongCount(f"{sent['span_count']} spans sent, {stored} stored, answers {sent['answers']}")
    return sum(row["batch_count"] for row in totals)


def check_runs(server: Server, load: Load) -> None:
    """Whether all runs are listed, and some of them show every span. Raises WrongCount."""
    shown = server.rows("summary", project=PROJECT, **_EVER)[0]["run_count"]
    if shown != load.run_count:
        raise WrongCount(f"{load.run_count} runs sent, {shown} listed")
    for number in range(0, load.run_count, max(1, load.run_count // _CHECKED_RUNS)):
        _check_steps(server, _telemetry(load).run(number))


def _check_steps(server: Server, run: Run) -> None:
    ids = {row["step_id"] for row in server.rows(f"runs/{run.trace_id.hex()}/steps", project=PROJECT)}
    if missing := [span.name for span in run.spans if span.span_id.hex() not in ids]:
        raise WrongCount(f"run {run.trace_id.hex()} is shown without {missing}")


def _telemetry(load: Load) -> Telemetry:
    return Telemetry(load.seed, load.week_run_count, load.begins_ns)
