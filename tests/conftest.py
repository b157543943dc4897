"""What every test may ask for."""

import functools
import gc
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.serving import SMALL_BYTES, RunningServer, running_server
from tests.summary import not_run, sections

_TESTS = Path(__file__).parent

# A slow machine is no counterexample, and what passes once passes again.
hypothesis.settings.register_profile("tests", deadline=None, derandomize=True)
hypothesis.settings.load_profile("tests")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="hostile and broken input at full size")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, since tests wait for servers and browsers a quarter of their time."""
    return min(4, (os.cpu_count() or 1) + 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Those of the whole, in no folder of a part, take longest: they come first, and no worker is left alone with them.
    items.sort(key=lambda item: item.path.parent != _TESTS)


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()  # thousands of tests stay, and Python's collector need not look at them again


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for title, lines in sections(terminalreporter.stats):
        terminalreporter.section(title)
        for line in lines:
            terminalreporter.write_line(line)
    for line in not_run(terminalreporter.stats):
        terminalreporter.write_line(line, red=True, bold=True)


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Commands that a test runs in its own process send the log to what is their standard error then."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="session", autouse=True)
def components_are_looked_for_once() -> Iterator[None]:
    """By Streamlit, in all that is installed; else each app that a test makes would look again."""
    from streamlit.components.v2 import manifest_scanner as scanner

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanner, "scan_component_manifests", functools.cache(scanner.scan_component_manifests))
        yield


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
