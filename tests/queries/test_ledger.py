"""What the ledger and the records tell of losses, counted by hand in tiny stores."""

from typing import Any

import duckdb
import pytest

from queries import questions
from queries.database import Database
from tests.queries.records import SECOND, START_NS, Telling, empty_store, insert

HOUR, MINUTE = 3_600, 60
NOW_NS = START_NS + 20 * HOUR * SECOND
WINDOW = (START_NS - SECOND, NOW_NS)


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    return empty_store()


def commit(connection: duckdb.DuckDBPyConnection, at_seconds: float, service: str, **columns: Any) -> None:
    """One batch of one span on the ledger, arrived two seconds before its commit."""
    entry = {
        "batch_id": 1,
        "project": "default",
        "signal": "span",
        "received_at": START_NS + round((at_seconds - 2) * SECOND),
        "committed_at": START_NS + round(at_seconds * SECOND),
        "request_count": 1,
        "body_bytes": 100,
        "received_count": 1,
        "stored_count": 1,
        **dict.fromkeys(("duplicate_count", "conflicting_count", "unread_count", "rejected_count"), 0),
        **dict.fromkeys(("flawed_count", "unmapped_count", "unpriced_count"), 0),
        "rejected_reasons": [],
        "redacted_counts": [],
        "services": [service],
        **columns,
    }
    times = {name: f"make_timestamp_ns(${name})" for name in ("received_at", "committed_at")}
    values = ", ".join(f"{times.get(name, f'${name}')} as {name}" for name in entry)
    connection.execute(f"insert into ingest_batches by name select {values}", entry)


def pairs(**counts: int) -> list[dict[str, str | int]]:
    return [{"name": name, "count": count} for name, count in counts.items()]


def test_late_is_more_than_five_minutes_and_ahead_more_than_one(connection: duckdb.DuckDBPyConnection) -> None:
    told = Telling()
    for number, late_s in enumerate((0, 299, 300, 301, 7_200, -59, -61)):
        ended_ns = START_NS + 1 * SECOND
        told.span(f"s{number}", service_name="shop", received_at=ended_ns + late_s * SECOND)
    told.span("open", service_name="shop", ended_at=None, received_at=START_NS + 400 * SECOND)
    insert(connection, told.rows)
    (row,) = questions.ingest_late(Database(connection), "default", START_NS - HOUR * SECOND, NOW_NS).to_pylist()
    assert (row["record_count"], row["late_count"], row["ahead_count"]) == (8, 3, 1)  # the open one by its start
    assert (row["late_rate"], row["max_late_s"]) == (3 / 8, 7_200)


def test_a_service_is_silent_after_twice_its_longest_pause(connection: duckdb.DuckDBPyConnection) -> None:
    for minute in (0, 30, 60, 120):
        commit(connection, minute * MINUTE, "shop")
    for minute in range(0, 1_190, 10):
        commit(connection, minute * MINUTE, "desk")
    commit(connection, 0, "once")
    services = questions.ingest_services(Database(connection), "default", *WINDOW).to_pylist()
    assert {row["service_name"]: row["is_silent"] for row in services} == {"shop": True, "desk": False, "once": False}
    (shop,) = [row for row in services if row["service_name"] == "shop"]
    assert (shop["longest_pause_s"], shop["silent_s"]) == (HOUR, 18 * HOUR)
    just_before = START_NS + (4 * HOUR - 1) * SECOND
    before = questions.ingest_services(Database(connection), "default", START_NS, just_before).to_pylist()
    assert not any(row["is_silent"] for row in before)


def test_health_tells_the_refused_of_a_day_and_who_fell_silent_last(connection: duckdb.DuckDBPyConnection) -> None:
    commit(connection, -5 * HOUR, "shop", rejected_reasons=pairs(old=9))  # more than a day before now
    for hour in (0, 1, 2):
        commit(connection, hour * HOUR, "shop")
        commit(connection, (hour + 1) * HOUR, "desk")
    commit(
        connection, 19.5 * HOUR, "late", stored_count=0, rejected_reasons=pairs(no_id=2, **{"undecodable request": 1})
    )
    (row,) = questions.ingest_health(Database(connection), "default", NOW_NS).to_pylist()
    assert (row["stored_count"], row["refused_count"], row["unread_count"]) == (6, 3, 0)
    assert (row["silent_count"], row["silent_service"], row["silent_s"]) == (2, "desk", 17 * HOUR)
    assert row["since_last_s"] == HOUR / 2
    (nothing,) = questions.ingest_health(Database(connection), "other", NOW_NS).to_pylist()
    assert (nothing["last_commit_at"], nothing["stored_count"], nothing["silent_count"]) == (None, 0, 0)


