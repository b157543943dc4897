"""A stage for scripted agents: the real OpenTelemetry SDK and exporters, with a counted clock and counted ids.

What the exporters send is caught on a local socket, and `otlp_json` writes it down; a scenario played twice gives the
same bytes.
"""

import base64
import hashlib
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics.export import Metric, MetricsData, ResourceMetrics, ScopeMetrics
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

_SECOND = 1_000_000_000
_PLAIN = Compression.NoCompression
_ONLY_WHEN_FLUSHED_MS = 24 * 3600 * 1000  # batches leave when the scenario says so, never by the wall clock
_MESSAGES: dict[str, type[Message]] = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
}


class Stage:
    """Where one scenario plays: `services` that send, a clock that only moves when told, and what was sent."""

    def __init__(self, seed: str, opens_at_ns: int) -> None:
        self.ids = CountedIds(seed)
        self.now_ns = opens_at_ns
        self._collector = _Collector()
        self._services: list[Service] = []

    def service(self, name: str, version: str, environment: str = "production", **more: str) -> "Service":
        """A process that sends telemetry under its own resource; `more` are resource attributes, dots as `__`."""
        attributes = {
            "service.name": name,
            "service.version": version,
            "deployment.environment.name": environment,
            "telemetry.sdk.language": "python",
            "telemetry.sdk.name": "opentelemetry",
            "telemetry.sdk.version": "1.45.2",
        } | {key.replace("__", "."): value for key, value in more.items()}
        service = Service(self, attributes, self._collector.url)
        self._services.append(service)
        return service

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now_ns += round(seconds * 1000) * (_SECOND // 1000)

    def flush(self) -> None:
        """Everything ended so far leaves, one request per service and signal."""
        for service in self._services:
            service.flush()

    def messages(self) -> list[Message]:
        """The export requests sent so far, in order of arrival."""
        return [_MESSAGES[path].FromString(body) for path, body in self._collector.received]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.flush()
        for service in self._services:
            service.close()
        self._collector.close()


class Service:
    """Tracer, logger and meter of one process, all on the stage's clock and ids."""

    def __init__(self, stage: Stage, attributes: Mapping[str, str], collector_url: str) -> None:
        self.stage = stage
        self._resource = Resource(dict(attributes))
        self._spans = TracerProvider(
            sampler=ALWAYS_ON, resource=self._resource, id_generator=stage.ids, shutdown_on_exit=False
        )
        self._spans.add_span_processor(
            BatchSpanProcessor(
                OTLPSpanExporter(f"{collector_url}/v1/traces", compression=_PLAIN),
                schedule_delay_millis=_ONLY_WHEN_FLUSHED_MS,
            )
        )
        self._logs = LoggerProvider(resource=self._resource, shutdown_on_exit=False)
        self._logs.add_log_record_processor(
            BatchLogRecordProcessor(
                OTLPLogExporter(f"{collector_url}/v1/logs", compression=_PLAIN),
                schedule_delay_millis=_ONLY_WHEN_FLUSHED_MS,
            )
        )
        self._metrics = OTLPMetricExporter(f"{collector_url}/v1/metrics", compression=_PLAIN)
        self.use_scope("runlight.samples", "1.0.0")

    def use_scope(self, name: str, version: str) -> None:
        """Further records come from this instrumentation scope."""
        self._scope = InstrumentationScope(name, version)
        self.tracer = self._spans.get_tracer(name, version)
        self.logger = self._logs.get_logger(name, version)

    def measure(self, *metrics: Metric) -> None:
        """Sends metric points as they are: the SDK's own reader would stamp them with the wall clock."""
        scope = ScopeMetrics(scope=self._scope, metrics=metrics, schema_url="")
        resource = ResourceMetrics(resource=self._resource, scope_metrics=[scope], schema_url="")
        self._metrics.export(MetricsData(resource_metrics=[resource]))

    def flush(self) -> None:
        self._spans.force_flush()
        self._logs.force_flush()

    def close(self) -> None:
        self._spans.shutdown()
        self._logs.shutdown()
        self._metrics.shutdown()


class CountedIds(IdGenerator):
    """Ids that look random and are counted: the n-th id of a seed is always the same."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    def text(self, prefix: str, length: int = 20) -> str:
        """An id as providers give them, such as `call_5f0c…`."""
        return prefix + self._next().hex()[:length]

    def generate_span_id(self) -> int:
        return int.from_bytes(self._next()[:8], "big") or 1

    def generate_trace_id(self) -> int:
        return int.from_bytes(self._next()[:16], "big") or 1

    def is_trace_id_random(self) -> bool:
        return True

    def _next(self) -> bytes:
        self._count += 1
        return hashlib.sha256(f"{self._seed}/{self._count}".encode()).digest()


def otlp_json(message: Message) -> dict[str, Any]:
    """protobuf's own JSON, with the one difference that OTLP makes: trace and span ids are hex, not base64."""
    value: dict[str, Any] = MessageToDict(message, use_integers_for_enums=True)
    _hex_ids(value)
    return value


def _hex_ids(value: object) -> None:
    if isinstance(value, list):
        for item in value:
            _hex_ids(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in {"traceId", "spanId", "parentSpanId"}:
                value[key] = base64.b64decode(item).hex()
            else:
                _hex_ids(item)


class _Collector:
    """A local OTLP/HTTP endpoint that says yes and keeps (path, body) of every request."""

    def __init__(self) -> None:
        self.received: list[tuple[str, bytes]] = []
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
