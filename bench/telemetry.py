"""A week of agents at work: run after run, the same for the same seed, in today's GenAI conventions.

Any run can be made without those before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.agents import SERVICES, Service
from bench.chance import Chance, Weighted
from bench.script import Script
from bench.spans import Span
from bench.words import book

DAY_NS = 86_400 * 10**9
WEEK_DAYS = 7
WEEK_BEGINS_NS = 1_794_787_200 * 10**9  # 2026-11-16T00:00:00Z
MEAN_SPANS_PER_RUN = 20
FEWEST_SPANS_PER_RUN, MOST_SPANS_PER_RUN = 8, 40

_SHARES = Weighted([service.weight for service in SERVICES])


@dataclass(frozen=True, slots=True)
class Run:
    """One run: who sends it, and its spans in the order in which they ended, as an exporter sends them."""

    service: Service
    version: str
    trace_id: bytes
    spans: list[Span]


class Telemetry:
    """The runs of one seed, spread evenly over the week. `run_count` is how many make the week full."""

    def __init__(self, seed: int, run_count: int, begins_ns: int = WEEK_BEGINS_NS) -> None:
        self._seed = seed
        self._run_count = run_count
        self._begins_ns = begins_ns
        self._book = book(seed)

    def runs(self, first: int, count: int, *, is_shuffled: bool = False) -> Iterator[Run]:
        """Runs in the order in which they began, or all over the week."""
        for number in range(first, first + count):
            # The stride is a prime, so every run comes once.
            yield self.run(number * 1_000_003 % self._run_count if is_shuffled else number)

    def run(self, number: int, span_count: int | None = None) -> Run:
        """The run of this number, of a usual length unless it is given. Numbers past the run count go on after the
        week.
        """
        chance = Chance(self._seed << 40 | number)
        service = SERVICES[_SHARES.index(chance.share())]
        started_ns = self._begins_ns + number * WEEK_DAYS * DAY_NS // self._run_count
        day = (started_ns - self._begins_ns) // DAY_NS
        version = f"2.{sum(release <= day for release in service.release_days)}.0"
        trace_id = chance.octets(16)
        length = _span_count(chance) if span_count is None else span_count
        script = Script(chance, self._book, service, number, trace_id, started_ns, length)
        return Run(service, version, trace_id, script.spans())


def _span_count(chance: Chance) -> int:
    skewed = chance.share() ** 1.75
    return FEWEST_SPANS_PER_RUN + int((MOST_SPANS_PER_RUN + 1 - FEWEST_SPANS_PER_RUN) * skewed)
