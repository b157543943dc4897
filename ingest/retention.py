"""How long what is kept: by age and by size, for each project, oldest days first, in steps between two commits."""

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from ingest.errors import ShuttingDown
from ingest.projects import is_project
from ingest.removal import Removal, places
from ingest.writer import Writer
from settings import SettingsError

log = logging.getLogger(__name__)

ANY_PROJECT = "*"
# What the columns of a record and of its step take, about; its whole text is in a block, whose bytes are known.
COLUMN_BYTES = 500

_EVERY_SECONDS = 600.0
_WORTH_A_CHECKPOINT = 50_000  # records
_BLOCKS_AT_ONCE, _RUNS_AT_ONCE = 16, 2_000
_DAY_NS = 86_400 * 10**9
_UNITS = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
_AGE, _SIZE = re.compile(r"(traces|logs|metrics) (\d{1,5})d"), re.compile(r"size (\d{1,6}) ?(MB|GB|TB)")
_SYNTAX = "it reads like `*: traces 90d, logs 30d, metrics 400d, size 20GB; demo: traces 7d`"


class RetentionError(SettingsError):
    """What is wrong with the setting, in one line."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How many days of each kind are kept, and how many bytes of a project; None: all."""

    traces: int | None = None
    logs: int | None = None
    metrics: int | None = None
    size: int | None = None


def read_rules(text: str) -> dict[str, Rule]:
    """The rules by project, `*` for those that have none of their own. Raises `RetentionError`."""
    rules: dict[str, Rule] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        project, colon, limits = (piece.strip() for piece in part.partition(":"))
        if not colon or not (project == ANY_PROJECT or is_project(project)):
            raise RetentionError(f"RUNLIGHT_RETENTION: {part[:80]!r} names no project; {_SYNTAX}")
        if project in rules:
            raise RetentionError(f"RUNLIGHT_RETENTION: {project} has two rules")
        rules[project] = _rule(limits)
    return rules


def _rule(text: str) -> Rule:
    limits: dict[str, int] = {}
    for limit in (limit.strip() for limit in text.split(",")):
        if age := _AGE.fullmatch(limit):
            name, value = age[1], int(age[2])
        elif size := _SIZE.fullmatch(limit):
            name, value = "size", int(size[1]) * _UNITS[size[2]]
        else:
            raise RetentionError(f"RUNLIGHT_RETENTION: {limit[:80]!r} is no limit; {_SYNTAX}")
        if name in limits or value == 0:
            raise RetentionError(f"RUNLIGHT_RETENTION: {name} is told twice or is 0; {_SYNTAX}")
        limits[name] = value
    return Rule(**limits)


class Retention:
    """The thread that looks every ten minutes for what is to go, with a connection that nobody else uses."""

    def __init__(
        self,
        rules: Mapping[str, Rule],
        connection: duckdb.DuckDBPyConnection,
        writer: Writer,
        clock_ns: Callable[[], int] = time.time_ns,
        also: Callable[[], object] = lambda: None,
    ) -> None:
        """`also` removes at the same times what is kept of no project's telemetry."""
        self._rules = rules
        self._connection = connection
        self._writer = writer
        self._clock_ns = clock_ns
        self._also = also
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="retention")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the step at hand and end. The writer must still be at work."""
        self._is_stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def sweep(self) -> int:
        """Remove all that is over its time or size now; how many records that were."""
        projects = self._connection.execute("select distinct project from content_blocks order by project").fetchall()
        count = 0
        for (project,) in projects:
            if rule := self._rules.get(project, self._rules.get(ANY_PROJECT)):
                count += self._sweep(project, rule)
        if count >= _WORTH_A_CHECKPOINT:  # which costs some hundred KiB of the file each; else the next one will do
            self._writer.checkpoint()
        self._also()
        return count

    def _work(self) -> None:
        while True:
            try:
                self.sweep()
            except ShuttingDown:
                return
            except Exception:
                log.exception("retention failed; tried again in %d s", _EVERY_SECONDS)
            if self._is_stopping.wait(_EVERY_SECONDS):
                return

    def _sweep(self, project: str, rule: Rule) -> int:
        """Runs first, so that no list shows one of which a part has gone; then blocks, the oldest first."""
        cuts = self._cuts(project, rule)
        runs = 0 if cuts["traces"] is None else self._remove_runs(project, cuts["traces"])
        records = sum(
            self._remove_blocks(project, signal, cuts)
            for signal, kinds in _KINDS.items()
            if any(cuts[kind] is not None for kind in kinds)
        )
        self._writer.forget(project, cuts)
        if runs or records:
            log.info("retention removed project=%s runs=%d records=%d", project, runs, records)
        return records

    def _cuts(self, project: str, rule: Rule) -> dict[str, int | None]:
        """The beginning of the first day that is kept, of each kind, in nanoseconds; None: all days."""
        today = self._clock_ns() // _DAY_NS * _DAY_NS
        by_size = None if rule.size is None else self._cut_by_size(project, rule.size)
        cuts = {}
        for kind in ("traces", "logs", "metrics"):
            days = getattr(rule, kind)
            found = [cut for cut in (by_size, None if days is None else today - days * _DAY_NS) if cut is not None]
            cuts[kind] = max(found, default=None)
        return cuts

    def _cut_by_size(self, project: str, most_bytes: int) -> int | None:
        """The newest days are kept as far as they fit, and the newest of all in any case."""
        days = self._connection.execute(_SIZES, {"project": project, "column_bytes": COLUMN_BYTES}).fetchall()
        total = 0
        for place, (day_ns, day_bytes) in enumerate(days):
            total += day_bytes
            if total > most_bytes and place:
                return int(day_ns) + _DAY_NS
        return None

    def _remove_runs(self, project: str, cut: int) -> int:
        total = 0
        while not self._is_stopping.is_set():
            values = {"project": project, "cut": cut, "limit": _RUNS_AT_ONCE}

            def find(connection: duckdb.DuckDBPyConnection, values: dict[str, Any] = values) -> Removal:
                found = connection.execute(_EXPIRED_RUNS, values).fetchall()
                return Removal(project, "retention", places([]), [row[0] for row in found])

            count = self._writer.remove(find).run_count
            total += count
            if count < _RUNS_AT_ONCE:
                break
        return total

    def _remove_blocks(self, project: str, signal: str, cuts: Mapping[str, int | None]) -> int:
        latest = max(cut for kind in _KINDS[signal] if (cut := cuts[kind]) is not None)
        named = {"project": project, "signal": signal, "cut": latest}
        blocks = [row[0] for row in self._connection.execute(_OLD_BLOCKS, named).fetchall()]
        total = 0
        for start in range(0, len(blocks), _BLOCKS_AT_ONCE):
            if self._is_stopping.is_set():
                break
            step = blocks[start : start + _BLOCKS_AT_ONCE]

            def find(connection: duckdb.DuckDBPyConnection, step: list[int] = step) -> Removal:
                near = {"cut": latest, "low": min(step), "high": max(step), "blocks": step}
                apart = {f"{kind}_cut": cuts[kind] or 0 for kind in _KINDS[signal]} if signal == "log" else {}
                found = connection.execute(_EXPIRED[signal], {"project": project} | near | apart).fetchall()
                return Removal(project, "retention", places(found))

            total += self._writer.remove(find).record_count
        return total


# A signal's records, by the kinds that have limits of their own: a log record that tells of a step goes with its run.
_KINDS = {"span": ("traces",), "log": ("traces", "logs"), "metric": ("metrics",)}

_SIZES = """
    select epoch_ns(day::timestamp_ns) as day_ns, sum(octet_length(data) + record_count * $column_bytes) as day_bytes
    from content_blocks
    where project = $project
    group by day
    order by day desc
