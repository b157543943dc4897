"""What is kept how long: whole runs, the oldest days first, in a file that does not grow without bounds."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from access.audit import AuditLog
from ingest.intake import Signal
from ingest.pins import Pins
from ingest.retention import COLUMN_BYTES, Retention, RetentionError, Rule, read_rules
from ingest.store import file_bytes
from queries.database import Database
from queries.opening import Opener
from tests.ingest.pipeline import Pipeline, pipeline
from tests.queries.conftest import rebuild_all
from tests.serving import until

DAY_S = 86_400
TODAY_S = 1_790_035_200  # a midnight
NOW_NS = (TODAY_S + DAY_S // 2) * 10**9
MB = 10**6


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Pipeline]:
    with pipeline(tmp_path / "runlight.duckdb") as running:
        yield running


def sweep(running: Pipeline, rules: str) -> int:
    rebuild_all(running.store.cursor())
    return Retention(read_rules(rules), running.store.cursor(), running.writer, lambda: NOW_NS).sweep()


def tell(running: Pipeline, *runs: tuple[str, list[float]], text: str = "hello") -> None:
    """Runs by the letter their trace id is made of, and how many days ago each of their spans was."""
    spans = [span(letter, number, days, text) for letter, ago in runs for number, days in enumerate(ago)]
    body = {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}
    running.send(Signal.SPAN, json.dumps(body).encode(), "json")


def span(letter: str, number: int, days_ago: float, text: str) -> dict[str, Any]:
    start = int((TODAY_S + 3_600 - days_ago * DAY_S) * 1e9) + number
    return {
        "traceId": letter * 32,
        "spanId": f"{letter}{number:015x}",
        "name": "work",
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + 10**9),
        "attributes": [
            {"key": "gen_ai.operation.name", "value": {"stringValue": "invoke_agent"}},
            {"key": "gen_ai.output.messages", "value": {"stringValue": text}},
        ],
    }


def tell_log(running: Pipeline, days_ago: float, **more: Any) -> None:
    at = str(int((TODAY_S - days_ago * DAY_S) * 1e9))
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": at, **more}]}]}]}
    running.send(Signal.LOG, json.dumps(body).encode(), "json")


def tell_metric(running: Pipeline, days_ago: float) -> None:
    point = {"timeUnixNano": str(int((TODAY_S - days_ago * DAY_S) * 1e9)), "asInt": "1"}
    metric = {"name": "calls", "gauge": {"dataPoints": [point]}}
    body = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}
    running.send(Signal.METRIC, json.dumps(body).encode(), "json")


def kept(running: Pipeline) -> dict[str, int]:
    """How many records each run still has; the runs' summaries must say the same."""
    rows = running.rows("select left(lower(hex(trace_id)), 1), count(*) from spans group by all order by all")
    runs = running.rows("select run_id[1], count(*) from steps group by all order by all")
    assert runs == rows
    assert [run for (run,) in running.rows("select run_id[1] from runs order by 1")] == [run for run, _ in rows]
    records = running.rows("select sum(record_count) from content_blocks where signal = 'span'")
    assert records == [(sum(count for _, count in rows) or None,)]
    return dict(rows)


def test_runs_go_whole_once_they_are_over_age_and_pinned_ones_stay_with_all_their_records(running: Pipeline) -> None:
    tell(running, ("a", [9, 8]), ("b", [9, 1]), ("c", [9, 9]), ("d", [7, 6]))
    tell(running, ("e", [8.5]), ("f", [0]))
    tell_log(running, 9, traceId="c" * 32, spanId="c" + "0" * 15)
    tell_log(running, 9, traceId="a" * 32, spanId="a" + "0" * 15)
    rebuild_all(running.store.cursor())
    Pins(running.store.cursor()).pin("default", "c" * 32, "kim")
    before = running.otlp("spans")

    assert sweep(running, "default: traces 7d, logs 7d") == 4  # a's two spans and log record, and e
    assert kept(running) == {"b": 2, "c": 2, "d": 2, "f": 1}
    assert running.rows("select count(*) from log_records") == [(1,)]
    whole = [one for one in spans_of(before) if one["traceId"][0] in "bcdf"]
    assert spans_of(running.otlp("spans")) == whole
    with Opener(Database(running.store.cursor())).open("default", "b" * 32) as opened:
        assert opened.trace_ids == ["b" * 32]

    # Nothing comes back, whatever the rebuild does, and what comes too late goes at the next look.
    tell(running, ("a", [9.1]), ("b", [0.5]))
    assert sweep(running, "default: traces 7d") == 1
    Pins(running.store.cursor()).unpin("default", "c" * 32)
    assert sweep(running, "default: traces 7d, logs 7d, metrics 7d") == 3
    assert kept(running) == {"b": 2, "d": 2, "f": 1}


