"""How fast telemetry is taken in: a real server, a client process beside it, and what both cost."""

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.bodies import CACHE, Load, files, read
from bench.checks import catch_up, check_ledger, check_runs, opened_at_once_ms
from bench.sending import run_client
from bench.serving import serving


@dataclass(frozen=True, slots=True)
class Measured:
    """One round. Processor time counts until the lists were up to date, so work that is put off is in it; `opened_ms`
    is how long it took to open the newest run right after the last answer, if the round was not cut short.
    """

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
    opened_ms: float | None

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
            is_whole = sent["span_count"] == sum(body.span_count for file in paths for body in read(file))
            opened_ms = opened_at_once_ms(server, load) if is_whole else None
            catch_up_seconds = catch_up(server)
            cpu = server.cpu_seconds() - cpu_before
            commit_count = check_ledger(server, sent)
            if is_whole:
                check_runs(server, load)
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
            commit_count=commit_count,
            opened_ms=opened_ms,
        )


def quantile(ordered: list[float], share: float) -> float:
    """The value that this share of the ordered ones does not exceed."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
