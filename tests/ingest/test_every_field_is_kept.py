"""Walks the protobuf descriptors of OTLP, so that a field which a new version adds announces itself here."""

from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from ingest.intake import Signal
from ingest.stored import to_json
from tests.ingest.pipeline import pipeline

# Where each field of a record is found again besides the record itself, which is kept whole; None: only there.
_SPAN_COLUMNS = {
    "trace_id": "trace_id",
    "span_id": "span_id",
    "parent_span_id": "parent_span_id",
    "name": "name",
    "kind": "span_kind",
    "start_time_unix_nano": "started_at",
    "end_time_unix_nano": "ended_at",
    "status": "status_code",
    "attributes": "labels",
    "events": None,
    "links": None,
    "trace_state": None,
    "flags": None,
    "dropped_attributes_count": None,
    "dropped_events_count": None,
    "dropped_links_count": None,
}
_LOG_COLUMNS = {
    "time_unix_nano": "logged_at",
    "observed_time_unix_nano": "observed_at",
    "severity_number": "severity_number",
    "severity_text": "severity_text",
    "body": "body_preview",
    "attributes": "labels",
    "trace_id": "trace_id",
    "span_id": "span_id",
    "event_name": "event_name",
    "flags": None,
    "dropped_attributes_count": None,
}


@pytest.mark.parametrize(
    ("signal", "message", "table"),
    [
        (Signal.SPAN, TracesData(), "spans"),
        (Signal.LOG, LogsData(), "log_records"),
        (Signal.METRIC, MetricsData(), "metric_points"),
    ],
)
def test_a_request_with_every_field_set_comes_back_as_it_was_sent(
    signal: Signal, message: Message, table: str, tmp_path: Path
) -> None:
    _fill(message)
    if isinstance(message, MetricsData):
        _one_metric_per_kind(message)
    with pipeline(tmp_path / "runlight.duckdb") as running:
        assert running.send(signal, message).rejected_count == 0
        kept = {name: groups for name, groups in running.otlp(table).items() if groups}
    assert _sorted(kept) == _sorted(to_json(type(message), message.SerializeToString()))


@pytest.mark.parametrize(
    ("message", "columns", "table"),
    [
        (TracesData().resource_spans.add().scope_spans.add().spans.add(), _SPAN_COLUMNS, "spans"),
        (LogsData().resource_logs.add().scope_logs.add().log_records.add(), _LOG_COLUMNS, "log_records"),
    ],
)
def test_every_field_of_a_record_is_a_column_or_known_to_be_only_in_the_record(
    message: Message, columns: dict[str, str | None], table: str, tmp_path: Path
) -> None:
    assert set(columns) == {field.name for field in message.DESCRIPTOR.fields}
    with pipeline(tmp_path / "runlight.duckdb") as running:
        stored = {
            row[0] for row in running.rows(f"select column_name from duckdb_columns() where table_name = '{table}'")
        }
    assert {column for column in columns.values() if column} <= stored


def test_unknown_fields_are_ignored(tmp_path: Path) -> None:
    message = TracesData()
    _fill(message)
    unknown = message.SerializeToString() + b"\xfa\x3f\x03abc"
    with pipeline(tmp_path / "runlight.duckdb") as running:
        assert running.send(Signal.SPAN, unknown).rejected_count == 0
        assert running.send(Signal.SPAN, b'{"resourceSpans": [], "new": {"thing": 1}}', "json").rejected_count == 0
        assert running.rows("select count(*) from spans") == [(1,)]


def _fill(message: Message, depth: int = 0) -> None:
    """Set every field that is there, to a value of its own; of a oneof the first, strings below lists and maps."""
    for number, field in enumerate(message.DESCRIPTOR.fields, start=1):
        if field.containing_oneof and message.WhichOneof(field.containing_oneof.name):
            continue
        if field.message_type and field.is_repeated:
            _fill(getattr(message, field.name).add(), depth + 1)
        elif field.message_type:
            _fill(getattr(message, field.name), depth + 1)
        elif field.is_repeated:
            getattr(message, field.name).append(_value(field, number))
        else:
            setattr(message, field.name, _value(field, number))


def _value(field: FieldDescriptor, number: int) -> Any:
    if field.name == "trace_id":
        return bytes(range(1, 17))
    if field.name in ("span_id", "parent_span_id"):
        return bytes(range(number, number + 8))
    if field.type == FieldDescriptor.TYPE_STRING:
        return f"{field.name} {number}"
    if field.type == FieldDescriptor.TYPE_BYTES:
        return bytes([number])
    if field.type == FieldDescriptor.TYPE_BOOL:
        return True
    if field.type == FieldDescriptor.TYPE_DOUBLE:
        return number + 0.5
    if field.name.endswith("unix_nano"):
        return 1_790_000_000_000_000_000 + number
    return 2 if field.enum_type else number


def _one_metric_per_kind(message: MetricsData) -> None:
    metrics = message.resource_metrics[0].scope_metrics[0].metrics
    for field in metrics[0].DESCRIPTOR.oneofs_by_name["data"].fields[1:]:
        metric = metrics.add(name=field.name, unit="1")
        _fill(getattr(metric, field.name))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        return sorted((_sorted(item) for item in value), key=repr)
    return value


def test_what_is_compared_holds_something() -> None:
    message = TracesData()
    _fill(message)
    assert len(MessageToDict(message)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]) == len(_SPAN_COLUMNS)
