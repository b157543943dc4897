"""How each kind of rule asks: the questions of the pages, by their names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from alerts.readings import Measured, Reading, counted, joined, ns, page, reading
from alerts.rules import (
    AnyRule,
    Budget,
    CorrectionRate,
    CostSpike,
    ErrorRate,
    P95Duration,
    PendingApproval,
    Rejecting,
    ServedModel,
    SilentService,
    ToolErrorRate,
    UnpricedModel,
)
from queries import catalogue, questions
from queries.database import Database
from queries.filters import Filters
from queries.words import usd

_MOST_GROUPS = 10_000
_MINUTE_NS, _DAY_NS = 60 * 10**9, 86_400 * 10**9
_WINDOW_OF_DAYS_NS = 4 * _DAY_NS  # a window of more than three days is cut into days

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Whom a rule asks, about which project, and as of when."""

    database: Database
    project: str
    now_ns: int

    def since_ns(self, rule: AnyRule) -> int:
        """How far back the rule looks."""
        return max(0, self.now_ns - int(rule.reach_minutes * _MINUTE_NS))

    def filters(self, rule: AnyRule, since_ns: int | None = None, tz: str = "UTC") -> Filters:
        """The window that the rule looks at, unless it begins at `since_ns`, narrowed as the rule says."""
        began_ns = self.since_ns(rule) if since_ns is None else since_ns
        only: dict[str, Any] = dict(rule.only)
        return Filters(self.project, self.now_ns, began_ns, self.now_ns, tz=tz, **only)

    def rows(self, question: str, filters: Filters, by: str | None = None) -> list[dict[str, Any]]:
        """The answer of a question of the catalogue."""
        found = catalogue.ask(self.database, question, filters, by=by, limit=_MOST_GROUPS)
        rows: list[dict[str, Any]] = found.to_pylist()
        return rows

    def ledger(self, question: Callable[..., pa.Table], filters: Filters) -> list[dict[str, Any]]:
        """The answer of a question about the ledger."""
        rows: list[dict[str, Any]] = question(
            self.database, self.project, filters.since_ns, filters.until_ns
        ).to_pylist()
        return rows


def measure(rule: AnyRule, inquiry: Inquiry) -> Reading:
    """What the rule's question says now of each group that the rule does not ignore. Raises what questions raise."""
    found = _ASKED[type(rule)](rule, inquiry)
    kept = {group: one for group, one in found.measured.items() if group not in rule.ignore}
    return replace(found, measured=kept)


def _cost_spikes(rule: CostSpike, inquiry: Inquiry) -> Reading:
    since_ns = inquiry.since_ns(rule)
    is_day = rule.slot == "day"
    filters = inquiry.filters(rule, min(since_ns, inquiry.now_ns - _WINDOW_OF_DAYS_NS) if is_day else since_ns)

    def told(row: Row) -> Measured:
        workflow, slot_at = row["workflow_name"], row["slot_at"]
        usual = f"more than usual: {usd(row['cost_usd'])} instead of {usd(row['usual_cost_usd'])}"
        when = f"in the {rule.slot} from {slot_at:%Y-%m-%d %H:%M} UTC"
        detail = f"{usual} {when}, {counted(row['run_count'], 'run')}"
        address = page("runs", filters, ns(slot_at), workflow=workflow, sort="dearest")
        return Measured(workflow or "", row["excess_usd"], row["run_count"], address, detail)

    rows = inquiry.rows("cost_spikes", filters)
    return reading("cost_spikes", filters, (told(row) for row in rows if ns(row["slot_until_at"]) > since_ns))