def test_refusals_and_secrets_are_added_up_by_reason_and_by_who_may_have_sent_them(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    database = Database(connection)
    commit(connection, 1, "shop", rejected_reasons=pairs(no_id=2), redacted_counts=pairs(openai_key=2))
    commit(connection, 2, "shop", rejected_reasons=pairs(no_id=1, too_old=1), redacted_counts=pairs(openai_key=1))
    commit(connection, 3, "", services=["desk", "shop"], redacted_counts=pairs(openai_key=5))
    commit(connection, 4, "", services=["desk", "shop"], redacted_counts=pairs(**{"openai_key@shop": 2, "email@": 1}))
    rejections = questions.ingest_rejections(database, "default", *WINDOW).to_pylist()
    assert [(row["reason"], row["refused_count"], row["batch_count"]) for row in rejections] == [
        ("no_id", 3, 2),
        ("too_old", 1, 1),
    ]
    redactions = questions.ingest_redactions(database, "default", *WINDOW).to_pylist()
    assert [(row["rule"], row["services"], row["value_count"]) for row in redactions] == [
        ("openai_key", ["desk", "shop"], 5),
        ("openai_key", ["shop"], 5),
        ("email", [], 1),
    ]
    (times,) = questions.ingest_times(database, "default", *WINDOW).to_pylist()
    assert (times["batch_count"], times["p50_commit_ms"], times["max_commit_ms"]) == (4, 2_000, 2_000)


def test_what_a_day_added_is_told_by_its_records(connection: duckdb.DuckDBPyConnection) -> None:
    database = Database(connection)
    commit(connection, 0, "shop", received_count=4, stored_count=3, body_bytes=1_000)
    commit(connection, 48 * HOUR, "shop", received_count=1, stored_count=1)
    growth = questions.ingest_growth(database, "default", START_NS, START_NS + 96 * HOUR * SECOND).to_pylist()
    assert [(row["stored_count"], row["body_bytes"], row["body_bytes_per_record"]) for row in growth] == [
        (3, 1_000, 250),
        (1, 100, 100),
    ]
    (store,) = questions.ingest_store(database, 4_000, 7).to_pylist()
    assert (store["stored_count"], store["bytes_per_record"], store["waiting_bytes"]) == (4, 1_000, 7)


def test_spans_of_no_known_kind_and_attributes_that_nothing_reads_are_listed(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    told = Telling()
    told.span("GET /", service_name="shop", labels=["http.route=/", "net.peer=a"], dialects=[])
    told.span("known", dialects=["openinference"], labels=["llm.model_name=m"])
    insert(connection, told.rows)
    database = Database(connection)
    (row,) = questions.ingest_unmapped(database, "default", *WINDOW).to_pylist()
    assert (row["name"], row["span_count"], row["keys"]) == ("GET /", 1, ["http.route", "net.peer"])
    connection.execute(
        "insert into runs by name select 'default' as project, 'r' as run_id, $labels as labels, "
        "make_timestamp_ns($at) as started_at, [] as trace_ids, [] as agent_names, [] as service_names, "
        "false as has_root, 0 as pending_count, false as continued, 1 as step_count, 0 as llm_call_count, "
        "0 as tool_call_count, 0 as error_count, 0 as unpriced_count, 0 as approval_count, 0 as correction_count, "
        "[] as models, [] as requested_models, [] as tool_names, [] as offered_tools, [] as dialects, [] as flaws",
        {"labels": ["gen_ai.prompt.0.role=user", "my.tag=1", "user.id=u"], "at": START_NS},
    )
    keys = questions.ingest_attributes(database, "default", *WINDOW, ["gen_ai.prompt.*", "user.id"]).to_pylist()
    assert keys == [{"project": "default", "key": "my.tag", "run_count": 1}]
