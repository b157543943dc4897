"""Every number in the tables of the sample week's report is the one that sample_traces/README.md counts by hand."""

import re
from collections.abc import Sequence
from typing import Any

import pytest

from queries import catalogue
from queries.weekly.document import Report, Unit
from queries.weekly.machines import header, tables
from tests.queries.samples import FILTERS, Samples
from tests.queries.weekly_samples import sample_report, samples
from tests.test_sample_traces import SAMPLES

__all__ = ["sample_report", "samples"]

DAY = "2026-11-20"
Rows = dict[str, dict[str, str]]


SECTION = (SAMPLES / "README.md").read_text().partition("## What the weekly report says")[2].partition("\n## ")[0]


def counted() -> dict[str, Rows]:
    """The tables of the README's section, by their names: rows by their first cell, cells by their columns."""
    found = {}
    for part in SECTION.split("\n### ")[1:]:
        head, _, *lines = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("|")]
        rows = [dict(zip(head, cells, strict=True)) for cells in lines]
        name = part.splitlines()[0]
        found[name] = {name_of(name, list(row.values())): row for row in rows}
    return found


def name_of(table: str, row: Sequence[object]) -> str:
    """A row by its first cell, or its first two where the first is not enough."""
    return f"{row[0]} {row[1]}" if table in ("objectives", "errors") else str(row[0])


def numbers(report: Report) -> dict[str, dict[str, dict[str, Any]]]:
    """The numbers and times in the tables of a report, by table, row and column; without what is 0 or unknown."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for table in tables(report):
        columns = table.shown_columns("machines")
        for row in table.rows:
            told = {header(one): row[place] for place, one in columns if one.unit is not Unit.TEXT and row[place]}
            found.setdefault(table.name, {})[name_of(table.name, row)] = told
    return found


def told(cell: str) -> float | str | None:
    """A number by hand: 1/18, 930036, — for none, or a time of the day as RFC 3339."""
    if time := re.fullmatch(r"(\d\d:\d\d:\d\d)(\.\d+)?", cell):
        return f"{DAY}T{time[1]}{(time[2] or '.').ljust(10, '0')}Z"
    part, _, whole = cell.partition("/")
    return None if cell == "—" else float(part) / float(whole or 1)


BY_HAND = counted()


@pytest.mark.parametrize("name", BY_HAND)
def test_every_number_of_a_table_is_counted_by_hand(sample_report: Report, name: str) -> None:
    found = numbers(sample_report)[name]
    for row, cells in BY_HAND[name].items():
        expected = {
            column: value for column, cell in list(cells.items())[1:] if is_number(cell) and (value := told(cell))
        }
        assert found.pop(row) == {
            column: value if isinstance(value, str) else pytest.approx(value) for column, value in expected.items()
        }
    assert not any(found.values()), "nothing is told that was not counted"


def is_number(cell: str) -> bool:
    return cell == "—" or re.fullmatch(r"[\d./:]+", cell) is not None


def test_no_table_is_left_out_and_those_that_repeat_another_say_the_same(sample_report: Report) -> None:
    found = numbers(sample_report)
    assert set(found) == {*BY_HAND, "four-weeks", "cost-by-workflow"}
    assert found["cost-by-workflow"] == {
        row: {"this_week_usd": cells["cost_usd"]} for row, cells in found["cost"].items()
    }
    for row, cells in found["figures"].items():
        week = {"value": "2026-W47", "numerator": "2026-W47_numerator", "denominator": "2026-W47_denominator"}
        assert found["four-weeks"][row] == {week[column]: value for column, value in cells.items()}


def test_every_sentence_with_a_number_in_it_is_counted_by_hand(sample_report: Report) -> None:
    sections = [section for section in sample_report.sections if section.name != "counting"]  # that one only explains
    said = [*sample_report.summary, *(sentence for section in sections for sentence in section.sentences)]
    by_hand = [line.removeprefix("> ") for line in SECTION.splitlines() if line.startswith("> ")]
    assert [sentence for sentence in said if re.search(r"\d", sentence)] == by_hand


def test_the_reports_sums_are_those_of_the_runs_their_counted_steps_and_the_pages(
    samples: Samples, sample_report: Report
) -> None:
    asked = """
        select count(*) filter (where kind = 'llm'), sum(input_tokens), sum(output_tokens), sum(cost_usd)
        from {} where counted
    """
    steps = samples.connection.execute(asked.format("steps")).fetchone()
    runs = samples.connection.execute(
        "select sum(llm_call_count), sum(input_tokens), sum(output_tokens), sum(cost_usd) from runs"
    ).fetchone()
    (page,) = catalogue.ask(samples.database, "cost_totals", FILTERS).to_pylist()
    facts = [sample_report.facts[name] for name in ("llm_call_count", "input_tokens", "output_tokens", "cost")]
    assert steps == pytest.approx(facts)
    assert runs == pytest.approx(facts)
    assert [page[name] for name in ("input_tokens", "output_tokens", "cost_usd")] == pytest.approx(facts[1:])
