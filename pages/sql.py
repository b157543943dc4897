"""SQL: a question of one's own over the rows of a project and window; it is asked by a click only, never by a link."""

import streamlit as st

from pages.shared import data, faces, filters, sql

chosen = filters.current()
st.title("SQL")
known = data.answer("sql_tables", project=chosen.project)
if known["limits"] is None:
    sql.say_that_it_is_off()
    st.stop()
if chosen.project not in data.run_counts():
    faces.empty_store(chosen.project)
    data.rerun_on_news(chosen.project, watched=True)
    st.stop()
asking, tables = st.columns(2, gap="medium")
with asking:
    statement = sql.draw_editor()
    sql.draw_run(statement, chosen)
    sql.say_limits(known["limits"])
with tables:
    sql.draw_tables(known["tables"])
sql.draw_answer(chosen)
