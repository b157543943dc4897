"""How a week went day by day."""

from collections.abc import Sequence
from typing import Literal

from queries.filters import read_time
from queries.weekly.asking import Inquiry, Row
from queries.weekly.document import Chart, Series, Unit
from queries.weekly.wording import shown

_ALWAYS, _OUTCOMES = ("ok", "error"), ("ok", "error", "abandoned", "waiting", "running")


def charts_of_days(inquiry: Inquiry) -> list[Chart]:
    """Runs by outcome, error rate, duration and cost of each day, but for what is known of none."""
    days = by_day(inquiry, inquiry.rows("run_trend"))
    runs = [
        Series(name=name, role=name, values=[day.get(f"{name}_count", 0) for day in days])
        for name in _OUTCOMES
        if name in _ALWAYS or any(day.get(f"{name}_count") for day in days)
    ]
    errors = _line(days, "error rate", "error_rate", "error")
    durations = _line(days, "p95 duration", "p95_duration_ms", "duration")
    cost = _line(days, "cost", "cost_usd", "cost")
    charts = [
        daily(inquiry, "runs-by-day", "stacked", "Runs by outcome", Unit.COUNT, runs),
        daily(inquiry, "errors-by-day", "line", "Error rate", Unit.SHARE, [errors]),
        daily(inquiry, "duration-by-day", "line", "Duration, 95th percentile", Unit.MS, [durations]),
        daily(inquiry, "cost-by-day", "stacked", "Cost", Unit.USD, [cost]),
    ]
    return [chart for chart in charts if any(value is not None for one in chart.series for value in one.values)]


def by_day(inquiry: Inquiry, rows: Sequence[Row]) -> list[Row]:
    """The rows of a trend in the order of the week's seven days, an empty one where nothing happened."""
    found = {read_time("bucket_at", row["bucket_at"], 0): row for row in rows}
    return [found.get(inquiry.week.day_ns(day), {}) for day in range(7)]


def daily(
    inquiry: Inquiry, name: str, kind: Literal["stacked", "line"], title: str, unit: Unit, series: list[Series]
) -> Chart:
    """A chart over the days of the week, its numbers told in its alternative text."""
    days = inquiry.week.days()
    told = "; ".join(f"{one.name} {', '.join(shown(value, unit) for value in one.values)}" for one in series)
    return Chart(
        name=name,
        kind=kind,
        title=f"{title} per day",
        alt=f"{title} per day, Monday to Sunday: {told}.",
        unit=unit,
        keys=[day.isoformat() for day in days],
        labels=[f"{day:%a} {day.day}" for day in days],
        series=series,
    )


def _line(days: Sequence[Row], name: str, column: str, role: str) -> Series:
    return Series(name=name, role=role, values=[day.get(column) for day in days])
