"""The samples are what their README says: the files, the history, and what the read API makes of them."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from ingest import replay
from ingest.intake import Signal
from ingest.otlp_json import to_protobuf
from sample_traces import history, make
from sample_traces.history import plan
from sample_traces.history.totals import as_table
from sample_traces.scenarios import SCENARIOS, Scenario
from tests.serving import RunningServer

SAMPLES = Path(make.__file__).parent
README = (SAMPLES / "README.md").read_text(encoding="utf-8")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
UNKNOWN = "—"


Fact = dict[str, Any]  # one line of the README's table of facts, by its headings; None where it says —


def table(name: str) -> list[str]:
    """The lines between two marks of the README."""
    found = re.search(rf"<!-- {name} -->\n(.*?)\n?<!-- /{name} -->", README, re.DOTALL)
    assert found
    return found[1].splitlines()


def cells(line: str) -> list[str | int | float | None]:
    return [value(cell.strip()) for cell in line.strip("|").split("|")]


def value(cell: str) -> str | int | float | None:
    if re.fullmatch(r"\d+(\.\d+)?", cell):
        return float(cell) if "." in cell else int(cell)
    return None if cell == UNKNOWN else cell


HEADINGS, _, *LINES = table("facts")
FACTS: list[Fact] = [dict(zip(map(str, cells(HEADINGS)), cells(line), strict=True)) for line in LINES]


def run_ids(scenario: str) -> list[str]:
    """A scenario's runs in the order in which they begin: trace ids, or the prompt id where there is none."""
    began: dict[str, int] = {}
    for line in (SAMPLES / f"{scenario}.jsonl").read_text(encoding="utf-8").splitlines():
        for record in records(json.loads(line)):
            run_id = record.get("traceId") or attribute(record, "prompt.id")
            moment = int(record.get("startTimeUnixNano") or record["timeUnixNano"])
            began[run_id] = min(moment, began.get(run_id, moment))
    return sorted(began, key=lambda run_id: began[run_id])


