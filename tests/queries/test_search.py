"""One box for ids of any kind: what goes by each, and what hostile input comes to."""

from collections.abc import Iterator

import duckdb
import httpx
import pytest

from queries import questions
from queries.database import Database
from tests.queries.conftest import rebuild_all
from tests.queries.records import Telling, empty_store, insert, step_hex, trace_hex
from tests.queries.serving import serving

Hit = tuple[str, str | None, str | None]


@pytest.fixture(scope="module")
def store() -> Iterator[duckdb.DuckDBPyConnection]:
    """Two runs of a conversation, told twice over; both hold a call with the same id."""
    telling = Telling()
    for at, trace in enumerate(("first", "second")):
        telling.span(f"agent {trace}", "agent", 60 * at, 30, trace=trace, conversation_id="talk", user_id="person:1f")
        telling.span(f"http {trace}", "other", 60 * at + 1, trace=trace, under=f"agent {trace}")
        telling.span(f"ask {trace}", "llm", 60 * at + 2, trace=trace, under=f"agent {trace}", response_id=f"r-{at}")
        telling.span(f"look {trace}", "tool", 60 * at + 4, trace=trace, under=f"agent {trace}", tool_call_id="call_1")
    telling.log("prompt", "agent", 300, run_key="session/9", conversation_id="session/9", user_id="u 2")
    connection = empty_store()
    insert(connection, telling.rows)
    insert(connection, Telling("elsewhere").span("agent", "agent", trace="first", conversation_id="talk").rows)
    rebuild_all(connection)
    yield connection
    connection.close()


FIRST, SECOND = trace_hex("first"), trace_hex("second")


@pytest.mark.parametrize(
    ("text", "person", "hits"),
    [
        (FIRST, None, [("run", FIRST, None)]),
        (FIRST.upper(), None, [("trace", FIRST, None)]),
        (step_hex("ask second"), None, [("step", SECOND, step_hex("ask second"))]),
        (step_hex("http first").upper(), None, [("step", FIRST, step_hex("http first"))]),
        ("r-1", None, [("response", SECOND, step_hex("ask second"))]),
        (
            "call_1",
            None,
            [("tool_call", SECOND, step_hex("look second")), ("tool_call", FIRST, step_hex("look first"))],
        ),
        ("talk", None, [("conversation", SECOND, None)]),
        ("session/9", None, [("run", "session/9", None)]),
        ("person:1f", None, [("user", SECOND, None)]),
        ("ann@example.org", "person:1f", [("user", SECOND, None)]),
        ("no such id", None, []),
        ("%", None, []),
        ("'; drop table runs; --", None, []),
        ("a\0b", None, []),
    ],
)
def test_an_id_is_found_whatever_it_is_of(
    store: duckdb.DuckDBPyConnection, text: str, person: str | None, hits: list[Hit]
) -> None:
    rows = questions.search(Database(store), "default", text, person=person).to_pylist()

    assert [(row["kind"], row["run_id"], row["step_id"]) for row in rows[:-1]] == hits
    assert (rows[-1]["kind"], rows[-1]["id"]) == ("words", text)


def test_of_too_many_hits_the_newest_are_kept_and_the_words(store: duckdb.DuckDBPyConnection) -> None:
    rows = questions.search(Database(store), "default", "call_1", limit=2).to_pylist()
    assert [(row["kind"], row["run_id"]) for row in rows] == [("tool_call", SECOND), ("words", None)]


def test_a_group_is_told_with_the_number_of_its_runs(store: duckdb.DuckDBPyConnection) -> None:
    (talk, _) = questions.search(Database(store), "default", "talk").to_pylist()
    assert (talk["run_count"], talk["label"]) == (2, "agent second")


@pytest.mark.parametrize("text", ["", " \t", "x" * 10_240])
def test_what_can_be_no_id_is_refused_in_plain_words(store: duckdb.DuckDBPyConnection, text: str) -> None:
    with serving(store) as url:
        answer = httpx.get(f"{url}/api/search", params={"q": text}, timeout=60)
    assert (answer.status_code, answer.json()) == (422, {"error": "q is an id or words, 1 to 1,000 characters"})
