"""What is derived from the records can be derived again, and comes out the same or better."""

from pathlib import Path

from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from ingest.intake import Signal
from ingest.renormalise import renormalise
from tests.ingest.pipeline import Pipeline, pipeline

NOW_NS = 1_790_000_000_000_000_000
TABLES = ("spans", "log_records", "metric_points")


def _send_some_of_everything(running: Pipeline) -> None:
    spans = TracesData()
    span = (
        spans.resource_spans.add()
        .scope_spans.add()
        .spans.add(trace_id=bytes([1] * 16), span_id=bytes([1] * 8), name="chat", start_time_unix_nano=NOW_NS)
    )
    span.attributes.add(key="gen_ai.operation.name").value.string_value = "chat"
    span.attributes.add(key="gen_ai.request.model").value.string_value = "gpt-4o"
    span.attributes.add(key="gen_ai.usage.input_tokens").value.int_value = 1_000
    span.attributes.add(key="gen_ai.usage.output_tokens").value.int_value = 100
    event = span.events.add(name="oversight.approval.requested", time_unix_nano=NOW_NS)
    event.attributes.add(key="oversight.approval.id").value.string_value = "a-1"
    logs = LogsData()
    records = logs.resource_logs.add().scope_logs.add().log_records
    for _ in range(2):
        records.add(time_unix_nano=NOW_NS, event_name="claude_code.user_prompt")
    metrics = MetricsData()
    metric = metrics.resource_metrics.add().scope_metrics.add().metrics.add(name="tokens")
    metric.sum.data_points.add(as_int=7, time_unix_nano=NOW_NS)
    running.send(Signal.SPAN, spans)
    running.send(Signal.LOG, logs)
    running.send(Signal.METRIC, metrics)


def test_reading_everything_anew_changes_nothing_under_the_same_conventions(tmp_path: Path) -> None:
    with pipeline(tmp_path / "runlight.duckdb") as running:
        _send_some_of_everything(running)
        before = {table: running.rows(f"from {table} order by all") for table in TABLES}
        steps = list(renormalise(running.store, running.preparer))
        assert steps[-1] == (3, 3)
        assert {table: running.rows(f"from {table} order by all") for table in TABLES} == before
        assert len(before["spans"]) == 4


def test_a_column_that_was_wrong_is_right_afterwards(tmp_path: Path) -> None:
    with pipeline(tmp_path / "runlight.duckdb") as running:
        _send_some_of_everything(running)
        running.store.connection.execute("update spans set kind = 'other', cost_usd = null, requested_model = 'wrong'")
        running.store.connection.execute("delete from touched")
        for _ in renormalise(running.store, running.preparer):
            pass
        assert running.rows("select kind, requested_model, cost_usd > 0 from spans where signal = 'span'") == [
            ("llm", "gpt-4o", True)
        ]
        assert running.rows("select count(*) > 0 from touched") == [(True,)]
