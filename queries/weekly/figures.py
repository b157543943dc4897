"""The figures of a week: each with what it was counted from, the week before and the trend over four weeks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from queries.filters import read_time
from queries.weekly.asking import Inquiry, Row, ratio, settled
from queries.weekly.daily import charts_of_days
from queries.weekly.document import Column, Section, Table, Unit, Value
from queries.weekly.weeks import Week
from queries.weekly.wording import shown
from queries.words import count

WEEKS = 4  # of the trend, this one being the last


@dataclass(frozen=True, slots=True)
class Kind:
    """A figure: how it is called, and how it is read from a week's totals; `of` tells what it was counted from."""

    name: str
    label: str
    unit: Unit
    value: Callable[[Row], float | None]
    numerator: Callable[[Row], float | None] = lambda _: None
    denominator: Callable[[Row], float | None] = lambda _: None
    of: str = ""

    @property
    def is_rate(self) -> bool:
        """Whether its change is told in percentage points."""
        return self.unit is Unit.SHARE

    def counted(self, totals: Row) -> str:
        """What it was counted from, in words: 30 of 1,429 finished runs."""
        whole = self.denominator(totals)
        if not whole:
            return ""
        part = f"{count(self.numerator(totals) or 0)} of " if self.is_rate else "over "
        return f"{part}{count(whole)} {self.of}"


def _of(name: str) -> Callable[[Row], float | None]:
    return lambda totals: totals.get(name)


