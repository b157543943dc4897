"""The table of facts found, and a quick command line for whoever tunes the conventions.

    python -m tests.real_traffic.report [--url URL --grpc HOST:PORT] [--scenario NAME …]

Without --url it starts a server on a throw-away database. With one, scenarios go to projects of their own there.
"""

import argparse
import json
import sys
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.real_traffic.answers import Answers, settled_answers
from tests.real_traffic.captures import FOLDER, Scenario, scenario, scenario_names
from tests.real_traffic.facts import ScenarioFacts, facts_of
from tests.real_traffic.matching import Miss, Verdict, judge
from tests.real_traffic.sending import Exporter, exporter
from tests.serving import running_server

KNOWN_MISSES_FILE = Path(__file__).with_name("known_misses.json")

_AT_A_TIME = 8


@dataclass(frozen=True)
class Result:
    """A scenario, its facts, and the verdict on what the read API answered."""

    scenario: Scenario
    facts: ScenarioFacts
    verdict: Verdict

    @property
    def wrong(self) -> tuple[Miss, ...]:
        """Everything that fails: facts missed and steps or values too many."""
        return self.verdict.misses + self.verdict.surplus


def send_all(to: Exporter, names: Sequence[str], project_prefix: str = "") -> None:
    """Sends each scenario as it was captured to a project of its own, several of them at a time."""
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        for sent in [pool.submit(to.send, project_prefix + name, scenario(name).deliveries) for name in names]:
            sent.result()


def results(to: Exporter, names: Sequence[str], project_prefix: str = "") -> list[Result]:
    """Judges what the server answers about each scenario that was sent."""
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        gathered = pool.map(lambda name: settled_answers(to.http, project_prefix + name), names)
        return [_result(scenario(name), answers) for name, answers in zip(names, gathered, strict=True)]


def _result(of: Scenario, answers: Answers) -> Result:
    facts = facts_of(of)
    return Result(of, facts, judge(of.name, facts, answers))


def known_misses() -> dict[str, dict[str, str]]:
    """Reason by key of a miss, by scenario."""
    known: dict[str, dict[str, str]] = json.loads(KNOWN_MISSES_FILE.read_bytes())
    return known


def unexpected(of: Iterable[Result], known: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Lines about misses that are not known, and about known ones that are not missed any more."""
    lines = []
    for result in of:
        reasons = known.get(result.scenario.name, {})
        missed = {miss.key for miss in result.wrong}
        lines += [str(miss) for miss in result.wrong if miss.key not in reasons]
        lines += [
            f"FOUND {result.scenario.name} | {key} | but listed in {KNOWN_MISSES_FILE.name}: take it off the list"
            for key in reasons
            if key not in missed
        ]
    return lines


def table(of: Sequence[Result]) -> Iterator[str]:
    """Facts found and present per scenario and dialect, with the total; approvals and corrections beside them."""

    def row(*cells: object) -> str:
        return "{:<40} {:<58} {:>11} {:>7} {:>7} {:>9} {:>11}".format(*cells).rstrip()

    yield row("scenario", "dialect", "facts", "", "surplus", "approvals", "corrections")
    for result in of:
        verdict, facts = result.verdict, result.facts
        yield row(
            result.scenario.name,
            result.scenario.dialect[:58],
            f"{verdict.found_count} / {verdict.present_count}",
            _percent(verdict.found_count, verdict.present_count),
            len(verdict.surplus) or "",
            f"{verdict.approvals_found} / {facts.approval_count}" if facts.approval_count else "",
            f"{verdict.corrections_found} / {facts.correction_count}" if facts.correction_count else "",
        )
    found = sum(result.verdict.found_count for result in of)
    present = sum(result.verdict.present_count for result in of)
    yield row(
        f"total of {len(of)} scenarios",
        f"left out: {sum(result.facts.left_out_count for result in of)} facts of calls without a record",
        f"{found} / {present}",
        _percent(found, present),
        sum(len(result.verdict.surplus) for result in of),
        _sums((result.verdict.approvals_found, result.facts.approval_count) for result in of),
        _sums((result.verdict.corrections_found, result.facts.correction_count) for result in of),
    )


def misses(of: Iterable[Result], known: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """One line per miss: scenario, fact, expected, got; known ones end with their reason."""
    for result in of:
        for miss in result.wrong:
            reason = known.get(result.scenario.name, {}).get(miss.key)
            yield f"{miss} | known: {reason}" if reason else str(miss)


def known_line(known: Mapping[str, Mapping[str, str]]) -> str:
    """How many misses are known of which scenario, and where their reasons stand."""
    counts = ", ".join(f"{name} {len(reasons)}" for name, reasons in known.items() if reasons)
    return f"known misses: {counts}; the reasons: {KNOWN_MISSES_FILE.name}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints table and misses; 1 if something is missed that is not known."""
    parser = argparse.ArgumentParser(description="Facts of the captured traffic found through the read API.")
    parser.add_argument("--url", help="a running server; without it one is started")
    parser.add_argument("--grpc", default="127.0.0.1:4317", help="its gRPC address")
    parser.add_argument("--scenario", nargs="+", default=scenario_names(), metavar="NAME", help="only these")
    options = parser.parse_args(arguments)
    if not options.scenario:
        sys.exit(f"no captures in {FOLDER}; RUNLIGHT_REAL_TRACES names another folder")
    with _server(options.url, options.grpc) as (url, grpc_address), exporter(url, grpc_address) as to:
        prefix = f"real-{uuid.uuid4().hex[:6]}-" if options.url else ""
        send_all(to, options.scenario, prefix)
        of = results(to, options.scenario, prefix)
    known = known_misses()
    print("\n".join((*table(of), "", *misses(of, known))))
    return 1 if unexpected(of, known) else 0


@contextmanager
def _server(url: str | None, grpc_address: str) -> Iterator[tuple[str, str]]:
    if url:
        yield url, grpc_address
        return
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder) / "runlight.duckdb") as server:
        yield server.url, server.grpc_address


def _percent(found: int, present: int) -> str:
    return f"{found / present:.1%}" if present else ""


def _sums(pairs: Iterable[tuple[int, int]]) -> str:
    found, present = (sum(numbers) for numbers in zip(*pairs, strict=True))
    return f"{found} / {present}"


if __name__ == "__main__":
    sys.exit(main())
