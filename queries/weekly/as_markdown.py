"""A report as Markdown, with the tables of GitHub's dialect; charts are tables of their numbers."""

import re

from queries.weekly.document import Chart, Report, Table
from queries.weekly.machines import table_of_chart
from queries.weekly.people import ShownTable, shown_report, shown_table

# Whatever opens emphasis, a link, code, a formula, an element, an entity or a cell.
_SYNTAX = re.compile(r"[\\`*_\[\]<>|~&$#]")
_BULLET = re.compile(r"^(\d{0,9})([-+.)])(?=\s|$)")  # opens a list where a paragraph begins
_ADDRESS = re.compile(r":(?=//)|(?<=www)\.|@", re.IGNORECASE)


def as_markdown(report: Report) -> bytes:
    """UTF-8; whatever telemetry says stays text."""
    shown = shown_report(report)
    lines = [f"# {escaped(shown.title)}", escaped(shown.subtitle), f"*{escaped(shown.state)}*"]
    lines += [escaped(sentence) for sentence in shown.summary]
    for section in report.sections:
        lines.append(f"## {escaped(section.title)}")
        as_list = len(section.sentences) > 2
        sentences = [("- " if as_list else "") + escaped(sentence) for sentence in section.sentences]
        lines += ["\n".join(sentences)] if as_list else sentences
        for block in section.blocks:
            lines += _table(shown_table(_as_table(block), report.tz))
    return ("\n\n".join(lines) + "\n").encode()


def escaped(text: str) -> str:
    """Text that reads the same when it is rendered."""
    plain = _ADDRESS.sub(_escape, _SYNTAX.sub(_escape, text))
    return _BULLET.sub(r"\1\\\2", plain)


def _escape(sign: re.Match[str]) -> str:
    return f"\\{sign[0]}"


def _as_table(block: Table | Chart) -> Table:
    return block if isinstance(block, Table) else table_of_chart(block)


def _table(table: ShownTable) -> list[str]:
    heads = [escaped(heading.label) or " " for heading in table.headings]
    rules = ["---:" if heading.is_number else "---" for heading in table.headings]
    rows = [[escaped(cell.text) for cell in row] for row in table.rows]
    drawn = "\n".join(f"| {' | '.join(row)} |" for row in [heads, rules, *rows])
    return [f"**{escaped(table.caption)}**", drawn, *([escaped(table.note)] if table.note else [])]
