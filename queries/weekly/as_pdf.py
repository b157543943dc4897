"""A report as PDF, set by Typst from its own wheel and fonts: no browser, no system library, no network.

Telemetry goes in as data and never becomes markup.
"""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import orjson
import typst

from queries.weekly.document import Report
from queries.weekly.people import shown_report

_TEMPLATE = Path(__file__).with_name("report.typ").read_bytes()


def as_pdf(report: Report) -> bytes:
    """A4, dated as the report was made, tagged for screen readers; pictures are vectors. Letters that the fonts do not
    have, such as Chinese ones, are boxes."""
    told = {"report": orjson.dumps(asdict(shown_report(report))).decode()}
    made_s = round(datetime.fromisoformat(report.made_at).timestamp())
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[])
    return typst.compile(_TEMPLATE, font_paths=fonts, sys_inputs=told, timestamp=made_s)
