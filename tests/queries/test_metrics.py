"""What metrics told over time, counted by hand: deltas and running totals, restarts, gauges, histograms, groups."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from ingest.intake import Signal
from queries import questions
from queries.database import Database
from queries.filters import Filters
from tests.ingest.pipeline import Pipeline, pipeline
from tests.queries.records import SECOND, START_NS
from tests.test_sample_traces import FACTS

HOUR_NS = 3_600 * SECOND
WINDOW = Filters("default", START_NS + 6 * HOUR_NS, START_NS, START_NS + 6 * HOUR_NS)
Rows = list[dict[str, Any]]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Pipeline]:
    with pipeline(tmp_path / "metrics.duckdb") as running:
        yield running


def point(
    at: float, since: float | None = None, *, labels: dict[str, str] | None = None, **told: Any
) -> dict[str, Any]:
    """A point measured so many minutes after the first moment, of a series that began at `since`."""
    began = {} if since is None else {"startTimeUnixNano": str(START_NS + round(since * 60 * SECOND))}
    named = [{"key": key, "value": {"stringValue": text}} for key, text in (labels or {}).items()]
    return {"timeUnixNano": str(START_NS + round(at * 60 * SECOND)), "attributes": named, **began, **told}


def send(line: Pipeline, name: str, kind: str, points: Rows, unit: str = "1", **said: Any) -> None:
    metric = {"name": name, "unit": unit, kind: {"dataPoints": points, **said}}
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    body = {"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"metrics": [metric]}]}]}
    assert not line.send(Signal.METRIC, orjson.dumps(body), "json").message


def trend(line: Pipeline, metric: str, **more: Any) -> Rows:
    return questions.metric_trend(Database(line.store.cursor()), WINDOW, metric, **more).to_pylist()


def told(line: Pipeline, metric: str, column: str, **more: Any) -> list[Any]:
    return [row[column] for row in trend(line, metric, **more)]


def test_deltas_are_added_up_per_bucket(line: Pipeline) -> None:
    send(line, "d", "sum", [point(1, asDouble=2), point(2, asDouble=3), point(9, asDouble=5)], aggregationTemporality=1)
    assert told(line, "d", "increase") == [5, 5]


def test_a_running_total_counts_what_it_grew_by_also_over_a_restart(line: Pipeline) -> None:
    before_the_window = point(-10, -600, asDouble=100)
    points = [before_the_window, point(1, -600, asDouble=110), point(6, -600, asDouble=130), point(11, 10, asDouble=7)]
    send(line, "c", "sum", points, aggregationTemporality=2, isMonotonic=True)
    assert told(line, "c", "increase") == [10, 20, 7]


def test_of_a_total_that_began_long_ago_only_what_is_seen_to_grow_counts(line: Pipeline) -> None:
    points = [point(1, -9_000, asInt="1000"), point(6, -9_000, asInt="1004")]
    send(line, "old", "sum", points, aggregationTemporality=2, isMonotonic=True)
    assert told(line, "old", "increase") == [None, 4]


def test_a_gauge_is_never_added_up_over_time(line: Pipeline) -> None:
    one, two = {"queue": "a"}, {"queue": "b"}
    points = [point(1, labels=one, asDouble=4), point(2, labels=one, asDouble=8), point(2, labels=two, asDouble=3)]
    send(line, "depth", "gauge", points)
    (row,) = trend(line, "depth")
    assert (row["mean"], row["minimum"], row["maximum"], row["last_total"]) == (5, 3, 8, 11)
    assert (row["series_count"], row["point_count"]) == (2, 3)


@pytest.mark.parametrize("temporality", [1, 2])
def test_histograms_tell_how_much_was_observed_and_the_mean(line: Pipeline, temporality: int) -> None:
    first = {"count": "2", "sum": 10.0, "min": 4.0, "max": 6.0, "bucketCounts": ["2"], "explicitBounds": []}
    second = {"count": "3", "sum": 22.0, "min": 4.0, "max": 12.0, "bucketCounts": ["3"], "explicitBounds": []}
    points = [point(1, 0, **first), point(6, 1 if temporality == 1 else 0, **second)]
    send(line, "h", "histogram", points, aggregationTemporality=temporality)
    rows = trend(line, "h")
    counts = [(row["observation_count"], row["observation_sum"], row["observation_mean"]) for row in rows]
    assert counts == [(2, 10, 5), (3, 22, 22 / 3) if temporality == 1 else (1, 12, 12)]
    assert [row["greatest"] for row in rows] == ([6, 12] if temporality == 1 else [None, None])


def test_values_of_an_attribute_are_told_apart_and_beyond_seven_put_together(line: Pipeline) -> None:
    points = [point(1, labels={"model": f"m={at}"}, asDouble=10 - at) for at in range(9)]
    send(line, "cost", "sum", points, "USD", aggregationTemporality=1)
    rows = trend(line, "cost", group_key="model", unit="USD", kind="sum")
    assert [(row["value"], row["increase"]) for row in rows[:2]] == [("m=0", 10), ("m=1", 9)]
    assert (len(rows), rows[-1]["is_rest"], rows[-1]["increase"]) == (8, True, 3 + 2)
    assert told(line, "cost", "value", group_key="service") == ["shop"]
    assert told(line, "cost", "value", group_key="no such key") == [None]
    assert told(line, "cost", "increase", unit="EUR") == []
    assert told(line, "cost' or 1=1 --", "increase") == []


def test_metrics_are_listed_with_what_they_are(line: Pipeline) -> None:
    send(line, "a", "gauge", [point(1, asDouble=1)])
    send(line, "b", "sum", [point(1, asDouble=1, labels={"k": "v"})], "USD", aggregationTemporality=1, isMonotonic=True)
    database = Database(line.store.cursor())
    rows = questions.metric_names(database, WINDOW).to_pylist()
    assert [(row["metric_name"], row["metric_type"], row["unit"], row["temporalities"]) for row in rows] == [
        ("a", "gauge", "1", None),
        ("b", "sum", "USD", ["delta"]),
    ]
    assert questions.metric_labels(database, WINDOW, "b").to_pylist() == [
        {"key": "k", "value_count": 1, "series_count": 1}
    ]


def test_the_metrics_of_the_samples_tell_the_tokens_that_were_counted_by_hand() -> None:
    (fact,) = [fact for fact in FACTS if fact["scenario"] == "happy-path"]
    golden = orjson.loads((Path(__file__).parent / "golden" / "metric_trend.json").read_bytes())["all samples"]
    assert {row["value"]: row["observation_sum"] for row in golden} == {
        "input": fact["input"],
        "output": fact["output"],
    }
