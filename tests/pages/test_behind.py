"""The table and the CSV behind a figure."""

import polars as pl

from pages.shared import behind


def test_a_text_that_a_spreadsheet_would_calculate_begins_with_an_apostrophe() -> None:
    answer = pl.DataFrame(
        {"name": ["=1+1", "+1", "-1", "@x", "fine", None], "cost_usd": [1.0, 2.0, 3.0, 4.0, -5.0, None]}
    )
    lines = behind.csv(answer).splitlines()
    assert lines == ["name,cost_usd", "'=1+1,1.0", "'+1,2.0", "'-1,3.0", "'@x,4.0", "fine,-5.0", ","]


def test_lists_are_one_cell_each() -> None:
    answer = pl.DataFrame({"models": [["=a", "b"], []], "counts": [[1, 2], None]})
    assert behind.csv(answer).splitlines() == ["models,counts", '"\'=a, b","1, 2"', '"",']
