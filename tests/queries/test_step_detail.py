"""Everything of one step and of one run, through the pipeline and the read API, on the sample scenarios."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from ingest.intake import Signal
from queries.client import Client, NotFound
from tests.ingest.pipeline import pipeline
from tests.queries.conftest import rebuild_all
from tests.queries.serving import asking

SAMPLES = Path(__file__).parents[2] / "sample_traces"
SINCE = "2026-11-20"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with pipeline(tmp_path_factory.mktemp("detail") / "runlight.duckdb") as stored:
        for name in ("happy-path", "approval-modified", "coding-agent-session"):
            for line in (SAMPLES / f"{name}.jsonl").read_bytes().splitlines():
                signal = (
                    Signal.SPAN
                    if b"resourceSpans" in line
                    else Signal.LOG
                    if b"resourceLogs" in line
                    else Signal.METRIC
                )
                stored.send(signal, line, "json")
        rebuild_all(stored.store.cursor())
        with asking(stored.store.cursor()) as answering:
            yield answering


def run_of(client: Client, service: str) -> str:
    """The one run of a service."""
    rows, _ = client.runs(service=service, since=SINCE)
    return str(rows["run_id"].item())


def test_a_model_call_shows_its_conversation_and_its_whole_record(client: Client) -> None:
    run = run_of(client, "brightcart-support")
    call = client.steps(project="default", run_id=run).filter(kind="llm").row(0, named=True)

    detail = client.step(project="default", run_id=run, step_id=call["step_id"].upper())

    assert detail["input_messages"][-1]["role"] == "user"
    assert detail["output_messages"][0]["parts"]
    assert set(detail["attributes"][0]) == {"key", "value"}
    assert detail["record"]["spanId"] == call["step_id"]
    assert [attribute["key"] for attribute in detail["resource"]["attributes"]].count("service.name") == 1
    assert detail["scope"]["name"]
    assert detail["error_stack"] is None
    assert (detail["step_id"], detail["started_at"][-1]) == (call["step_id"], "Z")


def test_a_tool_call_shows_arguments_and_result_as_values(client: Client) -> None:
    run = run_of(client, "payables")
    call = (
        client.steps(project="default", run_id=run).filter(kind="tool", tool_name="schedule_payment").row(0, named=True)
    )

    detail = client.step(project="default", run_id=run, step_id=call["step_id"])

    assert detail["tool_args"]["amount_eur"] == 11980.0


def test_a_step_shows_the_log_records_that_belong_to_it(client: Client) -> None:
    run = run_of(client, "payables")
    steps = client.steps(project="default", run_id=run)
    asked = steps.filter(kind="approval").row(0, named=True)

    detail = client.step(project="default", run_id=run, step_id=asked["step_id"])

    assert "oversight.approval.requested" in [record.get("eventName") for record in detail["logs"]]
    assert client.logs(project="default", run_id=run).height == 2


def test_a_session_of_logs_opens_like_any_run(client: Client) -> None:
    run = run_of(client, "claude-code")
    steps = client.steps(project="default", run_id=run)

    assert steps["signal"].unique().to_list() == ["log"]
    detail = client.step(project="default", run_id=run, step_id=steps.filter(kind="tool")["step_id"][0])
    assert detail["tool_args"] is not None


def test_a_step_of_another_run_is_not_found(client: Client) -> None:
    other = client.steps(project="default", run_id=run_of(client, "payables"))["step_id"][0]

    with pytest.raises(NotFound, match="no step"):
        client.step(project="default", run_id=run_of(client, "brightcart-support"), step_id=other)


def test_a_run_leaves_as_the_spans_and_logs_that_came_in(client: Client) -> None:
    document = orjson.loads(client.otlp(project="default", run_id=run_of(client, "payables")))

    spans = [span for part in document["resourceSpans"] for scope in part["scopeSpans"] for span in scope["spans"]]
    logs = [log for part in document["resourceLogs"] for scope in part["scopeLogs"] for log in scope["logRecords"]]
    sent = [orjson.loads(line) for line in (SAMPLES / "approval-modified.jsonl").read_bytes().splitlines()]
    assert len(spans) == sum(
        len(scope["spans"])
        for request in sent
        for part in request.get("resourceSpans", ())
        for scope in part["scopeSpans"]
    )
    assert {log["eventName"] for log in logs} == {"oversight.approval.requested", "oversight.approval.decided"}


def test_words_are_found_in_what_was_said(client: Client) -> None:
    rows, _ = client.runs(q="Brammer", since=SINCE)

    assert rows["service_name"].to_list() == ["payables"]
