"""Search: the things that go by one id, where they are several, and the way to the words."""

import streamlit as st

from pages.shared import address, filters, menu, search

chosen = filters.current()
text = address.text(menu.SEARCH.of).strip()[: search.MOST_LETTERS]
st.title("Search")
if not text:
    st.info("Type an id or words into the box in the sidebar.", icon=":material/search:")
    st.page_link(menu.RUNS.script, label="All runs", icon=menu.RUNS.icon, query_params=menu.to(menu.RUNS))
    st.stop()
things = search.found(chosen.project, text)
search.draw_text(text)
if things.is_empty():
    st.info("No run, step, call, conversation or user of this project goes by this id.", icon=":material/search_off:")
else:
    search.draw_things(chosen.project, things, chosen.zone)
search.draw_words(text)
