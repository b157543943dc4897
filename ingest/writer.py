"""A bounded queue, one thread that prepares what waits, and one that commits it.

Every stage costs per call rather than per span, so requests that arrive together travel together. The answer to a
request is given after the commit that holds its records: 200 means stored.
"""

import contextlib
import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from typing import Any, TypeVar

import duckdb
import polars as pl

from ingest.blocks import into_blocks
from ingest.checkpoints import checkpoint
from ingest.errors import Busy, Failed, ShuttingDown
from ingest.intake import Receipt, Request, Signal
from ingest.measures import commit_duration, commit_span
from ingest.memory import give_back
from ingest.prepare import Prepared, Preparer
from ingest.records import TABLES, TIMES, insert_records
from ingest.removal import REMOVED_RUN, Removal, Removed, forget, remove
from ingest.store import Store

_log = logging.getLogger(__name__)

# More than this per commit makes the answer late without making the commit cheaper.
_COMMIT_BYTES = 16 * 1024 * 1024
# With less than this, most of what a commit costs is the same whatever it holds, so it waits for the commit before it.
_BESIDE_BYTES = 4 * 1024 * 1024
_LEAST_GATHER_SECONDS = 0.005  # to look whether that commit is done
_KEYS = {
    Signal.SPAN: ("project", "trace_id", "span_id"),
    Signal.LOG: ("project", "log_id"),
    Signal.METRIC: ("project", "series_id", "started_at", "measured_at"),
}
# A span's twin may have another start; log records and points with equal keys have equal times.
_MARGIN_HOURS = {Signal.SPAN: 24, Signal.LOG: 0, Signal.METRIC: 0}
_REMOVE_SECONDS, _REMOVE_PAUSE_SECONDS = 30.0, 0.05
_ALIVE_SECONDS = 1.0  # how soon it is noticed that nobody commits any more
_STOP = None
_T = TypeVar("_T")

_Waiting = tuple[Request, "Future[Receipt]"]
_Part = tuple[Prepared, Sequence[_Waiting]]


