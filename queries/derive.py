"""Derives steps, runs, approvals and corrections from records: gather what belongs together, then one SQL file a noun.

Everything happens in temporary tables of the connection given, so that summaries and live questions share one way.
Texts and lists are most of a record and decide little: they are left in `spans` until the steps are written.
"""

from collections.abc import Sequence

import duckdb

from queries.statements import ask, run
from queries.trees import walk

# An answer given later than this is not looked for; a trace's plumbing further away than a day may be missed.
_NEIGHBOURHOOD_NS = 7 * 86_400 * 10**9
LATEST_NS = 2**63 - 2

# How far the scope can spread: seeds to traces, to keys, to conversations, to neighbours, to their traces.
_ROUNDS = 8

ABOVE = {
    "agent_node": "names_agent",
    "boundary_node": "is_boundary",
    "metered_node": "is_metered_boundary",
    "named_node": "is_named_boundary",
    "tool_node": "is_tool",
}
BELOW = {"usage_below": "has_usage", "acts_below": "acts", "waits_below": "waits"}

_WORDS = ("normal_json", "with_changes", "reads_refused", "reads_blocked", "reads_failed", "is_answer")

# First and last row of stretches of `spans`, and first and last nanosecond of times.
_Ranges = Sequence[tuple[int, int]]


def derive_steps(connection: duckdb.DuckDBPyConnection, neighbours: int) -> None:
    """Fill temporary table `derived_steps` with every step of the runs that table `seeds` names, of as many runs
    before and after in their conversations, and of those that asked for or answered the same tool calls."""
    ranges = _gather(connection, neighbours)
    _run(connection, *_WORDS, "homes", "nodes")
    nodes = connection.execute("from nodes order by node").pl()
    connection.register("walked", walk(nodes, ABOVE, BELOW))
    _run(connection, "tree")
    connection.unregister("walked")
    _find_twins(connection, ranges)
    _run(connection, "calls", "asked_calls_none", "told_results_none", "steps_none")
    _run_in(connection, ranges, "asked_calls", "told_results")
    _run_in(connection, ranges, "steps")
    if _count(connection, "unspanned"):
        _run(connection, "unspanned_calls", "reordered")


def derive_runs(connection: duckdb.DuckDBPyConnection, neighbours: int) -> None:
    """Fill `derived_steps`, `derived_approvals`, `derived_corrections` and `derived_runs` for table `seeds`."""
    derive_steps(connection, neighbours)
    _run(connection, "questions_none", "approvals_none", "corrections_none")
    if _count(connection, "unanswered") + _one(connection, "derivation/asking_steps"):
        _run(connection, "questions", "approvals", "settled")
    if _one(connection, "derivation/corrected_steps"):
        _run(connection, "corrections")
    _run(connection, "run_lists", "runs")


def drop_derived(connection: duckdb.DuckDBPyConnection) -> None:
    """Give back the memory of the temporary tables that hold a row per record."""
    for table in ("records", "mentions", "homes", "nodes", "tree", "calls", "derived_steps"):
        connection.execute(f"drop table if exists temp.{table}")


def _gather(connection: duckdb.DuckDBPyConnection, neighbours: int) -> _Ranges:
    """Fill temporary table `records` with all records of the seeds' runs and of the runs beside them.

    Returns the stretches of `spans` that they lie in.
    """
    _run(connection, "found_none", "scope_traces", "scope_keys", "scope_conversations", "linked_none")
    since, until = _row(connection, "select min(since), max(until) from seeds")
    reach = {
        "since": max(0, since - _NEIGHBOURHOOD_NS),
        "until": min(LATEST_NS, until + _NEIGHBOURHOOD_NS),
        "neighbours": neighbours,
    }
    for _ in range(_ROUNDS):
        run(connection, "derivation/scope_runs", reach)
        _run(connection, "grow_traces", "grow_keys")
        size = _scope_size(connection)
        times = ask(connection, "derivation/intervals").fetchall()
        ranges = _find_records(connection, times)
        run(connection, "derivation/linked_runs", reach)
        _run(connection, "scope_conversations", "grow_traces", "grow_keys")
        if _scope_size(connection) == size:
            break
    _run(connection, "records_none", "oversight_none")
    _run_in(connection, ranges, "records", "oversight")
    _hear_messages(connection, times)
    return ranges


def _find_records(connection: duckdb.DuckDBPyConnection, times: _Ranges) -> _Ranges:
    _run(connection, "found_none", "mentions_none", "found_untimed")
    for since, until in times:
        run(connection, "derivation/found", {"since": since, "until": until})
    ranges = ask(connection, "derivation/found_ranges").fetchall()
    _run_in(connection, ranges, "mentions")
    _run(connection, "call_ids")
    return ranges


def _scope_size(connection: duckdb.DuckDBPyConnection) -> tuple[int, ...]:
    return _row(
        connection,
        "select (select count(*) from scope_traces), (select count(*) from scope_keys),"
        " (select count(*) from scope_conversations), (select count(*) from linked_runs)",
    )


def _hear_messages(connection: duckdb.DuckDBPyConnection, times: _Ranges) -> None:
    """Fill `heard` with what log records say in the name of model calls."""
    _run(connection, "speech_none", "heard_none")
    for since, until in times:
        run(connection, "derivation/speech", {"since": since, "until": until})
    if _row(connection, "select count(*) from speech")[0]:
        _run(connection, "heard", "mentions_heard")


def _find_twins(connection: duckdb.DuckDBPyConnection, ranges: _Ranges) -> None:
    """Fill `leaders` and `merged` where several records tell of one call, which they rarely do."""
    _run(connection, "leaders_none", "merged_none")
    if _count(connection, "suspects") and _count(connection, "twins"):
        _run(connection, "leaders", "twin_records_none")
        _run_in(connection, ranges, "twin_records")
        _run(connection, "merged")


def _run(connection: duckdb.DuckDBPyConnection, *names: str) -> None:
    for name in names:
        run(connection, f"derivation/{name}")


def _run_in(connection: duckdb.DuckDBPyConnection, ranges: _Ranges, *names: str) -> None:
    for first_row, last_row in ranges:
        for name in names:
            run(connection, f"derivation/{name}", {"first_row": first_row, "last_row": last_row})


def _count(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    """How many rows the table has that this statement makes."""
    return _one(connection, f"derivation/{name}")


def _one(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    """The one number that this statement gives."""
    row = ask(connection, name).fetchone()
    return int(row[0]) if row else 0


def _row(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    row = connection.execute(sql).fetchone()
    if row is None:
        raise RuntimeError("a count gave no row")
    return row
