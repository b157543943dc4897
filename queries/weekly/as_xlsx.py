"""Every table of a report as a sheet of one workbook, numbers as numbers with their units."""

import io
from datetime import datetime
from typing import Any

import xlsxwriter

from queries.weekly.document import Column, Report, Table, Unit, Value
from queries.weekly.machines import header, tables

_FORMATS = {
    Unit.COUNT: "#,##0",
    Unit.NUMBER: "#,##0.0",
    Unit.USD: '"$"#,##0.00##',
    Unit.SHARE: "0.0%",
    Unit.MS: "#,##0",
}
_NARROW, _WIDE, _NAME_LETTERS = 10, 50, 31
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def as_xlsx(report: Report) -> bytes:
    """A sheet of the summary, then one for each table; texts are cells of text, never formulas or links."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, _OPTIONS) as workbook:
        made = datetime.fromisoformat(report.made_at).replace(tzinfo=None)
        workbook.set_properties({"title": report.title, "subject": report.subtitle, "created": made})
        formats: dict[Any, Any] = {unit: workbook.add_format({"num_format": one}) for unit, one in _FORMATS.items()}
        formats["bold"] = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        formats["text"] = workbook.add_format({"text_wrap": True, "valign": "top"})
        _summary(workbook.add_worksheet("summary"), report, formats)
        for table in tables(report):
            _sheet(workbook.add_worksheet(table.name[:_NAME_LETTERS]), table, formats)
    return target.getvalue()


def _summary(sheet: Any, report: Report, formats: dict[Any, Any]) -> None:
    sheet.set_column(0, 0, 110)
    lines = [report.title, report.subtitle, f"Made at {report.made_at}", *report.summary]
    for section in report.sections:
        lines += [section.title, *section.sentences]
    titles = {report.title, *(section.title for section in report.sections)}
    for place, line in enumerate(lines):
        sheet.write_string(place, 0, line, formats["bold" if line in titles else "text"])


def _sheet(sheet: Any, table: Table, formats: dict[Any, Any]) -> None:
    columns = table.shown_columns("machines")
    for place, (at, column) in enumerate(columns):
        sheet.write_string(0, place, header(column), formats["bold"])
        sheet.set_column(place, place, _width(table, at, column))
        for number, row in enumerate(table.rows, 1):
            _write(sheet, number, place, row[at], formats.get(table.unit_of(column, row)))
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, len(table.rows), len(columns) - 1)


def _write(sheet: Any, row: int, column: int, value: Value, number_format: Any) -> None:
    if isinstance(value, str):
        sheet.write_string(row, column, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value, number_format)


def _width(table: Table, place: int, column: Column) -> int:
    longest = max((len(text) for row in table.rows if isinstance(text := row[place], str)), default=0)
    return max(_NARROW, min(_WIDE, max(longest, len(header(column))) + 2))
