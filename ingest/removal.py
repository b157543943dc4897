"""Takes records out of the store for good: their rows, their part of the blocks, and all that was derived from them."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl

from ingest.blocks import pack, unpack
from ingest.intake import Signal
from ingest.records import TABLES, TIMES
from ingest.retold import drop_mentions, drop_reports, names_of
from ingest.store import Store

REMOVED_RUN = "belongs to a run that was removed"

_DERIVED = ("steps", "plumbing", "approvals", "corrections", "proposals", "runs", "pins")
_SOURCES = {"resource": "resources", "scope": "scopes"}


@dataclass(frozen=True, slots=True)
class Removal:
    """What goes: the records at `places` (block_id, block_position), and the runs of these ids with what is derived.

    Of the `trace_ids` nothing more is taken in. Raw records that could not be read go if they hold one of `needles`.
    `names` are the conversation and users that all of it is removed for. `reason` is run, conversation, user or
    retention.
    """

    project: str
    reason: str
    places: pl.DataFrame
    run_ids: Sequence[str] = ()
    trace_ids: Sequence[bytes] = ()
    needles: Sequence[bytes] = ()
    names: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Removed:
    """What went: the resources and scopes that nothing refers to any more too, name → (project, id), and the `traces`
    (project, trace_id) of which nothing more is taken in."""

    run_count: int
    record_count: int
    sources: Mapping[str, set[tuple[str, int]]]
    traces: pl.DataFrame


def places(rows: Sequence[tuple[int, int]]) -> pl.DataFrame:
    """`block_id` and `block_position` as `Removal` takes them."""
    return pl.DataFrame(rows, {"block_id": pl.UInt64, "block_position": pl.UInt16}, orient="row").unique()


def remove(store: Store, removal: Removal, batch_id: int) -> Removed:
    """Remove it inside the caller's transaction, which fails with duckdb.TransactionException if a rebuild is at work
    on the same project: it may be writing what follows from the very records."""
    removing = _Removing(store, removal)
    removing.mark_neighbours(batch_id)
    first_at, last_at = removing.extent()
    sources = removing.drop_records()
    removing.drop_raw()
    names = removing.names()
    run_count = removing.drop_derived()
    removing.drop_retold(names, first_at)
    traces = pl.DataFrame({"trace_id": list(removal.trace_ids)}, {"trace_id": pl.Binary})
    traces = traces.select(pl.lit(removal.project).alias("project"), "trace_id")
    removed = Removed(run_count, removing.record_count, removing.drop_sources(sources), traces)
    if run_count or removing.record_count or removal.trace_ids:
        removing.note(batch_id, removed, first_at, last_at)
    return removed


def forget(store: Store, project: str, cuts: Mapping[str, int | None]) -> None:
    """Remove what is kept raw from before the cut of its kind (traces, logs, metrics, in nanoseconds; None: none), and
    the ledger from before all three, as long as there are three."""
    known = {f"{kind}_cut": cut or 0 for kind, cut in cuts.items()}
    ledger_cut = min(known.values())
    for sql in _FORGET:
        parsed = duckdb.extract_statements(sql)[0]
        values = {"project": project, "ledger_cut": ledger_cut} | known
        store.connection.execute(parsed, {name: values[name] for name in parsed.named_parameters})


class _Removing:
    def __init__(self, store: Store, removal: Removal) -> None:
        self._store = store
        self._removal = removal
        self._bound = {"project": removal.project}
        self.record_count = 0

    def mark_neighbours(self, batch_id: int) -> None:
        """What is derived of other runs may follow from these records too: answers and corrections. These are marked
        for the rebuild. Rows that wait for it already are written anew, so that this or a rebuild has to give way.
        """
        project = self._removal.project
        waiting = self._all("delete from touched where project = $project returning *")
        self._store.insert("touched", waiting)
        if self._removal.reason != "retention":
            values = {"project": project, "run_ids": list(self._removal.run_ids), "batch_id": batch_id}
            self._execute(_MARK_NEIGHBOURS, values)

    def extent(self) -> tuple[Any, Any]:
        """When the first and the last of it happened."""
        self._register()
        times = [
            f"select coalesce({time_column}, received_at) as happened_at from {table} t semi join going using "
            f"(block_id, block_position) where {self._near}"
            for table, time_column in ((TABLES[signal], TIMES[signal]) for signal in Signal)
        ]
        runs = (
            "select unnest([started_at, last_activity_at]) from runs "
            "where project = $project and list_contains($run_ids, run_id)"
        )
        row = self._execute(
            f"select min(happened_at), max(happened_at) from ({' union all '.join([*times, runs])})",
            self._bound | {"run_ids": list(self._removal.run_ids)},
        ).fetchone()
        return row if row else (None, None)

    def drop_records(self) -> pl.DataFrame:
        """The rows and their records in the blocks; returns the sources that they came from."""
        if self._removal.places.is_empty():
            return pl.DataFrame(schema={"resource_id": pl.UInt64, "scope_id": pl.UInt64})
        here = f"t.project = $project and {self._near}"
        sources = []
        for table in TABLES.values():
            going = f"from {table} t semi join going using (block_id, block_position) where {here}"
            sources.append(self._all(f"select distinct resource_id, scope_id {going}"))
            rows = f"select t.rowid {going}"  # `returning` would read every column of what goes
            self._execute(f"delete from {table} t where {here} and rowid in ({rows})", self._bound)
        self._rewrite_blocks()
        return pl.concat(sources).unique()

    def _rewrite_blocks(self) -> None:
        """The other records of a block keep their positions: in the place of one that went is nothing."""
        gone = {
            block_id: set(positions)
            for block_id, positions in self._removal.places.group_by("block_id").agg("block_position").iter_rows()
        }
        here = f"project = $project and {self._near} and block_id in (select block_id from going)"
        sql = f"select block_id, record_count from content_blocks t where {here}"
        counts = self._execute(sql, self._bound).fetchall()
        whole = [block_id for block_id, count in counts if count == len(gone[block_id])]  # need not be unpacked
        self.record_count += sum(len(gone[block_id]) for block_id in whole)
        found = self._execute(
            f"select signal, day, block_id, data from content_blocks t where {here} "
            "and not list_contains($whole::ubigint[], block_id)",
            self._bound | {"whole": whole},
        ).fetchall()
        rewritten = (
            self._rewritten(signal, day, block_id, data, gone[block_id]) for signal, day, block_id, data in found
        )
        kept = [row for row in rewritten if row]
        self._execute(f"delete from content_blocks t where {here}", self._bound)
        self._store.insert("content_blocks", pl.DataFrame(kept, schema_overrides=_BLOCK))

    def _rewritten(self, signal: str, day: Any, block_id: int, data: bytes, gone: set[int]) -> dict[str, Any] | None:
        before = unpack(data)
        after = [b"" if position in gone else record for position, record in enumerate(before)]
        self.record_count += sum(bool(record) for record in before) - sum(bool(record) for record in after)
        if not any(after):
            return None
        packed, raw_bytes = pack(after)
        return {
            "project": self._removal.project,
            "signal": signal,
            "day": day,
            "block_id": block_id,
            "record_count": sum(bool(record) for record in after),
            "raw_bytes": raw_bytes,
            "data": packed,
        }

    def drop_raw(self) -> None:
        """What is kept raw: spans whose ids were taken, and records that our code failed on."""
        removal = self._removal
        values = self._bound | {"trace_ids": list(removal.trace_ids)}
        self._execute(
            "delete from span_conflicts where project = $project and list_contains($trace_ids::blob[], trace_id)",
            values,
        )
        needles = [*removal.needles, *removal.trace_ids]
        if not needles:
            return
        unread = self._execute(
            "select rowid, data from unread_records where project = $project", self._bound
        ).fetchall()
        rows = [row for row, data in unread if any(needle in data for needle in needles)]
        self._execute("delete from unread_records where list_contains($rows::bigint[], rowid)", {"rows": rows})

    def drop_derived(self) -> int:
        """How many runs there were."""
        values = self._bound | {"run_ids": list(self._removal.run_ids)}
        if not self._removal.run_ids:
            return 0
        row = self._execute(
            "select count(*) from runs where project = $project and list_contains($run_ids, run_id)", values
        ).fetchone()
        for table in _DERIVED:
            self._execute(
                f"delete from {table} where project = $project and run_id in (select unnest($run_ids::varchar[]))",
                values,
            )
        return int(row[0]) if row else 0

    def names(self) -> set[str]:
        """What the runs are known by, and what all of it is removed for."""
        removal = self._removal
        if removal.reason == "retention":
            return set()
        return {*removal.names, *names_of(self._store.connection, removal.project, list(removal.run_ids))}

    def drop_retold(self, names: set[str], first_at: Any) -> None:
        """What tells of it elsewhere, or is about to. What is old goes untold: reports and alerts are kept longer."""
        if self._removal.reason == "retention":
            return
        self._store.count_removal()
        if first_at is not None:
            drop_reports(self._store.connection, self._removal.project, first_at)
        drop_mentions(self._store.connection, self._removal.project, names)

    def drop_sources(self, candidates: pl.DataFrame) -> dict[str, set[tuple[str, int]]]:
        """Of these resources and scopes, those that no record came from any more."""
        return {name: self._drop_source(name, candidates[f"{name}_id"].unique().to_list()) for name in _SOURCES}

    def _drop_source(self, name: str, ids: list[int]) -> set[tuple[str, int]]:
        used = " union ".join(
            f"select {name}_id from {table} where project = $project and list_contains($ids, {name}_id)"
            for table in (*TABLES.values(), "span_conflicts")
        )
        gone = self._execute(
            f"delete from {_SOURCES[name]} where project = $project and list_contains($ids, {name}_id) "
            f"and {name}_id not in ({used}) returning {name}_id",
            self._bound | {"ids": ids},
        ).fetchall()
        return {(self._removal.project, int(row[0])) for row in gone}

    def note(self, batch_id: int, removed: Removed, first_at: Any, last_at: Any) -> None:
        """That something went, when it had happened, and which traces are not to come back; not what it was."""
        project = self._removal.project
        self._execute(
            "insert into removals values ($project, $batch_id, make_timestamp_ns($now_ns), $reason, $runs, $records, "
            "$first_at::timestamp_ns, $last_at::timestamp_ns)",
            {
                "project": project,
                "batch_id": batch_id,
                "now_ns": time.time_ns(),
                "reason": self._removal.reason,
                "runs": removed.run_count,
                "records": removed.record_count,
                "first_at": first_at,
                "last_at": last_at,
            },
        )
        self._store.insert("removed_traces", removed.traces)

    def _register(self) -> None:
        going = self._removal.places
        self._store.connection.register("going", going.to_arrow(compat_level=pl.CompatLevel.oldest()))
        low, high = (int(going["block_id"].min()), int(going["block_id"].max())) if len(going) else (1, 0)  # type: ignore[arg-type]
        self._near = f"t.block_id between {low} and {high}"

    def _all(self, sql: str) -> pl.DataFrame:
        rows: pl.DataFrame = self._execute(sql, self._bound).pl()
        return rows

    def _execute(self, sql: str, values: dict[str, Any]) -> Any:
        return self._store.connection.execute(sql, values)


_FORGET = (
    "delete from span_conflicts where project = $project and received_at < make_timestamp_ns($traces_cut)",
    "delete from unread_records where project = $project and received_at < make_timestamp_ns("
    "case signal when 'span' then $traces_cut when 'log' then $logs_cut else $metrics_cut end)",
    "delete from ingest_batches where project = $project and committed_at < make_timestamp_ns($ledger_cut)",
    "delete from removals where project = $project and removed_at < make_timestamp_ns($ledger_cut)",
)
_BLOCK: dict[str, Any] = {"block_id": pl.UInt64, "record_count": pl.UInt16, "raw_bytes": pl.UInt32, "day": pl.Date}

# Those of the same conversations, and those that asked for or answered the same tool calls.
_MARK_NEIGHBOURS = """
    insert into touched
    with going as (
        select run_id, conversation_id, started_at, last_activity_at
        from runs
        where project = $project and list_contains($run_ids, run_id)
    ),
    calls as (
        select distinct tool_call_id
        from steps
        where project = $project and run_id in (select run_id from going) and tool_call_id is not null
    ),
    beside as (
        select distinct runs.run_id
        from runs
        inner join going on runs.conversation_id = going.conversation_id
            and runs.started_at <= going.last_activity_at + interval 7 days
            and runs.last_activity_at >= going.started_at - interval 7 days
        where runs.project = $project
        union
        select run_id
        from steps
        where project = $project and tool_call_id in (select tool_call_id from calls)
    )
    select
        project,
        unhex(unnest(case when len(trace_ids) = 0 then [null] else trace_ids end)),
        case when len(trace_ids) > 0 then null when run_id[-17] = ':' then run_id[:-18] else run_id end,
        conversation_id,
        started_at,
        last_activity_at,
        $batch_id
    from runs
    where project = $project and run_id in (select run_id from beside) and run_id not in (select run_id from going)
"""
