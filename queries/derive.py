"""Derives steps, runs, approvals and corrections from records: gather what belongs together, then one SQL file a noun.

Everything happens in temporary tables of the connection given, so that summaries and live questions share one way.
"""

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

_WORDS = ("normal_json", "with_changes", "reads_refused", "reads_blocked", "reads_failed")
_STEPS = (
    "twins",
    "leaders",
    "merged",
    "calls",
    "asked_calls",
    "told_results",
    "steps",
    "unspanned_calls",
    "reordered",
)
_RUNS = ("questions", "approvals", "settled", "corrections", "runs")


def derive_steps(connection: duckdb.DuckDBPyConnection, neighbours: int) -> None:
    """Fill temporary table `derived_steps` with every step of the runs that table `seeds` names, of as many runs
    before and after in their conversations, and of those that asked for or answered the same tool calls."""
    _gather(connection, neighbours)
    _run(connection, "homes", "nodes")
    nodes = connection.execute("from nodes order by node").pl()
    connection.register("walked", walk(nodes, ABOVE, BELOW))
    _run(connection, "tree", *_WORDS, *_STEPS)
    connection.unregister("walked")


def derive_runs(connection: duckdb.DuckDBPyConnection, neighbours: int) -> None:
    """Fill `derived_steps`, `derived_approvals`, `derived_corrections` and `derived_runs` for table `seeds`."""
    derive_steps(connection, neighbours)
    _run(connection, *_RUNS)


def drop_derived(connection: duckdb.DuckDBPyConnection) -> None:
    """Give back the memory of the temporary tables that hold a row per record."""
    for table in ("records", "nodes", "tree", "calls", "merged", "derived_steps"):
        connection.execute(f"drop table if exists temp.{table}")


def _gather(connection: duckdb.DuckDBPyConnection, neighbours: int) -> None:
    """Fill temporary table `records` with all records of the seeds' runs and of the runs beside them."""
    _run(connection, "found_none", "scope_traces", "scope_keys", "scope_conversations", "linked_none")
    since, until = _one(connection, "select min(since), max(until) from seeds")
    reach = {
        "since": max(0, since - _NEIGHBOURHOOD_NS),
        "until": min(LATEST_NS, until + _NEIGHBOURHOOD_NS),
        "neighbours": neighbours,
    }
    for _ in range(_ROUNDS):
        run(connection, "derivation/scope_runs", reach)
        _run(connection, "grow_traces", "grow_keys")
        size = _scope_size(connection)
        _find_records(connection)
        _run(connection, "call_ids")
        run(connection, "derivation/linked_runs", reach)
        _run(connection, "scope_conversations", "grow_traces", "grow_keys")
        if _scope_size(connection) == size:
            break
    _read_records(connection)
    _hear_messages(connection)


def _find_records(connection: duckdb.DuckDBPyConnection) -> None:
    intervals = ask(connection, "derivation/intervals").fetchall()
    _run(connection, "found_none")
    for since, until in intervals:
        run(connection, "derivation/found", {"since": since, "until": until})


def _scope_size(connection: duckdb.DuckDBPyConnection) -> tuple[int, ...]:
    return _one(
        connection,
        "select (select count(*) from scope_traces), (select count(*) from scope_keys),"
        " (select count(*) from scope_conversations), (select count(*) from linked_runs)",
    )


def _read_records(connection: duckdb.DuckDBPyConnection) -> None:
    _run(connection, "records_none")
    for first_row, last_row in ask(connection, "derivation/found_ranges").fetchall():
        run(connection, "derivation/records", {"first_row": first_row, "last_row": last_row})


def _hear_messages(connection: duckdb.DuckDBPyConnection) -> None:
    _run(connection, "speech_none")
    for since, until in ask(connection, "derivation/intervals").fetchall():
        run(connection, "derivation/speech", {"since": since, "until": until})
    _run(connection, "hear")


def _run(connection: duckdb.DuckDBPyConnection, *names: str) -> None:
    for name in names:
        run(connection, f"derivation/{name}")


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    row = connection.execute(sql).fetchone()
    if row is None:
        raise RuntimeError("a count gave no row")
    return row