KINDS: Sequence[Kind] = (
    Kind("runs", "Runs", Unit.COUNT, lambda totals: totals.get("run_count", 0)),
    Kind(
        "error_rate",
        "Error rate",
        Unit.SHARE,
        _of("error_rate"),
        _of("error_count"),
        _of("ended_count"),
        "finished runs",
    ),
    Kind(
        "p95_duration",
        "Duration, 95th percentile",
        Unit.MS,
        _of("p95_duration_ms"),
        denominator=_of("timed_run_count"),
        of="timed runs",
    ),
    Kind("cost", "Cost", Unit.USD, _of("cost_usd"), denominator=_of("run_count"), of="runs"),
    Kind(
        "cost_per_run",
        "Cost per run",
        Unit.USD,
        lambda totals: ratio(totals.get("cost_usd"), totals.get("run_count")),
        _of("cost_usd"),
        _of("run_count"),
        "runs",
    ),
    Kind("approvals", "Approvals asked for", Unit.COUNT, lambda totals: totals.get("approval_count", 0)),
    Kind(
        "approval_rate",
        "Approval rate",
        Unit.SHARE,
        _of("approval_rate"),
        _of("yes_count"),
        _of("human_count"),
        "human decisions",
    ),
    Kind(
        "p50_wait",
        "Wait for a human, median",
        Unit.MS,
        _of("p50_wait_ms"),
        denominator=_of("waited_count"),
        of="timed decisions",
    ),
    Kind(
        "p95_wait",
        "Wait for a human, 95th percentile",
        Unit.MS,
        _of("p95_wait_ms"),
        denominator=_of("waited_count"),
        of="timed decisions",
    ),
    Kind(
        "expired",
        "Approvals expired",
        Unit.SHARE,
        lambda totals: ratio(totals.get("expired_count"), totals.get("approval_count")),
        _of("expired_count"),
        _of("approval_count"),
        "approvals",
    ),
    Kind(
        "correction_rate",
        "Human correction rate",
        Unit.SHARE,
        _of("correction_rate"),
        _of("corrected_count"),
        _of("reviewed_count"),
        "reviewed runs",
    ),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """The totals of four weeks, oldest first; None of a week that the project did not know from its beginning."""

    weeks: Sequence[Week]
    totals: Sequence[Row | None]

    @property
    def now(self) -> Row:
        """Of this week."""
        return self.totals[-1] or {}

    @property
    def before(self) -> Row | None:
        """Of the week before, if the project knew it."""
        return self.totals[-2]

    def change(self, kind: Kind) -> float | None:
        """This week's value less that of the week before."""
        now, before = kind.value(self.now), None if self.before is None else kind.value(self.before)
        return None if now is None or before is None else settled(now - before)

    def trend(self, kind: Kind) -> list[float | None]:
        """Its values, oldest first."""
        return [None if totals is None else kind.value(totals) for totals in self.totals]


def ask_figures(inquiry: Inquiry) -> Figures:
    """The totals of this week and the three before it."""
    weeks = [inquiry.week.before(age) for age in range(WEEKS - 1, -1, -1)]
    compared = inquiry.rows("compared")[0]["first_run_at"]
    return Figures(weeks, [_totals(inquiry, week, compared) for week in weeks])


def _totals(inquiry: Inquiry, week: Week, first_run_at: str | None) -> Row | None:
    is_known = first_run_at is not None and read_time("first_run_at", first_run_at, 0) <= week.since_ns
    if not is_known and week != inquiry.week:
        return None
    return inquiry.totals("approval_summary", week) | inquiry.totals("overview_totals", week)


def kind_of(name: str) -> Kind:
    """The figure of this name."""
    return next(kind for kind in KINDS if kind.name == name)


def figures_section(inquiry: Inquiry, figures: Figures) -> Section:
    """The table of figures, their four weeks, and how the week went day by day."""
    title = "The figures"
    if not any(totals and totals.get("run_count") for totals in figures.totals):
        return Section(name="figures", title=title, sentences=["Nothing ran in these four weeks."])
    charts = charts_of_days(inquiry) if figures.now.get("run_count") else []
    blocks = [_table(figures, _note(inquiry, figures)), *charts, _weeks_table(figures)]
    return Section(name="figures", title=title, blocks=blocks)


def _note(inquiry: Inquiry, figures: Figures) -> str:
    if figures.before is None:
        return NO_WEEK_BEFORE
    return "" if inquiry.made_ns >= inquiry.week.until_ns else OPEN_WEEK


def _table(figures: Figures, note: str) -> Table:
    columns = [
        Column(name="figure", label="Figure"),
        Column(name="unit", label="Unit", audience="machines"),
        Column(name="value", label="This week", unit=Unit.MIXED),
        Column(name="counted", label="Counted", audience="people"),
        Column(name="numerator", label="Numerator", unit=Unit.NUMBER, audience="machines"),
        Column(name="denominator", label="Denominator", unit=Unit.COUNT, audience="machines"),
        Column(name="value_before", label="Week before", unit=Unit.MIXED),
        Column(name="counted_before", label="Counted", audience="people"),
        Column(name="numerator_before", label="Numerator, week before", unit=Unit.NUMBER, audience="machines"),
        Column(name="denominator_before", label="Denominator, week before", unit=Unit.COUNT, audience="machines"),
        Column(name="change", label="Change", unit=Unit.MIXED, is_difference=True),
        Column(name="change_share", label="Change, relative", unit=Unit.SHARE, audience="machines"),
        Column(name="trend", label="Four weeks", unit=Unit.TREND, audience="people"),
    ]
    return Table(
        name="figures",
        caption="The week against the week before",
        columns=columns,
        rows=[_row(figures, kind) for kind in KINDS],
        note=note,
    )


OPEN_WEEK = "This week is not over, and the week before is a whole one: sums cannot be compared yet, rates can."
NO_WEEK_BEFORE = "There is nothing to compare with: the project's first run came after the week before had begun."


def _row(figures: Figures, kind: Kind) -> list[Value]:
    now, before = figures.now, figures.before or {}
    change = figures.change(kind)
    return [
        kind.label,
        kind.unit.value,
        kind.value(now),
        kind.counted(now),
        kind.numerator(now),
        kind.denominator(now),
        kind.value(before) if figures.before is not None else None,
        kind.counted(before),
        kind.numerator(before),
        kind.denominator(before),
        change,
        None if kind.is_rate or change is None else ratio(change, kind.value(before)),
        figures.trend(kind),
    ]


def _weeks_table(figures: Figures) -> Table:
    columns = [Column(name="figure", label="Figure"), Column(name="unit", label="Unit", audience="machines")]
    for week in figures.weeks:
        columns += [
            Column(name=f"{week.name} shown", label=week.name, audience="people"),
            Column(name=week.name, label=week.name, unit=Unit.MIXED, audience="machines"),
            Column(name=f"{week.name} numerator", label="Numerator", unit=Unit.NUMBER, audience="machines"),
            Column(name=f"{week.name} denominator", label="Denominator", unit=Unit.COUNT, audience="machines"),
        ]
    rows = [_weeks_row(figures, kind) for kind in KINDS]
    return Table(name="four-weeks", caption="Four weeks, with what was counted", columns=columns, rows=rows)


def _weeks_row(figures: Figures, kind: Kind) -> list[Value]:
    row: list[Value] = [kind.label, kind.unit.value]
    for totals in figures.totals:
        known = totals or {}
        value = None if totals is None else kind.value(known)
        row += [_with_fraction(kind, known, value), value, kind.numerator(known), kind.denominator(known)]
    return row


def _with_fraction(kind: Kind, totals: Row, value: float | None) -> str:
    whole = kind.denominator(totals)
    fraction = f" ({count(kind.numerator(totals) or 0)}/{count(whole)})" if kind.is_rate and whole else ""
    return shown(value, kind.unit) + fraction
