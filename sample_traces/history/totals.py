"""What the history holds, counted while it is planned and never from its telemetry."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sample_traces.history import plan, shapes
from sample_traces.history.plan import Change, ModelCall, Run


@dataclass
class Totals:
    """Counts over all runs of a history; windows are half-open, in UTC."""

    run_count: int = 0
    runs_by_workflow: Counter[str] = field(default_factory=Counter)
    error_runs_by_workflow: Counter[str] = field(default_factory=Counter)
    abandoned_run_count: int = 0
    span_count: int = 0
    log_record_count: int = 0
    llm_call_count: int = 0
    failed_llm_call_count: int = 0
    tool_call_count: int = 0
    failed_tool_call_count: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd_by_workflow: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    approvals_by_decision: Counter[str] = field(default_factory=Counter)
    corrections_by_kind: Counter[str] = field(default_factory=Counter)
    corrected_run_count: int = 0
    reviewed_run_count: int = 0
    change_count: int = 0
    cost_spike: tuple[datetime, datetime] | None = None
    bad_release: tuple[datetime, datetime] | None = None
    route_change_at: datetime | None = None

    @property
    def error_run_count(self) -> int:
        return self.error_runs_by_workflow.total()

    @property
    def cost_usd(self) -> float:
        return sum(self.cost_usd_by_workflow.values())


def count(runs: Iterable[Run], changes: Iterable[Change], now: datetime) -> Totals:
    """The totals of these runs and changes."""
    totals = Totals(
        cost_spike=_moments(*plan.cost_spike_ms(now)),
        bad_release=_moments(*plan.bad_release_ms(now)),
        route_change_at=_moment(plan.route_change_ms(now)),
    )
    for run in runs:
        _count_run(totals, run)
    totals.change_count = len(list(changes))
    totals.log_record_count += totals.change_count
    return totals


def as_table(totals: Totals) -> str:
    """The totals as a Markdown table of two columns."""
    failed, costs = totals.error_runs_by_workflow, totals.cost_usd_by_workflow
    rows: list[tuple[str, object]] = [
        ("runs", totals.run_count),
        ("runs that failed", totals.error_run_count),
        ("runs that were abandoned", totals.abandoned_run_count),
        ("spans", totals.span_count),
        ("log records", totals.log_record_count),
        ("model calls", totals.llm_call_count),
        ("model calls that failed", totals.failed_llm_call_count),
        ("tool calls", totals.tool_call_count),
        ("tool calls that failed", totals.failed_tool_call_count),
        ("input tokens", totals.input_tokens),
        ("output tokens", totals.output_tokens),
        ("cache read tokens", totals.cache_read_tokens),
        ("cache write tokens", totals.cache_write_tokens),
        ("reasoning tokens", totals.reasoning_tokens),
        ("cost, USD", totals.cost_usd),
        *((f"approvals: {decision}", number) for decision, number in sorted(totals.approvals_by_decision.items())),
        *((f"corrections: {kind}", number) for kind, number in sorted(totals.corrections_by_kind.items())),
        ("runs that a human corrected", totals.corrected_run_count),
        ("runs that a human reviewed", totals.reviewed_run_count),
        ("releases and rollbacks", totals.change_count),
        *(
            (f"{name}: runs, failed, USD", f"{runs:,}, {failed[name]}, {costs[name]:.2f}")
            for name, runs in sorted(totals.runs_by_workflow.items())
        ),
    ]
    return "\n".join(["| total | value |", "|---|---|", *(f"| {name} | {_written(value)} |" for name, value in rows)])


def _count_run(totals: Totals, run: Run) -> None:
    workflow = run.shape.workflow
    totals.run_count += 1
    totals.runs_by_workflow[workflow] += 1
    totals.error_runs_by_workflow[workflow] += run.error is not None
    totals.abandoned_run_count += run.is_lost
    totals.span_count += len(run.steps) + (0 if run.is_lost else 1 + run.shape.has_workflow_span)
    for step in run.steps:
        if isinstance(step, ModelCall):
            _count_model_call(totals, workflow, step)
        else:
            totals.tool_call_count += 1
            totals.failed_tool_call_count += step.error is not None
    _count_judgements(totals, run)


def _count_model_call(totals: Totals, workflow: str, call: ModelCall) -> None:
    totals.llm_call_count += 1
    if call.error:
        totals.failed_llm_call_count += 1
        return
    fresh = call.input_tokens or 0
    read, written = call.cache_read_tokens or 0, call.cache_write_tokens or 0
    totals.input_tokens += fresh
    totals.output_tokens += call.output_tokens or 0
    totals.cache_read_tokens += read
    totals.cache_write_tokens += written
    totals.reasoning_tokens += call.reasoning_tokens or 0
    price = shapes.PRICES[call.served]
    totals.cost_usd_by_workflow[workflow] += (
        (fresh - read - written) * price.input
        + read * price.cache_read
        + written * price.cache_write
        + (call.output_tokens or 0) * price.output
    ) / 1e6


def _count_judgements(totals: Totals, run: Run) -> None:
    corrections = []
    is_reviewed = bool(run.edited_ms or run.feedback_ms)
    if run.approval:
        decision = run.approval.decision
        totals.approvals_by_decision[decision] += 1
        totals.log_record_count += 2
        is_reviewed |= decision != "expired"
        corrections += {"approved_modified": ["modified_args"], "rejected": ["rejected_action"]}.get(decision, [])
    if run.edited_ms:
        corrections.append("edited_output")
        totals.log_record_count += 1
    if run.feedback_ms:
        totals.log_record_count += 1
        corrections += [] if run.is_liked else ["negative_feedback"]
    totals.corrections_by_kind.update(corrections)
    totals.corrected_run_count += bool(corrections)
    totals.reviewed_run_count += is_reviewed


def _moments(first_ms: int, last_ms: int) -> tuple[datetime, datetime]:
    return _moment(first_ms), _moment(last_ms)


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def _written(value: object) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
