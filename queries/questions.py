"""The questions, one typed function per `.sql` file. What each means and which columns it has is said there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute

from queries.cursors import LastRow
from queries.database import Database
from queries.filters import LATEST_NS, Filters, read_time
from queries.locating import run_of
from queries.opening import OpenedRun, Opener, derived_run_facts
from queries.statements import ask

# The log records shown with one step; a step with more keeps them in the run's list.
_STEP_LOGS = 200

RUN_SORTS = ("started_at", "duration", "cost", "tokens", "errors")
ORDERS = {"desc": 1, "asc": -1}
OUTCOMES = (
    "approved",
    "approved_modified",
    "rejected",
    "auto_approved",
    "auto_denied",
    "expired",
    "aborted",
    "ask_failed",
    "pending",
    "unanswered",
)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, and where the next one begins: null after the last."""

    rows: pa.Table
    next: LastRow | None


def runs(
    database: Database,
    filters: Filters,
    *,
    sort: str = "started_at",
    order: str = "desc",
    after: LastRow | None = None,
    limit: int = 100,
) -> Page:
    """The runs of the window by `sort` (one of RUN_SORTS) in `order` (one of ORDERS), the unknown last."""
    values = filters.values() | _after(after) | {"sort": sort, "direction": ORDERS[order], "limit": limit + 1}
    return _page(database.ask("runs", values), limit)


def runs_of_records(database: Database, project: str, places: pa.Table) -> list[str]:
    """The ids of the runs that hold the records at these places (block_id, block_position)."""
    if not places.num_rows:
        return []
    values = {"project": project} | _places(places)
    return [str(run_id) for run_id in database.ask("runs_of_records", values)["run_id"].to_pylist()]


def _places(places: pa.Table) -> dict[str, Any]:
    return {"block_ids": places["block_id"].to_pylist(), "positions": places["block_position"].to_pylist()}


def summary(database: Database, filters: Filters) -> pa.Table:
    """One row of totals over the runs of the window."""
    return database.ask("summary", filters.values())


def run(database: Database, opener: Opener, project: str, run_id: str, now_ns: int) -> pa.Table:
    """One row, by run id or any trace id; computed from the records if it has no summary yet. Raises NoSuchRun."""
    with database.cursor(project) as cursor:
        known = run_of(cursor, project, run_id)
        if known is not None:
            found = ask(cursor, "run", {"project": project, "run_id": known, "now_ns": now_ns}).to_arrow_table()
            return database.sight.shown("run", project, found)
    with opener.derive(project, run_id) as opened:
        return derived_run_facts(opened, now_ns)


def run_steps(opened: OpenedRun, step_id: str | None = None) -> pa.Table:
    """The run's steps in the waterfall's order; or one of them and those that repeat it."""
    return opened.ask("run_steps", step_id=step_id)


def run_logs(opened: OpenedRun, step: Mapping[str, Any] | None = None, *, limit: int = 1_000) -> pa.Table:
    """The run's log records; or those that belong to one step, a row of `run_steps`."""
    step = step or {}
    return opened.ask(
        "run_logs",
        step_id=step.get("step_id"),
        tool_call_id=step.get("tool_call_id"),
        response_id=step.get("response_id"),
        said=step["output_preview"] if step.get("kind") == "llm" else None,
        limit=limit,
    )


def step_records(opened: OpenedRun, step_id: str) -> tuple[pa.Table, pa.Table]:
    """One step with those that repeat it, itself first if it is there at all; and the log records that belong to it."""
    found = run_steps(opened, step_id)
    itself = found.filter(pa.compute.equal(found["step_id"], step_id)).slice(0, 1)
    if not itself.num_rows:
        return itself, run_logs(opened, limit=0)
    twins = found.filter(pa.compute.not_equal(found["step_id"], step_id))
    logs = run_logs(opened, itself.to_pylist()[0], limit=_STEP_LOGS)
    return pa.concat_tables([itself, twins]), logs


def run_records(opened: OpenedRun) -> pa.Table:
    """Where the run's spans and the log records that became steps are."""
    return opened.ask("run_records")


def last_good_run(database: Database, project: str, run: Mapping[str, Any], now_ns: int) -> pa.Table:
    """run_id: the newest run that went well of the workflow of `run`, facts as JSON has them, before it; or no row."""
    told = {name: run[name] for name in ("run_id", "workflow_name", "agent_name")}
    started_ns = LATEST_NS if run["started_at"] is None else read_time("started_at", run["started_at"], now_ns)
    return database.ask("last_good_run", told | {"project": project, "now_ns": now_ns, "started_ns": started_ns})


