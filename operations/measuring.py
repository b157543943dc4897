"""What the server measures of itself: read by `/metrics`, and sent by OTLP to another place where that is set."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence

from opentelemetry import metrics, trace
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    Gauge,
    Histogram,
    HistogramDataPoint,
    InMemoryMetricReader,
    Metric,
    MetricReader,
    NumberDataPoint,
    PeriodicExportingMetricReader,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from operations import sending
from settings import Settings

# name, kind, meaning, and per sample the end of its name, its labels and its value, as Prometheus has them.
Family = tuple[str, str, str, list[tuple[str, Mapping[str, str], float]]]

Gauges = Mapping[tuple[str, str, str], Callable[[], float]]  # name, unit and meaning → what tells the value

_UNITS = {"s": "_seconds", "By": "_bytes"}


class Measuring:
    """The server's own measurements and traces, from `start` to `stop`."""

    def __init__(self, settings: Settings) -> None:
        self.instance_id = str(uuid.uuid4())
        self._resource = Resource.create({"service.name": "runlight", "service.instance.id": self.instance_id})
        self._reader = InMemoryMetricReader()
        self._settings = settings
        self._providers: list[MeterProvider | TracerProvider] = []

    def start(self, gauges: Gauges) -> None:
        """Begin; `gauges` are looked at when somebody asks."""
        readers: list[MetricReader] = [self._reader]
        if self._settings.telemetry_url is not None:
            exporters = sending.exporters(self._settings, self.instance_id)
            readers.append(PeriodicExportingMetricReader(exporters.metrics))
            traces = TracerProvider(resource=self._resource)
            traces.add_span_processor(BatchSpanProcessor(exporters.spans))
            trace.set_tracer_provider(traces)
            self._providers.append(traces)
        provider = MeterProvider(readers, resource=self._resource)
        metrics.set_meter_provider(provider)
        self._providers.append(provider)
        meter = provider.get_meter("runlight")
        for (name, unit, meaning), value in gauges.items():
            meter.create_observable_gauge(name, [_observing(value)], unit, meaning)

    def stop(self) -> None:
        """Send what was not sent yet, where it is sent at all."""
        for provider in self._providers:
            provider.shutdown()

    def families(self) -> Sequence[Family]:
        """All of it since the start, by name."""
        data = self._reader.get_metrics_data()
        found = [
            metric
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name.startswith("runlight.")
        ]
        return [_family(metric) for metric in sorted(found, key=lambda metric: metric.name)]


def _observing(value: Callable[[], float]) -> Callable[[CallbackOptions], list[Observation]]:
    return lambda _: [Observation(value())]


def _family(metric: Metric) -> Family:
    name, meaning = metric.name.replace(".", "_") + _UNITS.get(metric.unit or "", ""), metric.description or ""
    if isinstance(metric.data, Histogram):
        points = metric.data.data_points
        return name, "histogram", meaning, [sample for point in points for sample in _buckets(point)]
    assert isinstance(metric.data, (Sum, Gauge))
    kind, end = ("counter", "_total") if isinstance(metric.data, Sum) else ("gauge", "")
    return f"{name}{end}", kind, meaning, [("", _labels(point), point.value) for point in metric.data.data_points]


def _buckets(point: HistogramDataPoint) -> Iterator[tuple[str, Mapping[str, str], float]]:
    total = 0
    for bound, number in zip([*point.explicit_bounds, None], point.bucket_counts, strict=True):
        total += number
        yield "_bucket", _labels(point) | {"le": "+Inf" if bound is None else f"{bound:g}"}, total
    yield "_sum", _labels(point), point.sum
    yield "_count", _labels(point), point.count


def _labels(point: HistogramDataPoint | NumberDataPoint) -> dict[str, str]:
    return {str(name): str(value) for name, value in sorted((point.attributes or {}).items())}