def spans_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    found = [one for group in document["resourceSpans"] for scope in group["scopeSpans"] for one in scope["spans"]]
    return sorted(found, key=lambda one: (one["traceId"], one["spanId"]))


def test_logs_and_metrics_have_ages_of_their_own_and_other_projects_their_own_rules(running: Pipeline) -> None:
    tell(running, ("a", [20]))
    for days_ago in (20, 5):
        tell_log(running, days_ago, body={"stringValue": str(days_ago)})
        tell_metric(running, days_ago)
    counts = (
        "select (select count(*) from spans), (select count(*) from log_records), (select count(*) from metric_points)"
    )
    assert sweep(running, "") == 0
    assert sweep(running, "demo: traces 1d, logs 1d, metrics 1d") == 0
    assert sweep(running, "*: logs 10d") == 1
    assert running.rows(counts) == [(1, 1, 2)]
    assert sweep(running, "*: metrics 10d; default: metrics 30d") == 0
    assert sweep(running, "*: metrics 10d") == 1
    assert running.rows(counts) == [(1, 1, 1)]
    assert running.rows("select count(*) from ingest_batches") == [(5,)]
    assert sweep(running, "*: traces 10d, logs 3d, metrics 3d") == 3
    assert running.rows(counts) == [(0, 0, 0)]


def test_a_file_under_a_limit_of_size_stops_growing(running: Pipeline, tmp_path: Path) -> None:
    path, most, day_bytes = tmp_path / "runlight.duckdb", 2 * MB, 800_000
    noise = random.Random(7)  # of bytes that do not compress
    sizes = []
    for day in range(36):
        text = noise.randbytes(day_bytes // 2).hex()
        tell(running, ("0123456789abcdef"[day % 16], [30 - day]), text=text)
        sweep(running, f"*: size {most // MB}MB")
        if day % 4 == 3:
            running.writer.checkpoint()
            sizes.append(file_bytes(path))
    ((content_bytes, block_count),) = running.rows(_CONTENT, column_bytes=COLUMN_BYTES)
    assert (content_bytes <= most, block_count) == (True, 4)
    came_in = 20 * day_bytes
    assert sizes[8] - sizes[3] < came_in / 4, sizes  # what stays is the ledger, in blocks of the file


def test_without_a_rule_what_goes_by_age_alone_goes_all_the_same(running: Pipeline) -> None:
    log = AuditLog(running.store.cursor(), lambda: NOW_NS)
    running.store.connection.execute(_ACTS, {"now_ns": NOW_NS, "day_ns": DAY_S * 10**9})
    retention = Retention({}, running.store.cursor(), running.writer, also=lambda: log.forget_older(400))
    retention.start()
    until(lambda: running.rows("select about from audit_log order by all") == [("399",), ("400",)])
    retention.stop()


_ACTS = """
    insert into audit_log (done_at, who, via, act, about)
    select make_timestamp_ns($now_ns - day * $day_ns), 'kim', 'app', 'pinned a run', day
    from unnest([399, 400, 401, 500]) t(day)
"""
_CONTENT = "select sum(octet_length(data) + record_count * $column_bytes), count(*) from content_blocks"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("traces 7d", "names no project"),
        ("Default: traces 7d", "names no project"),
        ("*: traces 7", "is no limit"),
        ("*: spans 7d", "is no limit"),
        ("*: traces 0d", "told twice or is 0"),
        ("*: traces 7d, traces 8d", "told twice or is 0"),
        ("*: traces 7d; *: logs 7d", "has two rules"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_in_plain_words(text: str, problem: str) -> None:
    with pytest.raises(RetentionError, match=problem):
        read_rules(text)


def test_rules_read_as_the_readme_writes_them() -> None:
    rules = read_rules("*: traces 90d, logs 30d, metrics 400d, size 20GB; demo: traces 7d;")
    assert rules == {"*": Rule(90, 30, 400, 20 * 10**9), "demo": Rule(7)}
    assert read_rules("") == {}
