"""The section about cost: the most expensive workflows, and what drove each change."""

from collections.abc import Sequence

from queries.drivers import WEEK_BEFORE, main_driver
from queries.weekly.asking import Inquiry, Row
from queries.weekly.document import Chart, Column, Section, Series, Table, Unit
from queries.weekly.wording import difference, shown
from queries.words import plural

MOST_WORKFLOWS = 10

NO_WORKFLOW = "no workflow"

_SPENT = [
    Column(name="workflow", label="Workflow"),
    Column(name="run_count", label="Runs", unit=Unit.COUNT),
    Column(name="cost_usd", label="Cost", unit=Unit.USD),
    Column(name="cost_share", label="Of all", unit=Unit.SHARE),
    Column(name="cost_before_usd", label="Week before", unit=Unit.USD),
    Column(name="change_usd", label="Change", unit=Unit.USD, is_difference=True),
    Column(name="driver", label="Mainly through"),
    Column(name="unpriced_count", label="Unpriced calls", unit=Unit.COUNT, audience="machines"),
]
_MOVED = [
    Column(name="workflow", label="Workflow"),
    Column(name="change_usd", label="Change", unit=Unit.USD, is_difference=True),
    Column(name="volume_usd", label="Number of runs", unit=Unit.USD, is_difference=True),
    Column(name="calls_per_run_usd", label="Calls per run", unit=Unit.USD, is_difference=True),
    Column(name="tokens_per_call_usd", label="Tokens per call", unit=Unit.USD, is_difference=True),
    Column(name="model_mix_usd", label="Mix of models", unit=Unit.USD, is_difference=True),
    Column(name="price_usd", label="Price per token", unit=Unit.USD, is_difference=True),
    Column(name="calls_per_run", label="Calls per run", unit=Unit.NUMBER, audience="machines"),
    Column(name="calls_per_run_before", label="Calls per run, week before", unit=Unit.NUMBER, audience="machines"),
    Column(name="tokens_per_call", label="Tokens per call", unit=Unit.NUMBER, audience="machines"),
    Column(name="tokens_per_call_before", label="Tokens, week before", unit=Unit.NUMBER, audience="machines"),
]


def ask_movers(inquiry: Inquiry) -> list[Row]:
    """Each workflow's change of cost and its parts, the largest first; none without a week before."""
    return inquiry.rows("cost_movers")


def cost_section(inquiry: Inquiry, movers: Sequence[Row]) -> Section:
    """The most expensive workflows, against the week before, and why they changed."""
    spent = [row for row in inquiry.rows("cost_by", by="workflow") if row["run_count"]]
    title = "Cost"
    if not any(row["cost_usd"] for row in spent):
        return Section(name="cost", title=title, sentences=["No run of this week has a known cost."])
    top, by_name = spent[:MOST_WORKFLOWS], {row["workflow_name"]: row for row in movers}
    note = f"The {len(top)} most expensive of {len(spent)} workflows." if len(spent) > len(top) else ""
    blocks: list[Table | Chart] = [
        _chart(top),
        Table(
            name="cost",
            caption="The most expensive workflows",
            columns=_SPENT,
            rows=[_spent_row(row, by_name.get(row["value"])) for row in top],
            note=note,
        ),
    ]
    if movers:
        blocks.append(_moved(movers))
    return Section(name="cost", title=title, sentences=[_said(movers)] if movers else [], blocks=blocks)


def _said(movers: Sequence[Row]) -> str:
    first = movers[0]
    name = first["workflow_name"] or NO_WORKFLOW
    return (
        f"The largest change is that of {name}, {difference(first['change_usd'], 'usd')} to "
        f"{shown(first['cost_usd'], 'usd')}, mainly through {main_driver(first, WEEK_BEFORE)}; "
        f"{plural(sum(row['change_usd'] > 0 for row in movers), 'workflow')} cost more than the week before, "
        f"{sum(row['change_usd'] < 0 for row in movers)} less."
    )


def _spent_row(row: Row, mover: Row | None) -> list[int | float | str | list[float | None] | None]:
    return [
        row["value"] or NO_WORKFLOW,
        row["run_count"],
        row["cost_usd"],
        row["cost_share"],
        row["cost_before_usd"],
        None if mover is None else mover["change_usd"],
        None if mover is None else main_driver(mover, WEEK_BEFORE),
        row["unpriced_count"],
    ]


def _moved(movers: Sequence[Row]) -> Table:
    names = [column.name for column in _MOVED[1:]]
    among = f"The {MOST_WORKFLOWS} largest of {len(movers)} changes. " if len(movers) > MOST_WORKFLOWS else ""
    return Table(
        name="cost-drivers",
        caption="What drove the changes of cost",
        columns=_MOVED,
        rows=[
            [row["workflow_name"] or NO_WORKFLOW, *(_part(row, name) for name in names)]
            for row in movers[:MOST_WORKFLOWS]
        ],
        note=f"{among}The five parts add up to the change. Tokens per call are those that went in and came out.",
    )


def _part(row: Row, name: str) -> float | None:
    """Without the dust that dividing a change into parts leaves."""
    value: float | None = row[name]
    return 0.0 if value is not None and abs(value) < 1e-9 else value


def _chart(top: Sequence[Row]) -> Chart:
    labels = [row["value"] or NO_WORKFLOW for row in top]
    before = [row["cost_before_usd"] for row in top]
    series = [Series(name="this week", role="cost", values=[row["cost_usd"] for row in top])]
    if any(value is not None for value in before):
        series.append(Series(name="week before", role="before", values=before))
    told = "; ".join(f"{row['value'] or NO_WORKFLOW} {shown(row['cost_usd'], 'usd')}" for row in top)
    return Chart(
        name="cost-by-workflow",
        kind="bars",
        title="Cost by workflow",
        alt=f"Cost by workflow, this week: {told}.",
        unit=Unit.USD,
        keys=labels,
        labels=labels,
        series=series,
    )
