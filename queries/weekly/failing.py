"""The section about errors: the groups that most runs met, and those that are new or came back, marked."""

from queries.weekly.asking import Inquiry, Row
from queries.weekly.document import Column, Section, Table, Unit, Value
from queries.words import plural

MOST_GROUPS = 10
_MARKED = frozenset({"new", "regressed"})

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
    """The groups that most runs of the week met, and below them whatever else is new or has come back."""
    here = [group for group in groups if group["state"] != "gone"]
    title = "Errors"
    if not here:
        return Section(name="errors", title=title, sentences=["No step failed in the runs of this week."])
    shown = here[:MOST_GROUPS] + [group for group in here[MOST_GROUPS:] if group["state"] in _MARKED][:MOST_GROUPS]
    note = "# stands for numbers and other parts of a message that differ from time to time."
    if len(here) > len(shown):
        note = f"Of {len(here)} groups the {MOST_GROUPS} that most runs met, and new ones. {note}"
    table = Table(
        name="errors", caption="Groups of errors", columns=_COLUMNS, rows=[_row(group) for group in shown], note=note
    )
    return Section(name="errors", title=title, sentences=[_said(groups)], blocks=[table])


def where(group: Row) -> str:
    """The kind of step that fails, and its tool or model."""
    return f"{group['kind']} {group['subject'] or ''}".strip()


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
        where(group),
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
