"""The section about model routes: models that answered instead of the requested ones."""

from queries.weekly.asking import Inquiry, Row
from queries.weekly.document import Column, Section, Table, Unit, Value
from queries.words import plural, share

MOST_ROUTES = 20

_COLUMNS = [
    Column(name="requested_model", label="Requested"),
    Column(name="served_model", label="Served"),
    Column(name="provider", label="Provider"),
    Column(name="since", label="Began", audience="people"),
    Column(name="started_at", label="First such call", unit=Unit.TIME),
    Column(name="call_count", label="Calls", unit=Unit.COUNT),
    Column(name="answered_count", label="Of answered calls", unit=Unit.COUNT),
    Column(name="call_share", label="Share", unit=Unit.SHARE),
    Column(name="run_count", label="Runs", unit=Unit.COUNT),
    Column(name="cost_usd", label="Cost", unit=Unit.USD),
    Column(name="as_requested_at", label="Last as requested", unit=Unit.TIME, audience="machines"),
]


def routes_section(inquiry: Inquiry) -> Section:
    """Which models answered instead of the requested one, and since when."""
    rows = inquiry.rows("route_changes")
    title = "Model routes"
    if not rows:
        said = "Every call that names both was answered by the model that it asked for."
        return Section(name="routes", title=title, sentences=[said])
    began = [row for row in rows if inquiry.is_of_week(row["started_at"])]
    top = sorted(rows, key=lambda row: -row["call_count"])[0]
    all_new, some_new = ", since this week", f", {len(began)} of them since this week"
    since = all_new if len(began) == len(rows) else some_new if began else ", as before this week"
    said = (
        f"{plural(len(rows), 'route leads', 'routes lead')} to another model than the requested one{since}; most often "
        f"{top['served_model']} answered for {top['requested_model']}, in {share(top['call_share'])} of its calls."
    )
    table = Table(
        name="routes",
        caption="Served instead of requested",
        columns=_COLUMNS,
        rows=[_row(inquiry, row) for row in rows[:MOST_ROUTES]],
        note=f"The {MOST_ROUTES} latest of {len(rows)}." if len(rows) > MOST_ROUTES else "",
    )
    return Section(name="routes", title=title, sentences=[said], blocks=[table])


def _row(inquiry: Inquiry, row: Row) -> list[Value]:
    began = "this week" if inquiry.is_of_week(row["started_at"]) else "earlier"
    return [began if column.name == "since" else row[column.name] for column in _COLUMNS]
