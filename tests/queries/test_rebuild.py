"""Summaries follow from the records alone: any order of arrival, any split into commits, gives the same tables."""

import itertools
import random
import threading
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from queries.summaries import LEAST_GATHER_SECONDS, Summaries, rebuild
from tests.queries.conftest import rebuild_all
from tests.queries.records import Telling, empty_store, insert, trace_hex
from tests.queries.test_approvals import deferred, interrupted, resumed

DERIVED = ("runs", "steps", "approvals", "corrections", "proposals")


def tables(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    """What was derived, in an order of its own."""
    return {name: sorted(connection.execute(f"from {name}").fetchall(), key=lambda row: str(row)) for name in DERIVED}


def stories() -> list[dict[str, Any]]:
    """Records of every kind of run that depends on others."""
    story = interrupted()
    resumed_graph = {"trace": "t2", "conversation_id": "c"}
    story.span("graph again", "agent", at=60, lasts=5, approval_decision="rejected", **resumed_graph)
    story.span("send again", "tool", at=61, under="graph again", tool_name="send", **resumed_graph)
    rows = story.rows
    rows += renamed(resumed(deferred(conversation_id="d"), conversation_id="d").rows, "deferred")
    rows += renamed(resumed(deferred(conversation_id=None), conversation_id=None).rows, "linked", calls="9")
    session = {"run_key": "s", "conversation_id": "s"}
    logs = Telling()
    for turn in range(3):
        start = turn * 100
        logs.log(f"{turn}.user_prompt", "human", at=start, input_preview=f"prompt {turn}", **session)
        logs.log(f"{turn}.api_request", "llm", at=start + 1, input_tokens=turn, **session)
        logs.log(f"{turn}.tool_result", "tool", at=start + 2, tool_call_id=f"k{turn}", **session)
    rows += logs.rows
    keyed = Telling().span("key 1", "llm", trace="k1", run_key="p", conversation_id="g")
    keyed.span("key 2", "llm", at=4, trace="k2", run_key="p", conversation_id="g")
    keyed.span("unkeyed", "tool", at=2, trace="k3", conversation_id="g")
    rows += keyed.rows
    mixed = Telling().span("turn 1", "agent", lasts=5, trace="m1", conversation_id="m")
    mixed.span("turn 2", "agent", at=50, lasts=5, trace="m2", conversation_id="m")
    mixed.log("event 1", "llm", at=2, run_key="m", conversation_id="m", input_tokens=3)
    mixed.log("event 2", "llm", at=49, run_key="m", conversation_id="m", input_tokens=4)
    rows += mixed.rows
    wrappers = Telling().span("outer", "llm", lasts=5, trace="w", cost_usd=0.5)
    wrappers.span("inner", "llm", at=1, trace="w", under="outer", input_tokens=5, response_id="r")
    wrappers.span("twin", "llm", at=1, trace="w", under="inner", input_tokens=5, response_id="r", is_error=True)
    return rows + wrappers.rows


def renamed(rows: list[dict[str, Any]], name: str, calls: str = "0") -> list[dict[str, Any]]:
    """The same records with trace and call ids of their own."""

    def call_id(text: str | None) -> str | None:
        return text and text.replace("call_0", f"call_{calls}")

    for row in rows:
        row["trace_id"] = bytes([row["trace_id"][0] ^ len(name)]) + row["trace_id"][1:]
        row["tool_call_id"] = call_id(row.get("tool_call_id"))
        for call in [*(row.get("proposed_calls") or ()), *(row.get("answered_calls") or ())]:
            call["id"] = call_id(call["id"])
    return rows


@pytest.fixture(scope="module")
def at_once() -> dict[str, list[tuple[Any, ...]]]:
    connection = empty_store()
    insert(connection, stories())
    rebuild_all(connection)
    found = tables(connection)
    assert len(found["runs"]) == 13
    assert len(found["approvals"]) == 5
    assert len(found["proposals"]) > 0
    return found


@pytest.mark.parametrize("seed", range(6))
def test_any_order_and_split_gives_the_same_tables(at_once: dict[str, list[tuple[Any, ...]]], seed: int) -> None:
    choose = random.Random(seed)
    rows = stories()
    choose.shuffle(rows)
    connection = empty_store()
    while rows:
        size = choose.randint(1, 12)
        insert(connection, rows[:size])
        del rows[:size]
        if choose.random() < 0.7:
            rebuild(connection, limit=choose.choice([1, 3, 1000]))
    rebuild_all(connection)

    assert tables(connection) == at_once


def test_the_reverse_order_one_record_at_a_time_gives_the_same_tables(
    at_once: dict[str, list[tuple[Any, ...]]],
) -> None:
    connection = empty_store()
    for row in reversed(stories()):
        insert(connection, [row])
        rebuild_all(connection)

    assert tables(connection) == at_once


def test_rebuilding_again_changes_nothing(at_once: dict[str, list[tuple[Any, ...]]]) -> None:
    connection = empty_store()
    for _ in range(2):
        insert(connection, stories()) if not tables(connection)["runs"] else touch_all(connection)
        rebuild_all(connection)

    assert tables(connection) == at_once


def touch_all(connection: duckdb.DuckDBPyConnection) -> None:
    """As a renormalisation does."""
    connection.execute(
        "insert into touched select project, trace_id, run_key, conversation_id, min(started_at), max(ended_at), 1"
        " from spans group by all"
    )


def test_what_is_touched_meanwhile_waits_for_the_next_rebuild(tmp_path: Path) -> None:
    connection = empty_store(tmp_path / "store.duckdb")
    insert(connection, Telling().span("first", "llm", trace="t1").rows)
    other = connection.cursor()
    connection.begin()
    connection.execute("select count(*) from touched").fetchall()
    insert(other, Telling().span("second", "llm", trace="t2").rows)
    connection.commit()

    assert rebuild(connection, limit=1) == 1
    assert connection.execute("select run_id from runs").fetchall() == [(trace_hex("t1"),)]
    assert rebuild(connection) == 1
    assert rebuild(connection) == 0
    assert connection.execute("select count(*) from runs").fetchone() == (2,)


def test_the_summaries_thread_catches_up_when_woken_and_when_started(tmp_path: Path) -> None:
    connection = empty_store(tmp_path / "store.duckdb")
    insert(connection, Telling().span("before", "llm", trace="t1").rows)
    summaries = Summaries(connection.cursor())
    summaries.start()
    try:
        wait_for_runs(connection, 1)
        insert(connection, Telling().span("after", "llm", trace="t2").rows)
        summaries.wake()
        wait_for_runs(connection, 2)
    finally:
        summaries.stop()


def test_what_comes_during_a_rebuild_is_gathered_for_the_next_and_the_lag_is_that_of_what_waits(tmp_path: Path) -> None:
    connection = empty_store(tmp_path / "store.duckdb")
    waits_since: list[float] = []

    def come_again() -> None:
        waits_since.append(time.monotonic() - summaries.lag_seconds())
        if len(waits_since) < 4:
            insert(other, Telling().span("again", "llm", trace=f"t{len(waits_since)}").rows)
            summaries.wake()

    summaries, other = Summaries(connection.cursor(), come_again), connection.cursor()
    summaries.start()
    try:
        wait_for_runs(connection, 3)
    finally:
        summaries.stop()

    assert len(waits_since) == 4
    assert all(later - before > LEAST_GATHER_SECONDS / 2 for before, later in itertools.pairwise(waits_since))


def test_rebuilds_go_on_when_what_is_done_between_them_fails(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise duckdb.IOException("the disk does not answer")

    connection = empty_store(tmp_path / "store.duckdb")
    summaries = Summaries(connection.cursor(), fail)
    summaries.start()
    try:
        for number in (1, 2):
            insert(connection, Telling().span("one", "llm", trace=f"t{number}").rows)
            summaries.wake()
            wait_for_runs(connection, number)
    finally:
        summaries.stop()

    assert "the disk does not answer" in caplog.text


def test_a_trace_that_our_code_fails_on_keeps_no_other_waiting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    connection = empty_store(tmp_path / "store.duckdb")
    insert(connection, Telling().span("poison", "llm", trace="t1").rows)
    connection.execute("update spans set ended_at = 'infinity'")
    insert(connection, Telling().span("healthy", "llm", trace="t2").rows)
    summaries = Summaries(connection.cursor())
    summaries.start()
    try:
        wait_for_runs(connection, 1)
    finally:
        summaries.stop()

    assert connection.execute("select run_id from runs").fetchall() == [(trace_hex("t2"),)]
    assert connection.execute("select count(*) from touched").fetchone() == (0,)
    assert "trace left without summary" in caplog.text


def wait_for_runs(connection: duckdb.DuckDBPyConnection, count: int) -> None:
    tick = threading.Event()
    for _ in range(3000):
        found = connection.execute("select (select count(*) from runs), (select count(*) from touched)").fetchone()
        if found == (count, 0):
            return
        tick.wait(0.01)
    raise AssertionError("the summaries did not catch up within 30 s")


def test_runs_of_one_conversation_are_read_without_the_rest_of_the_store() -> None:
    connection = empty_store()
    insert(connection, Telling().span("one", "agent", trace="t1", conversation_id="c").rows)
    insert(connection, Telling(project="other").span("two", "agent", trace="t1", conversation_id="c").rows)
    rebuild_all(connection)
    insert(connection, Telling().span("three", "agent", at=9, trace="t3", conversation_id="c").rows)
    rebuild_all(connection)

    continued = connection.execute("select project, name, continued from runs order by project, started_at").fetchall()
    assert continued == [("default", "one", True), ("default", "three", False), ("other", "two", False)]
