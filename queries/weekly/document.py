"""What a report says, whatever form it takes: sections of sentences, tables with units, and charts with their data."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from queries.words import one_line

LONGEST_CELL = 400

Cell = Annotated[str, AfterValidator(lambda text: one_line(text, LONGEST_CELL))]
Sentence = Annotated[str, AfterValidator(lambda text: one_line(text, 2_000))]
Value = int | float | Cell | list[float | None] | None


class Unit(StrEnum):
    """What a number stands for. Of a MIXED column each row's own column `unit` tells it."""

    TEXT = "text"
    COUNT = "count"
    NUMBER = "number"
    USD = "usd"
    MS = "ms"
    SHARE = "share"  # 0 to 1
    TIME = "time"  # RFC 3339 in UTC
    TREND = "trend"  # a list of numbers, oldest first; drawn, not printed
    MIXED = "mixed"


class Part(BaseModel):
    """Any piece of a report; it never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(Part):
    """A column of a table. Some are for people only, since the numbers in them stand in others, for machines only."""

    name: str
    label: str
    unit: Unit = Unit.TEXT
    audience: Literal["all", "people", "machines"] = "all"
    is_difference: bool = False


class Table(Part):
    """Rows in their order; each has a value for each column, null for the unknown."""

    type: Literal["table"] = "table"
    name: str
    caption: Cell
    columns: list[Column]
    rows: list[list[Value]]
    note: Sentence = ""

    def shown_columns(self, audience: Literal["people", "machines"]) -> list[tuple[int, Column]]:
        """The columns that people, or machines, are shown, with their places in a row."""
        return [(place, one) for place, one in enumerate(self.columns) if one.audience in ("all", audience)]

    def unit_of(self, column: Column, row: list[Value]) -> Unit:
        """What the value of this column in this row stands for."""
        if column.unit is not Unit.MIXED:
            return column.unit
        (place,) = (place for place, one in enumerate(self.columns) if one.name == "unit")
        return Unit(str(row[place]))


class Series(Part):
    """Numbers of a chart, one for each of its labels; `role` is what colours it."""

    name: Cell
    role: str
    values: list[int | float | None]


class Chart(Part):
    """A picture of numbers: columns stacked over days, a line over days, or bars under names. `keys` are what the
    numbers belong to, `labels` how it is written."""

    type: Literal["chart"] = "chart"
    name: str
    kind: Literal["stacked", "line", "bars"]
    title: Cell
    alt: Sentence
    unit: Unit
    keys: list[Cell]
    labels: list[Cell]
    series: list[Series]


class Section(Part):
    """A heading, sentences under it, then its tables and charts."""

    name: str
    title: str
    sentences: list[Sentence] = []
    blocks: list[Annotated[Table | Chart, Field(discriminator="type")]] = []


class Report(Part):
    """A week of a project, or of one workflow of it, as it was known at `made_at`. `facts` are what a later report of
    the same week is compared by: name → number."""

    format: Literal[1] = 1
    project: str
    workflow: str | None
    week: str
    tz: str
    since: str
    until: str
    made_at: str
    is_final: bool
    title: Cell
    subtitle: Cell
    summary: list[Sentence]
    sections: list[Section]
    facts: dict[str, int | float | None]

    def tables(self) -> list[Table]:
        """Every table, in the order in which they stand."""
        return [block for section in self.sections for block in section.blocks if isinstance(block, Table)]
