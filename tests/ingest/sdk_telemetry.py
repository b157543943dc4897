"""Telemetry made by the real OpenTelemetry SDK and sent by its exporters."""

from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import (
    InMemoryLogRecordExporter,
    LogRecordExporter,
    LogRecordExportResult,
    SimpleLogRecordProcessor,
)
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExporter, MetricExportResult
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


def export_all_signals(spans: SpanExporter, logs: LogRecordExporter, metrics: MetricExporter) -> None:
    """Sends a span, a log record and a metric through the exporters, and fails unless each reports success."""
    log_records = InMemoryLogRecordExporter()
    logger_provider = LoggerProvider()
    logger_provider.add_log_record_processor(SimpleLogRecordProcessor(log_records))
    logger_provider.get_logger("test").emit(body="done", event_name="work.done")
    reader = InMemoryMetricReader()
    meter_provider = MeterProvider([reader])
    meter_provider.get_meter("test").create_counter("requests").add(1)
    points = reader.get_metrics_data()
    assert points

    assert spans.export(sdk_spans()) is SpanExportResult.SUCCESS
    assert logs.export(log_records.get_finished_logs()) is LogRecordExportResult.SUCCESS
    assert metrics.export(points) is MetricExportResult.SUCCESS

    for opened in (spans, logs, metrics, logger_provider, meter_provider):
        opened.shutdown()


def sdk_spans() -> tuple[ReadableSpan, ...]:
    """One finished span of the SDK."""
    finished = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(finished))
    with provider.get_tracer("test").start_as_current_span("work"):
        pass
    provider.shutdown()
    return finished.get_finished_spans()
