"""What errors are one group, when a group is new or back, and which release is to blame; on hand-made runs."""

from typing import Any

import duckdb
import pytest

from queries import catalogue, questions
from queries.database import Database
from queries.filters import Filters, read_filters
from tests.queries.conftest import rebuild_all
from tests.queries.records import SECOND, START_NS, Telling, insert, insert_speech, step_hex, trace_hex
from tests.queries.test_golden_facts import FACTS, told, total

HOUR = 3_600
# Messages that differ only in what the pattern leaves out, and the pattern.
ALIKE = {
    "no receipt for PO-#": ["no receipt for PO-63891", "no receipt for PO-2", "no receipt for PO-2026-0042"],
    "refused: # is older than # days": ["refused: 23928 is older than 180 days", "refused: 1 is older than 9.5 days"],
    "request req_# failed": ["request req_011CQabcX failed", "request req_7fX2 failed"],
    "run # is gone": [
        "run 3f2b8c1e-1111-2222-3333-abcdefabcdef is gone",
        "run 01HZX4KB9QW3 is gone",
        "run deadbeefdeadbeef is gone",
        "run 7 is gone",
        "run 0x7f3a2b is gone",
    ],
    "ids # missing": ["ids 1, 2, 3 missing", "ids 12 missing"],
    "no answer within #": ["no answer within 5s", "no answer within 1.5s", "no answer within 12,480ms"],
    "host # refused": ["host 10.0.0.1:5432 refused", "host 192.168.1.7:80 refused"],
    "it failed at <time>": ["it failed at 2026-11-20T14:58:30Z", "it failed at 2026-11-21 01:00:00.123+01:00"],
    "KeyError: <text>": ["KeyError: 'user_id'", 'KeyError: "it\'s"', "KeyError: `orders`", "KeyError: “x y”"],
    "couldn't read <text> and didn't stop": [
        "couldn't read 'a' and didn't stop",
        "couldn't read 'b/c', 'd' or 'e' and didn't stop",
    ],
    "open <path>: denied": ["open /etc/passwd: denied", "open ~/x/y.txt: denied", "open ../a.b: denied"],
    "in <path>": [r"in C:\Users\kim\x.txt", r"in \\share\x", "in src/app/main.py"],
    "GET <url> failed": ["GET https://a.example/x?y=1 failed", "GET http://b.example:80/ failed"],
    "no user <address>": ["no user kim@example.com", "no user a.b+c@mail.example.org"],
    "two lines #": ["two\n  lines 1", "two lines 22"],
}
# Messages that must stay apart, each from each other.
APART = [
    "orders-api did not answer",
    "search-api did not answer",
    "s3 is down",
    "ec2 is down",
    "model gpt-4o is overloaded",
    "model claude-3 is overloaded",
    "failed with status code 404",
    "failed with status code 503",
    "HTTP 404: order 404 not found",
    "and/or is missing",
    "can't read it",
    "don't read it",
    "",
    "it's",
]


def ask(store: duckdb.DuckDBPyConnection, question: str, since: str = "-1h", **more: Any) -> list[dict[str, Any]]:
    return catalogue.ask(Database(store), question, window(since, **more)).to_pylist()


def window(since: str = "-1h", **more: Any) -> Filters:
    return read_filters(START_NS + HOUR * SECOND, since=since, **more)


def keep(store: duckdb.DuckDBPyConnection, telling: Telling) -> None:
    insert(store, telling.rows)
    rebuild_all(store)


def failing(telling: Telling, run: str, at: float, message: str = "gone", **columns: Any) -> Telling:
    """A run whose tool fails, which its agent passes on."""
    failed = {"is_error": True, "error_type": "Gone", "error_message": message, **columns}
    telling.span(f"{run} agent", "agent", at, 5, trace=run, **{**failed, "error_message": f"tool failed: {message}"})
    name = f"{run} tool"
    return telling.span(name, "tool", at + 1, trace=run, under=f"{run} agent", tool_name="find", **failed)


def mark(store: duckdb.DuckDBPyConnection, name: str, at: float, note: str | None = None, **told: str) -> None:
    labels = [f"oversight.error.{key}={value}" for key, value in told.items()]
    insert_speech(store, name, at, event_name="oversight.error_mark", labels=labels, body_preview=note)


def group(store: duckdb.DuckDBPyConnection, **more: Any) -> dict[str, Any]:
    (row,) = ask(store, "error_groups", **more)
    return row


