"""A server with TLS, client certificates, a log in JSON, and telemetry of its own that goes to another server."""

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import httpx
import pytest
import streamlit as st
from opentelemetry.exporter.otlp.proto.grpc import _log_exporter as grpc_logs
from opentelemetry.exporter.otlp.proto.grpc import metric_exporter as grpc_metrics
from opentelemetry.exporter.otlp.proto.grpc import trace_exporter as grpc_traces
from opentelemetry.exporter.otlp.proto.http import _log_exporter as http_logs
from opentelemetry.exporter.otlp.proto.http import metric_exporter as http_metrics
from opentelemetry.exporter.otlp.proto.http import trace_exporter as http_traces
from opentelemetry.sdk.trace.export import SpanExportResult
from streamlit.testing.v1 import AppTest

from pages.shared import data
from queries.client import Client, ServerDown
from tests.ingest.otlp_samples import spans, spans_json
from tests.ingest.sdk_telemetry import export_all_signals, sdk_spans
from tests.operations.certificates import Authority, Pair
from tests.serving import GRPC_LINE, HTTP_LINE, ROOT, RunningServer, running_server, settle, until

PROMPT = "hostile\nPROMPT-that-no-log-may-hold"
OWN_PROJECT, HUSHED = "own-telemetry", "hushed"
LAST = "the-last-to-be-refused"


@dataclass
class Secured:
    """The server, its authority, the certificate of an agent, and an agent's of somebody else's authority."""

    server: RunningServer
    authority: Authority
    agent: Pair
    stranger: Pair

    def http_exporters(self, pair: Pair | None, seconds: int = 60) -> list[Any]:
        files: dict[str, Any] = {"certificate_file": str(self.authority.ca), "timeout": seconds}
        if pair:
            files |= {"client_certificate_file": str(pair.cert), "client_key_file": str(pair.key)}
        return [
            http_traces.OTLPSpanExporter(f"{self.server.url}/v1/traces", **files),
            http_logs.OTLPLogExporter(f"{self.server.url}/v1/logs", **files),
            http_metrics.OTLPMetricExporter(f"{self.server.url}/v1/metrics", **files),
        ]

    def grpc_exporters(self, pair: Pair | None, seconds: int = 60) -> list[Any]:
        own = (pair.key.read_bytes(), pair.cert.read_bytes()) if pair else (None, None)
        credentials = grpc.ssl_channel_credentials(self.authority.ca.read_bytes(), *own)
        endpoint = f"https://{self.server.grpc_address}"
        return [
            grpc_traces.OTLPSpanExporter(endpoint, credentials=credentials, timeout=seconds),
            grpc_logs.OTLPLogExporter(endpoint, credentials=credentials, timeout=seconds),
            grpc_metrics.OTLPMetricExporter(endpoint, credentials=credentials, timeout=seconds),
        ]


