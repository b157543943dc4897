"""Every table of a report as CSV, in one zip; unknown is empty, times are RFC 3339."""

import csv
import io
import re
import zipfile
from datetime import UTC, datetime

from queries.weekly.document import Report, Table, Value
from queries.weekly.machines import header, tables
from queries.words import FORMULA

_REGULAR_FILE = 0o644 << 16


def as_zip(report: Report) -> bytes:
    """A file for each table, numbered in their order; the time of each is that of the report."""
    made = datetime.fromisoformat(report.made_at).astimezone(UTC)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, table in enumerate(tables(report), 1):
            entry = zipfile.ZipInfo(f"{report.week}/{number:02}-{table.name}.csv", made.timetuple()[:6])
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, _REGULAR_FILE
            archive.writestr(entry, as_csv(table))
    return target.getvalue()


def as_csv(table: Table) -> bytes:
    """UTF-8 with a header; a text that a spreadsheet would calculate is led by an apostrophe."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\r\n")
    columns = table.shown_columns("machines")
    writer.writerow(header(column) for _, column in columns)
    writer.writerows([_cell(row[place]) for place, _ in columns] for row in table.rows)
    return target.getvalue().encode()


def _cell(value: Value) -> str | float | None:
    if isinstance(value, str):
        return f"'{value}" if re.match(FORMULA, value) else value
    if isinstance(value, list):
        raise TypeError("a trend is for people")
    return value
