"""What the overview tells is what the other pages tell; and which changes it knows of, on hand-made records."""

from typing import Any

import duckdb
import pytest

from queries import catalogue
from queries.database import Database
from queries.filters import read_filters
from tests.queries.conftest import rebuild_all
from tests.queries.records import SECOND, START_NS, Telling, insert
from tests.queries.test_golden_facts import told

HOUR = 3_600


def changes(store: duckdb.DuckDBPyConnection, telling: Telling, **narrowing: Any) -> list[tuple[Any, ...]]:
    insert(store, telling.rows)
    rebuild_all(store)
    filters = read_filters(START_NS + HOUR * SECOND, since="-1h", **narrowing)
    rows = catalogue.ask(Database(store), "changes", filters).to_pylist()
    return [
        (row["change_kind"], row["changed_from"], row["changed_to"], row["evidence"], row["run_count"]) for row in rows
    ]


def change(telling: Telling, event: str, at: float, /, **columns: str) -> Telling:
    """An `oversight.change` event."""
    told = {f"change_{key}": value for key, value in columns.items()}
    return telling.log(event, "other", at, event_name="oversight.change", **told)


def served(telling: Telling, version: str, *at: float, service: str = "shop") -> Telling:
    """Runs of a release, one at each of these times."""
    for moment in at:
        run = f"{service} {version} {moment}"
        telling.span(run, "agent", moment, trace=run, service_name=service, service_version=version)
    return telling


def test_releases_and_rollbacks_are_told_with_the_runs_since_then(store: duckdb.DuckDBPyConnection) -> None:
    telling = served(served(Telling(), "1", -100, 300, 310), "2", 110, 120)
    change(telling, "release", 100, kind="release", subject="service", name="shop", to="2", **{"from": "1"})
    change(telling, "rollback", 200, kind="rollback", subject="service", name="shop", to="1", **{"from": "2"})
    change(telling, "too early", -50, kind="release", subject="service", name="shop", to="2")
    assert changes(store, telling) == [("rollback", "2", "1", "explicit", 2), ("release", "1", "2", "explicit", 2)]


def test_a_release_that_no_event_tells_of_is_seen_by_its_first_run(store: duckdb.DuckDBPyConnection) -> None:
    telling = served(served(Telling(), "1", -100), "2", 100, 200)
    served(telling, "9", 50, service="brand new")
    assert changes(store, telling) == [("release", "1", "2", "inferred", 2)]


@pytest.mark.parametrize(("service", "found"), [("shop", 1), ("other", 0)])
def test_narrowed_to_a_service_the_changes_of_others_are_left_out(
    store: duckdb.DuckDBPyConnection, service: str, found: int
) -> None:
    telling = served(served(Telling(), "1", 10), "1", 10, service="other")
    change(telling, "prompt", 100, kind="release", subject="prompt", name="greeting", to="7")
    assert len(changes(store, telling, service=service)) == found


def test_the_totals_are_those_of_the_summary_and_of_the_corrections() -> None:
    (totals,), (summary,), (corrections,) = map(told, ("overview_totals", "summary", "correction_summary"))
    for column in ("run_count", "error_count", "p95_duration_ms", "cost_usd", "unpriced_count"):
        assert totals[column] == summary[column]
    for column in ("reviewed_count", "corrected_count", "correction_rate"):
        assert totals[column] == corrections[column]
    trend = told("overview_trend")
    assert sum(row["run_count"] for row in trend) == totals["run_count"]
    assert sum(row.get("cost_usd", 0) for row in trend) == pytest.approx(totals["cost_usd"])
    assert sum(row["approval_count"] for row in trend) == summary["approval_count"]