def records(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in request.get("resourceSpans", []) + request.get("resourceLogs", []):
        for scope in resource.get("scopeSpans", []) + resource.get("scopeLogs", []):
            yield from scope.get("spans", []) + scope.get("logRecords", [])


def attribute(record: dict[str, Any], key: str) -> str:
    return next(str(found["value"]["stringValue"]) for found in record["attributes"] if found["key"] == key)


# The files


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_playing_a_scenario_again_gives_the_same_bytes(scenario: Scenario) -> None:
    sent = make.messages(scenario)
    stored = (SAMPLES / f"{scenario.name}.jsonl").read_text(encoding="utf-8")
    assert make.text(sent) == stored
    for message, line in zip(sent, stored.splitlines(), strict=True):
        signal = {"ExportTraceServiceRequest": Signal.SPAN, "ExportLogsServiceRequest": Signal.LOG}.get(
            message.DESCRIPTOR.name, Signal.METRIC
        )
        assert type(message).FromString(to_protobuf(signal, line.encode())) == message


def test_every_scenario_has_its_file_and_its_facts() -> None:
    names = {scenario.name for scenario in SCENARIOS}
    assert {path.stem for path in SAMPLES.glob("*.jsonl")} == names
    assert {fact["scenario"] for fact in FACTS} == names
    assert all(f"| {name} |" in README.partition("## Facts")[0] for name in names)
    assert {name: len(run_ids(name)) for name in names} == Counter(fact["scenario"] for fact in FACTS)


def test_the_newest_record_is_the_last_one_of_running() -> None:
    newest = {path.stem: replay.newest_ns(replay.read(path)) for path in SAMPLES.glob("*.jsonl")}
    assert max(newest, key=lambda name: newest[name]) == "running"
    assert datetime.fromtimestamp(newest["running"] / 1e9, UTC) == datetime(2026, 11, 20, 14, 58, 6, 300_000, UTC)


# The history


def spans_of(bodies: Sequence[tuple[str, bytes]]) -> list[tuple[dict[str, Any], Span]]:
    return [
        (values(span.attributes), span)
        for signal, body in bodies
        if signal == "traces"
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def events_of(bodies: Sequence[tuple[str, bytes]]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (record.event_name, values(record.attributes))
        for signal, body in bodies
        if signal == "logs"
        for resource in ExportLogsServiceRequest.FromString(body).resource_logs
        for scope in resource.scope_logs
        for record in scope.log_records
    ]


def values(attributes: Any) -> dict[str, Any]:
    def of(found: KeyValue) -> Any:
        return getattr(found.value, found.value.WhichOneof("value") or "string_value")

    return {found.key: of(found) for found in attributes}


def test_the_totals_of_the_history_are_what_its_telemetry_holds() -> None:
    totals = history.totals(NOW)
    bodies = list(history.requests(NOW))
    spans, events = spans_of(bodies), events_of(bodies)
    operations = Counter(attributes["gen_ai.operation.name"] for attributes, _ in spans)
    failures = Counter(attributes["gen_ai.operation.name"] for attributes, span in spans if span.status.code == 2)

    def tokens(kind: str) -> int:
        return sum(attributes.get(f"gen_ai.usage.{kind}", 0) for attributes, _ in spans)

    assert totals.span_count == len(spans) == len({(span.trace_id, span.span_id) for _, span in spans})
    assert totals.run_count == len({span.trace_id for _, span in spans})
    assert totals.error_run_count == failures["invoke_agent"]
    assert totals.run_count - totals.abandoned_run_count == operations["invoke_agent"]
    assert (totals.llm_call_count, totals.failed_llm_call_count) == (operations["chat"], failures["chat"])
    assert totals.tool_call_count == operations["execute_tool"]
    assert totals.failed_tool_call_count == failures["execute_tool"]
    assert totals.input_tokens == tokens("input_tokens")
    assert totals.output_tokens == tokens("output_tokens")
    assert totals.cache_read_tokens == tokens("cache_read.input_tokens")
    assert totals.cache_write_tokens == tokens("cache_write.input_tokens")
    assert totals.reasoning_tokens == tokens("reasoning.output_tokens")
    assert totals.log_record_count == len(events)
    assert totals.approvals_by_decision == Counter(
        attributes["oversight.approval.decision"] for name, attributes in events if name == "oversight.approval.decided"
    )
    assert totals.change_count == sum(name == "oversight.change" for name, _ in events)
    assert totals.runs_by_workflow == Counter(
        workflow for _, workflow in {(span.trace_id, attributes["gen_ai.workflow.name"]) for attributes, span in spans}
    )


def test_the_readme_states_the_totals_of_the_history() -> None:
    assert "\n".join(table("totals")) == as_table(history.totals(NOW))


def test_the_history_is_the_same_every_time_and_ends_before_now() -> None:
    bodies = list(history.requests(NOW, days=3))
    assert bodies == list(history.requests(NOW, days=3))
    first_ms, last_ms = plan.window_ms(NOW, days=3)
    times = [(span.start_time_unix_nano // 10**6, span.end_time_unix_nano // 10**6) for _, span in spans_of(bodies)]
    assert min(start for start, _ in times) >= first_ms
    assert max(end for _, end in times) < last_ms


def test_the_history_has_its_incidents_where_the_readme_says() -> None:
    runs = list(plan.runs(NOW))
    first_ms, last_ms = plan.bad_release_ms(NOW)
    bad = [run for run in runs if run.shape.service == "brightcart-support" and first_ms <= run.started_ms < last_ms]
    good = [run for run in runs if run.shape.service == "brightcart-support" and run not in bad]
    assert error_rate(bad) > 0.2 > 0.05 > error_rate(good)
    assert len({run.version for run in bad}) == 1
    assert {run.version for run in bad}.isdisjoint(run.version for run in good)

    first_ms, last_ms = plan.cost_spike_ms(NOW)
    circling = [run for run in runs if run.shape.workflow == "competitor-watch" and len(run.steps) > 60]
    assert circling
    assert all(first_ms <= run.started_ms < last_ms for run in circling)

    served = {
        (call.started_ms >= plan.route_change_ms(NOW), call.served)
        for run in runs
        if run.shape.workflow == "warehouse-question"
        for call in run.steps
        if isinstance(call, plan.ModelCall) and call.served
    }
    assert served == {(False, "gpt-6-sol"), (True, "gpt-5.4-nano")}


def error_rate(runs: list[plan.Run]) -> float:
    return sum(run.error is not None for run in runs) / len(runs)


# What the read API makes of them


@pytest.fixture(scope="module")
def runs(server: RunningServer) -> dict[str, dict[str, Any]]:
    """Every run of the scenarios by its id, with its steps under `steps`; the newest record is from just now."""
    files = [str(path) for path in sorted(SAMPLES.glob("*.jsonl"))]
    assert replay.main([*files, "--url", server.url, "--project", PROJECT, "--now"]) == 0
    server.settle(PROJECT)
    found = {row["run_id"]: row for row in rows(server, "runs")}
    for run_id, run in found.items():
        run["steps"] = rows(server, f"runs/{run_id}/steps")
    return found


PROJECT = "scenarios"
SUMMED = (
    "llm_call_count",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost_usd",
    "approval_count",
    "correction_count",
)


def rows(server: RunningServer, question: str, **parameters: str) -> list[dict[str, Any]]:
    return list(server.ask(question, project=PROJECT, limit=500, **parameters)["rows"])


def places() -> list[int]:
    """Of each fact: the place of its run among those of its scenario."""
    names = [fact["scenario"] for fact in FACTS]
    return [names[:index].count(name) for index, name in enumerate(names)]


@pytest.mark.parametrize(
    ("fact", "place"),
    list(zip(FACTS, places(), strict=True)),
    ids=lambda part: part["scenario"] if isinstance(part, dict) else None,
)
def test_a_run_comes_to_what_was_counted_by_hand(runs: dict[str, dict[str, Any]], fact: Fact, place: int) -> None:
    run = runs[run_ids(fact["scenario"])[place]]
    steps = [step for step in run["steps"] if step["counted"]]
    kinds = Counter(step["kind"] for step in steps)
    executed = [step for step in steps if step["kind"] == "tool" and step["status"] in {"ok", "error"}]
    found = {
        "scenario": fact["scenario"],
        "workflow": run["workflow_name"],
        "status": run["status"],
        "agents": kinds["agent"] + kinds["workflow"],
        "llm": run["llm_call_count"],
        "tools": len(executed),
        "failed": run["error_count"],
        "input": run["input_tokens"],
        "output": run["output_tokens"],
        "cache read": run["cache_read_tokens"],
        "cache write": run["cache_write_tokens"],
        "reasoning": run["reasoning_tokens"],
        "cost USD": run["cost_usd"],
        "approvals": run["approval_count"],
        "corrections": run["correction_count"],
        "error": run["error_type"],
    }
    assert found == fact | {
        "cost USD": None if fact["cost USD"] is None else pytest.approx(fact["cost USD"], rel=1e-9),
        "approvals": len(listed(fact["approvals"])),
        "corrections": len(listed(fact["corrections"])),
    }


def listed(cell: str | None) -> list[str]:
    return cell.split(", ") if cell else []


def test_what_looks_like_a_key_is_nowhere_in_what_the_api_says(server: RunningServer, runs: dict[str, Any]) -> None:
    name = "prompt-injection-blocked"
    assert "FAKEFAKE" in (SAMPLES / f"{name}.jsonl").read_text(encoding="utf-8")
    (run_id,) = run_ids(name)
    answers = [f"runs/{run_id}/otlp", f"runs/{run_id}/steps"]
    answers += [f"runs/{run_id}/steps/{step['step_id']}" for step in runs[run_id]["steps"]]
    for answer in answers:
        response = httpx.get(f"{server.url}/api/{answer}", params={"project": PROJECT}, timeout=60)
        response.raise_for_status()
        assert "FAKEFAKE" not in response.text


def test_the_blocked_call_is_judged_and_never_executed(runs: dict[str, Any]) -> None:
    (run_id,) = run_ids("prompt-injection-blocked")
    steps = runs[run_id]["steps"]
    assert [step["status"] for step in steps if step["kind"] == "guardrail"] == ["denied", "denied"]
    assert "ok" not in {step["status"] for step in steps if step["tool_name"] == "forward_mail"}


def test_calls_of_a_model_that_no_list_prices_are_counted_as_unpriced(runs: dict[str, Any]) -> None:
    (run_id,) = run_ids("private-model")
    assert runs[run_id]["unpriced_count"] == 2


def test_the_edited_draft_and_its_sending_belong_to_one_conversation(runs: dict[str, Any]) -> None:
    assert {runs[run_id]["conversation_id"] for run_id in run_ids("human-correction")} == {"ticket-90377"}


def test_a_fallback_shows_both_models_and_where_the_first_one_failed(runs: dict[str, Any]) -> None:
    (run_id,) = run_ids("model-fallback")
    calls = [step for step in runs[run_id]["steps"] if step["kind"] == "llm"]
    assert [(call["requested_model"], call["served_model"], call["status"]) for call in calls] == [
        ("claude-opus-5-5", "claude-opus-5-5", "ok"),
        ("claude-opus-5-5", None, "error"),
        ("gpt-6-sol", "gpt-6-sol-2026-09-18", "ok"),
    ]
    assert calls[1]["error_type"] == "overloaded_error"


def test_attempts_are_numbered(runs: dict[str, Any]) -> None:
    (run_id,) = run_ids("rate-limit-retry")
    calls = [step for step in runs[run_id]["steps"] if step["kind"] == "llm"]
    assert [call["route_attempt"] for call in calls] == [1, 2, 3, 1]


def test_three_days_of_history_come_to_their_totals(server: RunningServer) -> None:
    totals = history.totals(NOW, days=3)
    headers = {"content-type": "application/x-protobuf", "x-runlight-project": "history"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60) as http:
        for signal, body in history.requests(NOW, days=3):
            http.post(f"/v1/{signal}", content=body).raise_for_status()
    server.settle("history")
    expected = {
        "runs": totals.runs_by_workflow,
        "failed": +totals.error_runs_by_workflow,
        "abandoned": totals.abandoned_run_count,
        "llm_call_count": totals.llm_call_count,
        "input_tokens": totals.input_tokens,
        "output_tokens": totals.output_tokens,
        "cache_read_tokens": totals.cache_read_tokens,
        "cache_write_tokens": totals.cache_write_tokens,
        "reasoning_tokens": totals.reasoning_tokens,
        "cost_usd": pytest.approx(totals.cost_usd, rel=1e-9),
        "approval_count": totals.approvals_by_decision.total(),
        "correction_count": totals.corrections_by_kind.total(),
    }
    runs = all_runs(server, "history")
    found = {column: sum(run[column] or 0 for run in runs) for column in SUMMED} | {
        "runs": Counter(run["workflow_name"] for run in runs),
        "failed": Counter(run["workflow_name"] for run in runs if run["status"] == "error"),
        "abandoned": sum(run["status"] == "abandoned" for run in runs),
    }
    assert found == expected


def all_runs(server: RunningServer, project: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    parameters = {"project": project, "since": "2026-11-01T00:00:00Z", "limit": "200"}
    while True:
        page = server.ask("runs", **parameters)
        found += page["rows"]
        if page["next"] is None:
            return found
        parameters["cursor"] = page["next"]
