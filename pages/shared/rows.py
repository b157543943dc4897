"""Tables of rows of which one can be chosen, and the columns that they are made of; telemetry stays text in them."""

from collections.abc import Callable
from typing import Any

import polars as pl
import streamlit as st

from pages.shared.format import one_line

_ROW_PIXELS, _LINE_PIXELS, _ROWS_IN_SIGHT = 36, 20, 12
_NOTHING_CHOSEN: dict[str, Any] = {"selection": {"rows": [], "columns": [], "cells": []}}


def choosing(
    key: str,
    what: str,
    shown: pl.DataFrame,
    columns: dict[str, Any],
    choose: Callable[[int], None],
    rows_in_sight: int = _ROWS_IN_SIGHT,
    lines: int = 1,
) -> None:
    """A table without the columns that say nothing; long texts may take several `lines`.

    `choose` is called with the number of the row of which a cell is chosen. `what` says so to those who cannot see it.
    """
    row_pixels = _ROW_PIXELS + (lines - 1) * _LINE_PIXELS

    def changed() -> None:
        cells = st.session_state[key].selection.cells
        st.session_state[key] = _NOTHING_CHOSEN  # so that, after the way back, the same cell can be chosen again
        if cells and cells[0][0] < shown.height:
            choose(cells[0][0])

    st.dataframe(
        telling(shown),
        key=key,
        hide_index=True,
        placeholder="—",
        row_height=row_pixels,
        height=row_pixels * min(shown.height, rows_in_sight) + _ROW_PIXELS + 2,
        on_select=changed,
        selection_mode="single-cell",
        alt=f"{shown.height} {what}",
        column_config=columns,
    )


def telling(shown: pl.DataFrame) -> pl.DataFrame:
    """Without the columns in which no row says anything: a screen has room for the others then."""
    return shown.select(column for column in shown if column.null_count() < shown.height or not shown.height)


def words(frame: pl.DataFrame, what: str | pl.Expr, letters: int) -> pl.Series:
    """A column of telemetry, each value as one line of at most so many letters.

    Not by `map_elements`: polars' threads would wait for Python's lock, and Python for them when two visitors draw.
    """
    found = frame.select(what).to_series()
    return pl.Series(found.name, [one_line(text, letters) if text else None for text in found], dtype=pl.String)


def text(label: str, width: int) -> Any:
    return st.column_config.TextColumn(label, width=width)


def number(label: str, meaning: str | None = None) -> Any:
    return st.column_config.NumberColumn(label, format="localized", width=_room(label), help=meaning)


def change(label: str, meaning: str) -> Any:
    """Of how many there are more or fewer."""
    return st.column_config.NumberColumn(label, format="%+d", width=_room(label), help=meaning)


def percent(label: str, meaning: str | None = None) -> Any:
    """Of hundredths: a rate × 100."""
    return st.column_config.NumberColumn(label, format="%.1f %%", width=_room(label), help=meaning)


def seconds(label: str, digits: int) -> Any:
    return st.column_config.NumberColumn(label, format=f"%,.{digits}f s", width=max(72, _room(label)))


def minutes(label: str, meaning: str | None = None) -> Any:
    return st.column_config.NumberColumn(label, format="%,.1f min", width=max(86, _room(label)), help=meaning)


def dollars(label: str, meaning: str, written: str = "$%.4f") -> Any:
    return st.column_config.NumberColumn(label, format=written, width=max(84, _room(label)), help=meaning)


def time(label: str, zone: str) -> Any:
    return st.column_config.DatetimeColumn(
        label, format="D MMM, HH:mm:ss", timezone=zone, width=124, help=f"On your clock ({zone})"
    )


def moment(label: str, zone: str) -> Any:
    """To the minute."""
    return st.column_config.DatetimeColumn(
        label, format="D MMM, HH:mm", timezone=zone, width=104, help=f"On your clock ({zone})"
    )


def _room(label: str) -> int:
    """The pixels that a column title takes; and a number as people have them."""
    return max(66, 7 * len(label) + 18)
