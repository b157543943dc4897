"""Captured traffic of real frameworks against a real server: each fact it carries is found through the read API."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.real_traffic.answers import Row, all_rows, run_otlp, settle, settled_answers
from tests.real_traffic.captures import FOLDER, Delivery, scenario, scenario_names
from tests.real_traffic.otlp import Record, records, request_from_json, request_of
from tests.real_traffic.report import known_misses, misses, results, table, unexpected
from tests.real_traffic.sending import (
    Exporter,
    as_grpc,
    as_json,
    as_protobuf,
    exporter,
    one_record_each,
    protobuf_delivery,
)
from tests.serving import RunningServer

# Every transport and encoding, log-only agents, retries, interleaved runs, resumed conversations, runs of many traces.
REPRESENTATIVE = [
    "agent-framework-approval",
    "anthropic-openinference-cache",
    "claude-code-denied-traces",
    "claude-code-tools",
    "codex-063-exec",
    "gemini-cli-tools",
    "google-adk-delegate",
    "langgraph-openinference-interrupt",
    "mastra-agent",
    "mcp-openinference",
    "openai-traceloop-events-stream",
    "openai-v2-latest-events",
    "pydantic-ai-2-concurrent-batches",
]

pytestmark = pytest.mark.usefixtures("_captures")


class _Summary:
    """Lines for the end of pytest's output, where they are seen whether tests pass or not."""

    def __init__(self, title: str, lines: list[str]) -> None:
        self.title = title
        self.lines = lines

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section(self.title)
        for line in self.lines:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def _captures(pytestconfig: pytest.Config) -> None:
    if not scenario_names():
        line = f"NOT RUN: no captured traffic in {FOLDER}; set RUNLIGHT_REAL_TRACES to the folder that has it"
        pytestconfig.pluginmanager.register(_Summary("real traffic", [line]))
        pytest.skip(line)


@pytest.fixture(scope="module")
def to(server: RunningServer) -> Iterator[Exporter]:
    with exporter(server.url, server.grpc_address) as exporter_to_server:
        yield exporter_to_server


@pytest.fixture(scope="module")
def as_captured(to: Exporter) -> Exporter:
    """The exporter, after it sent every scenario as it was captured, each to the project of its name."""
    for name in scenario_names():
        to.send(name, scenario(name).deliveries)
    return to


def test_every_fact_that_the_telemetry_carries_is_found(as_captured: Exporter, pytestconfig: pytest.Config) -> None:
    of, known = results(as_captured, scenario_names()), known_misses()
    pytestconfig.pluginmanager.register(_Summary("facts found in real traffic", [*table(of), *misses(of, known)]))
    assert not unexpected(of, known)


@pytest.mark.parametrize("name", REPRESENTATIVE)
def test_requests_sent_twice_or_backwards_or_record_by_record_make_the_same_runs(
    as_captured: Exporter, name: str
) -> None:
    deliveries = scenario(name).deliveries
    variants = {
        "twice": [*deliveries, *deliveries],
        "backwards": list(reversed(deliveries)),
        "single": one_record_each(deliveries),
        "single-backwards": list(reversed(one_record_each(deliveries))),
    }
    once = _comparable(as_captured, name)
    for variant, requests in variants.items():
        _send_together(as_captured, f"{name}-{variant}", requests)
        assert _comparable(as_captured, f"{name}-{variant}") == once, variant


@pytest.mark.parametrize("name", REPRESENTATIVE)
def test_protobuf_json_and_grpc_of_the_same_data_make_the_same_rows(as_captured: Exporter, name: str) -> None:
    once = _comparable(as_captured, name)
    for encoding, transcoded in (("protobuf", as_protobuf), ("json", as_json), ("grpc", as_grpc)):
        as_captured.send(f"{name}-{encoding}", transcoded(scenario(name).deliveries))
        assert _comparable(as_captured, f"{name}-{encoding}") == once, encoding


@pytest.mark.parametrize("name", scenario_names())
def test_the_otlp_export_of_a_run_equals_what_came_in(as_captured: Exporter, name: str) -> None:
    sent = {
        record: message
        for delivery in scenario(name).deliveries
        if delivery.signal != "metrics"
        for record, message in records(delivery.signal, request_of(delivery))
    }
    settle(as_captured.http, name)
    runs = all_rows(as_captured.http, "/api/runs", name)
    assert runs
    for run in runs:
        came_back = _exported(as_captured, name, run["run_id"])
        of_its_traces = {record for record, message in sent.items() if message.trace_id.hex() in run["trace_ids"]}
        assert came_back <= sent.keys()
        assert came_back >= of_its_traces


def test_a_secret_comes_back_as_a_marker_and_all_else_as_it_came_in(to: Exporter) -> None:
    name, project = "pydantic-ai-2-approval-http-proto", "with-a-secret"
    requests = [request_of(delivery) for delivery in scenario(name).deliveries if delivery.signal == "traces"]
    sent = {record for request in requests for record, _ in records("traces", request)}
    for request in requests:
        for _, span in records("traces", request):
            span.attributes.add(key="http.request.header.authorization").value.string_value = "Bearer not-to-be-kept"
    to.send(project, [protobuf_delivery("traces", request) for request in requests])
    came_back = set()
    for run in settled_answers(to.http, project).runs:
        exported = request_from_json("traces", run_otlp(to.http, project, run["run_id"]))
        for _, span in records("traces", exported):
            secret = span.attributes.pop()
            assert secret.key == "http.request.header.authorization"
            assert re.fullmatch(r"\[REDACTED:\w+\]", secret.value.string_value)
        came_back |= {record for record, _ in records("traces", exported)}
    assert came_back == sent


def _send_together(to: Exporter, project: str, deliveries: list[Delivery]) -> None:
    """Sends many requests at once as several exporters would: roughly in this order, some committed together."""
    with ThreadPoolExecutor(8) as pool:
        for sent in [pool.submit(to.send, project, [delivery]) for delivery in deliveries]:
            sent.result()


def _exported(to: Exporter, project: str, run_id: str) -> set[Record]:
    body = run_otlp(to.http, project, run_id)
    return {record for signal in ("traces", "logs") for record, _ in records(signal, request_from_json(signal, body))}


def _comparable(to: Exporter, project: str) -> dict[str, list[Row]]:
    answers = settled_answers(to.http, project, with_details=False)
    return {
        "runs": sorted(answers.runs, key=lambda run: run["run_id"]),
        "steps": sorted(answers.steps, key=lambda step: (step["run_id"], step["step_id"])),
        "tool_calls": sorted(answers.tool_calls, key=lambda call: (call["run_id"], call["step_id"])),
    }
