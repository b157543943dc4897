"""The commands of the benchmark: `python -m bench --help`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import ingest_rounds, question_rounds, report, stages
from bench.bodies import SHAPES, files, load_of
from bench.stores import store_of

_DEFAULT = (
    ["stages", "--most-seconds", "5"],
    ["ingest", "--spans", "20000", "--rounds", "3", "--most-seconds", "5"],
    ["questions", "--spans", "100000", "--most-seconds", "0.5"],
)
_TRANSPORTS = ("http", "grpc")
_SHAPES = sorted({shape for shape, _ in ingest_rounds.LOADS})


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for. Returns the exit code."""
    parser = _parser()
    if not arguments:
        for part in _DEFAULT:
            asked = parser.parse_args(part)
            asked.run(asked)
        return 0
    asked = parser.parse_args(arguments)
    asked.run(asked)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measures Runlight and writes bench/RESULTS.md. "
        "Without a command: all of it at a small size, some ten minutes.",
    )
    parser.add_argument("--seed", type=int, default=1, help="of the telemetry (default 1)")
    commands = parser.add_subparsers(title="commands", metavar="command", required=True)
    _add_make(commands.add_parser("make", help="only make the files of telemetry, under bench/.cache"))
    _add_ingest(commands.add_parser("ingest", help="send telemetry to a server, in several shapes"))
    _add_stages(commands.add_parser("stages", help="where the time of taking in goes, in one process"))
    _add_questions(commands.add_parser("questions", help="ask everything of a large store"))
    commands.add_parser("report", help="only write bench/RESULTS.md anew").set_defaults(run=lambda _: report.write())
    return parser


def _add_make(make: argparse.ArgumentParser) -> None:
    make.set_defaults(run=_make)
    _add_spans(make, 1_000_000)
    make.add_argument("--shapes", nargs="+", choices=_SHAPES, default=_SHAPES)


def _add_ingest(ingest: argparse.ArgumentParser) -> None:
    ingest.set_defaults(run=_ingest)
    _add_spans(ingest, 50_000)
    ingest.add_argument("--shapes", nargs="+", choices=_SHAPES, default=_SHAPES, help="how spans come in requests")
    ingest.add_argument("--transports", nargs="+", choices=_TRANSPORTS, default=list(_TRANSPORTS))
    ingest.add_argument("--rounds", type=int, default=3)
    ingest.add_argument("--connections", type=int, default=16)
    ingest.add_argument("--most-seconds", type=float, default=20, help="a round sends no longer than this (default 20)")


def _add_stages(staged: argparse.ArgumentParser) -> None:
    staged.set_defaults(run=_stages)
    staged.add_argument("--sizes", nargs="+", type=int, default=list(stages.SIZES), help="spans in a batch")
    staged.add_argument("--most-seconds", type=float, default=10, help="for each size (default 10)")


def _add_questions(asking: argparse.ArgumentParser) -> None:
    asking.set_defaults(run=_questions)
    _add_spans(asking, 200_000)
    asking.add_argument("--store", type=Path, help="a file that an earlier run made, instead of a new one")
    asking.add_argument("--only", nargs="+", default=[], metavar="NAME", help="questions whose names begin so")
    asking.add_argument(
        "--phases",
        nargs="*",
        choices=question_rounds.PHASES,
        default=list(question_rounds.PHASES),
        help="besides warm answers: rows and bytes read, first answers, answers while telemetry arrives (default all)",
    )
    asking.add_argument("--live-rate", type=float, default=1_000, help="spans a second that arrive meanwhile")
    asking.add_argument("--most-seconds", type=float, default=2, help="for each question, warm and live (default 2)")


def _add_spans(parser: argparse.ArgumentParser, default: int) -> None:
    parser.add_argument("--spans", type=int, default=default, help=f"about so many (default {default:,})")


def _make(asked: argparse.Namespace) -> None:
    for shape in asked.shapes:
        for path in files(load_of(asked.seed, asked.spans, SHAPES[shape])):
            _say(f"{path} {path.stat().st_size:,} bytes")


def _ingest(asked: argparse.Namespace) -> None:
    loads = [
        (shape, transport)
        for shape, transport in ingest_rounds.LOADS
        if shape in asked.shapes and transport in asked.transports
    ]
    ingest_rounds.run(
        seed=asked.seed,
        span_count=asked.spans,
        rounds=asked.rounds,
        loads=loads,
        connections=asked.connections,
        most_seconds=asked.most_seconds,
        say=_say,
    )
    report.write()


def _stages(asked: argparse.Namespace) -> None:
    stages.run(seed=asked.seed, sizes=asked.sizes, most_seconds=asked.most_seconds, say=_say)
    report.write()


def _questions(asked: argparse.Namespace) -> None:
    question_rounds.run(
        asked.store or store_of(asked.seed, asked.spans, _say),
        seed=asked.seed,
        name=str(asked.spans),
        phases=asked.phases,
        most_seconds=asked.most_seconds,
        live_rate=asked.live_rate,
        wanted=asked.only,
        say=_say,
    )
    report.write()


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
