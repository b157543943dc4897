"""What goes when a run, a conversation or all of a user's data is removed: found here, removed by the writer."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from queries.database import Database
from queries.statements import ask

# So many blocks are rewritten at once that what arrives meanwhile hardly waits.
_BLOCKS_AT_ONCE = 64
_STRING_TAG = 0x0A  # of an OTLP AnyValue
_OF_USERS = re.compile(r"user|account|email|person", re.I)
_OF_CONVERSATIONS = re.compile(r"conversation|session|thread|chat", re.I)
_HEX_TRACE = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One run by its id or a trace id, one conversation, or one user by all the names it goes by in the store.

    `keys` are the attributes that may name a conversation or user.
    """

    project: str
    run_id: str | None = None
    conversation_id: str | None = None
    user_ids: Sequence[str] = ()
    keys: Sequence[str] = ()

    @property
    def reason(self) -> str:
        """run, conversation or user"""
        return "run" if self.run_id else "conversation" if self.conversation_id else "user"

    @property
    def names(self) -> list[str]:
        """The conversation or user, by all names."""
        return [name for name in (self.conversation_id, *self.user_ids) if name]

    @property
    def needles(self) -> list[bytes]:
        """How the conversation or user stands in a record as the value of an attribute."""
        names = [name.encode() for name in self.names]
        return [bytes([_STRING_TAG, *_varint(len(name))]) + name for name in names]

    @property
    def labels(self) -> list[str]:
        """How the conversation or user stands among a record's labels."""
        users = [f"{key}={name}" for key in self.keys if _OF_USERS.search(key) for name in self.user_ids]
        talk = self.conversation_id
        return users + [f"{key}={talk}" for key in self.keys if talk and _OF_CONVERSATIONS.search(key)]


@dataclass(frozen=True, slots=True)
class Found:
    """What goes: `runs` as removed_runs.sql has them, `records` as removed_records.sql has them."""

    runs: pa.Table
    records: pa.Table

    @property
    def trace_ids(self) -> list[str]:
        """All traces of which something goes, in hex."""
        of_runs = {trace for traces in self.runs["trace_ids"].to_pylist() for trace in traces}
        return sorted(of_runs | {trace for trace in self.records["trace_id"].to_pylist() if trace})

    def told(self) -> pa.Table:
        """One row: run_count, span_count, log_count, metric_count, first_at, last_at; the latter null for nothing."""
        signals = self.records["record_signal"].to_pylist()
        extent = pc.min_max(self.records["happened_at"]).as_py()
        kind = self.records.schema.field("happened_at").type
        counts = {"run_count": [self.runs.num_rows]} | {
            f"{signal}_count": [signals.count(signal)] for signal in ("span", "log", "metric")
        }
        times = {"first_at": pa.array([extent["min"]], kind), "last_at": pa.array([extent["max"]], kind)}
        return pa.table(counts | times)


@dataclass(frozen=True, slots=True)
class Part:
    """What one step of a removal takes: records by block and position, and with the last of them what was derived."""

    project: str
    reason: str
    places: list[tuple[int, int]]
    run_ids: list[str]
    trace_ids: list[bytes]
    needles: list[bytes]
    names: list[str]


def find(database: Database, wanted: Wanted) -> Found:
    """What would go. Raises OtherProject."""
    with database.cursor(wanted.project) as cursor:
        runs = removed_runs(cursor, wanted)
        return Found(runs, removed_records(cursor, wanted, runs))


def remove_all(database: Database, remove: Callable[[Part], None], wanted: Wanted) -> Found:
    """Remove it in small steps, and return what went. What is derived goes with the last step, so that whatever stops
    it before is made good by asking again. Raises OtherProject."""
    found = find(database, wanted)
    for part in _parts(wanted, found):
        remove(part)
    while True:  # what has come meanwhile, before it was known that no more of these traces is wanted
        with database.cursor(wanted.project) as cursor:
            late = Found(found.runs, removed_records(cursor, wanted, found.runs))
        if not late.records.num_rows:
            return found
        for part in _parts(wanted, late):
            remove(part)


def _parts(wanted: Wanted, found: Found) -> Iterator[Part]:
    places = list(zip(found.records["block_id"].to_pylist(), found.records["block_position"].to_pylist(), strict=True))
    blocks = sorted({block for block, _ in places})
    firsts = blocks[::_BLOCKS_AT_ONCE] or [0]
    traces = [bytes.fromhex(trace) for trace in found.trace_ids]
    for first, following in zip(firsts, [*firsts[1:], None], strict=True):
        here = [place for place in places if first <= place[0] and (following is None or place[0] < following)]
        run_ids = found.runs["run_id"].to_pylist() if following is None else []
        yield Part(wanted.project, wanted.reason, here, run_ids, traces, wanted.needles, wanted.names)


def _named(wanted: Wanted) -> dict[str, Any]:
    return {
        "project": wanted.project,
        "run_id": wanted.run_id,
        "conversation_id": wanted.conversation_id,
        "user_ids": list(wanted.user_ids),
    }


def removed_runs(cursor: duckdb.DuckDBPyConnection, wanted: Wanted) -> pa.Table:
    """The runs that go, as removed_runs.sql has them."""
    return ask(cursor, "removed_runs", _named(wanted)).to_arrow_table()


def removed_records(cursor: duckdb.DuckDBPyConnection, wanted: Wanted, runs: pa.Table) -> pa.Table:
    """The records that go, with those of these runs, as removed_records.sql has them."""
    known = {trace for traces in runs["trace_ids"].to_pylist() for trace in traces}
    name = (wanted.run_id or "").lower()
    if _HEX_TRACE.fullmatch(name) and not runs.num_rows:  # a run without a summary is known by its trace alone
        known.add(name)
    values = {
        "run_ids": runs["run_id"].to_pylist(),
        "trace_ids": sorted(known),
        "run_keys": runs["run_key"].to_pylist(),
        "conversation_ids": runs["conversation_id"].to_pylist(),
        "sinces": runs["since"].to_pylist(),
        "untils": runs["until"].to_pylist(),
        "resource_ids": _resources(cursor, wanted),
        "labels": wanted.labels,
    }
    return ask(cursor, "removed_records", _named(wanted) | values).to_arrow_table()


def _resources(cursor: duckdb.DuckDBPyConnection, wanted: Wanted) -> list[int]:
    """The resources that name the conversation or user: all that came from them is theirs."""
    needles = wanted.needles
    if not needles:
        return []
    sql = "select resource_id, data from resources where project = $project"
    resources = cursor.execute(sql, {"project": wanted.project}).fetchall()
    return [int(resource) for resource, data in resources if any(needle in data for needle in needles)]


def _varint(number: int) -> bytes:
    """A length as protobuf writes it."""
    parts = []
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])
