"""The section about errors: the groups that most runs met, new ones marked."""

from queries.weekly.asking import Inquiry, Row
from queries.weekly.document import Column, Section, Table, Unit, Value
from queries.weekly.wording import plural

MOST_GROUPS = 10

_COLUMNS = [
    Column(name="state", label="State"),
    Column(name="subject", label="Where"),
    Column(name="error_type", label="Error"),
    Column(name="pattern", label="Message"),
    Column(name="run_count", label="Runs", unit=Unit.COUNT),
    Column(name="run_count_before", label="Week before", unit=Unit.COUNT),
    Column(name="failed_run_count", label="Runs that failed", unit=Unit.COUNT),
    Column(name="error_count", label="Errors", unit=Unit.COUNT),
    Column(name="workflows", label="Workflows"),
    Column(name="releases", label="Releases", audience="machines"),
    Column(name="first_seen_at", label="First seen", unit=Unit.TIME),
    Column(name="last_seen_at", label="Last seen", unit=Unit.TIME, audience="machines"),
    Column(name="fingerprint", label="Fingerprint", audience="machines"),
]


def ask_groups(inquiry: Inquiry) -> list[Row]:
    """The groups of errors of the week and of the week before, those that most runs met first."""
    return inquiry.rows("error_groups")


def errors_section(groups: list[Row]) -> Section:
    """The groups that most runs of the week met."""
    here = [group for group in groups if group["state"] != "gone"]
    title = "Errors"
    if not here:
        return Section(name="errors", title=title, sentences=["No step failed in the runs of this week."])
    shown = here[:MOST_GROUPS]
    note = f"The {len(shown)} of {len(here)} groups that most runs met." if len(here) > len(shown) else ""
    table = Table(
        name="errors", caption="Groups of errors", columns=_COLUMNS, rows=[_row(group) for group in shown], note=note
    )
    return Section(name="errors", title=title, sentences=[_said(groups)], blocks=[table])


def _said(groups: list[Row]) -> str:
    states = {state: sum(group["state"] == state for group in groups) for state in ("new", "regressed", "gone")}
    here = plural(len(groups) - states["gone"], "group")
    told = f"Failed steps fall into {here}, {states['new'] or 'none'} of them new"
    if states["regressed"]:
        told += f" and {states['regressed']} back after having been resolved"
    if states["gone"]:
        told += f"; {plural(states['gone'], 'group')} of the week before did not come again"
    return f"{told}."


def _row(group: Row) -> list[Value]:
    return [
        group["state"],
        f"{group['kind']} {group['subject'] or ''}".strip(),
        group["error_type"],
        group["pattern"],
        group["run_count"],
        group["run_count_before"],
        group["failed_run_count"],
        group["error_count"],
        ", ".join(name or "no workflow" for name in group["workflows"]),
        ", ".join(name or "no release" for name in group["releases"]),
        group["first_seen_at"],
        group["last_seen_at"],
        group["fingerprint"],
    ]
