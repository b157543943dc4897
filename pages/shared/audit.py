"""The audit log as a table, narrowed by whom and by what was done."""

import polars as pl
import streamlit as st

from pages.shared import address, rows
from pages.shared.format import count

MOST_ROWS = 1_000
_ROW_PIXELS, _ROWS_IN_SIGHT = 36, 16
_WAYS = {
    "app": ("in the app", "#2a72c9"),
    "key": ("by key", "#9a6006"),
    "local": ("without a key", "#6b7680"),
    "command": ("by command", "#1b7d52"),
}


# The name in the address, the column, and what is said of both.
_NARROWING = (("person", "who", "Who", "everybody"), ("deed", "act", "What", "everything"))


def draw_filters(known: pl.DataFrame) -> None:
    """Whom and what there is to choose from."""
    with st.container(horizontal=True, vertical_alignment="center", key="audit_filters"):
        for name, column, label, any_of_them in _NARROWING:
            names = sorted(known[column].unique())
            st.selectbox(
                label,
                names,
                index=None,
                placeholder=any_of_them,
                label_visibility="collapsed",
                width=260,
                **address.bound(name, address.text(name, among=names) or None),
            )


def draw(found: pl.DataFrame, zone: str) -> None:
    """One row an act, the newest first."""
    are_all = found.height < MOST_ROWS
    st.caption(
        f"{count(found.height)} {'act' if found.height == 1 else 'acts'}"
        if are_all
        else f"The newest {count(MOST_ROWS)}; a shorter window has the others"
    )
    shown = found.select(
        "done_at",
        rows.words(found, "who", 200),
        pl.concat_list(pl.col("via").replace_strict({via: label for via, (label, _) in _WAYS.items()})).alias("via"),
        "role",
        "act",
        rows.words(found, "about", 500),
        "key_id",
        pl.col("project").fill_null("of no one project"),
    )
    columns = {
        "done_at": rows.time("When", zone),
        "who": rows.text("Who", 190),
        "via": st.column_config.MultiselectColumn(
            "How", width=115, options=[label for label, _ in _WAYS.values()], color=[tint for _, tint in _WAYS.values()]
        ),
        "role": rows.text("Role", 80),
        "act": rows.text("What was done", 170),
        "about": rows.text("To what", 290),
        "key_id": rows.text("Key", 115),
        "project": rows.text("Project", 130),
    }
    st.dataframe(
        shown,
        hide_index=True,
        placeholder="—",
        row_height=_ROW_PIXELS,
        height=_ROW_PIXELS * (min(shown.height, _ROWS_IN_SIGHT) + 1) + 2,
        alt=f"{shown.height} acts, the newest first",
        column_config=columns,
    )
