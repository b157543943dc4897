"""A correction or a thumb that is recorded by the API is telemetry like any other, and says where it came from."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from ingest import replay
from queries.client import Client
from tests.serving import RunningServer, until
from tests.test_sample_traces import SAMPLES, run_ids

PROJECT = "recorded"
(RUN,) = run_ids("happy-path")
LOGS_ONLY = "recorded-logs"


@pytest.fixture(scope="module")
def client(server: RunningServer) -> Iterator[Client]:
    path = str(SAMPLES / "happy-path.jsonl")
    assert replay.main([path, "--url", server.url, "--project", PROJECT]) == 0
    client = Client(server.url)
    until(lambda: client.summary(project=PROJECT, since=None)["run_count"][0] == 1)
    yield client
    client.close()


def post(server: RunningServer, what: str, body: dict[str, Any], run: str = RUN) -> httpx.Response:
    return httpx.post(f"{server.url}/api/runs/{run}/{what}", params={"project": PROJECT}, json=body, timeout=60)


def corrections(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.run(project=PROJECT, run_id=RUN)["corrections"]
    return found


def test_what_is_recorded_belongs_to_the_run_and_its_rate(server: RunningServer, client: Client) -> None:
    llm = client.steps(project=PROJECT, run_id=RUN).filter(kind="llm")["step_id"][0]
    edit = {
        "kind": "edited_output",
        "before": "On its way.",
        "after": "It is late.",
        "reason": "untrue",
        "step_id": llm,
    }
    assert post(server, "corrections", edit).status_code == 201
    assert post(server, "feedback", {"rating": "down", "note": "no help"}).status_code == 201
    assert post(server, "feedback", {"rating": "up"}).status_code == 201
    until(lambda: len(corrections(client)) == 2)

    edited, disliked = corrections(client)
    assert (edited["kind"], edited["value_before"], edited["value_after"]) == (
        "edited_output",
        "On its way.",
        "It is late.",
    )
    assert (disliked["kind"], disliked["reason"]) == ("negative_feedback", "no help")
    (rate,) = client.ask("correction_summary", project=PROJECT, since=None).to_dicts()
    assert (rate["corrected_count"], rate["reviewed_count"]) == (1, 1)
    run = client.run(project=PROJECT, run_id=RUN)
    assert (run["status"], run["service_names"]) == ("ok", ["brightcart-support"])
    record = client.step(project=PROJECT, run_id=RUN, step_id=edited["step_id"])
    assert record["scope"]["name"] == "runlight.app"
    assert {"key": "oversight.source", "value": {"stringValue": "api"}} in record["attributes"]


@pytest.mark.parametrize(
    ("what", "body", "word"),
    [
        ("corrections", {"kind": "colour"}, "kind"),
        ("corrections", {"kind": "edited_output", "before": "x"}, "needs `after`"),
        ("corrections", {"kind": "rerun", "unknown": 1}, "unknown"),
        ("corrections", {"kind": "rerun", "step_id": "no such step"}, "no step"),
        ("feedback", {"rating": "sideways"}, "rating"),
    ],
)
def test_what_cannot_be_recorded_is_422_in_plain_words(
    server: RunningServer, client: Client, what: str, body: dict[str, Any], word: str
) -> None:
    answer = post(server, what, body)
    assert answer.status_code == 422
    assert word in answer.json()["error"]


def test_a_run_that_is_not_there_is_404(server: RunningServer, client: Client) -> None:
    assert post(server, "corrections", {"kind": "rerun"}, run="nothing").status_code == 404


def test_a_run_of_log_events_is_corrected_whichever_run_of_its_session_it_is(
    server: RunningServer, client: Client
) -> None:
    """Its session has gone on since, with another run."""
    hour_ago_ns = time.time_ns() - 3600 * 10**9
    keys: dict[str, dict[str, str]] = {
        "first": {},
        "second": {},
        "third": {"session.id": "another", "prompt.id": "prompt-3"},
    }
    events = [
        event for at, (words, key) in enumerate(keys.items()) for event in turn(words, hour_ago_ns + at * 10**9, key)
    ]
    scoped = {"scope": {"name": "com.anthropic.claude_code.events"}, "logRecords": events}
    service = {"attributes": pairs({"service.name": "claude-code"})}
    sent = {"resourceLogs": [{"resource": service, "scopeLogs": [scoped]}]}
    headers = {"x-runlight-project": LOGS_ONLY}
    httpx.post(f"{server.url}/v1/logs", json=sent, headers=headers, timeout=60).raise_for_status()
    server.settle(LOGS_ONLY)
    runs = client.runs(project=LOGS_ONLY)[0].sort("started_at").to_dicts()
    assert [run["trace_ids"] for run in runs] == [[], [], []]
    for run in runs:
        for what, body in (
            ("corrections", {"kind": "rerun", "reason": run["run_id"]}),
            ("feedback", {"rating": "up"}),
        ):
            answer = httpx.post(
                f"{server.url}/api/runs/{quote(run['run_id'])}/{what}",
                params={"project": LOGS_ONLY},
                json=body,
                timeout=60,
            )
            assert answer.status_code == 201, answer.text
    server.settle(LOGS_ONLY)
    told = [client.run(project=LOGS_ONLY, run_id=run["run_id"]) for run in runs]
    assert [[act["reason"] for act in run["corrections"]] for run in told] == [[run["run_id"]] for run in runs]
    assert [run["status"] for run in told] == [run["status"] for run in runs]
    assert client.runs(project=LOGS_ONLY)[0].height == len(runs)


def turn(words: str, at_ns: int, key: dict[str, str]) -> list[dict[str, Any]]:
    """A prompt and a model call as a coding agent logs them, without a trace; the session is a key of both."""
    keys = {"session.id": "one-session"} | key
    prompt = keys | {"prompt": words}
    call = keys | {"model": "claude-sonnet-4-5", "input_tokens": "7", "output_tokens": "9"}
    return [
        log("claude_code.user_prompt", at_ns, prompt),
        log("claude_code.api_request", at_ns + 10**8, call),
    ]


def log(event: str, at_ns: int, said: dict[str, str]) -> dict[str, Any]:
    attributes = {"event.name": event.removeprefix("claude_code."), **said}
    return {"timeUnixNano": str(at_ns), "body": {"stringValue": event}, "attributes": pairs(attributes)}


def pairs(said: dict[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in said.items()]
