"""The section about releases and rollbacks, and what happened to errors and cost around them."""

from queries.filters import read_time
from queries.weekly.asking import Inquiry, Row, ratio
from queries.weekly.document import Column, Section, Table, Unit, Value
from queries.words import count, plural, share

MOST_CHANGES, AROUND_HOURS = 20, 24
_HOUR_NS = 3_600 * 10**9

_COLUMNS = [
    Column(name="changed_at", label="When", unit=Unit.TIME),
    Column(name="kind", label="What"),
    Column(name="name", label="Of"),
    Column(name="changed_from", label="From"),
    Column(name="changed_to", label="To"),
    Column(name="run_count", label="Runs since", unit=Unit.COUNT),
    Column(name="errors_before", label="Errors, 24 h before", audience="people"),
    Column(name="errors_after", label="Errors, 24 h after", audience="people"),
    Column(name="error_rate_before", label="Error rate, 24 h before", unit=Unit.SHARE, audience="machines"),
    Column(name="error_count_before", label="Errors, 24 h before", unit=Unit.COUNT, audience="machines"),
    Column(name="ended_count_before", label="Finished, 24 h before", unit=Unit.COUNT, audience="machines"),
    Column(name="error_rate_after", label="Error rate, 24 h after", unit=Unit.SHARE, audience="machines"),
    Column(name="error_count_after", label="Errors, 24 h after", unit=Unit.COUNT, audience="machines"),
    Column(name="ended_count_after", label="Finished, 24 h after", unit=Unit.COUNT, audience="machines"),
    Column(name="cost_per_run_before_usd", label="Cost per run, before", unit=Unit.USD),
    Column(name="cost_per_run_after_usd", label="Cost per run, after", unit=Unit.USD),
    Column(name="service_name", label="Service", audience="machines"),
    Column(name="evidence", label="Evidence"),
]


def releases_section(inquiry: Inquiry) -> Section:
    """Each change of the week with the day before and the day after it, and the releases that did worse."""
    changes = inquiry.rows("changes")
    title = "Releases and rollbacks"
    worse = [_worse(row) for row in inquiry.rows("error_releases") if row["is_worse"]]
    if not changes:
        return Section(
            name="releases", title=title, sentences=["Nothing was released or rolled back in this week.", *worse]
        )
    rolled_back = sum(change["change_kind"] == "rollback" for change in changes)
    among = plural(rolled_back, "rollback") if rolled_back else "no rollback"
    said = f"{plural(len(changes), 'change')} in this week, {among} among them."
    kept = changes[:MOST_CHANGES]
    table = Table(
        name="releases",
        caption="Changes, and errors and cost of their services around them",
        columns=_COLUMNS,
        rows=[_row(inquiry, change) for change in reversed(kept)],
        note=f"Errors and cost per run are those of the service's runs in the {AROUND_HOURS} hours before and after."
        + (f" The latest {MOST_CHANGES} of {len(changes)} changes." if len(changes) > MOST_CHANGES else ""),
    )
    return Section(name="releases", title=title, sentences=[said, *worse], blocks=[table])


def _worse(row: Row) -> str:
    return (
        f"Release {row['service_version']} of {row['service_name'] or 'an unnamed service'} failed more often than "
        f"{row['previous_version']} before it, by more than chance: {share(row['error_rate'])} of "
        f"{plural(row['ended_count'], 'finished run')}, against {share(row['previous_error_rate'])}."
    )


def _around(inquiry: Inquiry, change: Row) -> tuple[Row, Row]:
    """The totals of the service's runs before and after a change, over spans of the same length."""
    changed_ns = read_time("changed_at", change["changed_at"], 0)
    span_ns = max(1, min(AROUND_HOURS * _HOUR_NS, inquiry.made_ns - changed_ns))
    narrowed = {
        "service": change["service_name"],
        "since_ns": changed_ns,
        "until_ns": changed_ns + span_ns,
        "begins_before_ns": None,
    }
    rows = {row["window"]: row for row in inquiry.rows("overview_totals", **narrowed)}
    return rows.get("before", {}), rows.get("asked", {})


def _row(inquiry: Inquiry, change: Row) -> list[Value]:
    before, after = _around(inquiry, change)
    what = change["change_kind"]
    if change["change_subject"] not in (None, "service"):
        what = f"{what}, {change['change_subject']}"
    return [
        change["changed_at"],
        what,
        change["change_name"] or change["service_name"],
        change["changed_from"],
        change["changed_to"],
        change["run_count"],
        _errors(before),
        _errors(after),
        *(before.get(name) for name in ("error_rate", "error_count", "ended_count")),
        *(after.get(name) for name in ("error_rate", "error_count", "ended_count")),
        ratio(before.get("cost_usd"), before.get("run_count")),
        ratio(after.get("cost_usd"), after.get("run_count")),
        change["service_name"],
        change["evidence"],
    ]


def _errors(totals: Row) -> str | None:
    if not totals.get("ended_count"):
        return None
    return f"{share(totals['error_rate'])} ({count(totals['error_count'])}/{count(totals['ended_count'])})"
