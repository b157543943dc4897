"""What a commit stores, and what it does not store again."""

from pathlib import Path

import polars as pl
import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData
from opentelemetry.proto.trace.v1.trace_pb2 import Span, TracesData

from ingest import prepare
from ingest.blocks import unpack
from ingest.decoded import RECORDS_PER_PART, Records
from ingest.errors import Busy, Failed, ShuttingDown, Undecodable
from ingest.intake import Request, Signal
from ingest.normalise import MOST_ATTRIBUTES
from ingest.pseudonyms import Pseudonyms
from tests.ingest.pipeline import Pipeline, pipeline

NOW_NS = 1_790_000_000_000_000_000


def _spans(*names: str, trace: int = 1, seconds: int = 1) -> TracesData:
    data = TracesData()
    scope = data.resource_spans.add().scope_spans.add()
    for number, name in enumerate(names, start=1):
        scope.spans.add(
            trace_id=bytes([trace] * 16),
            span_id=bytes([number] * 8),
            name=name,
            start_time_unix_nano=NOW_NS,
            end_time_unix_nano=NOW_NS + seconds * 1_000_000_000,
        )
    return data


def _ledger(running: Pipeline) -> tuple[int, ...]:
    return running.rows(
        "select sum(received_count)::int, sum(stored_count)::int, sum(duplicate_count)::int, "
        "sum(conflicting_count)::int, sum(rejected_count)::int, sum(unread_count)::int from ingest_batches"
    )[0]


def test_a_resent_request_adds_no_span(tmp_path: Path) -> None:
    with pipeline(tmp_path / "runlight.duckdb") as running:
        running.send(Signal.SPAN, _spans("a", "b"))
        running.send(Signal.SPAN, _spans("a", "b"))
        assert running.rows("select name from spans order by name") == [("a",), ("b",)]
        assert running.rows("select count(*) from content_blocks") == [(1,)]
        assert _ledger(running) == (4, 2, 2, 0, 0, 0)


def _many_spans(count: int) -> TracesData:
    data = _spans("first")
    spans = data.resource_spans[0].scope_spans[0].spans
    for number in range(1, count):
        span_id = number.to_bytes(4, "big") * 2
        spans.add(trace_id=bytes([1] * 16), span_id=span_id, name="more", start_time_unix_nano=NOW_NS)
    return data


def test_what_is_too_much_for_one_commit_is_stored_in_several_and_answered_after_the_last(tmp_path: Path) -> None:
    many = _many_spans(2 * RECORDS_PER_PART + 1)
    for place in (0, -1):
        many.resource_spans[0].scope_spans[0].spans[place].trace_id = b"short"
    with pipeline(tmp_path / "runlight.duckdb") as running:
        receipt = running.send(Signal.SPAN, many)
        assert (receipt.rejected_count, receipt.message) == (2, "not stored: 2 with an invalid trace id")
        stored = 2 * RECORDS_PER_PART - 1
        assert _ledger(running) == (stored + 2, stored, 0, 0, 2, 0)
        assert running.rows("select count(*)::int, sum(request_count)::int from ingest_batches") == [(2, 1)]
        running.send(Signal.SPAN, many)
        assert _ledger(running) == (2 * stored + 4, stored, stored, 0, 4, 0)


def test_a_request_of_which_one_part_could_not_be_stored_is_not_acknowledged(tmp_path: Path) -> None:
    many = _many_spans(2 * RECORDS_PER_PART)
    spans = many.resource_spans[0].scope_spans[0].spans
    spans[1].CopyFrom(spans[0])
    spans[1].name = "a twin, for which there is no room"
    with pipeline(tmp_path / "runlight.duckdb") as running:
        running.send(Signal.SPAN, _spans("earlier", trace=2))
        running.send(Signal.SPAN, _spans("twin", trace=2))
        running.store.connection.execute("alter table span_conflicts rename to span_conflicts_away")
        with pytest.raises(Busy):
            running.send(Signal.SPAN, many)
        running.store.connection.execute("alter table span_conflicts_away rename to span_conflicts")
        running.send(Signal.SPAN, many)
        assert running.rows("select count(*)::int from spans") == [(2 * RECORDS_PER_PART,)]
        assert running.rows("select count(*)::int from span_conflicts") == [(2,)]