class Writer:
    """Takes requests in (`submit`) and commits them; the only one who appends to the record tables."""

    def __init__(
        self,
        store: Store,
        preparer: Preparer,
        *,
        queue_bytes: int,
        gather_ms: int,
        on_commit: Callable[[], None],
        on_lost: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_lost` is called when this process cannot use the store any more until it is started again."""
        self._store = store
        self._preparer = preparer
        self._queue_bytes = queue_bytes
        self._gather_seconds = gather_ms / 1000
        self._on_commit = on_commit
        self._on_lost = on_lost
        self._waiting: queue.Queue[_Waiting | None] = queue.Queue()
        self._prepared: queue.Queue[_Gathered | _Between | None] = queue.Queue(maxsize=1)
        self._committing = threading.Semaphore(1)
        self._committed = threading.Event()
        self._committed.set()
        self._bytes_lock = threading.Lock()
        self._waiting_bytes = 0
        self._closed = False
        self._next_batch = max(store.highest(table, "batch_id") for table in ("ingest_batches", "removals")) + 1
        self._next_block = store.highest("content_blocks", "block_id") + 1
        self._known_sources: dict[str, set[tuple[str, int]]] = {"resource": set(), "scope": set()}
        self._removed_traces = store.rows("removed_traces")
        self._threads = [
            threading.Thread(target=self._prepare_forever, name="prepare"),
            threading.Thread(target=self._commit_forever, name="commit"),
        ]

    @property
    def waiting_bytes(self) -> int:
        """How many bytes of bodies wait for their commit."""
        return self._waiting_bytes

    def start(self) -> None:
        """Start both threads."""
        for name in self._known_sources:
            found = self._store.connection.execute(f"select project, {name}_id from {name}s").fetchall()
            self._known_sources[name].update((str(project), int(source)) for project, source in found)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Refuse what comes from now on, commit what was taken, and return when that is done."""
        with self._bytes_lock:
            self._closed = True
        self._waiting.put(_STOP)
        for thread in self._threads:
            thread.join()

    def submit(self, request: Request) -> "Future[Receipt]":
        """A future of the receipt, which is there once the request is committed. Raises `Busy`, `ShuttingDown`."""
        with self._bytes_lock:
            if self._closed:
                raise ShuttingDown("the server is shutting down")
            if self._waiting_bytes and self._waiting_bytes + len(request.body) > self._queue_bytes:
                raise Busy("too much is waiting to be stored")
            self._waiting_bytes += len(request.body)
            future: Future[Receipt] = Future()
            self._waiting.put((request, future))
        return future

    def remove_project(self, project: str) -> None:
        """Delete everything of a project that is committed so far, and return when that is done."""

        def forget_sources(_: None) -> None:
            for known in self._known_sources.values():
                known.difference_update([pair for pair in known if pair[0] == project])
            self._removed_traces = self._removed_traces.filter(pl.col("project") != project)

        self._between_commits(lambda: self._store.delete_project(project), forget_sources)

    def remove(self, find: Callable[[duckdb.DuckDBPyConnection], Removal]) -> Removed:
        """Remove what `find` names in the store as it is between two commits, and return when that is done."""

        def task() -> Removed:
            batch_id, self._next_batch = self._next_batch, self._next_batch + 1
            return remove(self._store, find(self._store.connection), batch_id)

        def forget_sources(removed: Removed) -> None:
            for name, gone in removed.sources.items():
                self._known_sources[name] -= gone
            self._removed_traces = pl.concat([self._removed_traces, removed.traces])

        removed = self._between_commits(task, forget_sources)
        self._on_commit()
        return removed

    def forget(self, project: str, cuts: Mapping[str, int | None]) -> None:
        """Remove what no run has to do with and is older than the cut of its kind, as `ingest.removal.forget` says."""
        self._between_commits(lambda: forget(self._store, project, cuts), lambda _: None)

    def checkpoint(self) -> None:
        """Have the store write its log into the file and give back what was removed, as far as others let it now."""

        def at_once(_: None) -> None:
            checkpoint(self._store.connection)

        self._between_commits(lambda: None, at_once)

    def _between_commits(self, task: Callable[[], _T], after: Callable[[_T], None]) -> _T:
        between = _Between(task, after, Future())
        is_queued = False
        while self._threads[1].is_alive():
            with contextlib.suppress(queue.Full, TimeoutError):
                if not is_queued:
                    self._prepared.put(between, timeout=_REMOVE_PAUSE_SECONDS)
                    is_queued = True
                done: _T = between.done.result(_ALIVE_SECONDS)
                return done
        raise ShuttingDown("the server is shutting down")

    def _prepare_forever(self) -> None:
        while True:
            # One gathering ahead of the commit is enough: what comes meanwhile travels together in the next.
            self._committing.acquire()
            if (gathered := self._gather()) is None:
                break
            parts: list[_Part] = []
            for signal in Signal:
                for part in self._prepare(signal, [item for item in gathered if item[0].signal is signal]):
                    if part[0].requests:
                        parts.append(part)
                    else:  # more of them follows, and that is too much to be held at once
                        self._prepared.put(_Gathered((), [part]))
            self._prepared.put(_Gathered(gathered, parts))
        self._prepared.put(_STOP)

    def _prepare(self, signal: Signal, waiting: Sequence[_Waiting]) -> Iterator[_Part]:
        """What of these can be committed. One that our own code fails on is refused, and its neighbours are not."""
        if not waiting:
            return
        try:
            for prepared in self._preparer.prepare(signal, [request for request, _ in waiting]):
                yield prepared, waiting if prepared.requests else ()
        except Exception:  # noqa: BLE001 - every waiting request must get its answer
            if len(waiting) > 1:
                half = len(waiting) // 2
                yield from self._prepare(signal, waiting[:half])
                yield from self._prepare(signal, waiting[half:])
            else:
                _log.exception("request failed signal=%s", signal)
                self._refuse(waiting, Failed("the server failed on this request"))

    def _gather(self) -> list[_Waiting] | None:
        """What waits, at most one commit's worth; None when there is no more to come.

        Little is not worth preparing while a commit goes on: those whom it answers may come along.
        """
        first = self._waiting.get()
        if first is _STOP:
            return None
        gathered, size = [first], len(first[0].body)
        deadline, is_alone = time.monotonic() + self._gather_seconds, self._committed.is_set()
        while size < _COMMIT_BYTES:
            try:
                item = self._waiting.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                if is_alone or size >= _BESIDE_BYTES:
                    break
                is_alone = self._committed.is_set()
                deadline = time.monotonic() + max(self._gather_seconds, _LEAST_GATHER_SECONDS)
                continue
            if item is _STOP:
                self._waiting.put(_STOP)
                break
            gathered.append(item)
            size += len(item[0].body)
        return gathered

    def _commit_forever(self) -> None:
        is_incomplete = False  # a part was not stored whose requests are only answered with the last part
        while (gathered := self._prepared.get()) is not None:
            if isinstance(gathered, _Between):
                try:
                    gathered.done.set_result(self._carry_out(gathered))
                except Exception as error:  # noqa: BLE001 - whoever asked must be told
                    gathered.done.set_exception(error)
                continue
            self._committed.clear()
            if gathered.waiting:
                self._committing.release()
            committed = gathered.parts
            try:
                if is_incomplete and gathered.waiting:
                    raise Busy("an earlier part of the same requests could not be stored")
                self._commit([prepared for prepared, _ in committed])
            except Exception as error:  # noqa: BLE001 - whatever the store raises, the clients are told to come back
                _log.exception("commit failed requests=%d", len(gathered.waiting))
                if isinstance(error, duckdb.FatalException):
                    self._on_lost()
                for _, waiting in committed:
                    self._refuse(waiting, Busy("the store could not take the records"))
                is_incomplete = not gathered.waiting
            else:
                for prepared, waiting in committed:
                    self._remember_sources(prepared)
                    self._answer(prepared, waiting)
                self._on_commit()
            self._committed.set()
            body_bytes = sum(len(request.body) for request, _ in gathered.waiting)
            with self._bytes_lock:
                self._waiting_bytes -= body_bytes
            if body_bytes >= _BESIDE_BYTES:  # its pieces lie between others, and would be kept for the next ones
                give_back()

    def _commit(self, parts: Sequence[Prepared]) -> None:
        if not parts:  # each of the requests was refused before
            return
        begun = time.monotonic()
        with commit_span(), self._store.transaction():
            self._insert_sources(parts)
            for prepared in parts:
                self._write(prepared)
        commit_duration.record(time.monotonic() - begun)

    def _carry_out(self, between: "_Between") -> Any:
        """The rebuild may be at the same rows: then one of the two has to begin again."""
        deadline = time.monotonic() + _REMOVE_SECONDS
        while True:
            try:
                with self._store.transaction():
                    done = between.task()
                between.after(done)
                return done
            except duckdb.TransactionException:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_REMOVE_PAUSE_SECONDS)

    def _answer(self, prepared: Prepared, waiting: Sequence[_Waiting]) -> None:
        for index, (_, future) in enumerate(waiting):
            with contextlib.suppress(InvalidStateError):  # its client went away
                if index in prepared.failures:
                    future.set_exception(prepared.failures[index])
                else:
                    future.set_result(prepared.receipt(index))

    def _refuse(self, waiting: Sequence[_Waiting], reason: Exception) -> None:
        for _, future in waiting:
            with contextlib.suppress(InvalidStateError):
                future.set_exception(reason)

    def _write(self, prepared: Prepared) -> None:
        """Everything of one signal, inside the transaction."""
        batch_id, self._next_batch = self._next_batch, self._next_batch + 1
        signal = prepared.signal
        self._leave_out_removed(prepared)
        fresh, duplicates, conflicts = self._sift(signal, prepared.rows)
        rows = fresh.with_columns(batch_id=pl.lit(batch_id, pl.UInt64))
        rows, blocks = into_blocks(rows, signal, TIMES[signal], self._next_block)
        if not rows.is_empty():
            self._next_block = int(rows["block_id"].max()) + 1  # type: ignore[arg-type]
        self._store.insert("content_blocks", blocks)
        insert_records(self._store, signal, rows, prepared.events)
        if signal is Signal.SPAN:
            self._store.insert(
                "span_conflicts",
                conflicts.with_columns(batch_id=pl.lit(batch_id, pl.UInt64)).rename({"record": "data"}),
            )
        self._store.insert(
            "unread_records",
            prepared.unread.with_columns(batch_id=pl.lit(batch_id, pl.UInt64), signal=pl.lit(str(signal))).rename(
                {"record": "data"}
            ),
        )
        self._store.insert("ingest_batches", _ledger(prepared, batch_id, rows, duplicates, conflicts))

    def _leave_out_removed(self, prepared: Prepared) -> None:
        """What comes late of a trace that was removed is rejected."""
        if self._removed_traces.is_empty() or prepared.signal is Signal.METRIC:
            return
        keys = ["project", "trace_id"]
        late = prepared.rows.join(self._removed_traces, on=keys, how="semi")
        if late.is_empty():
            return
        rejected = late.with_columns(reason=pl.lit(REMOVED_RUN)).select(prepared.rejected.columns)
        prepared.rejected = pl.concat([prepared.rejected, rejected], how="vertical_relaxed")
        prepared.rows = prepared.rows.join(self._removed_traces, on=keys, how="anti", maintain_order="left")

    def _sift(self, signal: Signal, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """New rows, repetitions of known ones, and spans that repeat known ids with other content."""
        keys = _KEYS[signal]
        stored = self._store.present(TABLES[signal], keys, rows, TIMES[signal], _MARGIN_HOURS[signal])
        if stored.is_empty() and rows.select(keys).n_unique() == rows.height:
            return rows, rows.clear(), rows.clear()
        rows = rows.with_columns(
            pl.int_range(pl.len()).over(keys).alias("twin"),
            pl.col("record_hash").first().over(keys).alias("first_hash"),
        )
        if signal is not Signal.SPAN:
            stored = stored.with_columns(record_hash=pl.lit(None, pl.UInt64))
        stored = stored.unique(list(keys)).rename({"record_hash": "stored_hash"}).with_columns(is_stored=True)
        rows = rows.join(stored, on=keys, how="left", nulls_equal=True, maintain_order="left")
        is_new = pl.col("is_stored").is_null() & (pl.col("twin") == 0)
        known_hash = pl.coalesce("stored_hash", "first_hash")
        differs = (pl.col("record_hash") != known_hash) if signal is Signal.SPAN else pl.lit(False)
        helpers = ("twin", "first_hash", "stored_hash", "is_stored")
        return (
            rows.filter(is_new).drop(helpers),
            rows.filter(~is_new & ~differs).drop(helpers),
            rows.filter(~is_new & differs).drop(helpers),
        )

    def _insert_sources(self, parts: Sequence[Prepared]) -> None:
        """Each resource and scope once, though spans and logs of one commit may share it."""
        for name, known in self._known_sources.items():
            key = ["project", f"{name}_id"]
            frame = pl.concat([getattr(prepared, f"{name}s") for prepared in parts]).unique(key)
            is_fresh = [pair not in known for pair in frame.select(key).iter_rows()]
            self._store.insert(f"{name}s", frame.filter(pl.Series(is_fresh, dtype=pl.Boolean)))

    def _remember_sources(self, prepared: Prepared) -> None:
        for name, frame in (("resource", prepared.resources), ("scope", prepared.scopes)):
            self._known_sources[name].update(frame.select("project", f"{name}_id").iter_rows())


@dataclass(frozen=True, slots=True)
class _Gathered:
    """What travels from the first thread to the second: the requests that are done with it, and what was prepared, by
    signal; or no request and an earlier part of what belongs to those that come next."""

    waiting: Sequence[_Waiting]
    parts: Sequence[_Part]


@dataclass(frozen=True, slots=True)
class _Between:
    """What is to be done between two commits, all of it or nothing, and what follows once it is."""

    task: Callable[[], Any]
    after: Callable[[Any], None]
    done: "Future[Any]"


def _ledger(
    prepared: Prepared, batch_id: int, rows: pl.DataFrame, duplicates: pl.DataFrame, conflicts: pl.DataFrame
) -> pl.DataFrame:
    """One row per project: what came, and what became of it."""
    now_ns = time.time_ns()
    time_column = TIMES[prepared.signal]
    entries = []
    for project in sorted({*prepared.received["project"], *(request.project for request in prepared.requests)}):
        requests = [request for request in prepared.requests if request.project == project]
        received = prepared.received.filter(pl.col("project") == project)
        received_ns = [*received["received_at"].cast(pl.Int64).unique(), *(request.received_ns for request in requests)]
        mine = rows.filter(pl.col("project") == project)
        rejected = prepared.rejected.filter(pl.col("project") == project)
        reasons = Counter(rejected["reason"]) + Counter(
            {"undecodable request": sum(prepared.requests[index].project == project for index in prepared.failures)}
        )
        newest = mine[time_column].max() if len(mine) else None
        newest_ns = int(mine[time_column].cast(pl.Int64).max()) if newest is not None else None  # type: ignore[arg-type]
        is_span = prepared.signal is not Signal.METRIC
        entries.append(
            {
                "batch_id": batch_id,
                "project": project,
                "signal": str(prepared.signal),
                "received_at": min(received_ns),
                "committed_at": now_ns,
                "request_count": len(requests),
                "body_bytes": sum(len(request.body) for request in requests),
                "received_count": received.height,
                "stored_count": len(mine),
                "duplicate_count": duplicates.filter(pl.col("project") == project).height,
                "conflicting_count": conflicts.filter(pl.col("project") == project).height,
                "unread_count": prepared.unread.filter(pl.col("project") == project).height,
                "rejected_count": len(rejected),
                "rejected_reasons": _pairs(reasons),
                "flawed_count": mine.filter(pl.col("flaws").list.len() > 0).height if is_span else 0,
                "unmapped_count": mine.filter(
                    (pl.col("kind") == "other") & (pl.col("dialects").list.len() == 0)
                ).height if is_span else 0,
                "unpriced_count": mine.filter(
                    pl.col("kind").is_in(["llm", "embedding"])
                    & pl.col("input_tokens").is_not_null()
                    & pl.col("cost_usd").is_null()
                ).height if is_span else 0,
                "redacted_counts": _pairs(prepared.redacted.get(project, Counter())),
                "services": sorted(mine["service_name"].drop_nulls().unique()),
                "first_at": int(mine[time_column].cast(pl.Int64).min()) if newest is not None else None,  # type: ignore[arg-type]
                "last_at": newest_ns,
                "lag_ms": (now_ns - newest_ns) / 1e6 if newest_ns is not None else None,
            }
        )  # fmt: skip
    times = ("received_at", "committed_at", "first_at", "last_at")
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "rejected_reasons": _PAIRS,
        "redacted_counts": _PAIRS,
        "services": pl.List(pl.String),
    }
    schema |= dict.fromkeys(times, pl.Int64)
    return pl.DataFrame(entries, schema_overrides=schema).with_columns(pl.col(times).cast(pl.Datetime("ns")))


_PAIRS = pl.List(pl.Struct({"name": pl.String, "count": pl.UInt32}))


def _pairs(counts: Counter[str]) -> list[dict[str, str | int]]:
    return [{"name": name, "count": count} for name, count in sorted(counts.items()) if count]
