"""What was changed, as lines taken out and put in."""

import difflib
import json
import re
from itertools import islice

import streamlit as st

from pages.shared.format import plain

MOST_LETTERS, MOST_LINES = 20_000, 400
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def draw(before: str | None, after: str | None) -> None:
    """The difference, or the one text that there is."""
    if before and after:
        st.code(difference(before, after), language="diff", wrap_lines=True)
    elif before or after:
        st.caption("As it was" if before else "As it became")
        st.code("\n".join(_lines(before or after or "")), language=None, wrap_lines=True)


def difference(before: str, after: str) -> str:
    """A unified diff of the two: JSON by its members, other text by its sentences."""
    lines = list(islice(difflib.unified_diff(_lines(before), _lines(after), n=2, lineterm=""), MOST_LINES))
    return "\n".join(line for line in lines[2:] if not line.startswith("@@")) or "no difference but in spaces"


def _lines(text: str) -> list[str]:
    parsed = _parsed(text)
    if parsed is not None:
        return plain(json.dumps(parsed, ensure_ascii=False, indent=2)[:MOST_LETTERS]).splitlines()[:MOST_LINES]
    lines = plain(text[:MOST_LETTERS]).splitlines()
    return [sentence for line in lines for sentence in _SENTENCE_END.split(line)][:MOST_LINES]


def _parsed(text: str) -> object:
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return parsed
