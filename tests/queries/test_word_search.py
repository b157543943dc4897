"""The newest runs that hold a word come first, and only as much is searched as they need."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData
from starlette.testclient import TestClient

from ingest.intake import Signal
from ingest.stored import Records
from queries.api import create_api
from queries.database import Database
from queries.routes import asking
from queries.summaries import rebuild
from tests.ingest.pipeline import pipeline

HOUR_NS = 3_600 * 10**9
START_NS = 1_795_341_600 * 10**9  # 2026-11-22 10:00 UTC
RUNS, HOURS_APART = 40, 3
LASTS_HOURS = 30
WINDOW = {"since": "2026-11-22T10:00:00Z", "until": "2026-11-27T10:00:00Z"}


class WatchedRecords(Records):
    """Notes how many hours are searched."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.hours: list[int] = []

    def mentioning(self, project: str, words: Sequence[str], since_ns: int, until_ns: int, most: int) -> pa.Table:
        self.hours.append((until_ns - since_ns) // HOUR_NS)
        return super().mentioning(project, words, since_ns, until_ns, most)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, WatchedRecords]]:
    """A store of runs three hours apart, in requests of their own, all of which hold `wombat`; the first goes on for
    more than a day before it says so, and says `quokka`."""
    with pipeline(tmp_path_factory.mktemp("words") / "runlight.duckdb") as line:
        for number in range(RUNS):
            line.send(Signal.SPAN, _run(number))
        with line.store.cursor() as cursor:
            while rebuild(cursor):
                pass
        records = WatchedRecords(line.store.cursor())
        with TestClient(create_api(Database(line.store.cursor()), records)) as client:
            yield client, records


def _run(number: int) -> TracesData:
    data = TracesData()
    spans = data.resource_spans.add().scope_spans.add().spans
    begins_ns = START_NS + number * HOURS_APART * HOUR_NS
    trace, root, call = bytes([1, number] * 8), bytes([2, number] * 4), bytes([3, number] * 4)
    ends_ns = begins_ns + (10**9 if number else LASTS_HOURS * HOUR_NS)
    agent = spans.add(trace_id=trace, span_id=root, start_time_unix_nano=begins_ns, end_time_unix_nano=ends_ns)
    agent.name = f"invoke_agent {number}"
    agent.attributes.add(key="gen_ai.operation.name").value.string_value = "invoke_agent"
    chat = spans.add(trace_id=trace, span_id=call, parent_span_id=root, start_time_unix_nano=ends_ns - 10**8)
    chat.name = "chat"
    chat.attributes.add(key="gen_ai.operation.name").value.string_value = "chat"
    text = "x" * 3_000 + " a wombat" + ("" if number else " and a quokka")
    chat.attributes.add(key="gen_ai.input.messages").value.string_value = text
    tool = spans.add(
        trace_id=trace, span_id=bytes([4, number] * 4), parent_span_id=root, start_time_unix_nano=begins_ns
    )
    tool.name = f"execute_tool {number}"
    tool.attributes.add(key="gen_ai.operation.name").value.string_value = "execute_tool"
    tool.attributes.add(key="gen_ai.tool.name").value.string_value = "look"
    tool.attributes.add(key="gen_ai.tool.call.result").value.string_value = "x" * 3_000 + " a numbat"
    return data


def _names(client: TestClient, route: str = "/api/runs", **asked: object) -> Iterator[str]:
    """Page by page."""
    cursor: str | None = ""
    while cursor is not None:
        values = {name: str(value) for name, value in asked.items()} | ({"cursor": cursor} if cursor else {})
        answer = client.get(route, params=WINDOW | values)
        assert answer.status_code == 200, answer.text
        yield from (row["name"] for row in answer.json()["rows"])
        cursor = answer.json()["next"]


@pytest.mark.parametrize("limit", [1, 7, 39, 40, 41])
def test_pages_of_what_holds_a_word_are_those_of_the_whole_window(
    asked: tuple[TestClient, WatchedRecords], limit: int
) -> None:
    client, _ = asked
    newest_first = [f"invoke_agent {number}" for number in reversed(range(RUNS))]
    assert list(_names(client, q="wombat", limit=limit)) == newest_first
    assert list(_names(client, q="wombat", limit=limit, order="asc")) == newest_first[::-1]


@pytest.mark.parametrize("limit", [1, 7, 39, 40, 41])
def test_pages_of_tool_calls_that_hold_a_word_are_those_of_the_whole_window(
    asked: tuple[TestClient, WatchedRecords], limit: int
) -> None:
    newest_first = [f"execute_tool {number}" for number in reversed(range(RUNS))]
    assert list(_names(asked[0], "/api/tool-calls", q="numbat", limit=limit)) == newest_first


def test_pages_go_on_past_what_one_search_finds_and_totals_say_that_they_are_cut(
    asked: tuple[TestClient, WatchedRecords], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = asked

    def total() -> tuple[int, bool]:
        (row,) = client.get("/api/summary", params=WINDOW | {"q": "numbat"}).json()["rows"]
        return row["run_count"], row["is_cut"]

    assert total() == (RUNS, False)
    monkeypatch.setattr(asking, "MOST_MENTIONS", 5)
    assert total() == (5, True)
    newest_first = list(reversed(range(RUNS)))
    assert list(_names(client, q="numbat", limit=3)) == [f"invoke_agent {number}" for number in newest_first]
    calls = _names(client, "/api/tool-calls", q="numbat", limit=3)
    assert list(calls) == [f"execute_tool {number}" for number in newest_first]


def test_the_newest_hits_are_found_without_a_search_of_the_whole_window(
    asked: tuple[TestClient, WatchedRecords],
) -> None:
    client, records = asked
    records.hours.clear()
    client.get("/api/runs", params=WINDOW | {"q": "wombat", "limit": "1"})
    client.get("/api/tool-calls", params=WINDOW | {"q": "numbat", "limit": "1"})
    client.get("/api/runs", params=WINDOW | {"q": "wombat", "limit": "1", "since": "1970-01-01"})
    assert max(records.hours) < RUNS * HOURS_APART / 2


def test_what_a_run_said_after_the_window_is_found_with_the_run(asked: tuple[TestClient, WatchedRecords]) -> None:
    client, _ = asked
    assert list(_names(client, q="quokka", until="2026-11-22T12:00:00Z")) == ["invoke_agent 0"]
