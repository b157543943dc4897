"""Conversation: its runs in order on one page, what was asked and answered in each, and where it broke."""

import streamlit as st

from pages.shared import address, behind, data, faces, filters, menu, turns
from pages.shared.format import one_line

TURNS = 50

chosen = filters.current()
conversation_id = address.text(menu.CONVERSATION.of)
after = address.text("after", "0")
found = data.answer(
    "conversation",
    project=chosen.project,
    conversation=conversation_id or "-",
    after=int(after) if after.isdecimal() and len(after) < 9 else 0,
    limit=TURNS,
)
whole = {"project": chosen.project, "since": None, "conversation": conversation_id}
if found.is_empty() or not conversation_id:
    faces.no_such_conversation(chosen.project, conversation_id)
    st.stop()
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    menu.draw_way_back()
st.title("Conversation")
st.text(one_line(conversation_id, 200))
turns.draw_numbers(data.answer("summary", **whole).row(0, named=True), found)
first, last, total = found["turn"][0], found["turn"][-1], found["turn_count"][0]
if total > found.height:
    st.caption(f"Runs {first} to {last} of {total}.")
turns.draw(found, chosen.project, chosen.zone)
with st.container(horizontal=True, horizontal_alignment="right"):
    if first > 1:
        earlier = {"after": str(max(0, first - 1 - TURNS))}
        st.button("Earlier", icon=":material/chevron_left:", on_click=address.change, kwargs=earlier)
    if last < total:
        st.button("Later", icon=":material/chevron_right:", on_click=address.change, kwargs={"after": str(last)})
behind.draw("conversation", found)
is_open = not found.filter(status="running").is_empty() or not found.filter(status="waiting").is_empty()
data.rerun_on_news(chosen.project, watched=is_open)
