"""The forms that a report comes in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from queries.weekly.as_csv import as_zip
from queries.weekly.as_html import as_html
from queries.weekly.as_markdown import as_markdown
from queries.weekly.as_pdf import as_pdf
from queries.weekly.as_xlsx import as_xlsx
from queries.weekly.document import Report


@dataclass(frozen=True, slots=True)
class Form:
    """A form by its file's ending: its media type, and how a report is put into it."""

    media_type: str
    render: Callable[[Report], bytes]


def as_json(report: Report) -> bytes:
    """The report with all of its numbers, unrounded."""
    return report.model_dump_json(indent=1).encode() + b"\n"


FORMS: Mapping[str, Form] = {
    "html": Form("text/html; charset=utf-8", as_html),
    "pdf": Form("application/pdf", as_pdf),
    "md": Form("text/markdown; charset=utf-8", as_markdown),
    "zip": Form("application/zip", as_zip),
    "xlsx": Form("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx),
    "json": Form("application/json", as_json),
}