@pytest.fixture
def patterns(store: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    Database(store)
    return store


def pattern(patterns: duckdb.DuckDBPyConnection, message: str) -> Any:
    return patterns.execute("select error_pattern($message)", {"message": message}).fetchall()[0][0]


@pytest.mark.parametrize("expected", ALIKE)
def test_messages_that_differ_only_in_particulars_are_one_group(
    patterns: duckdb.DuckDBPyConnection, expected: str
) -> None:
    assert {pattern(patterns, message) for message in ALIKE[expected]} == {expected}


def test_messages_that_say_something_else_stay_apart(patterns: duckdb.DuckDBPyConnection) -> None:
    assert len({pattern(patterns, message) for message in APART}) == len(APART)


def test_kind_tool_model_and_type_tell_groups_apart_and_a_dated_snapshot_does_not(
    patterns: duckdb.DuckDBPyConnection,
) -> None:
    def fingerprint(*parts: str | None) -> Any:
        names = ("kind", "tool", "model", "type")
        sql = "select error_fingerprint($kind, $tool, $model, $type, 'it broke')"
        return patterns.execute(sql, dict(zip(names, parts, strict=True))).fetchall()[0][0]

    apart = [
        fingerprint("tool", "find", None, "Gone"),
        fingerprint("tool", "pay", None, "Gone"),
        fingerprint("tool", "find", None, "429"),
        fingerprint("tool", "find", None, None),
        fingerprint("llm", None, "gpt-5.2", "Gone"),
        fingerprint("llm", None, "o9", "Gone"),
    ]
    assert len(set(apart)) == len(apart)
    assert fingerprint("llm", None, "openai/gpt-5.2-2026-02-11", "Gone") == apart[4]


def test_what_an_agent_passes_on_is_not_counted_again(store: duckdb.DuckDBPyConnection) -> None:
    keep(store, failing(Telling(), "a", 0))
    row = group(store)
    assert (row["kind"], row["subject"], row["error_count"], row["failed_run_count"]) == ("tool", "find", 1, 1)


def test_an_agent_that_fails_by_itself_is_a_group_of_its_own(store: duckdb.DuckDBPyConnection) -> None:
    own = {"is_error": True, "error_type": "MaxTurns", "error_message": "ten turns"}
    telling = Telling().span("agent", "agent", 0, 9, **own)
    telling.span("find", "tool", 1, under="agent", is_error=True, error_type="Gone", error_message="gone")
    keep(store, telling)
    assert {row["kind"] for row in ask(store, "error_groups")} == {"agent", "tool"}


def test_what_is_no_error_is_in_no_group_and_counted_apart(store: duckdb.DuckDBPyConnection) -> None:
    asked = {"approval_requested_at": START_NS, "tool_name": "pay", "tool_call_id": "k"}
    refused = {"approval_decision": "rejected", "approval_decider_type": "human", "approval_decided_at": START_NS}
    telling = Telling().span("agent", "agent", lasts=9).span("ask", "approval", 1, under="agent", **asked, **refused)
    telling.span("paused", "agent", 20, trace="p").span("ask 2", "approval", 21, trace="p", under="paused", **asked)
    keep(store, telling)
    (totals,) = ask(store, "error_totals")
    assert ask(store, "error_groups") == []
    assert (totals["error_count"], totals["step_error_count"]) == (0, 0)
    assert (totals["refused_count"], totals["pending_count"]) == (1, 1)


def test_a_group_is_new_ongoing_or_gone(store: duckdb.DuckDBPyConnection) -> None:
    telling = failing(Telling(), "before", -1_000, "old and gone")
    failing(failing(telling, "still 1", -900, "still there"), "still 2", 10, "still there")
    failing(telling, "new", 20, "never seen")
    telling.span("in time to compare", "agent", -HOUR, trace="oldest")
    keep(store, telling)
    found = {row["pattern"]: row for row in ask(store, "error_groups")}
    assert {said: row["state"] for said, row in found.items()} == {
        "old and gone": "gone",
        "still there": "ongoing",
        "never seen": "new",
    }
    still = found["still there"]
    assert (still["run_count"], still["run_count_before"], still["trend"]) == (1, 1, [1])
    assert (found["old and gone"]["run_count"], found["old and gone"]["trend"]) == (0, [0])


def test_nothing_is_new_where_nothing_came_before(store: duckdb.DuckDBPyConnection) -> None:
    keep(store, failing(Telling(), "a", 10))
    row = group(store)
    assert (row["state"], row["run_count_before"]) == ("ongoing", None)


def test_a_resolved_group_that_is_seen_again_is_regressed(store: duckdb.DuckDBPyConnection) -> None:
    keep(store, failing(Telling(), "a", 0))
    fingerprint = group(store)["fingerprint"]
    mark(store, "resolved", 100, fingerprint=fingerprint, state="resolved")
    assert (group(store)["state"], group(store)["is_resolved"]) == ("ongoing", True)
    keep(store, failing(Telling(), "b", 200))
    assert (group(store)["state"], group(store)["comeback_count"]) == ("regressed", 1)
    mark(store, "resolved again", 300, fingerprint=fingerprint, state="resolved")
    assert group(store)["state"] == "ongoing"
    mark(store, "open", 400, fingerprint=fingerprint, state="open")
    assert (group(store)["is_resolved"], group(store)["resolved_at"]) == (False, None)


@pytest.mark.parametrize(
    ("release", "state"), [("1.0", "ongoing"), ("1.1", "regressed"), ("1.2", "regressed"), (None, "regressed")]
)
def test_resolved_in_a_release_older_ones_may_still_fail(
    store: duckdb.DuckDBPyConnection, release: str | None, state: str
) -> None:
    telling = failing(Telling(), "old", 0, service_version="1.0")
    telling.span("fixed", "agent", 50, trace="fixed", service_version="1.1")
    keep(store, telling)
    fingerprint = group(store)["fingerprint"]
    mark(store, "resolved", 100, fingerprint=fingerprint, state="resolved", release="1.1")
    keep(store, failing(Telling(), "later", 200, service_version=release))
    assert group(store)["state"] == state


def test_the_last_word_of_each_kind_holds(store: duckdb.DuckDBPyConnection) -> None:
    keep(store, failing(Telling(), "a", 0))
    fingerprint = group(store)["fingerprint"]
    mark(store, "1", 10, note="look at the index", fingerprint=fingerprint, assigned_to="kim", by="lee")
    mark(store, "2", 20, fingerprint=fingerprint, assigned_to="sam=1")
    mark(store, "of another", 30, note="not this", fingerprint="0" * 16, assigned_to="nobody")
    mark(store, "of none", 30, note="not this")
    row = group(store)
    assert (row["assigned_to"], row["note"], row["mark_count"]) == ("sam=1", "look at the index", 2)
    mark(store, "3", 40, fingerprint=fingerprint, assigned_to="")
    assert group(store)["assigned_to"] is None
    history = questions.error_marks(Database(store), "default", fingerprint).to_pylist()
    assert [(act["assigned_to"], act["marked_by"]) for act in history] == [("", None), ("sam=1", None), ("kim", "lee")]


def test_the_runs_of_a_group_lead_to_their_failed_step_newest_first(store: duckdb.DuckDBPyConnection) -> None:
    telling = failing(failing(Telling(), "a", 0), "b", 10)
    telling.span("b tool again", "tool", 13, trace="b", under="b agent", tool_name="find", is_error=True,
                 error_type="Gone", error_message="gone")  # fmt: skip
    keep(store, failing(telling, "other", 20, "something else"))
    database, fingerprint = Database(store), ask(store, "error_groups")[0]["fingerprint"]
    first = questions.error_runs(database, window(), fingerprint, limit=1)
    second = questions.error_runs(database, window(), fingerprint, limit=1, after=first.next)
    (newer,), (older,) = first.rows.to_pylist(), second.rows.to_pylist()
    assert (newer["run_id"], newer["step_id"], newer["error_count"]) == (trace_hex("b"), step_hex("b tool again"), 2)
    assert (older["run_id"], second.next) == (trace_hex("a"), None)


def releases(store: duckdb.DuckDBPyConnection, *told: tuple[str, int, int]) -> dict[str, dict[str, Any]]:
    """The rows of releases told as version, runs that failed, runs that did not; one after the other."""
    telling, at = Telling(), 0
    for version, failed, fine in told:
        for number in range(failed + fine):
            run = f"{version} {number}"
            telling.span(run, "agent", at, trace=run, service_version=version, is_error=number < failed)
            at += 2
    keep(store, telling)
    return {row["service_version"]: row for row in ask(store, "error_releases")}


def test_the_first_bad_release_is_named(store: duckdb.DuckDBPyConnection) -> None:
    found = releases(store, ("1", 2, 38), ("2", 10, 20), ("3", 28, 2), ("4", 0, 10))
    assert {version: (row["is_worse"], row["is_first_bad"]) for version, row in found.items()} == {
        "1": (False, False),
        "2": (True, True),
        "3": (True, False),
        "4": (False, False),
    }
    second = found["2"]
    assert (second["error_count"], second["ended_count"], second["previous_version"]) == (10, 30, "1")
    assert (second["previous_error_count"], second["previous_ended_count"]) == (2, 40)
    assert second["z"] == pytest.approx(3.1127, abs=1e-4)  # 10/30 against 2/40, pooled 12/70


def test_few_errors_blame_no_release(store: duckdb.DuckDBPyConnection) -> None:
    found = releases(store, ("1", 0, 30), ("2", 2, 0), ("3", 2, 28))
    assert not any(row["is_worse"] for row in found.values())
    assert found["1"]["z"] is None


def test_no_change_is_told_against_a_window_that_is_known_in_part() -> None:
    """See also what the questions make of it: none has a row or column of the window before."""
    (row,) = told("compared")
    assert (row["is_compared"], row["first_run_at"]) == (False, "2026-11-20T08:20:00.000000000Z")
    assert [row["window"] for row in told("error_totals")] == ["asked"]


def test_the_errors_of_the_samples_are_those_counted_by_hand() -> None:
    (totals,) = told("error_totals")
    ended = [fact for fact in FACTS if fact["status"] in ("ok", "error", "abandoned")]
    assert (totals["error_count"], totals["ended_count"]) == (1, len(ended))
    assert totals["step_error_count"] == total("failed")
    assert sum(row["step_error_count"] for row in told("error_trend")) == totals["step_error_count"]
    # Of tool-failure-fatal's three, agent and workflow pass on what the tool failed with.
    assert sum(row["error_count"] for row in told("error_groups")) == total("failed") - 2
    (run,) = told("error_runs")
    assert (run["workflow_name"], run["error_type"]) == ("invoice-posting", "LedgerUnavailableError")
