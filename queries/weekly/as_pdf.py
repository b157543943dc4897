"""A report as PDF, set by Typst from fonts that come with wheels: no browser, no system library, no network.

Telemetry goes in as data and never becomes markup.
"""

import re
import unicodedata
from dataclasses import asdict
from datetime import datetime
from functools import cache
from pathlib import Path

import noto_cjk_sans_jp_regular as cjk
import orjson
import typst

from queries.weekly.document import Report
from queries.weekly.people import shown_report

_TEMPLATE = Path(__file__).with_name("report.typ").read_bytes()


def as_pdf(report: Report) -> bytes:
    """A4, dated as the report was made, tagged for screen readers; pictures are vectors. Signs that no font here has
    are spelled out: an emoji as `[rocket]`, a letter as `\\u0e44`."""
    told = {"report": spelled_out(orjson.dumps(asdict(shown_report(report))).decode())}
    made_s = round(datetime.fromisoformat(report.made_at).timestamp())
    return typst.compile(_TEMPLATE, font_paths=_fonts(), sys_inputs=told, timestamp=made_s)


@cache
def _fonts() -> typst.Fonts:
    """Typst's own, which have Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew, Arabic and Devanagari letters, and
    one for Chinese, Japanese and Korean."""
    folder = Path(str(cjk.FONT_PATH)).parent
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[folder])


def spelled_out(json: str) -> str:
    """JSON with what the fonts lack in letters that they have."""
    return _LACKING.sub(_spelled, _JOINING.sub("", json))


def _spelled(sign: re.Match[str]) -> str:
    if unicodedata.category(sign[0]) == "So":
        return f"[{unicodedata.name(sign[0], 'symbol').lower()}]"
    return f"\\\\u{ord(sign[0]):04x}"


# What makes emoji of signs, or joins and colours them.
_JOINING = re.compile("[\u200d\ufe0f\U0001f3fb-\U0001f3ff]")
# Scripts from Syriac on that are not named above, pictures of controls, emoji, and what lies beyond the first plane but
# mathematical letters and rare Chinese ones.
_LACKING = re.compile(
    "[\u0700-\u074f\u0780-\u089f\u0980-\u109f\u1200-\u1cff\u231a\u231b\u23e9-\u23f3\u2400-\u2426\u26ce\u2705\u270a\u270b"
    "\u2728\u274c\u274e\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55\ua000-\ua95f\ua980-\uabff"
    "\U00010000-\U0001d3ff\U0001d800-\U0001ffff]"
)
