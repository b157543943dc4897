"""What every test may ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import RunningServer, running_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server process for all tests that do not mind each other's data; take a project of your own."""
    with running_server(tmp_path_factory.mktemp("server") / "runlight.duckdb") as running:
        yield running


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[RunningServer]:
    """A server process with an empty store, for one test."""
    with running_server(tmp_path / "runlight.duckdb") as running:
        yield running
