"""How a report asks: the questions of the pages, about a week of a project."""

from dataclasses import dataclass, replace
from typing import Any

import orjson
import pyarrow as pa

from queries import catalogue, questions
from queries.database import Database
from queries.encoding import rows_json
from queries.filters import Filters, read_time
from queries.weekly.weeks import Week

# Sums of the same numbers in another order differ in their last digits; a report's bytes must not.
_DIGITS = 10

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What a report is about: a week of a project, and of one workflow if it is named, as of `made_ns`."""

    database: Database
    project: str
    workflow: str | None
    week: Week
    made_ns: int

    def filters(self, week: Week | None = None, **narrowing: Any) -> Filters:
        """Of this week, or another one, against the week before it."""
        asked = week or self.week
        filters = Filters(
            self.project,
            self.made_ns,
            asked.since_ns,
            asked.until_ns,
            tz=asked.tz,
            workflow=self.workflow,
            begins_before_ns=asked.before().since_ns,
        )
        return replace(filters, **narrowing)

    def rows(
        self,
        question: str,
        week: Week | None = None,
        *,
        by: str | None = None,
        limit: int = catalogue.ROWS,
        **narrowing: Any,
    ) -> list[Row]:
        """The answer of a question of the catalogue."""
        filters = self.filters(week, **narrowing)
        return rows_of(catalogue.ask(self.database, question, filters, by=by, limit=limit))

    def totals(self, question: str, week: Week | None = None, **narrowing: Any) -> Row:
        """The row about the window asked for of a question that has one for the window before too; empty if nothing
        began in it."""
        rows = self.rows(question, week, **narrowing)
        return next((row for row in rows if row.get("window", row.get("period")) == "asked"), {})

    def summary(self, **narrowing: Any) -> Row:
        """The totals of `questions.summary`."""
        return rows_of(questions.summary(self.database, self.filters(**narrowing)))[0]

    def ledger(self, question: Any, *more: Any) -> list[Row]:
        """The answer of a question about the ledger, of the project's batches that were committed in the week."""
        until_ns = min(self.week.until_ns, self.made_ns)
        return rows_of(question(self.database, self.project, self.week.since_ns, until_ns, *more))

    def is_of_week(self, moment: str) -> bool:
        """Whether a time of RFC 3339 lies in the week."""
        return self.week.since_ns <= read_time("moment", moment, 0) < self.week.until_ns


def rows_of(table: pa.Table) -> list[Row]:
    """Rows as JSON has them, times RFC 3339, without the last digits of numbers."""
    found: list[Row] = orjson.loads(rows_json(table))
    return [{name: settled(value) for name, value in row.items()} for row in found]


def settled(value: Any) -> Any:
    """A number without its last digits; anything else as it is."""
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value


def ratio(part: float | None, whole: float | None) -> float | None:
    """part / whole; null where there is nothing to divide by."""
    return None if part is None or not whole else settled(part / whole)
