"""A large store from a small one, by SQL: every row again and again, with other ids and somewhat later times.

Faster than taking the same telemetry in, and the same to whoever asks: each copy of a run has ids, a conversation and
tool calls of its own, lies between the next two runs of the small store, and its rows stand in the files where they
would have been appended, hour by hour. Only the packed records keep the ids and times that they had. Numbers in texts,
and so what a search finds, are repeated.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb

from bench.telemetry import DAY_NS, WEEK_BEGINS_NS, WEEK_DAYS

_HOUR_NS = 3_600 * 10**9
_ROWS_AT_ONCE = 150_000

# When the rows of a table happened: the first of these that it has. Those without are few and go in as they are.
_TIMES = ("started_at", "requested_at", "corrected_at", "logged_at", "measured_at", "happened_at")
_TRACE_IDS = ("trace_id", "run_id")
_OTHER_IDS = ("conversation_id", "tool_call_id", "response_id", "approval_id", "correction_id", "run_key")
_COUNTED = {"block_id": "content_blocks", "batch_id": "ingest_batches"}  # and the table that has each of them

# One row serves all copies.
_SHARED = ("resources", "scopes")

# A packed block tells its day alone; its place in the file is where its first span came.
_BLOCKS = """
create temp table blocks as
select content_blocks.*, happened.happened_at
from small.content_blocks
inner join (select block_id, min(started_at) as happened_at from small.spans group by block_id) as happened
    using (block_id)
"""


def multiply(source: Path, connection: duckdb.DuckDBPyConnection, copies: int, run_count: int) -> Iterator[float]:
    """Fill an empty store with so many copies of one that holds `run_count` runs spread over the week.

    Gives the share that is done, now and then.
    """
    connection.execute(f"attach '{source}' as small (read_only)")
    connection.execute("create temp table copies as select range as copy from range($copies)", {"copies": copies})
    connection.execute(_BLOCKS)
    step_ns = WEEK_DAYS * DAY_NS // run_count // copies
    timed = []
    for table, columns in _tables(connection).items():
        if table in _SHARED:
            connection.execute(f"insert into {table} by name from small.{table}")
            continue
        if table == "content_blocks":
            columns["happened_at"] = "TIMESTAMP_NS"
        selected = ", ".join(
            f"{_moved(connection, table, name, kind, step_ns)} as {name}" for name, kind in columns.items()
        )
        time = next((name for name in _TIMES if name in columns), None)
        if time is None:
            connection.execute(f"insert into {table} by name select {selected} from small.{table}, copies")
        else:
            timed.append((table, selected, time))
    window_ns = _window_ns(connection, copies)
    begins = range(WEEK_BEGINS_NS, WEEK_BEGINS_NS + (WEEK_DAYS + 1) * DAY_NS, window_ns)
    for since_ns in begins:
        for table, selected, time in timed:
            _insert(connection, table, selected, time, (since_ns, since_ns + window_ns), step_ns * copies)
        yield (since_ns + window_ns - begins.start) / (begins.stop - begins.start)
    connection.execute("detach small")
    connection.execute("drop table copies")
    connection.execute("drop table blocks")
    connection.execute("checkpoint")


def _window_ns(connection: duckdb.DuckDBPyConnection, copies: int) -> int:
    """What goes in at once: a part of a day, few enough rows to be sorted in memory."""
    rows = connection.execute("select count(*) from small.spans").fetchall()[0][0] * copies
    hours = next((hours for hours in (24, 12, 6, 3, 1) if rows * hours / (WEEK_DAYS * 24) <= _ROWS_AT_ONCE), 1)
    return hours * _HOUR_NS


def _tables(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Every table of the small store that belongs to a project, as name → column → type."""
    rows = connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where database_name = 'small' and table_name in (select table_name from duckdb_tables()) "
        "order by table_name, column_index"
    ).fetchall()
    tables: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        tables.setdefault(str(table), {})[str(column)] = str(kind)
    return {table: columns for table, columns in tables.items() if "project" in columns}


def _insert(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    selected: str,
    time: str,
    window_ns: tuple[int, int],
    longest_shift_ns: int,
) -> None:
    """What the copies of a table have in the window, in the order in which it happened."""
    since_ns, until_ns = window_ns
    source, kept = ("blocks", "* exclude (happened_at)") if table == "content_blocks" else (f"small.{table}", "*")
    connection.execute(
        f"""
        insert into {table} by name
        select {kept}
        from (select {selected} from {source} as {table}, copies where {table}.{time} >= make_timestamp_ns($earliest_ns)
            and {table}.{time} < make_timestamp_ns($until_ns))
        where {time} >= make_timestamp_ns($since_ns) and {time} < make_timestamp_ns($until_ns)
        order by {time}
        """,
        {"earliest_ns": since_ns - longest_shift_ns, "since_ns": since_ns, "until_ns": until_ns},
    )


def _moved(connection: duckdb.DuckDBPyConnection, table: str, name: str, kind: str, step_ns: int) -> str:
    """A column's value in a copy."""
    column = f"{table}.{name}"
    if kind == "TIMESTAMP_NS":
        return f"make_timestamp_ns(epoch_ns({column}) + copy * {step_ns})"
    if name in _COUNTED:
        owner = _COUNTED[name]
        stride = connection.execute(f"select max({name}) + 1 from small.{owner}").fetchall()[0][0]
        return f"{column} + copy * {stride}"
    if name in _TRACE_IDS:
        return _with_first_digits(column) if kind == "VARCHAR" else f"unhex({_with_first_digits(f'hex({column})')})"
    if name == "trace_ids":
        return f"list_transform({column}, lambda id: {_with_first_digits('id')})"
    if name in _OTHER_IDS:
        return f"{column} || '~' || copy"
    if kind.startswith("STRUCT(id VARCHAR") and kind.endswith("[]"):
        return f"list_transform({column}, lambda call: struct_update(call, id := call.id || '~' || copy))"
    return column


def _with_first_digits(digits: str) -> str:
    return f"printf('%08x', copy) || substr({digits}, 9)"
