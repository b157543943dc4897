"""Makes stored records by hand: a `Telling` collects spans and log records and puts them into a DuckDB of their own."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

SCHEMA = Path(__file__).parents[2] / "ingest" / "schema.sql"

# 2026-11-22 10:00:00 UTC, the first moment of every hand-made story.
START_NS = 1_795_341_600 * 10**9
SECOND = 10**9

_NEVER_NULL: dict[str, Any] = {
    "signal": "span",
    "span_kind": 1,
    "status_code": 0,
    "scope_name": "hand",
    "dialects": [],
    "kind": "other",
    "is_error": False,
    "twin_rank": 0,
    "field_count": 10,
    "labels": [],
    "cut": [],
    "flaws": [],
    "resource_id": 1,
    "scope_id": 1,
    "batch_id": 1,
    "block_id": 1,
    "block_position": 0,
    "record_hash": 0,
    "service_name": "shop",
}


def identity(name: str, size: int) -> bytes:
    """Bytes that stand for a name: the same name is the same id."""
    return hashlib.sha256(name.encode()).digest()[:size]


def trace_hex(name: str) -> str:
    return identity(name, 16).hex()


def step_hex(name: str) -> str:
    return identity(name, 8).hex()


@dataclass
class Telling:
    """Rows of table `spans`, told one by one with times in seconds after `START_NS`."""

    project: str = "default"
    rows: list[dict[str, Any]] = field(default_factory=list)

    def span(
        self,
        name: str,
        kind: str = "other",
        at: float = 0,
        lasts: float = 1,
        *,
        trace: str | None = "t",
        under: str | None = None,
        **columns: Any,
    ) -> "Telling":
        """One record; `name` also names its id, and `under` its parent's."""
        start = START_NS + round(at * SECOND)
        row = {
            **_NEVER_NULL,
            "project": self.project,
            "trace_id": identity(trace, 16) if trace else None,
            "span_id": identity(name, 8),
            "parent_span_id": identity(under, 8) if under else None,
            "started_at": start,
            "ended_at": start + round(lasts * SECOND),
            "duration_ms": lasts * 1000.0,
            "name": name,
            "kind": kind,
            "received_at": start + round(lasts * SECOND),
            **columns,
        }
        if row["kind"] in ("llm", "embedding") and "requested_model" not in columns:
            row["requested_model"] = "gpt-x"
        if row["kind"] == "agent" and "agent_name" not in columns:
            row["agent_name"] = name
        if row["kind"] == "tool" and "tool_name" not in columns:
            row["tool_name"] = name
        for call in row.get("answered_calls") or ():
            call.setdefault("name", None)
            call.setdefault("args", None)
        self.rows.append(row)
        return self

    def log(self, name: str, kind: str, at: float = 0, **columns: Any) -> "Telling":
        """One log record that stands for a step; without a trace unless told one."""
        return self.span(name, kind, at, **{"lasts": 0, "trace": None, "signal": "log", "event_name": name, **columns})


def empty_store(path: Path | str = ":memory:") -> duckdb.DuckDBPyConnection:
    """A store without records, whose statements have a thread each, as in the server."""
    connection = duckdb.connect(str(path), config={"threads": 1})
    connection.execute("set global TimeZone = 'UTC'")
    connection.execute(SCHEMA.read_text())
    return connection