def run_approvals(database: Database, project: str, run_id: str) -> pa.Table:
    """The questions that the run put to humans and policies, with their answers."""
    return database.ask("run_approvals", {"project": project, "run_id": run_id})


def run_corrections(database: Database, project: str, run_id: str) -> pa.Table:
    """What humans corrected in the run."""
    return database.ask("run_corrections", {"project": project, "run_id": run_id})


def run_pin(database: Database, project: str, run_id: str) -> pa.Table:
    """Who pinned the run, and when; nothing if nobody did."""
    return database.ask("run_pin", {"project": project, "run_id": run_id})


def conversation_runs(opened: OpenedRun, now_ns: int, limit: int = 50) -> pa.Table:
    """The other runs of the run's conversation, oldest first; of a long one the nearest."""
    return opened.ask("conversation_runs", now_ns=now_ns, started_ns=opened.since, limit=limit)


def conversation(
    database: Database, project: str, conversation_id: str, now_ns: int, *, after_turn: int = 0, limit: int = 100
) -> pa.Table:
    """The runs of a conversation in their order, those after a turn; none if nothing bears this id."""
    values = {"project": project, "conversation": conversation_id, "now_ns": now_ns}
    return database.ask("conversation", values | {"after_turn": after_turn, "limit": limit})


def tool_calls(
    database: Database,
    filters: Filters,
    *,
    run_id: str | None = None,
    run_statuses: Sequence[str] | None = None,
    places: pa.Table | None = None,
    after: LastRow | None = None,
    limit: int = 100,
) -> Page:
    """The executed and refused tool calls of the window, newest first; the filters' statuses are those of steps, their
    words are looked for in the calls, or the call's record is at one of these places (block_id, block_position)."""
    of_runs = {"run_id": run_id, "run_statuses": None if run_statuses is None else list(run_statuses)}
    found = {"block_ids": None, "positions": None} if places is None else _places(places)
    values = filters.values() | _after(after) | of_runs | found | {"limit": limit + 1}
    return _page(database.ask("tool_calls", values), limit)


def approvals(
    database: Database,
    filters: Filters,
    *,
    outcomes: Sequence[str] = (),
    by: str = "tool",
    value: str | None = None,
    after: LastRow | None = None,
    limit: int = 100,
) -> Page:
    """The questions put in the runs of the window, newest first; of these outcomes, and of this tool, workflow, agent
    or decider, where asked for."""
    narrowed = {"outcomes": list(outcomes) or None, "by": by, "value": value}
    values = filters.values() | _after(after) | narrowed | {"limit": limit + 1}
    return _page(database.ask("approvals", values), limit)


def corrections(
    database: Database,
    filters: Filters,
    *,
    kind: str | None = None,
    step: str | None = None,
    after: LastRow | None = None,
    limit: int = 100,
) -> Page:
    """What humans corrected in the runs of the window, newest first; of this kind and step where asked for."""
    values = filters.values() | _after(after) | {"kind": kind, "step": step, "limit": limit + 1}
    return _page(database.ask("corrections", values), limit)


def search(database: Database, project: str, text: str, *, person: str | None = None, limit: int = 20) -> pa.Table:
    """kind, id, run_id, step_id, label, started_at, run_count of all that goes by this id, the text as words last;
    `person` is what stands for it in the store if it is somebody's address."""
    return database.ask("search", {"project": project, "id": text, "person": person, "limit": limit})


def error_runs(
    database: Database,
    filters: Filters,
    fingerprint: str,
    *,
    after: LastRow | None = None,
    limit: int = 100,
) -> Page:
    """The runs of the window in which errors of this group happened, newest first, each with the last failed step."""
    values = filters.values() | _after(after) | {"fingerprint": fingerprint, "limit": limit + 1}
    return _page(database.ask("error_runs", values), limit)


def error_marks(database: Database, project: str, fingerprint: str, limit: int = 100) -> pa.Table:
    """What people said of a group of errors, the newest first."""
    return database.ask("error_marks", {"project": project, "fingerprint": fingerprint, "limit": limit})


def evaluation_runs(
    database: Database, filters: Filters, *, name: str | None = None, evaluator: str | None = None, limit: int = 100
) -> pa.Table:
    """The judged runs of the window, the worst first; by judgements of this name and evaluator where asked for."""
    return database.ask("evaluation_runs", filters.values() | {"name": name, "evaluator": evaluator, "limit": limit})