def test_only_the_first_attributes_of_a_record_are_looked_at_and_all_are_kept(tmp_path: Path) -> None:
    data = _spans("overfull")
    span = data.resource_spans[0].scope_spans[0].spans[0]
    for key in (*(f"key-{number}" for number in range(MOST_ATTRIBUTES)), "gen_ai.agent.name"):
        span.attributes.add(key=key).value.string_value = "value"
    with pipeline(tmp_path / "runlight.duckdb") as running:
        running.send(Signal.SPAN, data)
        assert running.rows("select len(labels), agent_name, flaws from spans") == [
            (MOST_ATTRIBUTES, None, [f"attributes_beyond:{MOST_ATTRIBUTES}"])
        ]
        ((block,),) = running.rows("select data from content_blocks")
        assert Span.FromString(unpack(block)[0]) == span


def test_a_span_that_comes_twice_in_one_request_is_stored_once(tmp_path: Path) -> None:
    twice = _spans("a")
    twice.resource_spans[0].scope_spans[0].spans.append(twice.resource_spans[0].scope_spans[0].spans[0])
    with pipeline(tmp_path / "runlight.duckdb") as running:
        running.send(Signal.SPAN, twice)
        assert _ledger(running) == (2, 1, 1, 0, 0, 0)


def test_a_twin_with_other_content_is_kept_aside_and_the_first_one_stays(tmp_path: Path) -> None:
    with pipeline(tmp_path / "runlight.duckdb") as running:
        running.send(Signal.SPAN, _spans("first"))
        running.send(Signal.SPAN, _spans("second"))
        assert running.rows("select name from spans") == [("first",)]
        ((data,),) = running.rows("select data from span_conflicts")
        assert Span.FromString(data).name == "second"
        assert _ledger(running) == (2, 1, 0, 1, 0, 0)


def test_the_same_ids_in_another_project_are_another_span(tmp_path: Path) -> None:
    with pipeline(tmp_path / "runlight.duckdb") as running:
        running.send(Signal.SPAN, _spans("a"), project="one")
        running.send(Signal.SPAN, _spans("a"), project="two")
        assert running.rows("select project, name from spans order by all") == [("one", "a"), ("two", "a")]


def test_equal_log_records_of_one_request_are_all_kept_and_not_again_when_resent(tmp_path: Path) -> None:
    data = LogsData()
    records = data.resource_logs.add().scope_logs.add().log_records
    for _ in range(3):
        records.add(time_unix_nano=NOW_NS).body.string_value = "tick"
    with pipeline(tmp_path / "runlight.duckdb") as running:
        running.send(Signal.LOG, data)
        running.send(Signal.LOG, data)
        assert running.rows("select count(*), count(distinct log_id) from log_records") == [(3, 3)]


@pytest.mark.parametrize("key", ["log.record.uid", "cursor.event.id"])
def test_a_log_record_with_an_event_id_is_stored_once_however_it_is_encoded_again(tmp_path: Path, key: str) -> None:
    direct = _event(key, "e1")
    forwarded = _event(key, "e1", observed_time_unix_nano=NOW_NS + 5_000_000)
    forwarded.resource_logs[0].resource.attributes.add(key="collector").value.string_value = "edge"
    with pipeline(tmp_path / "runlight.duckdb") as running:
        running.send(Signal.LOG, direct)
        running.send(Signal.LOG, forwarded)
        running.send(Signal.LOG, _event(key, "e2"))
        running.send(Signal.LOG, direct, project="another")
        assert running.rows("select project, count(*) from log_records group by all order by all") == [
            ("another", 1),
            ("default", 2),
        ]


def _event(key: str, event_id: str, **fields: int) -> LogsData:
    data = LogsData()
    record = data.resource_logs.add().scope_logs.add().log_records.add(time_unix_nano=NOW_NS, **fields)
    record.attributes.add(key=key).value.string_value = event_id
    return data


def test_an_empty_event_id_makes_no_records_equal(tmp_path: Path) -> None:
    with pipeline(tmp_path / "runlight.duckdb") as running:
        for severity in (9, 17):
            running.send(Signal.LOG, _event("log.record.uid", "", severity_number=severity))
        assert running.rows("select count(*) from log_records") == [(2,)]


def test_a_resumed_session_that_counts_its_events_from_zero_again_loses_none(tmp_path: Path) -> None:
    with pipeline(tmp_path / "runlight.duckdb") as running:
        for prompt in ("Fix the build.", "And the tests."):
            data = _event("event.sequence", "0")
            record = data.resource_logs[0].scope_logs[0].log_records[0]
            record.attributes.add(key="session.id").value.string_value = "s1"
            record.attributes.add(key="prompt").value.string_value = prompt
            running.send(Signal.LOG, data)
        assert running.rows("select count(*) from log_records") == [(2,)]