def _budget(rule: Budget, inquiry: Inquiry) -> Reading:
    now = datetime.fromtimestamp(inquiry.now_ns // 10**9, ZoneInfo(rule.tz))
    began = now.replace(day=now.day if rule.period == "day" else 1, hour=0, minute=0, second=0)
    filters = inquiry.filters(rule, int(began.timestamp()) * 10**9, rule.tz)
    since = f"since {began:%Y-%m-%d} ({rule.tz})"

    def told(row: Row) -> Measured:
        detail = f"{counted(row['run_count'], 'run')} {since}"
        address = page("runs", filters, workflow=row["value"], sort="dearest")
        return Measured(row["value"] or "", row["cost_usd"], row["run_count"], address, detail)

    rows = inquiry.rows("cost_by", filters, by="workflow")
    return reading("cost_by", filters, (told(row) for row in rows if row["cost_usd"] is not None), by="workflow")


def _error_rate(rule: ErrorRate, inquiry: Inquiry) -> Reading:
    filters = inquiry.filters(rule)

    def told(row: Row) -> Measured:
        detail = f"{row['error_count']:,} of {row['ended_count']:,} finished runs failed"
        address = page("runs", filters, workflow=row["value"], status="error")
        return Measured(row["value"] or "", row["error_rate"], row["ended_count"], address, detail)

    rows = inquiry.rows("runs_by", filters, by="workflow")
    return reading("runs_by", filters, (told(row) for row in rows if row["error_rate"] is not None), by="workflow")


def _p95_duration(rule: P95Duration, inquiry: Inquiry) -> Reading:
    filters = inquiry.filters(rule)

    def told(row: Row) -> Measured:
        detail = f"95% of {counted(row['timed_run_count'], 'run')} took less"
        address = page("runs", filters, workflow=row["value"], sort="slowest")
        return Measured(row["value"] or "", row["p95_duration_ms"], row["timed_run_count"], address, detail)

    rows = inquiry.rows("runs_by", filters, by="workflow")
    known = (told(row) for row in rows if row["p95_duration_ms"] is not None)
    return reading("runs_by", filters, known, by="workflow")


def _tool_error_rate(rule: ToolErrorRate, inquiry: Inquiry) -> Reading:
    filters = inquiry.filters(rule)

    def told(row: Row) -> Measured:
        detail = f"{row['error_count']:,} of {row['ended_count']:,} calls failed"
        address = page("tools", filters, tool=row["tool_name"], outcome="error")
        return Measured(row["tool_name"] or "", row["error_rate"], row["ended_count"], address, detail)

    rows = inquiry.rows("tool_stats", filters)
    return reading("tool_stats", filters, (told(row) for row in rows if row["error_rate"] is not None))


def _pending_approvals(rule: PendingApproval, inquiry: Inquiry) -> Reading:
    """The question itself has no window; what waits for longer than the rule remembers was given up."""
    filters = inquiry.filters(rule)
    most_ms = rule.reach_minutes * 60_000
    waiting: dict[str, list[Row]] = {}
    for row in inquiry.rows("pending_approvals", filters):  # the oldest first
        if rule.threshold <= row["age_ms"] <= most_ms:
            waiting.setdefault(row["workflow_name"] or "", []).append(row)

    def told(workflow: str, rows: list[Row]) -> Measured:
        detail = "the wait of one question" if len(rows) == 1 else f"the longest wait of {len(rows):,} questions"
        address = page("approvals", filters, workflow=workflow, decision="pending")
        return Measured(workflow, rows[0]["age_ms"], len(rows), address, detail)

    return reading("pending_approvals", filters, (told(*item) for item in waiting.items()))


def _correction_rate(rule: CorrectionRate, inquiry: Inquiry) -> Reading:
    filters = inquiry.filters(rule)

    def told(row: Row) -> Measured:
        detail = f"humans corrected {row['corrected_count']:,} of {row['reviewed_count']:,} reviewed runs"
        address = page("corrections", filters, workflow=row["value"])
        return Measured(row["value"] or "", row["correction_rate"], row["reviewed_count"], address, detail)

    rows = inquiry.rows("corrections_by", filters, by="workflow")
    known = (told(row) for row in rows if row["correction_rate"] is not None)
    return reading("corrections_by", filters, known, by="workflow")


def _served_models(rule: ServedModel, inquiry: Inquiry) -> Reading:
    filters = inquiry.filters(rule)

    def told(row: Row) -> Measured:
        group = joined(f"{row['requested_model']} → {row['served_model']}", row["provider"])
        detail = f"{row['call_count']:,} of {row['answered_count']:,} answered calls, by another model than requested"
        return Measured(
            group, row["call_share"], row["answered_count"], page("runs", filters, model=row["served_model"]), detail
        )

    return reading("route_changes", filters, (told(row) for row in inquiry.rows("route_changes", filters)))


def _unpriced_models(rule: UnpricedModel, inquiry: Inquiry) -> Reading:
    filters = inquiry.filters(rule)

    def told(row: Row) -> Measured:
        group, address = joined(row["model"], row["provider"]), page("runs", filters, model=row["model"])
        return Measured(
            group,
            row["call_count"],
            row["call_count"],
            address,
            f"calls without a price, in {counted(row['run_count'], 'run')}",
        )

    return reading("unpriced_calls", filters, (told(row) for row in inquiry.rows("unpriced_calls", filters)))


def _silent_services(rule: SilentService, inquiry: Inquiry) -> Reading:
    filters = inquiry.filters(rule)

    def told(row: Row) -> Measured:
        detail = f"last heard of at {row['last_commit_at']:%Y-%m-%d %H:%M} UTC"
        group = joined(row["service_name"], row["signal"])
        return Measured(group, row["silent_s"] * 1000, row["batch_count"], page("ingest", filters), detail)

    rows = inquiry.ledger(questions.ingest_services, filters)
    asked = (row for row in rows if filters.service in (None, row["service_name"]))
    silent = (told(row) for row in asked if row["is_silent"] or not rule.unusual_only)
    return reading("ingest_services", filters, silent, part="services")


def _rejections(rule: Rejecting, inquiry: Inquiry) -> Reading:
    filters = inquiry.filters(rule)

    def told(row: Row) -> Measured:
        group, detail = joined(row["reason"], row["signal"]), f"refused, in {counted(row['batch_count'], 'commit')}"
        return Measured(group, row["refused_count"], row["batch_count"], page("ingest", filters), detail)

    rows = inquiry.ledger(questions.ingest_rejections, filters)
    return reading("ingest_rejections", filters, (told(row) for row in rows), part="rejections")


_ASKED: Mapping[type, Callable[[Any, Inquiry], Reading]] = {
    CostSpike: _cost_spikes,
    Budget: _budget,
    ErrorRate: _error_rate,
    P95Duration: _p95_duration,
    ToolErrorRate: _tool_error_rate,
    PendingApproval: _pending_approvals,
    CorrectionRate: _correction_rate,
    ServedModel: _served_models,
    UnpricedModel: _unpriced_models,
    SilentService: _silent_services,
    Rejecting: _rejections,
}
