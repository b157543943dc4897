"""What the steps of a run are called, and what is said of odd ones."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from pages.shared import steps

START = datetime(2026, 1, 1, tzinfo=UTC)
STEP: dict[str, Any] = {
    "step_id": "a",
    "order": 1,
    "kind": "llm",
    "name": "chat",
    "tool_name": None,
    "agent_name": None,
    "requested_model": None,
    "served_model": None,
    "counted": True,
    "status": "ok",
    "started_at": START,
    "duration_ms": 10.0,
    "flaws": [],
}
TYPES = {
    "tool_name": pl.String,
    "agent_name": pl.String,
    "requested_model": pl.String,
    "served_model": pl.String,
    "flaws": pl.List(pl.String),
    "started_at": pl.Datetime("ns", "UTC"),
    "duration_ms": pl.Float64,
}


def described(*changes: dict[str, Any]) -> pl.DataFrame:
    rows = [STEP | {"step_id": str(at), "order": at} | change for at, change in enumerate(changes)]
    return steps.described(pl.DataFrame(rows, schema_overrides=TYPES))


def test_a_step_is_called_by_what_it_used() -> None:
    frame = described(
        {"kind": "tool", "tool_name": "search"},
        {"kind": "llm", "requested_model": "gpt", "served_model": "gpt-1"},
        {"kind": "llm", "requested_model": "gpt"},
        {"kind": "agent", "agent_name": "planner"},
        {"kind": "other", "tool_name": "search"},
    )
    assert frame["label"].to_list() == ["search", "gpt-1", "gpt", "planner", "chat"]


def test_odd_steps_say_what_is_odd() -> None:
    frame = described({}, {"flaws": ["orphan"]}, {"flaws": ["cycle"], "counted": False}, {"flaws": ["unread:cost_usd"]})
    assert frame["note"].to_list() == [
        None,
        "its parent never arrived",
        "its parents lead back to itself; a wrapper or repetition, not counted",
        "unread:cost_usd",
    ]


def test_times_are_since_the_first_start_whatever_the_order() -> None:
    frame = described({"started_at": START + timedelta(milliseconds=7)}, {"duration_ms": 2.5}, {"started_at": None})
    assert frame["start_ms"].to_list() == [7.0, 0.0, None]
    assert steps.end_ms(frame) == 17.0


def test_routes_count_each_counted_call_once() -> None:
    route = {"requested_model": "gpt", "served_model": "gpt-1"}
    frame = described(route, route, route | {"counted": False}, {"served_model": "gpt"}, {"requested_model": "gpt"}, {})
    assert steps.routes(frame) == ["gpt → gpt-1 ×2", "gpt ×2", "unknown model ×1"]


def test_the_step_that_explains_the_run_is_opened_first() -> None:
    frame = described({}, {"status": "error"}, {"status": "error"}, {"status": "pending"})
    assert steps.first_to_open({"status": "error", "error_step_id": "1"}, frame) == "1"
    assert steps.first_to_open({"status": "error", "error_step_id": None}, frame) == "2"
    assert steps.first_to_open({"status": "waiting", "error_step_id": None}, frame) == "3"
    assert steps.first_to_open({"status": "ok", "error_step_id": None}, frame) == "0"
    assert steps.first_to_open({"status": "ok", "error_step_id": None}, frame.clear()) is None
