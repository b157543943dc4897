"""The samples and their weekly report, for the modules that import these fixtures."""

from collections.abc import Iterator

import pytest

from queries.weekly.document import Report
from queries.weekly.making import make_report
from queries.weekly.objectives import Objective
from queries.weekly.weeks import read_week
from tests.queries.samples import NOW_NS, PROJECT, Samples, kept_samples


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Samples]:
    """The store with the samples in it."""
    with kept_samples(tmp_path_factory.mktemp("weekly") / "runlight.duckdb") as found:
        yield found


@pytest.fixture(scope="module")
def sample_report(samples: Samples) -> Report:
    """Of the day that the README counts, as of the moment for which it tells statuses."""
    objectives = (
        Objective(workflow="reply-*", success_rate=0.9, cost_per_run_usd=0.01, correction_rate=0.5),
        Objective(workflow="invoice-posting", success_rate=0.5),
    )
    return make_report(samples.database, PROJECT, None, read_week("2026-W47", "UTC"), NOW_NS, objectives)
