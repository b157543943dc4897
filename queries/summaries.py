"""Keeps what follows from the records up to date: recomputes the runs that commits touched, never increments."""

import logging
import threading
import time
from collections.abc import Callable

import duckdb
from opentelemetry import trace

from queries.derive import derive_runs, drop_derived
from queries.statements import run

# Bounds the memory of one rebuild; a history that is rebuilt whole takes many of them.
TOUCHED_LIMIT = 4_000

# Commits come faster than a rebuild is worth, and one costs as much for few runs as for some hundred, most of it for
# planning its statements: while commits follow each other, the longer the last rebuild took, the more is gathered for
# the next. Lists follow within about a second all the same, and sooner after a pause.
LEAST_GATHER_SECONDS, _MOST_GATHER_SECONDS = 0.3, 0.9
_GATHERED_PER_REBUILD = 3.0

# A rebuild that could not be committed is repeated, soon at first and then less often: while somebody removes a
# project that is over soon, while the disk is full it may take hours.
_LEAST_PAUSE_SECONDS, _MOST_PAUSE_SECONDS = 0.1, 10.0

# A run is written with 20 before and after it in its conversation (derivation/outputs.sql), and each of those needs the
# 20 around it to be told whether its questions were answered; a few more, for runs that only now come into being.
NEIGHBOURS = 45

DERIVED = ("steps", "plumbing", "runs", "approvals", "corrections", "proposals")

log = logging.getLogger(__name__)
_tracer = trace.get_tracer("runlight.queries")


class Summaries:
    """The thread that rebuilds whenever it is woken, until it is stopped."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, between_rebuilds: Callable[[], None] = lambda: None
    ) -> None:
        """Take a connection that nobody else uses, and what is to be done after a rebuild, while no row is changed."""
        self._connection = connection
        self._between_rebuilds = between_rebuilds
        self._is_wanted = threading.Event()
        self._is_stopping = threading.Event()
        self._behind_since: float | None = None  # the oldest commit that no rebuild has begun with
        self._rebuilding_since: float | None = None  # the oldest that the rebuild at hand began with
        self._thread = threading.Thread(target=self._work, name="summaries")

    def start(self) -> None:
        """Begin, with whatever an earlier process left to do."""
        self.wake()
        self._thread.start()

    def wake(self) -> None:
        """Say that something was committed; returns at once."""
        self._behind_since = self._behind_since or time.monotonic()
        self._is_wanted.set()

    def lag_seconds(self) -> float:
        """How long ago the oldest commit was whose runs have no new summary yet; 0 if all have."""
        since = self._rebuilding_since or self._behind_since
        return 0.0 if since is None else time.monotonic() - since

    def stop(self) -> None:
        """Finish the rebuild at hand and end; what is left in `touched` is done by the next process."""
        self._is_stopping.set()
        self._is_wanted.set()
        self._thread.join()

    def _work(self) -> None:
        took_seconds = 0.0
        while not self._is_stopping.is_set():
            if not self._is_wanted.wait(_MOST_GATHER_SECONDS):
                took_seconds = 0.0
                continue
            gather_seconds = max(LEAST_GATHER_SECONDS, _GATHERED_PER_REBUILD * took_seconds)
            self._is_stopping.wait(min(gather_seconds, _MOST_GATHER_SECONDS))
            self._is_wanted.clear()
            self._rebuilding_since, self._behind_since = self._behind_since, None
            begun = time.monotonic()
            with _tracer.start_as_current_span("rebuild"):
                self._catch_up()
            took_seconds = time.monotonic() - begun
            self._rebuilding_since = None

    def _catch_up(self) -> None:
        limit, pause_seconds = TOUCHED_LIMIT, _LEAST_PAUSE_SECONDS
        while not self._is_stopping.is_set():
            try:
                handled = rebuild(self._connection, limit=limit)
            except duckdb.TransactionException as error:
                log.warning("rebuild repeated reason=%s", error)
                self._is_stopping.wait(pause_seconds)
                pause_seconds = min(2 * pause_seconds, _MOST_PAUSE_SECONDS)
                continue
            except Exception:
                log.exception("rebuild failed limit=%d", limit)
                if limit == 1:
                    forget(self._connection, limit)
                    log.error("trace left without summary")
                limit = max(1, limit // 8)
                continue
            self._look_after()
            if handled < limit:
                return

    def _look_after(self) -> None:
        try:
            self._between_rebuilds()
        except Exception:  # it is tried again after the next rebuild, which must come
            log.exception("the file was not looked after")


def rebuild(connection: duckdb.DuckDBPyConnection, *, limit: int = TOUCHED_LIMIT) -> int:
    """Recompute steps, runs, approvals, corrections and proposals of what is in `touched`, in one transaction.

    Returns how many touched rows were handled; they are gone, and those that came meanwhile are left. Call it until it
    returns 0, from one thread at a time and with a connection of its own: nobody else writes the derived tables.
    """
    connection.begin()
    try:
        handled = _rebuild(connection, limit)
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
    return handled


def _rebuild(connection: duckdb.DuckDBPyConnection, limit: int) -> int:
    run(connection, "derivation/handled", {"limit": limit})
    row = connection.execute("select count(*) from handled").fetchone()
    handled = int(row[0]) if row else 0
    if handled == 0:
        return 0
    run(connection, "derivation/seeds")
    derive_runs(connection, NEIGHBOURS)
    run(connection, "derivation/stale_runs")
    run(connection, "derivation/outputs")
    run(connection, "derivation/written_steps")
    for table in DERIVED:
        run(connection, f"derivation/delete_{table}")
        run(connection, f"derivation/insert_{table}")
    run(connection, "derivation/continued")
    run(connection, "derivation/forget_touched")
    drop_derived(connection)
    return handled


def forget(connection: duckdb.DuckDBPyConnection, limit: int) -> None:
    """Take touched rows off the list without their summaries; the next commit that touches their run tries again."""
    run(connection, "derivation/handled", {"limit": limit})
    run(connection, "derivation/forget_touched")