def saved_views(database: Database, project: str) -> pa.Table:
    """view_id, name, address, saved_at"""
    return database.ask("saved_views", {"project": project})


def alerts(database: Database, project: str, now_ns: int) -> pa.Table:
    """What fires now, or is about to; with the silence that covers it."""
    return database.ask("alerts", {"project": project, "now_ns": now_ns})


def alert_history(
    database: Database, project: str, *, rule: str | None = None, alert_id: str | None = None, limit: int = 100
) -> pa.Table:
    """What fired, the newest first; of a rule, or the one with an id, where asked for."""
    return database.ask("alert_history", {"project": project, "rule": rule, "alert_id": alert_id, "limit": limit})


def audit_log(
    database: Database, window: Filters, who: str | None = None, act: str | None = None, limit: int = 100
) -> pa.Table:
    """Who did what in the window, the newest first."""
    return database.ask("audit_log", {**window.values(), "who": who, "act": act, "limit": limit})


def alert_silences(database: Database, project: str, now_ns: int) -> pa.Table:
    """silence_id, rule, group_name, until_at, reason, made_by, made_at of the silences that hold."""
    return database.ask("alert_silences", {"project": project, "now_ns": now_ns})


def alert_notifications(database: Database, project: str, limit: int = 100) -> pa.Table:
    """The messages about alerts, those that wait first, then the newest."""
    return database.ask("alert_notifications", {"project": project, "limit": limit})


def weekly_reports(database: Database, project: str, week: str | None = None, limit: int = 100) -> pa.Table:
    """week, tz, workflow, version, made_at, is_final, kept_at of the reports that were made, the newest week first."""
    return database.ask("weekly_reports", {"project": project, "week": week, "limit": limit})


def weekly_report(database: Database, key: Mapping[str, str | None]) -> pa.Table:
    """version, made_at, is_final, document of the report by project, week, tz, workflow and made_at; or no row."""
    return database.ask("weekly_report", key)


def metric_names(database: Database, window: Filters, limit: int = 1_000) -> pa.Table:
    """The metrics that were measured in the window, by name."""
    return database.ask("metric_names", window.values() | {"limit": limit})


def metric_labels(database: Database, window: Filters, metric: str, limit: int = 100) -> pa.Table:
    """key, value_count, series_count of the attributes of one metric."""
    return database.ask("metric_labels", window.values() | {"metric": metric, "limit": limit})


def metric_trend(
    database: Database,
    window: Filters,
    metric: str,
    *,
    kind: str | None = None,
    unit: str | None = None,
    group_key: str | None = None,
    zone: str = "UTC",
    limit: int = 10_000,
) -> pa.Table:
    """What a metric of this type and unit told over time, by the values of an attribute key or of `service`."""
    of_metric = {"metric": metric, "type": kind, "unit": unit, "group_key": group_key, "tz": zone}
    return database.ask("metric_trend", window.values() | of_metric | {"limit": limit})


def ingest_batches(database: Database, project: str | None, limit: int = 100) -> pa.Table:
    """The newest rows of the ledger."""
    return database.ask("ingest_batches", {"project": project, "limit": limit})


def ingest_totals(database: Database, project: str | None, since_ns: int, until_ns: int) -> pa.Table:
    """The ledger added up by project and signal."""
    return database.ask("ingest_totals", {"project": project, "since_ns": since_ns, "until_ns": until_ns})


def ingest_services(database: Database, project: str | None, since_ns: int, until_ns: int) -> pa.Table:
    """Which services sent in the window, and which have fallen silent."""
    return database.ask("ingest_services", {"project": project, "since_ns": since_ns, "until_ns": until_ns})


def ingest_times(database: Database, project: str | None, since_ns: int, until_ns: int) -> pa.Table:
    """Lag and commit time by project and signal."""
    return database.ask("ingest_times", {"project": project, "since_ns": since_ns, "until_ns": until_ns})


def ingest_rejections(database: Database, project: str | None, since_ns: int, until_ns: int) -> pa.Table:
    """What was refused, by reason."""
    return database.ask("ingest_rejections", {"project": project, "since_ns": since_ns, "until_ns": until_ns})


def ingest_redactions(
    database: Database, project: str | None, since_ns: int, until_ns: int, limit: int = 100
) -> pa.Table:
    """The secrets that were sent raw, by rule and services."""
    bounds = {"since_ns": since_ns, "until_ns": until_ns}
    return database.ask("ingest_redactions", {"project": project, **bounds, "limit": limit})


