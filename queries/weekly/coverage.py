"""The section about what the data does not cover: gaps, refusals, unknown prices, inferred evidence."""

from collections.abc import Iterator

from queries import questions
from queries.weekly.asking import Inquiry, Row
from queries.weekly.document import Column, Section, Table, Unit
from queries.weekly.figures import NO_WEEK_BEFORE, Figures
from queries.weekly.wording import listed, number
from queries.words import duration, one_line, plural

MOST_ROWS = 15
GAP_S = 6 * 3_600  # a service that sends all week and then nothing for longer is named
EVIDENCE = ("explicit", "content", "inferred")

_UNPRICED = [
    Column(name="model", label="Model"),
    Column(name="provider", label="Provider"),
    Column(name="call_count", label="Calls", unit=Unit.COUNT),
    Column(name="run_count", label="Runs", unit=Unit.COUNT),
    Column(name="input_tokens", label="Tokens in", unit=Unit.COUNT),
    Column(name="output_tokens", label="Tokens out", unit=Unit.COUNT),
]
_SERVICES = [
    Column(name="service_name", label="Service"),
    Column(name="signal", label="Signal"),
    Column(name="batch_count", label="Batches", unit=Unit.COUNT),
    Column(name="last_commit_at", label="Last arrival", unit=Unit.TIME),
    Column(name="longest_pause_ms", label="Longest pause", unit=Unit.MS),
]
_REFUSED = [
    Column(name="signal", label="Signal"),
    Column(name="reason", label="Reason"),
    Column(name="refused_count", label="Refused", unit=Unit.COUNT),
]
_EVIDENCE = [Column(name="of", label="Of")] + [
    Column(name=evidence, label=evidence.capitalize(), unit=Unit.COUNT) for evidence in EVIDENCE
]
_NOTES = {
    "evidence": "Explicit: telemetry says so. Content: read in messages. Inferred: concluded from what ran and what "
    "did not."
}


def coverage_section(inquiry: Inquiry, figures: Figures, days: list[Row]) -> Section:
    """Everything that a reader must know before trusting the numbers."""
    refused = inquiry.ledger(questions.ingest_rejections)
    paused = [row for row in inquiry.ledger(questions.ingest_services) if _paused_s(row) > GAP_S]
    unpriced, evidence = inquiry.rows("unpriced_calls"), _evidence(inquiry)
    tables = [
        _table("unpriced-models", "Models without a price", _UNPRICED, unpriced),
        _table("evidence", "How approvals and corrections are known", _EVIDENCE, evidence),
        _table("ingest-gaps", "Services that paused for hours", _SERVICES, [_service(row) for row in paused]),
        _table("refused", "Records refused by the receiver", _REFUSED, refused),
    ]
    sentences = [
        *_of_the_week(inquiry, figures, days),
        *_of_prices(unpriced),
        *_of_evidence(evidence),
        *_of_ingest(inquiry, figures, refused, paused),
    ]
    return Section(
        name="coverage",
        title="What the data does not cover",
        sentences=sentences or ["Nothing is known to be missing."],
        blocks=[table for table in tables if table.rows],
    )


def _of_the_week(inquiry: Inquiry, figures: Figures, days: list[Row]) -> Iterator[str]:
    if inquiry.made_ns < inquiry.week.until_ns:
        yield "The week was not over when this report was made: all of its numbers are of what was known by then."
    if figures.before is None:
        yield NO_WEEK_BEFORE
    over = [
        f"{day:%A}" for place, day in enumerate(inquiry.week.days()) if inquiry.week.day_ns(place) < inquiry.made_ns
    ]
    silent = [name for name, row in zip(over, days, strict=False) if not row.get("run_count")]
    if silent and len(silent) < len(over):
        yield f"No run began on {listed(silent)}."
    open_runs = inquiry.summary()
    waiting, running = open_runs["waiting_count"], open_runs["running_count"]
    if waiting or running:
        yield (
            f"{plural(waiting + running, 'run was', 'runs were')} not over when this report was made ({running} "
            f"running, {waiting} waiting for a human); error rates leave them out."
        )


def _of_prices(unpriced: list[Row]) -> Iterator[str]:
    if unpriced:
        calls, models = sum(row["call_count"] for row in unpriced), plural(len(unpriced), "model")
        yield f"{plural(calls, 'model call')} of {models} have tokens but no price; they are in no cost above."


def _of_evidence(evidence: list[Row]) -> Iterator[str]:
    inferred = [f"{row['inferred']} of the {row['of'].lower()}" for row in evidence if row["inferred"]]
    if inferred:
        yield f"Inferred from what ran, not told by telemetry: {listed(inferred)}."


def _of_ingest(inquiry: Inquiry, figures: Figures, refused: list[Row], paused: list[Row]) -> Iterator[str]:
    totals = inquiry.ledger(questions.ingest_totals)
    whole = " (of the whole project)" if inquiry.workflow else ""
    if not totals:
        later = ": its telemetry was sent later" if figures.now.get("run_count") else ""
        yield f"Nothing arrived during the week itself{later}, so gaps in it cannot be told."
        return
    if count := sum(row["refused_count"] for row in refused):
        yield f"The receiver refused {plural(count, 'record')}{whole}."
    if count := sum(row["unread_count"] for row in totals):
        yield f"{plural(count, 'record')} could not be read and were kept aside{whole}."
    if paused:
        names = sorted({one_line(row["service_name"] or "an unnamed service", 60) for row in paused})
        yield f"{listed(names[:5])} sent nothing for more than {duration(GAP_S * 1000)} at a time{whole}."
    late = [row for row in inquiry.ledger(questions.ingest_late) if row["late_count"]]
    if late:
        latest = max(row["max_late_s"] for row in late)
        yield (
            f"{plural(sum(row['late_count'] for row in late), 'record')} arrived more than 5 minutes late during the "
            f"week{whole}, the latest by {duration(latest * 1000)}."
        )


def _paused_s(row: Row) -> float:
    return float(max(row["longest_pause_s"] or 0, row["silent_s"] or 0 if row["is_silent"] else 0))


def _service(row: Row) -> Row:
    return row | {"longest_pause_ms": _paused_s(row) * 1000}


def _evidence(inquiry: Inquiry) -> list[Row]:
    """How many approvals and corrected runs are known by which evidence; nothing where there is none."""
    found = [
        {"of": "Approvals"}
        | {one: inquiry.totals("approval_summary", evidence=one).get("approval_count", 0) for one in EVIDENCE},
        {"of": "Corrections"} | {one: _corrections(inquiry, one) for one in EVIDENCE},
    ]
    return [row for row in found if any(row[one] for one in EVIDENCE)]


def _corrections(inquiry: Inquiry, evidence: str) -> int:
    return sum(row["correction_count"] for row in inquiry.rows("correction_kinds", evidence=evidence))


def _table(name: str, caption: str, columns: list[Column], rows: list[Row]) -> Table:
    found = [[row[column.name] for column in columns] for row in rows[:MOST_ROWS]]
    note = _NOTES.get(name, "") if len(rows) <= MOST_ROWS else f"{MOST_ROWS} of {number(len(rows))}."
    return Table(name=name, caption=caption, columns=columns, rows=found, note=note)
