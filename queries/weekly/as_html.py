"""A report as one HTML file that reads without a network, a script or anything beside it."""

import re
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from queries.weekly.document import Report
from queries.weekly.people import shown_report

_FOLDER = Path(__file__).parent
_SIGNED_AMOUNT = re.compile(r"[−+]\$[\d.,]*\d")


def _unbroken(sentence: str) -> Markup:
    """Escaped, and no line ends between a sign and its amount."""
    return Markup(_SIGNED_AMOUNT.sub(r'<span class="unbroken">\g<0></span>', str(escape(sentence))))


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
# Pictures are drawn by `charts`, which escapes what it is told.
_ENVIRONMENT.filters["drawn"] = Markup
_ENVIRONMENT.filters["unbroken"] = _unbroken
_ENVIRONMENT.filters["groupby_kind"] = lambda blocks: groupby(blocks, key=lambda block: block.type == "chart")


def as_html(report: Report) -> bytes:
    """UTF-8; whatever telemetry says is escaped."""
    style = Markup((_FOLDER / "report.css").read_text())
    return _ENVIRONMENT.get_template("report.html").render(report=shown_report(report), style=style).encode()
