"""OpenTelemetry's own exporters, with the key where their users put it."""

from collections.abc import Mapping
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.grpc import _log_exporter as grpc_logs
from opentelemetry.exporter.otlp.proto.grpc import metric_exporter as grpc_metrics
from opentelemetry.exporter.otlp.proto.grpc import trace_exporter as grpc_traces
from opentelemetry.exporter.otlp.proto.http import _log_exporter as http_logs
from opentelemetry.exporter.otlp.proto.http import metric_exporter as http_metrics
from opentelemetry.exporter.otlp.proto.http import trace_exporter as http_traces
from opentelemetry.sdk.trace.export import SpanExportResult

from access.keys import Scope
from tests.access.conftest import Locked
from tests.ingest.sdk_telemetry import export_all_signals, sdk_spans

ENVIRONMENTS = ("x-api-key={key}", "authorization=Bearer%20{key}")


def over_http(locked: Locked) -> list[Any]:
    url = locked.server.url
    return [
        http_traces.OTLPSpanExporter(f"{url}/v1/traces"),
        http_logs.OTLPLogExporter(f"{url}/v1/logs"),
        http_metrics.OTLPMetricExporter(f"{url}/v1/metrics"),
    ]


def over_grpc(locked: Locked) -> list[Any]:
    endpoint = f"http://{locked.server.grpc_address}"
    return [
        grpc_traces.OTLPSpanExporter(endpoint),
        grpc_logs.OTLPLogExporter(endpoint),
        grpc_metrics.OTLPMetricExporter(endpoint),
    ]


def stored(locked: Locked, key: str) -> Mapping[str, int]:
    totals = locked.ask("/api/ingest", key).json()["totals"]
    return {total["signal"]: total["stored_count"] for total in totals}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("exporters", [over_http, over_grpc], ids=lambda exporters: exporters.__name__)
def test_exporters_send_to_the_project_of_the_key_in_their_environment(
    locked: Locked, monkeypatch: pytest.MonkeyPatch, environment: str, exporters: Any
) -> None:
    project = f"sdk-{exporters.__name__.replace('_', '-')}-{ENVIRONMENTS.index(environment)}"
    agents, reader = (locked.key(scope, projects=[project]) for scope in (Scope.INGEST, Scope.READ))

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", environment.format(key=agents))
    export_all_signals(*exporters(locked))
    assert stored(locked, reader) == {"span": 1, "log": 1, "metric": 1}

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", environment.format(key=reader))
    spans, *others = exporters(locked)
    assert spans.export(sdk_spans()) is SpanExportResult.FAILURE
    for one in (spans, *others):
        one.shutdown()
    assert stored(locked, reader) == {"span": 1, "log": 1, "metric": 1}


def test_a_key_over_http_and_its_revocation_hold_for_grpc_too(locked: Locked, monkeypatch: pytest.MonkeyPatch) -> None:
    key = locked.key(Scope.INGEST, projects=["sdk-revoked"])
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"x-api-key={key}")
    exporters = [over_http(locked)[0], over_grpc(locked)[0]]
    assert [one.export(sdk_spans()) for one in exporters] == [SpanExportResult.SUCCESS] * 2
    locked.revoke(key)
    assert [one.export(sdk_spans()) for one in exporters] == [SpanExportResult.FAILURE] * 2
    for one in exporters:
        one.shutdown()
