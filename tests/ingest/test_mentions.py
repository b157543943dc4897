"""Words are found in whole records, however they are spelled there."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from ingest.intake import Signal
from ingest.mentions import Mentions
from tests.ingest.pipeline import Pipeline, pipeline

DAY_NS = 86_400 * 10**9
START_NS = 1_795_341_600 * 10**9


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Pipeline]:
    with pipeline(tmp_path / "runlight.duckdb") as opened:
        yield opened


def send(running: Pipeline, *texts: str, at_ns: int = START_NS, project: str = "default") -> None:
    """One request with a span for each text."""
    data = TracesData()
    spans = data.resource_spans.add().scope_spans.add().spans
    for number, text in enumerate(texts, start=1):
        span_id = bytes([number] * 8)
        span = spans.add(trace_id=at_ns.to_bytes(16), span_id=span_id, name="chat", start_time_unix_nano=at_ns)
        span.attributes.add(key="gen_ai.input.messages").value.string_value = text
    running.send(Signal.SPAN, data, project=project)


def found(
    running: Pipeline, *words: str, since_ns: int = START_NS, until_ns: int = START_NS + 1, most: int = 100
) -> list[int]:
    """The positions in the first block that was found."""
    return positions(Mentions(running.store.cursor()), *words, since_ns=since_ns, until_ns=until_ns, most=most)


def positions(
    searching: Mentions, *words: str, since_ns: int = START_NS, until_ns: int = START_NS + 1, most: int = 100
) -> list[int]:
    places = searching.find("default", words, since_ns, until_ns, most)
    return list(places["block_position"].to_pylist())


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("quokka", "a QUOKKA was here"),
        ("QUOKKA", "a quokka was here"),
        ("café", "ein CAFÉ in Wien"),
        ("CAFÉ", "ein café in Wien"),
        ("straße", "Straße"),
        ("東京", "夜の東京"),
        ("🦘", "a 🦘 hopped"),
        ('"hi"', 'she said "hi" to me'),
        ("C:\\temp", "in C:\\temp it is"),
        ("1+1", "what is 1+1?"),
    ],
)
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_word_is_found_in_any_case_and_as_json_escapes_it(
    running: Pipeline, word: str, text: str, depth: int
) -> None:
    for _ in range(depth):
        text = json.dumps([{"role": "user", "content": text}])
    send(running, "nothing of note", text)

    assert found(running, word) == [1]
    assert found(running, word, "note") == []


def test_all_words_must_be_in_one_record(running: Pipeline) -> None:
    send(running, "the first word", "the second", "first and second")

    assert found(running, "first", "second") == [2]


def test_ids_and_times_that_happen_to_read_like_a_word_are_no_mention_of_it(running: Pipeline) -> None:
    data = TracesData()
    spans = data.resource_spans.add().scope_spans.add().spans
    ended_at_ns = int.from_bytes(b"%$" + START_NS.to_bytes(8, "little")[2:], "little")
    spans.add(trace_id=b"what quokkas eat", span_id=b"a quokka", start_time_unix_nano=START_NS)
    spans.add(trace_id=b"1" * 16, span_id=b"1" * 8, start_time_unix_nano=START_NS, end_time_unix_nano=ended_at_ns)
    spans.add(trace_id=b"2" * 16, span_id=b"2" * 8, start_time_unix_nano=START_NS, name="100 %$")
    running.send(Signal.SPAN, data)

    assert found(running, "quokka") == []
    assert found(running, "%$") == [2]


def test_only_the_project_and_the_times_asked_for_are_looked_into(running: Pipeline) -> None:
    send(running, "quokka", project="elsewhere")
    send(running, "quokka", at_ns=START_NS + 9 * DAY_NS)

    assert found(running, "quokka") == []
    assert found(running, "quokka", until_ns=START_NS + 9 * DAY_NS) == [0]


def test_what_tells_no_time_is_looked_for_when_it_was_received(running: Pipeline) -> None:
    data = TracesData()
    data.resource_spans.add().scope_spans.add().spans.add(trace_id=b"1" * 16, span_id=b"1" * 8, name="a quokka")
    running.send(Signal.SPAN, data)
    now_ns = time.time_ns()

    assert found(running, "quokka", since_ns=now_ns - DAY_NS, until_ns=now_ns) == [0]
    assert found(running, "quokka", since_ns=0, until_ns=now_ns - DAY_NS) == []


def test_what_was_committed_since_is_found_by_the_same_search(running: Pipeline) -> None:
    searching = Mentions(running.store.cursor())
    send(running, "quokka")
    assert len(positions(searching, "quokka")) == 1

    send(running, "nothing", "another quokka", at_ns=START_NS + 1)

    assert positions(searching, "quokka") == [1, 0]
    assert positions(searching, "nothing") == [0]


def test_a_search_stops_when_it_has_found_enough(running: Pipeline) -> None:
    send(running, "quokka", at_ns=START_NS)
    send(running, "quokka", "quokka", at_ns=START_NS + 1)

    assert found(running, "quokka", most=1) == [0, 1]
