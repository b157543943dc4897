"""The server's own telemetry on its way to another place, and never back to itself."""

import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.grpc import metric_exporter as grpc_metrics
from opentelemetry.exporter.otlp.proto.grpc import trace_exporter as grpc_traces
from opentelemetry.exporter.otlp.proto.http import metric_exporter as http_metrics
from opentelemetry.exporter.otlp.proto.http import trace_exporter as http_traces
from opentelemetry.sdk.metrics.export import MetricExporter
from opentelemetry.sdk.trace.export import SpanExporter

from access.headers import INSTANCE_HEADER
from settings import Settings, SettingsError

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Exporters:
    """OpenTelemetry's own."""

    spans: SpanExporter
    metrics: MetricExporter


def exporters(settings: Settings, instance_id: str) -> Exporters:
    """To `settings.telemetry_url`; what else that place needs, such as certificates, is told by OpenTelemetry's own
    variables."""
    url = str(settings.telemetry_url).rstrip("/")
    headers = _headers(settings) | {INSTANCE_HEADER: instance_id}
    if settings.telemetry_protocol == "grpc":
        return Exporters(
            grpc_traces.OTLPSpanExporter(url, headers=headers), grpc_metrics.OTLPMetricExporter(url, headers=headers)
        )
    return Exporters(
        http_traces.OTLPSpanExporter(f"{url}/v1/traces", headers=headers),
        http_metrics.OTLPMetricExporter(f"{url}/v1/metrics", headers=headers),
    )


def expect_elsewhere(settings: Settings) -> None:
    """Raises SettingsError if the server's own telemetry would go to the server itself, or to no address."""
    if settings.telemetry_url is None:
        return
    parts = urlsplit(settings.telemetry_url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise SettingsError("RUNLIGHT_TELEMETRY_URL: must be http://host:port or https://host:port")
    _headers(settings)
    port = parts.port or _DEFAULT_PORTS[parts.scheme]
    own = {settings.http_port: settings.http_host, settings.grpc_port: settings.grpc_host}
    if port in own and _addresses(parts.hostname) & (_addresses(own[port]) | _addresses(socket.gethostname())):
        raise SettingsError(
            f"RUNLIGHT_TELEMETRY_URL: {settings.telemetry_url} is this server itself, whose telemetry would tell of "
            "telling; name another backend"
        )


def _headers(settings: Settings) -> dict[str, str]:
    told = settings.telemetry_headers.get_secret_value() if settings.telemetry_headers else ""
    pairs = [pair.partition("=") for pair in told.split(",") if pair.strip()]
    if not all(name.strip() and between for name, between, _ in pairs):
        raise SettingsError("RUNLIGHT_TELEMETRY_HEADERS: must be name=value, with commas between several")
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _addresses(host: str) -> set[str]:
    """What a name stands for; every address that means this machine counts as one."""
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host or "0.0.0.0", None)}
    except OSError:
        return {host}  # not to be found now; what comes back is refused by its header
    here = ("127.", "0.0.0.0", "::1", "::")
    return {"this machine" if one.startswith(here[0]) or one in here[1:] else one for one in found}
