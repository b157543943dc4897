"""What is said at the end of pytest's output, where it is seen whether tests pass or not.

It travels in the tests' reports, since they may come from another process.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

SUMMARY = "summary"  # the property of a test that has lines for the end: a title, then the lines
_NOT_RUN = "NOT RUN: "


def sections(stats: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, Sequence[str]]]:
    """Titles and lines that tests recorded as their `SUMMARY`."""
    for report in _reports(stats):
        for name, told in report.user_properties:
            if name == SUMMARY and report.when == "call" and isinstance(told, list):
                title, *lines = told
                yield title, lines


def not_run(stats: Mapping[str, Sequence[Any]]) -> list[str]:
    """Why tests were left out that this machine cannot run, each reason once."""
    reasons = {str(report.longrepr[-1]) for report in _reports(stats) if isinstance(report.longrepr, tuple)}
    return sorted(reason.removeprefix("Skipped: ") for reason in reasons if _NOT_RUN in reason)


def _reports(stats: Mapping[str, Sequence[Any]]) -> Iterator[pytest.TestReport]:
    for outcome in stats.values():
        yield from (report for report in outcome if isinstance(report, pytest.TestReport))
