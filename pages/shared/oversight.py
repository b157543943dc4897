"""What the pages of approvals and corrections have in common: numbers against the window before, tables, acts."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import polars as pl
import streamlit as st

from pages.shared import diffs, tables
from pages.shared.format import count, duration, local_time, one_line, percent, plural

Counts = dict[str, Any]
Good = Literal["normal", "inverse", "off"]


def periods(summary: pl.DataFrame) -> tuple[Counts | None, Counts | None]:
    """The row of the asked window and that of the window before, if they have any."""
    rows = {row["period"]: row for row in summary.iter_rows(named=True)}
    return rows.get("asked"), rows.get("before")


def number(
    label: str, value: str, beside: str, change: str | None = None, good: Good = "off", meaning: str = ""
) -> None:
    """A metric with what it is of, and how it changed against the window before."""
    if change is None:
        st.metric(label, value, beside, delta_color="off", delta_arrow="off", help=meaning or None)
    else:
        is_same = change.lstrip("+-").startswith(("0.0 ", "0 ", "0%"))
        st.metric(
            label,
            value,
            change,
            delta_color="off" if is_same else good,
            delta_arrow="off" if is_same else "auto",
            delta_description=beside,
            help=meaning or None,
        )


def rate(label: str, asked: Counts, before: Counts | None, part: str, whole: str, good: Good, meaning: str) -> None:
    """A metric of `part` ÷ `whole`, the names of two counts, with both and the change in percentage points."""
    change = None
    if before and before[whole] and asked[whole]:
        change = f"{100 * (asked[part] / asked[whole] - before[part] / before[whole]):+.1f} points"
    beside = f"{count(asked[part])} of {count(asked[whole])}"
    number(label, percent(asked[part], asked[whole]), beside, change, good, meaning)


def wait(label: str, asked: Counts, before: Counts | None, column: str, meaning: str) -> None:
    """A metric of how long humans took, with how many answers tell, and the change."""
    change = None
    if before and before[column] is not None and asked[column] is not None:
        difference = asked[column] - before[column]
        change = f"{'-' if difference < 0 else '+'}{duration(abs(difference))}"
    number(label, duration(asked[column]), plural(asked["waited_count"], "wait"), change, "inverse", meaning)


def ranking(key: str, what: str, rows: pl.DataFrame, columns: Mapping[str, Any], choose: Callable[[str], None]) -> None:
    """Rows of a `value` and its numbers; `choose` is called with the value of the one chosen, '' if it is unknown."""
    shown = rows.select(
        _words(rows["value"], 120),
        *(column for column in columns if column != "value"),
    )
    tables.choosing(key, what, shown, dict(columns), rows["value"].fill_null(""), choose)


def acts(
    key: str, what: str, rows: pl.DataFrame, texts: Mapping[str, Any], open_run: Callable[[str, str | None], None]
) -> None:
    """Approvals or corrections in their order; `texts` are the columns, `open_run` gets the run and step chosen."""
    words = [name for name, kind in rows.select(texts.keys()).schema.items() if kind == pl.String]
    shown = rows.select(texts.keys()).with_columns(_words(rows[name], 300) for name in words)
    places = pl.Series([str(place) for place in range(rows.height)], dtype=pl.String)

    def choose(place: str) -> None:
        row = rows.row(int(place), named=True)
        open_run(row["run_id"], row["step_id"])

    tables.choosing(key, what, shown, dict(texts), places, choose)


def change(
    row: Mapping[str, Any],
    said: str,
    at: Any,
    zone: str,
    values: tuple[str, str],
    open_run: Callable[[str, str | None], None],
) -> None:
    """One act with its difference and the way to its run; `said` is a line about it, `values` name before and after."""
    before, after = (row[name] for name in values)
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.text(one_line(said, 300))
            st.button(
                "Open run",
                key=f"open_{row['run_id']}_{row.get('correction_id') or row.get('approval_id')}",
                icon=":material/arrow_forward:",
                type="tertiary",
                on_click=open_run,
                args=(row["run_id"], row["step_id"]),
            )
        st.text(f"{one_line(row['run_name'], 100)}  ·  {local_time(at, zone)}")
        if row["reason"]:
            st.text(f"because “{one_line(row['reason'], 400)}”")
        diffs.draw(before, after)


def _words(texts: pl.Series, letters: int) -> pl.Series:
    # Not by `map_elements`: polars' threads would wait for Python's lock, and Python for them when two visitors draw.
    lines = [None if text is None else one_line(text, letters) for text in texts]
    return pl.Series(texts.name, lines, dtype=pl.String)
