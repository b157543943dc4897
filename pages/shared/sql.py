"""The page SQL: where a statement is written, what it may name, and what it came to."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import polars.selectors as cs
import streamlit as st

from pages.shared import address, behind, data, rows
from pages.shared.filters import Filters
from pages.shared.format import plain, plural, size
from queries.client import BadRequest, ServerDown

EXAMPLES = {
    "Runs by agent": "select agent_name, status, count(*) as run_count, sum(cost_usd) as cost_usd\n"
    "from runs\ngroup by all\norder by run_count desc",
    "Slowest tools": "select tool_name, count(*) as call_count, quantile_cont(duration_ms, 0.95) as p95_ms\n"
    "from tool_calls\ngroup by all\norder by p95_ms desc nulls last",
    "Cost by day and model": "select date_trunc('day', started_at) as day, served_model, sum(cost_usd) as cost_usd\n"
    "from steps\nwhere counted and kind = 'llm'\ngroup by all\norder by day, cost_usd desc",
}
_LETTERS_IN_THE_ADDRESS = 2_000
_ROWS_IN_SIGHT, _ROW_PIXELS, _EDITOR_PIXELS = 15, 36, 220


@dataclass(frozen=True)
class Told:
    """What a statement came to in a project: its rows, and where they were cut; or why there are none."""

    statement: str
    project: str
    rows: pl.DataFrame | None
    cut_at: int | None
    refusal: str


def say_that_it_is_off() -> None:
    """Which setting turns it on, and what that means."""
    st.info(
        "One SELECT statement at a time over runs, steps, tool calls and more, in a process of its own that sees "
        "nothing but the rows of the chosen project and window.",
        title="Questions in SQL are off",
        icon=":material/lock:",
    )
    st.text("Whoever runs the server turns them on by a setting and starts it again:")
    st.code("RUNLIGHT_SQL=true python server.py", language=None)


def draw_editor() -> str:
    """The statement as it is written; the address carries it while it is short."""
    said = address.text("sql")
    if said and said != st.session_state.get("sql_statement"):
        st.session_state["sql_statement"] = said
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.caption("Begin with", width="content")
        for name, statement in EXAMPLES.items():
            st.button(name, key=f"example_{name}", type="tertiary", on_click=_write, args=(statement,))
    return st.text_area(
        "SELECT statement",
        key="sql_statement",
        height=_EDITOR_PIXELS,
        placeholder="select status, count(*) from runs group by all",
        label_visibility="collapsed",
        on_change=_carry,
    )


def draw_run(statement: str, chosen: Filters) -> None:
    """The button that asks; nothing else does."""
    is_empty = not statement.strip()
    st.button("Run", key="run_sql", type="primary", icon=":material/play_arrow:", disabled=is_empty, on_click=_run)
    if st.session_state.pop("sql_run", False):
        with st.spinner("Asking …"):
            st.session_state["sql_told"] = _asked(statement, chosen)


def say_limits(limits: Mapping[str, Any]) -> None:
    """What one question may take."""
    st.caption(
        f"At most {plural(limits['rows'], 'row')}, {limits['seconds']:g} seconds and {size(limits['memory_bytes'])} of "
        f"memory, over {size(limits['window_bytes'])} of rows. DuckDB's dialect; times are UTC."
    )


def draw_tables(tables: Sequence[Mapping[str, Any]]) -> None:
    """The tables one can name, and the columns of the one that is chosen."""
    by_name = {str(table["name"]): table for table in tables}
    name = st.selectbox("Table", list(by_name), key="sql_table", label_visibility="collapsed")
    st.caption(by_name[name]["about"])
    columns = by_name[name]["columns"]
    st.dataframe(
        pl.DataFrame(columns, schema=["name", "type", "meaning"]),
        key="sql_columns",
        hide_index=True,
        height=_EDITOR_PIXELS,
        placeholder="",
        alt=f"The {len(columns)} columns of {name}",
        column_config={
            "name": rows.text("Column", 125),
            "type": rows.text("Type", 80),
            "meaning": rows.text("Meaning", 260),
        },
    )


def draw_answer(chosen: Filters) -> None:
    """The newest answer of this project, whatever has been written since."""
    told: Told | None = st.session_state.get("sql_told")
    if told is None or told.project != chosen.project:
        return
    if told.statement != st.session_state["sql_statement"]:
        st.caption("The answer to the statement as it was last run:")
    if told.rows is None:
        st.error("The server does not answer this:", icon=":material/error:")
        st.code(plain(told.refusal), language=None, wrap_lines=True)
    elif told.rows.is_empty():
        st.info(f"No row of {chosen.window} is like that.", icon=":material/search_off:")
    else:
        _draw_rows(told.rows, told.cut_at)


def _run() -> None:
    st.session_state["sql_run"] = True


def _write(statement: str) -> None:
    st.session_state["sql_statement"] = statement
    _carry()


def _carry() -> None:
    statement: str = st.session_state["sql_statement"]
    address.change(sql=statement if len(statement) <= _LETTERS_IN_THE_ADDRESS else None)


def _asked(statement: str, chosen: Filters) -> Told:
    try:
        found, cut_at = data.client().sql(sql=statement, **chosen.asked)
    except (BadRequest, ServerDown) as error:
        return Told(statement, chosen.project, None, None, str(error))
    return Told(statement, chosen.project, found, cut_at, "")


def _draw_rows(found: pl.DataFrame, cut_at: int | None) -> None:
    if cut_at is not None:
        st.warning(f"There are more: this answer was cut at {plural(cut_at, 'row')}.", icon=":material/content_cut:")
    flat = _flat(found)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.text(plural(found.height, "row"))
        st.download_button(
            "Download CSV",
            behind.taken(flat, "answer.csv"),
            "answer.csv",
            "text/csv",
            key="csv_sql",
            on_click="ignore",
            icon=":material/download:",
        )
    shown = flat.with_columns(behind.plain_texts(texts) for texts in flat.select(cs.string()))
    st.dataframe(
        shown.rename(_headings(shown.columns)),
        key="sql_rows",
        hide_index=True,
        placeholder="—",
        row_height=_ROW_PIXELS,
        height=_ROW_PIXELS * (min(found.height, _ROWS_IN_SIGHT) + 1) + 2,
        alt=f"The {found.height} rows of the answer",
    )


def _headings(names: Sequence[str]) -> dict[str, str]:
    """Each name as it can be shown; those that would then look alike are told apart by how they are spelled."""
    told = Counter(map(plain, names))
    return {name: plain(name) if told[plain(name)] == 1 else repr(name) for name in names}


def _flat(found: pl.DataFrame) -> pl.DataFrame:
    """With lists and records as JSON: a table and CSV have no other form for them."""
    nested = [name for name, kind in found.schema.items() if kind.is_nested()]
    return found.with_columns(pl.Series(name, [_json(value) for value in found[name]], pl.String) for name in nested)


def _json(value: Any) -> str | None:
    if value is None:
        return None
    plain_value = value.to_list() if isinstance(value, pl.Series) else value
    return json.dumps(plain_value, ensure_ascii=False, default=str)