def test_a_resent_metric_point_is_stored_once(tmp_path: Path) -> None:
    data = MetricsData()
    metric = data.resource_metrics.add().scope_metrics.add().metrics.add(name="tokens", unit="{token}")
    for minute in range(2):
        metric.sum.data_points.add(as_int=7, time_unix_nano=NOW_NS + minute * 60_000_000_000)
    with pipeline(tmp_path / "runlight.duckdb") as running:
        running.send(Signal.METRIC, data)
        running.send(Signal.METRIC, data)
        assert running.rows(
            "select metric_name, metric_type, unit, sum(value), count(*) from metric_points group by all"
        ) == [("tokens", "sum", "{token}", 14.0, 2)]


def test_spans_with_invalid_ids_are_rejected_with_the_reason_and_their_neighbours_are_stored(tmp_path: Path) -> None:
    data = _spans("good")
    spans = data.resource_spans[0].scope_spans[0].spans
    spans.add(trace_id=bytes(16), span_id=bytes([9] * 8), name="zero trace")
    spans.add(trace_id=bytes([1] * 16), span_id=b"short", name="short span id")
    with pipeline(tmp_path / "runlight.duckdb") as running:
        receipt = running.send(Signal.SPAN, data)
        assert receipt.rejected_count == 2
        assert "1 with an invalid trace id" in receipt.message
        assert "1 with an invalid span id" in receipt.message
        assert running.rows("select name from spans") == [("good",)]
        assert _ledger(running) == (3, 1, 0, 0, 2, 0)


def test_a_span_that_ends_before_it_starts_is_kept_and_marked(tmp_path: Path) -> None:
    with pipeline(tmp_path / "runlight.duckdb") as running:
        assert running.send(Signal.SPAN, _spans("odd", seconds=-1)).rejected_count == 0
        assert running.rows("select duration_ms, flaws from spans") == [(None, ["end_before_start"])]


def test_an_undecodable_request_is_refused_and_its_neighbours_are_stored(tmp_path: Path) -> None:
    with pipeline(tmp_path / "runlight.duckdb") as running:
        requests = [
            Request(Signal.SPAN, body, "protobuf", "default", NOW_NS)
            for body in (b"\x0a\xff\xff", _spans("kept").SerializeToString(), b"\xff\xff\xff")
        ]
        futures = [running.writer.submit(request) for request in requests]
        assert isinstance(futures[0].exception(60), Undecodable)
        assert futures[1].result(60).rejected_count == 0
        assert isinstance(futures[2].exception(60), Undecodable)
        assert running.rows("select name from spans") == [("kept",)]


def test_a_record_that_our_code_fails_on_is_kept_raw_and_its_neighbours_are_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = prepare.normalise

    def failing(records: Records, pseudonyms: Pseudonyms) -> pl.DataFrame:
        if "poison" in records.fields.column("name").to_pylist():
            raise KeyError("a bug")
        return real(records, pseudonyms)

    monkeypatch.setattr(prepare, "normalise", failing)
    with pipeline(tmp_path / "runlight.duckdb") as running:
        assert running.send(Signal.SPAN, _spans("a", "poison", "c")).rejected_count == 0
        assert running.rows("select name from spans order by name") == [("a",), ("c",)]
        ((reason, data),) = running.rows("select reason, data from unread_records")
        assert (reason, Span.FromString(data).name) == ("KeyError", "poison")
        assert _ledger(running) == (3, 2, 0, 0, 0, 1)
    assert "record unread" in caplog.text


def test_a_request_that_our_code_fails_on_is_refused_and_the_store_is_not_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with pipeline(tmp_path / "runlight.duckdb") as running:
        monkeypatch.setattr(prepare.wire, "decode", lambda *_, **__: [].pop())
        with pytest.raises(Failed, match="the server failed on this request"):
            running.send(Signal.SPAN, _spans("poison"))
        monkeypatch.undo()
        assert running.send(Signal.SPAN, _spans("next")).rejected_count == 0
        assert running.rows("select name from spans") == [("next",)]
    assert "request failed" in caplog.text
    assert "commit failed" not in caplog.text


def test_more_than_the_queue_holds_is_told_to_come_back(tmp_path: Path) -> None:
    with pipeline(tmp_path / "runlight.duckdb", queue_bytes=1_000) as running:
        request = Request(Signal.SPAN, _spans(*["x" * 100] * 5).SerializeToString(), "protobuf", "default", NOW_NS)
        first = running.writer.submit(request)
        with pytest.raises(Busy):
            for _ in range(100):
                running.writer.submit(request)
        assert first.result(60).rejected_count == 0


