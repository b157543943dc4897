"""The questions about the runs of a window that take the common filters and little else: one `.sql` file each.

A new one is its `.sql` file and a line here; the API serves it as `/api/<its name with dashes>`, the client asks it by
name. Beside the filters a file may bind `$bucket`, `$before_ns`, `$latest_ns`, `$limit`, and `$by` if its line names
what it can be grouped by.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from queries.database import Database
from queries.filters import Filters, expect

ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Listed:
    """A question: the part of the API's documentation that it stands in, and what its rows can be grouped by."""

    tag: str
    by: tuple[str, ...] = ()


_SPENDERS = ("workflow", "agent", "step", "tool", "model", "user", "conversation")
_TIMED = ("step", "model", "tool")

CATALOGUE: Mapping[str, Listed] = {
    "affected_by": Listed("users", ("user", "conversation")),
    "affected_totals": Listed("users"),
    "affected_trend": Listed("users"),
    "changes": Listed("runs"),
    "compared": Listed("runs"),
    "cost_by": Listed("cost", _SPENDERS),
    "cost_movers": Listed("cost"),
    "cost_per_run": Listed("cost"),
    "cost_spikes": Listed("cost"),
    "cost_totals": Listed("cost"),
    "cost_trend": Listed("cost", _SPENDERS),
    "approval_summary": Listed("approvals"),
    "approval_trend": Listed("approvals"),
    "approvals_by": Listed("approvals", ("tool", "workflow", "agent", "decider")),
    "corrected_steps": Listed("corrections"),
    "correction_kinds": Listed("corrections"),
    "correction_rate": Listed("corrections"),
    "correction_summary": Listed("corrections"),
    "corrections_by": Listed("corrections", ("workflow", "agent", "release", "prompt_version", "model")),
    "error_groups": Listed("errors"),
    "error_releases": Listed("errors"),
    "error_totals": Listed("errors"),
    "error_trend": Listed("errors"),
    "overview_totals": Listed("runs"),
    "overview_trend": Listed("runs"),
    "offered_tools": Listed("tools"),
    "pending_approvals": Listed("approvals"),
    "first_token": Listed("latency"),
    "latency_by": Listed("latency", _TIMED),
    "latency_heatmap": Listed("latency"),
    "latency_totals": Listed("latency"),
    "latency_trend": Listed("latency", _TIMED),
    "evaluation_agreement": Listed("evaluations", ("run", "step")),
    "evaluation_distribution": Listed("evaluations"),
    "evaluation_totals": Listed("evaluations"),
    "evaluation_trend": Listed("evaluations"),
    "evaluations_by": Listed("evaluations", ("evaluator", "workflow", "release", "suite", "category")),
    "model_routes": Listed("routes"),
    "proposed_calls": Listed("tools"),
    "proposed_outcomes": Listed("tools"),
    "replays_by": Listed("evaluations", ("category", "suite", "case", "release")),
    "route_attempts": Listed("routes"),
    "route_changes": Listed("routes"),
    "route_totals": Listed("routes"),
    "run_trend": Listed("runs"),
    "runs_by": Listed("runs", ("workflow", "agent", "service", "environment", "release")),
    "slowest_runs": Listed("latency", ("working", "total")),
    "time_by_kind": Listed("latency"),
    "token_classes": Listed("cost"),
    "tool_stats": Listed("tools"),
    "unpriced_calls": Listed("cost"),
}


def ask(database: Database, question: str, filters: Filters, *, by: str | None = None, limit: int = ROWS) -> pa.Table:
    """The answer of a question of the catalogue; `by` defaults to the first that it knows. Raises BadFilter.

    Where the project knows too little of the window before, the question is asked as if there were none.
    """
    known = CATALOGUE[question].by
    if by is not None and not known:
        expect("by", by, ("nothing",))
    if by is not None:
        expect("by", by, known)
    values = filters.values() | {"by": by or next(iter(known), None), "limit": limit}
    if question != "compared" and not database.ask("compared", values)["is_compared"][0].as_py():
        values["before_ns"] = filters.since_ns
    return database.ask(question, values)
