"""Small OTLP requests for the receivers' tests, one record each."""

import json

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

SECOND_NS = 1_000_000_000
START_NS = 1_767_225_600 * SECOND_NS  # 2026-01-01T00:00:00Z

RESPONSES = {
    "traces": ExportTraceServiceResponse,
    "logs": ExportLogsServiceResponse,
    "metrics": ExportMetricsServiceResponse,
}


def spans(*trace_ids: str, padding: int = 0) -> ExportTraceServiceRequest:
    """One span per trace id (hex), named 'work' and as many bytes longer as asked."""
    request = ExportTraceServiceRequest()
    scope_spans = request.resource_spans.add().scope_spans.add()
    for number, trace_id in enumerate(trace_ids, 1):
        scope_spans.spans.add(
            trace_id=bytes.fromhex(trace_id),
            span_id=number.to_bytes(8, "big"),
            name="work" + "." * padding,
            start_time_unix_nano=START_NS,
            end_time_unix_nano=START_NS + SECOND_NS,
        )
    return request


def request_of(signal: str) -> bytes:
    """A protobuf request body of that signal with one sound record."""
    if signal == "traces":
        return spans("0af7651916cd43dd8448eb211c80319c").SerializeToString()
    if signal == "logs":
        logs = ExportLogsServiceRequest()
        record = logs.resource_logs.add().scope_logs.add().log_records.add(time_unix_nano=START_NS)
        record.body.string_value = "done"
        return logs.SerializeToString()
    metrics = ExportMetricsServiceRequest()
    metric = metrics.resource_metrics.add().scope_metrics.add().metrics.add(name="requests")
    metric.gauge.data_points.add(time_unix_nano=START_NS, as_int=1)
    return metrics.SerializeToString()


def spans_json(*trace_ids: str, padding: int = 0) -> bytes:
    """The same as `spans`, in OTLP/JSON."""
    records = [
        {
            "traceId": trace_id,
            "spanId": f"{number:016x}",
            "name": "work" + "." * padding,
            "startTimeUnixNano": str(START_NS),
            "endTimeUnixNano": str(START_NS + SECOND_NS),
        }
        for number, trace_id in enumerate(trace_ids, 1)
    ]
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": records}]}]}).encode()
