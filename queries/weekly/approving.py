"""The section about approvals: what was decided, how long it took, and what waits."""

from queries.weekly.asking import Inquiry, Row
from queries.weekly.daily import by_day, daily
from queries.weekly.document import Chart, Column, Section, Series, Table, Unit
from queries.weekly.wording import shown
from queries.words import duration, plural

MOST_PENDING, MOST_TOOLS = 20, 10
DECISIONS = {
    "approved": "approved_count",
    "changed": "modified_count",
    "rejected": "rejected_count",
    "automatic": "auto_approved_count",
    "expired": "expired_count",
    "pending": "pending_count",
}

_WAITING = [
    Column(name="tool_name", label="Tool"),
    Column(name="workflow_name", label="Workflow"),
    Column(name="gate_policy", label="Asked by rule"),
    Column(name="requested_at", label="Asked", unit=Unit.TIME),
    Column(name="age_ms", label="Waits for", unit=Unit.MS),
    Column(name="evidence", label="Evidence"),
    Column(name="run_id", label="Run", audience="machines"),
]
_BY_TOOL = [
    Column(name="value", label="Tool"),
    Column(name="approval_count", label="Asked for", unit=Unit.COUNT),
    Column(name="human_count", label="By humans", unit=Unit.COUNT),
    Column(name="approval_rate", label="Approved", unit=Unit.SHARE),
    Column(name="modified_count", label="With changes", unit=Unit.COUNT),
    Column(name="rejected_count", label="Rejected", unit=Unit.COUNT),
    Column(name="expired_count", label="Expired", unit=Unit.COUNT),
    Column(name="pending_count", label="Pending", unit=Unit.COUNT),
    Column(name="p50_wait_ms", label="Wait, median", unit=Unit.MS),
    Column(name="p95_wait_ms", label="Wait, 95th", unit=Unit.MS),
]


def ask_pending(inquiry: Inquiry) -> list[Row]:
    """What waited for an answer when the report was made, the oldest first, whenever it was asked."""
    return [row for row in inquiry.rows("pending_approvals") if row["age_ms"] >= 0]


def approvals_section(inquiry: Inquiry, totals: Row, pending: list[Row]) -> Section:
    """Backlog, decisions and waits."""
    blocks: list[Table | Chart] = []
    if totals.get("approval_count"):
        blocks.append(_chart(inquiry))
        rows = inquiry.rows("approvals_by", by="tool", limit=MOST_TOOLS)
        blocks.append(_table("approvals", "Approvals and waits by tool", _BY_TOOL, rows))
    if pending:
        note = f"The {MOST_PENDING} oldest of {len(pending)}." if len(pending) > MOST_PENDING else ""
        blocks.append(_table("backlog", "Waiting for an answer", _WAITING, pending[:MOST_PENDING], note))
    return Section(name="approvals", title="Approvals", sentences=[decided(totals), _waits(pending)], blocks=blocks)


def decided(totals: Row) -> str:
    """How many questions there were, how many of them humans decided, and how fast as far as that is known."""
    if not totals.get("approval_count"):
        return "No run of this week asked for permission."
    told = f"The runs of this week asked for permission {plural(totals['approval_count'], 'time')}"
    if not totals["human_count"]:
        return f"{told}; no human decided."
    told += f"; humans decided {totals['human_count']:,}"
    if totals["p50_wait_ms"] is None:
        return f"{told}; how long that took is not known."
    within = [shown(totals[wait], "ms") for wait in ("p50_wait_ms", "p95_wait_ms")]
    return f"{told}, half of them within {within[0]} and 95% within {within[1]}."


def _waits(pending: list[Row]) -> str:
    if not pending:
        return "Nothing waited for an answer when this report was made."
    return (
        f"When this report was made, {plural(len(pending), 'question')} waited for an answer, "
        f"the oldest for {duration(pending[0]['age_ms'])}."
    )


def _table(name: str, caption: str, columns: list[Column], rows: list[Row], note: str = "") -> Table:
    found = [[row[column.name] for column in columns] for row in rows]
    return Table(name=name, caption=caption, columns=columns, rows=found, note=note)


def _chart(inquiry: Inquiry) -> Chart:
    days = by_day(inquiry, inquiry.rows("approval_trend"))
    series = [
        Series(name=name, role=name, values=[day.get(column, 0) for day in days])
        for name, column in DECISIONS.items()
        if any(day.get(column) for day in days)
    ]
    return daily(inquiry, "decisions-by-day", "stacked", "Approvals by outcome", Unit.COUNT, series)
