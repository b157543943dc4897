"""How fast telemetry is taken in: a real server, a client process beside it, and what both cost."""

import json
import math
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.bodies import CACHE, Load, files, read
from bench.load import RETRIED
from bench.serving import ROOT, Server, serving, wait_until
from bench.telemetry import Telemetry

_CATCH_UP_SECONDS = 900
PROJECT = "bench"
_CHECKED_RUNS = 5
_EVER = {"since": "1971-01-01", "until": "2200-01-01"}


class WrongCount(Exception):
    """What is readable is not what was acknowledged; the figures would be worth nothing."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One round. Processor time counts until the lists were up to date, so work that is put off is in it."""

    span_count: int
    request_count: int
    body_bytes: int
    seconds: float
    catch_up_seconds: float
    answers: dict[str, int]
    answer_p50_ms: float
    answer_p99_ms: float
    answer_max_ms: float
    server_cpu_seconds: float
    server_cpu_until_answered: float
    client_cpu_seconds: float
    peak_bytes: int
    resident_after_bytes: int
    file_bytes: int
    commit_count: int

    @property
    def spans_per_second(self) -> float:
        """Stored and readable, from the first request to the last answer."""
        return self.span_count / self.seconds

    @property
    def requests_per_second(self) -> float:
        """Requests answered with 200."""
        return self.request_count / self.seconds

    @property
    def cpu_per_million(self) -> float:
        """Seconds of the server's processor time for a million spans."""
        return self.server_cpu_seconds / self.span_count * 1e6

    @property
    def client_cpu_per_million(self) -> float:
        """The same of the client."""
        return self.client_cpu_seconds / self.span_count * 1e6

    @property
    def bytes_per_span(self) -> float:
        """On disk, after the last checkpoint."""
        return self.file_bytes / self.span_count


def measure(
    load: Load,
    *,
    transport: str = "http",
    connections: int = 16,
    spans_per_second: float = 0.0,
    most_seconds: float = math.inf,
    database: Path | None = None,
    cache: Path = CACHE,
) -> Measured:
    """Send a load into an empty store, and check that all of it can be read. Raises WrongCount.

    The store is thrown away, unless a place for it is given. `cache` keeps the files that are sent.
    """
    paths = files(load, cache)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        path = database or Path(folder) / "store.duckdb"
        with serving(path) as server:
            cpu_before = server.cpu_seconds()
            sent = run_client(
                server, load, paths, transport=transport, connections=connections,
                spans_per_second=spans_per_second, most_seconds=most_seconds,
            )  # fmt: skip
            cpu_until_answered = server.cpu_seconds() - cpu_before
            catch_up_seconds = catch_up(server)
            cpu = server.cpu_seconds() - cpu_before
            ledger = _check(server, load, paths, sent)
            peak_bytes, resident_bytes = server.peak_bytes(), server.resident_bytes()
        latencies = sorted(sent["latencies_ms"]) or [0.0]
        return Measured(
            span_count=sent["span_count"],
            request_count=sent["request_count"],
            body_bytes=sent["body_bytes"],
            seconds=sent["seconds"],
            catch_up_seconds=catch_up_seconds,
            answers=sent["answers"],
            answer_p50_ms=quantile(latencies, 0.5),
            answer_p99_ms=quantile(latencies, 0.99),
            answer_max_ms=latencies[-1],
            server_cpu_seconds=cpu,
            server_cpu_until_answered=cpu_until_answered,
            client_cpu_seconds=sent["client_cpu_seconds"],
            peak_bytes=peak_bytes,
            resident_after_bytes=resident_bytes,
            file_bytes=path.stat().st_size,
            commit_count=ledger["batch_count"],
        )


def run_client(
    server: Server,
    load: Load,
    paths: list[Path],
    *,
    transport: str,
    connections: int,
    spans_per_second: float,
    most_seconds: float,
) -> dict[str, Any]:
    """Send with a client process; the fields of `load.Sent`."""
    done = subprocess.run(
        [
            *client_command(server, load, transport, connections),
            f"--rate={spans_per_second}",
            f"--most-seconds={most_seconds}",
            "--files",
            *map(str, paths),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"the client failed: {done.stderr[-2000:]}")
    sent: dict[str, Any] = json.loads(done.stdout)
    return sent


def client_command(server: Server, load: Load, transport: str, connections: int) -> list[str]:
    """The client's command line, without rate and files."""
    address = server.grpc_address if transport == "grpc" else server.http_address
    return [
        *(sys.executable, "-m", "bench.load", address),
        *(f"--shape={load.shape.name}", f"--transport={transport}"),
        *(f"--connections={connections}", f"--project={PROJECT}"),
    ]


def quantile(ordered: list[float], share: float) -> float:
    """The value that this share of the ordered ones does not exceed."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def catch_up(server: Server) -> float:
    """Seconds until no run waits for its summary."""
    begun = time.monotonic()

    def is_done() -> bool:
        waiting: int = server.rows("version", project=PROJECT, **_EVER)[0]["waiting_count"]
        return waiting == 0

    if not wait_until(is_done, _CATCH_UP_SECONDS):
        raise WrongCount(f"runs still wait for their summary {_CATCH_UP_SECONDS} s after the last answer")
    return time.monotonic() - begun


def _check(server: Server, load: Load, paths: list[Path], sent: dict[str, Any]) -> dict[str, Any]:
    """The ledger's totals, once they and some runs agree with what was acknowledged."""
    totals = [row for row in server.rows("ingest", project=PROJECT)[0]["totals"] if row["signal"] == "span"]
    stored = sum(row["stored_count"] for row in totals)
    refused = {status: count for status, count in sent["answers"].items() if status not in ("200", "OK", *RETRIED)}
    if refused or stored != sent["span_count"]:
        raise WrongCount(f"{sent['span_count']} spans sent, {stored} stored, answers {sent['answers']}")
    if sent["span_count"] >= sum(body.span_count for path in paths for body in read(path)):
        _check_runs(server, load)
    ledger: dict[str, Any] = totals[0]
    return ledger


def _check_runs(server: Server, load: Load) -> None:
    shown = server.rows("summary", project=PROJECT, **_EVER)[0]["run_count"]
    if shown != load.run_count:
        raise WrongCount(f"{load.run_count} runs sent, {shown} listed")
    telemetry = Telemetry(load.seed, load.week_run_count, load.begins_ns)
    for number in range(0, load.run_count, max(1, load.run_count // _CHECKED_RUNS)):
        run = telemetry.run(number)
        ids = {row["step_id"] for row in server.rows(f"runs/{run.trace_id.hex()}/steps", project=PROJECT)}
        if missing := [span.name for span in run.spans if span.span_id.hex() not in ids]:
            raise WrongCount(f"run {run.trace_id.hex()} is shown without {missing}")
