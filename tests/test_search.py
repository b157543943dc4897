"""Words are found wherever they were said, by a real server."""

import time
from collections.abc import Iterator

import httpx
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from tests.serving import RunningServer

PROJECT = "search"
FAR_INSIDE = "filler " * 400 + "Quokka exemption granted"


@pytest.fixture(scope="module")
def http(server: RunningServer) -> Iterator[httpx.Client]:
    now_ns = time.time_ns()
    data = TracesData()
    spans = data.resource_spans.add().scope_spans.add().spans
    for number, (name, text) in enumerate([("planner", FAR_INSIDE), ("writer", "nothing of note")], start=1):
        trace, root, call = bytes([number] * 16), bytes([number] * 8), bytes([number + 8] * 8)
        agent = spans.add(
            trace_id=trace, span_id=root, name=f"invoke_agent {name}", start_time_unix_nano=now_ns - 10**9
        )
        agent.attributes.add(key="gen_ai.operation.name").value.string_value = "invoke_agent"
        agent.attributes.add(key="user.email").value.string_value = f"{name}@example.org"
        chat = spans.add(
            trace_id=trace, span_id=call, parent_span_id=root, name="chat", start_time_unix_nano=now_ns - 10**9
        )
        chat.attributes.add(key="gen_ai.operation.name").value.string_value = "chat"
        chat.attributes.add(key="gen_ai.input.messages").value.string_value = text
        tool = spans.add(
            trace_id=trace, span_id=call[::-1][:7] + b"t", parent_span_id=root, start_time_unix_nano=now_ns - 10**9
        )
        tool.name = f"execute_tool {name}_files"
        for key, value in (
            ("operation.name", "execute_tool"),
            ("tool.name", f"{name}_files"),
            ("tool.call.result", text),
        ):
            tool.attributes.add(key=f"gen_ai.{key}").value.string_value = value
    headers = {"content-type": "application/x-protobuf", "x-runlight-project": PROJECT}
    with httpx.Client(base_url=server.url, params={"project": PROJECT}, timeout=60) as client:
        client.post("/v1/traces", content=data.SerializeToString(), headers=headers).raise_for_status()
        deadline = time.monotonic() + 60
        while len(client.get("/api/runs").json()["rows"]) < 2 and time.monotonic() < deadline:
            pass
        yield client


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("quokka", ["invoke_agent planner"]),
        ("EXEMPTION Quokka", ["invoke_agent planner"]),
        ("writer", ["invoke_agent writer"]),
        ("quokka writer", []),
        ("'; drop table runs; --", []),
        ("%", []),
    ],
)
def test_a_word_is_found_in_names_and_deep_inside_messages(http: httpx.Client, words: str, found: list[str]) -> None:
    assert [row["name"] for row in http.get("/api/runs", params={"q": words}).json()["rows"]] == found
    assert [row["run_count"] for row in http.get("/api/summary", params={"q": words}).json()["rows"]] == [len(found)]


@pytest.mark.parametrize(
    ("words", "found"),
    [("Quokka exemption", ["planner_files"]), ("of note writer_files", ["writer_files"]), ("quokka writer_files", [])],
)
def test_a_tool_call_is_found_by_words_far_inside_its_result(http: httpx.Client, words: str, found: list[str]) -> None:
    assert [row["tool_name"] for row in http.get("/api/tool-calls", params={"q": words}).json()["rows"]] == found


def test_a_person_is_found_by_the_address_that_was_sent_and_only_a_hash_is_told(http: httpx.Client) -> None:
    hits = http.get("/api/search", params={"q": " Writer@Example.org"}).json()["rows"]
    assert [(hit["kind"], hit["label"]) for hit in hits] == [("user", "invoke_agent writer"), ("words", None)]
    assert hits[0]["id"].startswith("person:")
    again = http.get("/api/search", params={"q": hits[0]["id"]}).json()["rows"]
    assert again[0]["run_id"] == hits[0]["run_id"]
    (row,) = http.get("/api/affected-by", params={"user": hits[0]["id"], "by": "user"}).json()["rows"]
    assert (row["value"], row["run_count"]) == (hits[0]["id"], 1)
