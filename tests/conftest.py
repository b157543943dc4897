"""What every test may ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import SMALL_BYTES, RunningServer, running_server


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="hostile and broken input at full size")


@pytest.fixture(scope="session")
def is_soak(pytestconfig: pytest.Config) -> bool:
    """Whether to test at full size, which takes minutes."""
    return bool(pytestconfig.getoption("--soak"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server process for all tests that do not mind each other's data; take a project of your own."""
    with running_server(tmp_path_factory.mktemp("server") / "runlight.duckdb") as running:
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