def test_what_was_taken_before_the_stop_is_committed_and_nothing_after_it_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "runlight.duckdb"
    with pipeline(path) as running:
        request = Request(Signal.SPAN, _spans("last").SerializeToString(), "protobuf", "default", NOW_NS)
        future = running.writer.submit(request)
        running.writer.stop()
        assert future.result(60).rejected_count == 0
        with pytest.raises(ShuttingDown):
            running.writer.submit(request)
        running.writer = type("Stopped", (), {"stop": lambda self: None})()
    with pipeline(path) as reopened:
        assert reopened.rows("select name from spans") == [("last",)]


def test_a_secret_never_reaches_the_file(tmp_path: Path) -> None:
    path = tmp_path / "runlight.duckdb"
    secret = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
    data = _spans("chat")
    span = data.resource_spans[0].scope_spans[0].spans[0]
    attribute = span.attributes.add(key="gen_ai.input.messages")
    attribute.value.string_value = f"my token is {secret}"
    with pipeline(path) as running:
        running.send(Signal.SPAN, data)
        assert "[REDACTED:" in str(running.otlp("spans"))
        assert running.rows("select redacted_counts[1].count from ingest_batches") == [(1,)]
    assert secret.encode() not in path.read_bytes()


def test_a_span_event_that_decides_something_is_a_step_beside_its_span(tmp_path: Path) -> None:
    data = _spans("execute_tool refund")
    span = data.resource_spans[0].scope_spans[0].spans[0]
    event = span.events.add(name="oversight.approval.decided", time_unix_nano=NOW_NS + 5)
    event.attributes.add(key="oversight.approval.id").value.string_value = "a-1"
    event.attributes.add(key="oversight.approval.decision").value.string_value = "approved"
    span.events.add(name="some.other.event", time_unix_nano=NOW_NS + 6)
    with pipeline(tmp_path / "runlight.duckdb") as running:
        running.send(Signal.SPAN, data)
        running.send(Signal.SPAN, data)
        assert running.rows(
            "select approval_id, approval_decision, parent_span_id from spans where signal = 'event'"
        ) == [("a-1", "approved", bytes([1] * 8))]
        assert running.rows("select count(*) from spans") == [(2,)]


@pytest.mark.parametrize("nanoseconds", [0, 2**63 - 1, 2**64 - 1])
def test_a_time_that_no_clock_shows_is_unknown_and_the_span_is_kept(nanoseconds: int, tmp_path: Path) -> None:
    data = _spans("odd")
    data.resource_spans[0].scope_spans[0].spans[0].start_time_unix_nano = nanoseconds
    data.resource_spans[0].scope_spans[0].spans[0].end_time_unix_nano = nanoseconds
    with pipeline(tmp_path / "runlight.duckdb") as running:
        running.send(Signal.SPAN, data)
        assert running.rows("select epoch_ns(started_at), epoch_ns(ended_at), duration_ms from spans") == [
            (None, None, None)
        ]


def test_a_removed_project_is_gone_and_can_be_sent_again(tmp_path: Path) -> None:
    with pipeline(tmp_path / "runlight.duckdb") as running:
        running.send(Signal.SPAN, _spans("a"), project="demo")
        running.send(Signal.SPAN, _spans("a"), project="other")
        running.writer.remove_project("demo")
        tables = [
            row[0] for row in running.rows("select table_name from duckdb_columns() where column_name = 'project'")
        ]
        assert {table: running.rows(f"select count(*) from {table} where project = 'demo'") for table in tables} == {
            table: [(0,)] for table in tables
        }
        running.send(Signal.SPAN, _spans("a"), project="demo")
        assert len(running.otlp("spans", "demo")["resourceSpans"]) == 1
        assert running.rows("select project from spans order by all") == [("demo",), ("other",)]


def test_a_resource_that_spans_and_logs_of_one_commit_share_is_kept_once(tmp_path: Path) -> None:
    spans, logs = TracesData(), LogsData()
    scope_spans = spans.resource_spans.add().scope_spans.add()
    scope_spans.spans.add(trace_id=bytes([1] * 16), span_id=bytes([1] * 8), name="a", start_time_unix_nano=NOW_NS)
    logs.resource_logs.add().scope_logs.add().log_records.add(time_unix_nano=NOW_NS)
    with pipeline(tmp_path / "runlight.duckdb") as running:
        sent = [
            running.writer.submit(Request(signal, data.SerializeToString(), "protobuf", "default", NOW_NS))
            for signal, data in ((Signal.SPAN, spans), (Signal.LOG, logs))
        ]
        assert [answer.result(60).rejected_count for answer in sent] == [0, 0]
        assert running.rows("select count(*) from resources") == running.rows("select count(*) from scopes") == [(1,)]
