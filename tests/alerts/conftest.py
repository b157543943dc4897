"""A store that alerts watch."""

from collections.abc import Iterator

import pytest

from tests.alerts.watching import Watched
from tests.queries.records import empty_store


@pytest.fixture
def watched() -> Iterator[Watched]:
    """An empty one."""
    connection = empty_store()
    yield Watched(connection)
    connection.close()
