"""The commands by name: what each is for, what it can be told, and what answers it. Nothing is loaded here."""

import argparse
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from queries.cli.session import Session

REPORT_FORMS = ("html", "pdf", "md", "zip", "xlsx", "json")
_LONGEST_PAUSE_SECONDS = 3_600


def _nothing_more(_: argparse.ArgumentParser) -> None:
    """For commands that take the common options alone."""


@dataclass(frozen=True)
class Command:
    """`answered_by` is `module.function` of `queries/cli/`: it takes a Session, writes the answer, and tells whether
    there was any. The first of its `formats` is the usual one, unless `has_form_of_file`: then the ending of the file
    tells it. One that `is_watched` goes on until it is interrupted, which is how it ends well."""

    help: str
    answered_by: str
    add_options: Callable[[argparse.ArgumentParser], None] = _nothing_more
    has_window: bool = True
    has_filters: bool = True
    formats: tuple[str, ...] = ("table", "json", "csv")
    has_form_of_file: bool = False
    is_watched: bool = False

    def run(self, session: "Session") -> bool:
        """Carry it out. Whether there was an answer. Raises what the client raises."""
        module, _, function = self.answered_by.partition(".")
        answer: Callable[[Session], bool] = getattr(importlib.import_module(f"queries.cli.{module}"), function)
        return answer(session)


def _of_runs(parser: argparse.ArgumentParser) -> None:
    _limit(parser)
    sorts = ("started_at", "duration", "cost", "tokens", "errors")
    parser.add_argument("--sort", choices=sorts, default="started_at", help="by what (%(default)s)")
    parser.add_argument("--order", choices=("desc", "asc"), default="desc", help="which first (%(default)s)")
    parser.add_argument("--search", metavar="WORDS", help="words in names, ids and all that was said")


def _of_one_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_id", help="its id, or any trace id of it")


def _of_cost(parser: argparse.ArgumentParser) -> None:
    _limit(parser)
    groups = ("workflow", "agent", "step", "tool", "model", "user", "conversation")
    parser.add_argument("--by", choices=groups, default="workflow", help="grouped by (%(default)s)")


def _of_approvals(parser: argparse.ArgumentParser) -> None:
    _limit(parser)
    parser.add_argument("--pending", action="store_true", help="what waits for an answer now, over all time")


def _of_tail(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--every", type=_pause, default=2.0, metavar="SECONDS", help="how often to look (%(default)s)")


def _pause(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= _LONGEST_PAUSE_SECONDS:
        raise argparse.ArgumentTypeError(f"more than 0 and at most {_LONGEST_PAUSE_SECONDS} seconds are expected")
    return seconds


def _of_sql(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("statement", help="one SELECT statement, or - to read it from standard input")


def _of_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--table", default="runs", help="of parquet: runs, steps and others (%(default)s)")
    parser.add_argument(
        "--out", required=True, metavar="FILE", help="where to; .gz compresses OTLP, - is standard output"
    )


def _of_report(parser: argparse.ArgumentParser) -> None:
    year, week, _ = (datetime.now(UTC) - timedelta(weeks=1)).isocalendar()
    last = f"{year}-W{week:02}"
    parser.add_argument("--week", default=last, help="ISO week, Monday to Monday (the last one, %(default)s)")
    parser.add_argument("--workflow", help="of this workflow alone")
    parser.add_argument("--made-at", help="as of this moment, such as 2026-11-16T06:00:00Z (as it was made last)")
    parser.add_argument("--anew", action="store_true", help="make it anew, with what changed since it was last made")
    parser.add_argument("--out", default="-", metavar="FILE", help="where to; - is standard output (%(default)s)")


def _limit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", type=int, default=50, help="rows at most, 1 to 1000 (%(default)s)")


COMMANDS: Mapping[str, Command] = {
    "runs": Command("list runs", "lists.runs", _of_runs),
    "run": Command("show one run and its steps", "lists.run", _of_one_run, has_window=False, has_filters=False),
    "tools": Command("tools: calls, errors, durations", "lists.tools", _limit),
    "routes": Command("which model was asked for, and which answered", "lists.routes", _limit),
    "cost": Command("where the money goes", "lists.cost", _of_cost),
    "approvals": Command("questions put to humans and policies", "lists.approvals", _of_approvals),
    "corrections": Command("what humans corrected", "lists.corrections", _limit),
    "errors": Command("groups of errors", "lists.errors", _limit),
    "sql": Command("ask a SELECT statement, where the server allows it", "lists.sql", _of_sql, has_filters=False),
    "tail": Command("follow new runs until Ctrl-C", "tail.follow", _of_tail, has_window=False, is_watched=True),
    "report": Command(
        "the weekly reliability report as a file",
        "report.report",
        _of_report,
        has_window=False,
        has_filters=False,
        formats=REPORT_FORMS,
        has_form_of_file=True,
    ),
    "export": Command(
        "write a window into a file: a table, or whole records as OTLP/JSON lines that replay takes",
        "export.export",
        _of_export,
        has_filters=False,
        formats=("parquet", "otlp"),
    ),
}