"""

_OLD_BLOCKS = """
    select block_id
    from content_blocks
    where project = $project and signal = $signal and day < make_timestamp_ns($cut)::date
    order by day, block_id
"""

# A run goes as a whole, once it has been still for so long; one of a session, with the session.
_EXPIRED_RUNS = """
    with known as (
        select
            run_id,
            case when run_id[-17] = ':' then run_id[:-18] else run_id end as run_key,
            last_activity_at,
            run_id in (select run_id from pins where project = $project) as is_pinned
        from runs
        where project = $project
    )
    select unnest(list(run_id)) as run_id
    from known
    group by run_key
    having not bool_or(is_pinned) and max(last_activity_at) < make_timestamp_ns($cut)
    order by max(last_activity_at)
    limit $limit
"""

# What belongs to a run that is kept: to one that has a summary still, or waits for one. Apart: to one that is pinned.
_KEPT = """
    with runs_before as (
        select
            trace_ids,
            case when run_id[-17] = ':' then run_id[:-18] else run_id end as run_key,
            conversation_id,
            started_at - interval 30 minutes as since,
            last_activity_at + interval 30 minutes as until,
            run_id in (select run_id from pins where project = $project) as is_pinned
        from runs
        where project = $project and started_at < make_timestamp_ns($cut)
    ),
    kept_traces as (
        select unhex(unnest(trace_ids)) as trace_id, is_pinned
        from runs_before
        union all
        select trace_id, false
        from touched
        where project = $project and trace_id is not null
    ),
    kept_keys as (
        select run_key, is_pinned
        from runs_before
        union all
        select run_key, false
        from touched
        where project = $project and run_key is not null
    )
"""
_IS_KEPT = """(
        coalesce(t.trace_id in (select trace_id from kept_traces where {which}), false)
        or coalesce(t.trace_id is null and t.run_key in (select run_key from kept_keys where {which}), false)
        or exists(
            select 1
            from runs_before
            where {which} and t.trace_id is null and t.conversation_id = runs_before.conversation_id
                and coalesce(t.{time}, t.received_at) between runs_before.since and runs_before.until
        )
    )"""
_HERE = "t.project = $project and t.block_id between $low and $high and list_contains($blocks, t.block_id)"
_SPEAKS = (
    "(t.step_id is not null or t.input_preview is not null or t.output_preview is not null "
    "or t.proposed_calls is not null or t.answered_calls is not null)"
)

_EXPIRED = {
    "span": f"""
        {_KEPT}
        select t.block_id, t.block_position
        from spans t
        where {_HERE} and t.signal = 'span'
            and coalesce(t.started_at, t.received_at) < make_timestamp_ns($cut)
            and not {_IS_KEPT.format(time="started_at", which="true")}
    """,
    "log": f"""
        {_KEPT}
        select t.block_id, t.block_position
        from log_records t
        where {_HERE}
            and case
                when {_SPEAKS}
                    then coalesce(t.logged_at, t.received_at) < make_timestamp_ns($traces_cut)
                        and not {_IS_KEPT.format(time="logged_at", which="true")}
                else coalesce(t.logged_at, t.received_at) < make_timestamp_ns($logs_cut)
                    and not {_IS_KEPT.format(time="logged_at", which="is_pinned")}
            end
    """,
    "metric": f"""
        select t.block_id, t.block_position
        from metric_points t
        where {_HERE} and coalesce(t.measured_at, t.received_at) < make_timestamp_ns($cut)
    """,
}