def ingest_growth(database: Database, project: str | None, since_ns: int, until_ns: int) -> pa.Table:
    """What was stored, by day and signal."""
    return database.ask("ingest_growth", {"project": project, "since_ns": since_ns, "until_ns": until_ns})


def ingest_store(database: Database, database_bytes: int, waiting_bytes: int) -> pa.Table:
    """One row: the size of the store, of the queue, and of one record."""
    return database.ask("ingest_store", {"database_bytes": database_bytes, "waiting_bytes": waiting_bytes})


def ingest_late(database: Database, project: str | None, since_ns: int, until_ns: int, limit: int = 100) -> pa.Table:
    """How many records came late or ahead of their time, by signal and service."""
    bounds = {"since_ns": since_ns, "until_ns": until_ns}
    return database.ask("ingest_late", {"project": project, **bounds, "limit": limit})


def ingest_unmapped(
    database: Database, project: str | None, since_ns: int, until_ns: int, limit: int = 100
) -> pa.Table:
    """The spans that are of no known dialect and kind, by service, scope and name."""
    bounds = {"since_ns": since_ns, "until_ns": until_ns}
    return database.ask("ingest_unmapped", {"project": project, **bounds, "limit": limit})


def ingest_attributes(
    database: Database,
    project: str | None,
    since_ns: int,
    until_ns: int,
    read_keys: Sequence[str],
    limit: int = 100,
) -> pa.Table:
    """project, key, run_count of the attributes that are none of `read_keys`, in which * stands for anything."""
    values = {"since_ns": since_ns, "until_ns": until_ns, "read_keys": list(read_keys), "limit": limit}
    return database.ask("ingest_attributes", {"project": project, **values})


def ingest_health(database: Database, project: str, now_ns: int) -> pa.Table:
    """One row: whether all is here that was sent to a project."""
    return database.ask("ingest_health", {"project": project, "now_ns": now_ns})


def export_minutes(database: Database, window: Filters, noun: str) -> pa.Table:
    """minute, row_count of one of the nouns"""
    return database.ask("export_minutes", window.values() | {"noun": noun})


def export_blocks(database: Database, window: Filters) -> pa.Table:
    """signal, block_id of the blocks with whole records of the window's days."""
    return database.ask("export_blocks", window.values())


def export_records(database: Database, window: Filters, signal: str, block_id: int) -> pa.Table:
    """Where in a block of this signal the window's records are, as `Records` asks for it."""
    return database.ask("export_records", window.values() | {"signal": signal, "block_id": block_id})


def projects(database: Database) -> pa.Table:
    """project, run_count, last_activity_at, last_commit_at, waiting_count"""
    return database.ask("projects", {})


def store_version(database: Database, filters: Filters) -> pa.Table:
    """batch_id, waiting_count: one row that changes when an answer about the window may have changed."""
    return database.ask("store_version", filters.values())


def run_counts(database: Database, now_ns: int) -> pa.Table:
    """project, status, run_count"""
    return database.ask("run_counts", {"now_ns": now_ns})


def label_keys(database: Database, filters: Filters, limit: int = 200) -> pa.Table:
    """key, run_count, value_count"""
    return database.ask("label_keys", filters.values() | {"limit": limit})


def label_values(database: Database, filters: Filters, key: str, limit: int = 100) -> pa.Table:
    """key, value, run_count"""
    return database.ask("label_values", filters.values() | {"key": key, "limit": limit})


def filter_values(database: Database, filters: Filters, limit: int = 100) -> pa.Table:
    """field, value, run_count"""
    return database.ask("filter_values", filters.values() | {"limit": limit})


def _after(last: LastRow | None) -> dict[str, object]:
    if last is None:
        return {"after_value": None, "after_time": None, "after_name": None}
    return {"after_value": last.value, "after_time": last.time, "after_name": last.name}


def _page(found: pa.Table, limit: int) -> Page:
    """Cut off the one row too many that says whether there is a next page, and the columns for the cursor."""
    rows = found.slice(0, limit)
    shown = rows.drop_columns(["sort_value", "sort_time", "sort_name"])
    if found.num_rows <= limit:
        return Page(shown, None)
    last = rows.slice(limit - 1).to_pylist()[0]
    return Page(shown, LastRow(last["sort_value"], last["sort_time"], last["sort_name"]))