@pytest.fixture(scope="module")
def secured(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("secured")
    (folder / "strangers").mkdir()
    authority = Authority(folder)
    own = authority.give("server")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")  # milliseconds, as is the other
        patch.setenv("OTEL_METRIC_EXPORT_INTERVAL", "200")
        patch.setenv("GRPC_VERBOSITY", "NONE")  # its core writes lines of its own form
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # in requests it outdoes what an exporter is told
            patch.delenv(name, raising=False)
        with running_server(
            folder / "runlight.duckdb",
            tls_cert=own.cert,
            tls_key=own.key,
            tls_client_ca=authority.ca,
            log_format="json",
            content_off=HUSHED,
            telemetry_url=server.url,
            telemetry_headers=f"x-runlight-project={OWN_PROJECT}",
        ) as running:
            assert running.url.startswith("https://")
            strangers = Authority(folder / "strangers")
            yield Secured(running, authority, authority.give("agent"), strangers.give("stranger"))


@pytest.mark.parametrize("exporters", [Secured.http_exporters, Secured.grpc_exporters], ids=["http", "grpc"])
def test_telemetry_is_taken_only_from_whoever_has_a_certificate_of_the_authority(
    secured: Secured, exporters: Any
) -> None:
    export_all_signals(*exporters(secured, secured.agent))
    for pair in (None, secured.stranger):
        refused = exporters(secured, pair, 1)
        assert refused[0].export(sdk_spans()) is SpanExportResult.FAILURE
        for one in refused:
            one.shutdown()


def test_the_app_talks_to_a_server_whose_authority_it_is_told(
    secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(secured.server.url)
    with pytest.raises(ServerDown, match="CERTIFICATE_VERIFY_FAILED"):
        client.projects()
    client.close()
    with pytest.raises(ServerDown, match="RUNLIGHT_CA_FILE: .*nothing.pem cannot be used"):
        Client(secured.server.url, ca_file=secured.authority.ca.with_name("nothing.pem"))
    monkeypatch.setenv("RUNLIGHT_URL", secured.server.url)
    monkeypatch.setenv("RUNLIGHT_CA_FILE", str(secured.authority.ca))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not app.exception
    assert not app.error
    data.client().close()
    st.cache_data.clear()
    st.cache_resource.clear()


def test_pages_say_that_content_is_not_stored(secured: Secured, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = spans("0af7651916cd43dd8448eb211c80319d")
    (span,) = sent.resource_spans[0].scope_spans[0].spans
    for key, value in {"gen_ai.operation.name": "invoke_agent", "gen_ai.input.messages": PROMPT}.items():
        span.attributes.add(key=key).value.string_value = value
    headers = {"content-type": "application/x-protobuf", "x-runlight-project": HUSHED}
    url = secured.server.url
    with httpx.Client(base_url=url, verify=secured_context(secured), headers=headers, timeout=60) as http:
        http.post("/v1/traces", content=sent.SerializeToString()).raise_for_status()
        settle(http, HUSHED)
    monkeypatch.setenv("RUNLIGHT_URL", url)
    monkeypatch.setenv("RUNLIGHT_CA_FILE", str(secured.authority.ca))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params.update({"project": HUSHED, "run": "0af7651916cd43dd8448eb211c80319d"})
    app.switch_page("pages/run.py").run()
    assert not app.exception
    shown = " ".join(str(element.value) for kind in (app.text, app.code, app.caption, app.markdown) for element in kind)
    assert "content is not stored in this project" in shown
    assert "PROMPT" not in shown
    data.client().close()
    st.cache_data.clear()
    st.cache_resource.clear()


def test_no_line_of_the_log_holds_telemetry_and_each_is_one_object(secured: Secured) -> None:
    key = f"rl_{'0' * 12}_{'1' * 64}"
    with httpx.Client(
        base_url=secured.server.url, verify=secured_context(secured), headers={"x-api-key": key}, timeout=60
    ) as http:
        sound = spans("0af7651916cd43dd8448eb211c80319c")
        sound.resource_spans[0].scope_spans[0].spans[0].attributes.add(key="gen_ai.prompt").value.string_value = PROMPT
        protobuf, as_json = {"content-type": "application/x-protobuf"}, {"content-type": "application/json"}
        assert http.post("/v1/traces", content=sound.SerializeToString(), headers=protobuf).status_code == 200
        assert http.post("/v1/traces", content=PROMPT.encode(), headers=protobuf).status_code == 400
        assert http.post("/v1/logs", content=json.dumps([PROMPT]), headers=as_json).status_code == 400
        named = spans_json("0af7651916cd43dd8448eb211c80319c").replace(b"work", PROMPT.split("\n")[1].encode())
        http.post("/v1/traces", content=named, headers=as_json)
        http.get("/api/runs", params={"q": PROMPT, "since": PROMPT})
        http.get("/api/runs/no-such-run/steps", params={"project": PROMPT})
        assert http.post(f"/v1/{LAST}", content=b"").status_code == 404
    until(lambda: any(LAST in line for line in secured.server.log))
    lines = [line for line in secured.server.log if not line.startswith((HTTP_LINE, GRPC_LINE))]
    told = [json.loads(line) for line in lines]
    assert any("otlp refused" in line["message"] for line in told)
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in told)
    assert not [line for line in lines if "PROMPT" in line or key.split("_")[2] in line]


def secured_context(secured: Secured) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=secured.authority.ca)
    context.load_cert_chain(secured.agent.cert, secured.agent.key)
    return context


def test_its_own_traces_and_metrics_arrive_at_another_backend_without_content(
    secured: Secured, server: RunningServer
) -> None:
    until(lambda: {"span", "metric"} <= server.stored_counts(OWN_PROJECT).keys())
    names = {row["metric_name"] for row in server.ask("metrics", project=OWN_PROJECT)["rows"]}
    assert {"runlight.queue", "runlight.store", "runlight.rebuild.lag"} <= names


def test_metrics_hold_numbers_of_every_kind_and_no_label_that_a_sender_invents(secured: Secured) -> None:
    export_all_signals(*secured.grpc_exporters(secured.agent))
    nobody = ssl.create_default_context(cafile=secured.authority.ca)
    assert httpx.post(f"{secured.server.url}/v1/traces", content=b"", verify=nobody, timeout=60).status_code == 401
    with httpx.Client(base_url=secured.server.url, verify=secured_context(secured), timeout=60) as http:
        http.get("/api/summary").raise_for_status()
        http.get(f"/api/runs/{'x' * 40}")
        shown = http.get("/metrics").raise_for_status().text
    lines = [line for line in shown.splitlines() if not line.startswith("#")]
    assert 'runlight_otlp_requests_total{outcome="stored",signal="span",transport="grpc"} ' in shown
    assert 'outcome="Unauthenticated",signal="span",transport="http"' in shown
    assert 'runlight_question_duration_seconds_count{route="/api/summary",status="2xx"} ' in shown
    assert "x" * 40 not in shown
    for name in ("commit_duration_seconds_count", "queue_bytes", "rebuild_lag_seconds", "store_bytes"):
        assert [line for line in lines if line.startswith(f"runlight_{name} ")], name
