"""A report as people read it: numbers in words, charts drawn; what HTML, PDF and Markdown are made of."""

from dataclasses import dataclass

from queries.weekly.charts import WIDE, sparkline, svg_of
from queries.weekly.document import Chart, Column, Report, Table, Unit, Value
from queries.weekly.wording import difference, shown
from queries.words import DASH

# Values that are marked where they stand.
_TONES = {"new": "alert", "regressed": "alert", "missed": "alert", "rollback": "alert", "this week": "alert"}
_MARKED = frozenset({"state", "kind", "since"})
_LEAST_WEIGHT, _MOST_WEIGHT = 6, 34
_SHORT = 16  # letters that a column of text has room for in any table


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a column; `is_tight` ones are as wide as what stands in them, the others share what is left by their
    `weight`."""

    label: str
    is_number: bool
    is_tight: bool
    weight: int


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a table: text, or a picture and the text that tells the same."""

    text: str
    svg: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A table as it is printed."""

    name: str
    caption: str
    headings: list[Heading]
    rows: list[list[Cell]]
    note: str
    type: str = "table"


@dataclass(frozen=True, slots=True)
class ShownChart:
    """A chart as it is printed."""

    name: str
    title: str
    alt: str
    svg: str
    is_wide: bool
    type: str = "chart"


@dataclass(frozen=True, slots=True)
class ShownSection:
    """A section as it is printed."""

    name: str
    title: str
    sentences: list[str]
    blocks: list[ShownTable | ShownChart]


@dataclass(frozen=True, slots=True)
class Shown:
    """A report as it is printed; `state` says when it was made, and whether its week was over."""

    title: str
    subtitle: str
    state: str
    is_final: bool
    summary: list[str]
    sections: list[ShownSection]


def shown_report(report: Report) -> Shown:
    """The report in words and pictures."""
    made = f"Made {shown(report.made_at, 'time', report.tz)}"
    return Shown(
        title=report.title,
        subtitle=report.subtitle,
        state=made if report.is_final else f"{made}, before the week was over: its numbers will change",
        is_final=report.is_final,
        summary=list(report.summary),
        sections=[
            ShownSection(
                section.name,
                section.title,
                list(section.sentences),
                [
                    shown_table(block, report.tz) if isinstance(block, Table) else _shown_chart(block)
                    for block in section.blocks
                ],
            )
            for section in report.sections
        ],
    )


def shown_table(table: Table, tz: str) -> ShownTable:
    """The columns that are for people, in words."""
    columns = table.shown_columns("people")
    rows = [[_cell(table, column, row, row[place], tz) for place, column in columns] for row in table.rows]
    letters = [max((len(row[place].text) for row in rows), default=0) for place in range(len(columns))]
    tight = [column.unit is not Unit.TEXT or most <= _SHORT for (_, column), most in zip(columns, letters, strict=True)]
    tight[0] = tight[0] and not all(tight)  # one must take what is left
    headings = [
        Heading(
            column.label,
            column.unit not in (Unit.TEXT, Unit.TIME, Unit.TREND),
            tight[place],
            max(_LEAST_WEIGHT, min(_MOST_WEIGHT, letters[place])),
        )
        for place, (_, column) in enumerate(columns)
    ]
    return ShownTable(table.name, table.caption, headings, rows, table.note)


def _cell(table: Table, column: Column, row: list[Value], value: Value, tz: str) -> Cell:
    if isinstance(value, list):
        known = [one for one in value if one is not None]
        told = " → ".join(shown(one, _unit_of_row(table, row)) for one in value) if len(known) > 1 else DASH
        return Cell(told, sparkline(value, f"{row[0]}, four weeks: {told}"))
    unit = table.unit_of(column, row)
    if column.is_difference and not isinstance(value, str):
        return Cell(difference(value, unit))
    tone = _TONES.get(str(value), "") if column.name in _MARKED else ""
    return Cell(shown(value, unit, tz), tone=tone)


def _unit_of_row(table: Table, row: list[Value]) -> str:
    return str(next(row[place] for place, column in enumerate(table.columns) if column.name == "unit"))


def _shown_chart(chart: Chart) -> ShownChart:
    drawn = svg_of(chart)
    return ShownChart(chart.name, chart.title, chart.alt, drawn, f'width="{WIDE}"' in drawn)