def insert(connection: duckdb.DuckDBPyConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Commit rows of `spans`, their `touched` rows and the ledger's, as the writer does."""
    connection.begin()
    for row in rows:
        _insert_row(connection, "spans", row)
    _enter(connection, rows)
    connection.commit()


def insert_speech(connection: duckdb.DuckDBPyConnection, name: str, at: float, **columns: Any) -> None:
    """Commit a log record that carries messages, and touch its run as the writer does."""
    logged_ns = START_NS + round(at * SECOND)
    told = {
        "project": "default",
        "log_id": int.from_bytes(identity(name, 7)),
        "logged_at": logged_ns,
        "event_name": name,
        "severity_number": 9,
        "severity_text": "INFO",
        "received_at": logged_ns,
        **{key: _NEVER_NULL[key] for key in ("scope_name", "labels", "resource_id", "scope_id", "batch_id")},
        **{key: _NEVER_NULL[key] for key in ("block_id", "block_position")},
        **columns,
    }
    _insert_row(connection, "log_records", told)
    _touch(connection, [{"trace_id": None, **told, "started_at": logged_ns, "ended_at": logged_ns}], 1)


def insert_many(connection: duckdb.DuckDBPyConnection, rows: Sequence[dict[str, Any]]) -> None:
    """As `insert`, fast: for thousands of rows that all bear the same columns of plain types."""
    frame = pl.DataFrame(rows, infer_schema_length=None).with_columns(
        pl.col("started_at", "ended_at", "received_at").cast(pl.Datetime("ns"))
    )
    connection.begin()
    connection.register("told", frame)
    connection.execute("insert into spans by name from told")
    connection.unregister("told")
    _enter(connection, rows)
    connection.commit()


def _enter(connection: duckdb.DuckDBPyConnection, rows: Sequence[dict[str, Any]]) -> None:
    newest = connection.execute("select coalesce(max(batch_id), 0) from ingest_batches").fetchone()
    batch_id = (newest[0] if newest else 0) + 1
    _touch(connection, rows, batch_id)
    for project in {row["project"] for row in rows}:
        mine = [row for row in rows if row["project"] == project]
        times = [row[name] for row in mine for name in ("started_at", "ended_at") if row[name] is not None]
        connection.execute(
            _LEDGER_ROW,
            {
                "batch_id": batch_id,
                "project": project,
                "count": len(mine),
                "services": sorted({row["service_name"] for row in mine if row["service_name"]}),
                "first_ns": min(times, default=None),
                "last_ns": max(times, default=None),
            },
        )


_LEDGER_ROW = """
insert into ingest_batches by name
select
    $batch_id as batch_id, $project as project, 'span' as signal,
    make_timestamp_ns($last_ns) as received_at, make_timestamp_ns($last_ns) as committed_at,
    1 as request_count, 100 as body_bytes, $count as received_count, $count as stored_count,
    0 as duplicate_count, 0 as conflicting_count, 0 as unread_count, 0 as rejected_count, [] as rejected_reasons,
    0 as flawed_count, 0 as unmapped_count, 0 as unpriced_count, [] as redacted_counts, $services as services,
    make_timestamp_ns($first_ns) as first_at, make_timestamp_ns($last_ns) as last_at
"""


def _touch(connection: duckdb.DuckDBPyConnection, rows: Iterable[dict[str, Any]], batch_id: int) -> None:
    touched: dict[tuple[Any, ...], list[int]] = {}
    for row in rows:
        key = (row["project"], row["trace_id"], row.get("run_key"), row.get("conversation_id"))
        touched.setdefault(key, []).extend(value for value in (row["started_at"], row["ended_at"]) if value is not None)
    frame = pl.DataFrame(
        [(*key, min(times, default=None), max(times, default=None), batch_id) for key, times in touched.items()],
        schema={
            "project": pl.String,
            "trace_id": pl.Binary,
            "run_key": pl.String,
            "conversation_id": pl.String,
            "first_at": pl.Int64,
            "last_at": pl.Int64,
            "batch_id": pl.UInt64,
        },
        orient="row",
    ).with_columns(pl.col("first_at", "last_at").cast(pl.Datetime("ns")))
    connection.register("touches", frame)
    connection.execute("insert into touched by name from touches")
    connection.unregister("touches")


def _insert_row(connection: duckdb.DuckDBPyConnection, table: str, row: dict[str, Any]) -> None:
    columns = dict(
        connection.execute(
            "select column_name, data_type from duckdb_columns() where table_name = $table", {"table": table}
        ).fetchall()
    )
    known = {name: value for name, value in row.items() if value is not None}
    assert known.keys() <= columns.keys(), f"no such columns: {known.keys() - columns.keys()}"
    values = ", ".join(_expression(columns[name], f"${name}") for name in known)
    connection.execute(f"insert into {table} ({', '.join(known)}) values ({values})", known)


def _expression(kind: str, parameter: str) -> str:
    return f"make_timestamp_ns({parameter}::bigint)" if kind == "TIMESTAMP_NS" else f"{parameter}::{kind}"
