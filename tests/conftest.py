"""What every test may ask for."""

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.serving import SMALL_BYTES, RunningServer, running_server
from tests.summary import not_run, sections

# A slow machine is no counterexample, and what passes once passes again.
hypothesis.settings.register_profile("tests", deadline=None, derandomize=True)
hypothesis.settings.load_profile("tests")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="hostile and broken input at full size")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for title, lines in sections(terminalreporter.stats):
        terminalreporter.section(title)
        for line in lines:
            terminalreporter.write_line(line)
    for line in not_run(terminalreporter.stats):
        terminalreporter.write_line(line, red=True, bold=True)


@pytest.fixture(scope="session")
def is_soak(pytestconfig: pytest.Config) -> bool:
    """Whether to test at full size, which takes minutes."""
    return bool(pytestconfig.getoption("--soak"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server process for all tests that do not mind each other's data; take a project of your own."""
    with running_server(tmp_path_factory.mktemp("server") / "runlight.duckdb", sql=True) as running:
        yield running


@pytest.fixture(scope="session")
def small_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One that takes bodies of `SMALL_BYTES` at most."""
    with running_server(tmp_path_factory.mktemp("small") / "runlight.duckdb", max_body_bytes=SMALL_BYTES) as running:
        yield running


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[RunningServer]:
    """A server process with an empty store, for one test."""
    with running_server(tmp_path / "runlight.duckdb") as running:
        yield running
