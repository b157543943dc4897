"""Captured traffic of real frameworks against a real server: each fact it carries is found through the read API."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat

import pytest

from tests.real_traffic.answers import Row, all_rows, run_otlp, settled_answers
from tests.real_traffic.captures import FOLDER, Delivery, scenario, scenario_names
from tests.real_traffic.otlp import Record, records, request_from_json, request_of
from tests.real_traffic.report import known_line, known_misses, results, send_all, table, unexpected
from tests.real_traffic.sending import (
    Exporter,
    as_grpc,
    as_json,
    as_protobuf,
    exporter,
    one_record_each,
    protobuf_delivery,
)
from tests.serving import RunningServer, settle
from tests.summary import SUMMARY

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


@pytest.fixture(scope="session")
def _captures() -> None:
    if not scenario_names():
        pytest.skip(
            "NOT RUN: the captures hold third parties' prompts and are not part of the project; "
            f"there are none in {FOLDER}, set RUNLIGHT_REAL_TRACES to the folder that has them"
        )


@pytest.fixture(scope="module")
def to(server: RunningServer) -> Iterator[Exporter]:
    with exporter(server.url, server.grpc_address) as exporter_to_server:
        yield exporter_to_server


@pytest.fixture(scope="module")
def as_captured(to: Exporter) -> Exporter:
    """The exporter, after it sent every scenario as it was captured, each to the project of its name."""
    send_all(to, scenario_names())
    return to


@pytest.fixture(scope="module")
def as_it_came(as_captured: Exporter) -> dict[str, dict[tuple[str, ...], Row]]:
    return {name: _rows(as_captured, name) for name in REPRESENTATIVE}


def test_every_fact_that_the_telemetry_carries_is_found(
    as_captured: Exporter, record_property: Callable[[str, object], None]
) -> None:
    of, known = results(as_captured, scenario_names()), known_misses()
    record_property(SUMMARY, ["facts found in real traffic", *table(of), known_line(known)])
    assert "\n".join(unexpected(of, known)) == ""


@pytest.mark.parametrize(
    "resent",
    [
        pytest.param(lambda deliveries: [*deliveries, *deliveries], id="twice"),
        pytest.param(lambda deliveries: deliveries[::-1], id="backwards"),
        pytest.param(one_record_each, id="record_by_record"),
        pytest.param(lambda deliveries: one_record_each(deliveries)[::-1], id="record_by_record_backwards"),
        pytest.param(as_protobuf, id="as_protobuf"),
        pytest.param(as_json, id="as_json"),
        pytest.param(as_grpc, id="as_grpc"),
    ],
)
def test_the_same_records_in_other_requests_make_the_same_runs(
    to: Exporter,
    as_it_came: dict[str, dict[tuple[str, ...], Row]],
    request: pytest.FixtureRequest,
    resent: Callable[[Sequence[Delivery]], list[Delivery]],
) -> None:
    projects = [f"{request.node.callspec.id}-{name}" for name in REPRESENTATIVE]
    deliveries = [resent(scenario(name).deliveries) for name in REPRESENTATIVE]
    with ThreadPoolExecutor(len(projects)) as senders:
        list(senders.map(_send_together, repeat(to), projects, deliveries))
    differences = [
        f"{name}: {difference}"
        for name, project in zip(REPRESENTATIVE, projects, strict=True)
        for difference in _differences(as_it_came[name], _rows(to, project))
    ]
    assert "\n".join(differences) == ""


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
    exported: set[Record] = set()
    for run in runs:
        came_back = _exported(as_captured, name, run["run_id"])
        of_its_traces = {record for record, message in sent.items() if message.trace_id.hex() in run["trace_ids"]}
        assert came_back
        assert came_back <= sent.keys()
        assert came_back >= of_its_traces
        exported |= came_back
    if not any(delivery.signal == "traces" for delivery in scenario(name).deliveries):
        assert exported == sent.keys()


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


def _rows(to: Exporter, project: str) -> dict[tuple[str, ...], Row]:
    """Every row about a project, by what identifies it.

    The id of a step that a log record became follows from the record's bytes, in which encoders differ: such steps are
    numbered by time instead.
    """
    answers = settled_answers(to.http, project, with_details=False)
    of_logs = [step for step in answers.steps if step["signal"] == "log"]
    of_logs.sort(key=lambda step: [str(step[name]) for name in ("started_at", "name", "tool_name", "input_tokens")])
    numbers = {step["step_id"]: f"log-{number}" for number, step in enumerate(of_logs)}

    def numbered(rows: list[Row]) -> list[Row]:
        text = json.dumps(rows)
        for step_id, number in numbers.items():
            text = text.replace(step_id, number)
        return json.loads(text)

    return (
        {("run", run["run_id"]): run for run in numbered(answers.runs)}
        | {("step", step["run_id"], step["step_id"]): step for step in numbered(answers.steps)}
        | {("tool call", call["run_id"], call["step_id"]): call for call in numbered(answers.tool_calls)}
    )


def _differences(once: dict[tuple[str, ...], Row], again: dict[tuple[str, ...], Row]) -> Iterator[str]:
    for key in sorted(once.keys() ^ again.keys()):
        yield f"{' '.join(key)} is {'missing' if key in once else 'new'}"
    for key in sorted(once.keys() & again.keys()):
        for column, value in once[key].items():
            if again[key][column] != value:
                yield f"{' '.join(key)} {column}: {value!r} became {again[key][column]!r}"
