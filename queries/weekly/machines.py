"""The tables of a report as machines read them: every column, charts as tables too."""

from queries.weekly.document import Chart, Column, Report, Table, Unit, Value

_ENDS = {Unit.USD: "_usd", Unit.MS: "_ms", Unit.COUNT: "_count"}


def tables(report: Report) -> list[Table]:
    """Every table and chart of a report, in the order in which they stand."""
    blocks = [block for section in report.sections for block in section.blocks]
    return [block if isinstance(block, Table) else table_of_chart(block) for block in blocks]


def table_of_chart(chart: Chart) -> Table:
    """A row for each label, a column for each series."""
    first = Column(name="name" if chart.kind == "bars" else "day", label="Name" if chart.kind == "bars" else "Day")
    end = _ENDS.get(chart.unit, "")
    columns = [Column(name=one.name + end, label=one.name, unit=chart.unit) for one in chart.series]
    rows: list[list[Value]] = [
        [key, *(series.values[place] for series in chart.series)] for place, key in enumerate(chart.keys)
    ]
    return Table(name=chart.name, caption=chart.title, columns=[first, *columns], rows=rows)


def header(column: Column) -> str:
    """A column's name as one word."""
    return column.name.replace(" ", "_")
