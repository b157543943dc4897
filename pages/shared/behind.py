"""What stands behind a figure: its rows as a table, and the same as CSV."""

from collections.abc import Callable
from typing import Any

import polars as pl
import polars.selectors as cs
import streamlit as st

from pages.shared import data, menu
from pages.shared.format import plain
from queries.words import FORMULA

_ROWS_WITHOUT_SCROLLING = 12


def draw(name: str, answer: pl.DataFrame, columns: dict[str, Any] | None = None) -> None:
    """An expander with the rows of an answer and their download as `<name>.csv`; `columns` say how they are shown."""
    behind = st.expander("Table and CSV", icon=":material/table:", key=f"behind_{name}", on_change="rerun")
    if not behind.open:
        return
    with behind:
        st.dataframe(
            answer.with_columns(plain_texts(texts) for texts in answer.select(cs.string())),
            key=f"rows_{name}",
            hide_index=True,
            placeholder="—",
            height="content" if answer.height <= _ROWS_WITHOUT_SCROLLING else "auto",
            column_config=columns,
            alt=f"The {answer.height} rows behind the figure",
        )
        st.download_button(
            "Download CSV",
            taken(answer, f"{name}.csv"),
            f"{name}.csv",
            "text/csv",
            key=f"csv_{name}",
            on_click="ignore",
            icon=":material/download:",
        )


def taken(answer: pl.DataFrame, file: str) -> Callable[[], str]:
    """Makes the CSV once somebody asks for it, when it has been noted that they do."""
    client, project = data.client(), menu.project()

    def made() -> str:
        client.note_export(project=project, name=file)
        return csv(answer)

    return made


def csv(answer: pl.DataFrame) -> str:
    """The rows as CSV, lists joined by commas; a text that a spreadsheet would calculate begins with an apostrophe."""
    flat = answer.with_columns(cs.list().cast(pl.List(pl.String)).list.join(", "))
    is_formula = cs.string().str.contains(FORMULA)
    return flat.with_columns(
        pl.when(is_formula).then(cs.string().str.replace("^", "'")).otherwise(cs.string()).name.keep()
    ).write_csv()


def plain_texts(texts: pl.Series) -> pl.Series:
    """A column of telemetry for a table, each value with its line breaks."""
    return pl.Series(texts.name, [text if text is None else plain(text) for text in texts], dtype=pl.String)
