"""Users: whom runs were for, who saw them fail, and what each conversation came to."""

import streamlit as st

from pages.shared import address, data, faces, filters, links, oversight, users

MOST_ROWS = 500

chosen = filters.current()
links.complain_unless_among("by", users.GROUPS)
by = address.text("by", "user", users.GROUPS)
st.title("Users and conversations")
asked, before = oversight.periods(data.answer("affected_totals", **chosen.asked))
if asked is None:
    faces.no_runs(chosen, "")
    data.rerun_on_news(chosen.project, watched=True)
    st.stop()
users.draw_numbers(asked, before)
if not asked["user_count"] and not asked["conversation_count"]:
    faces.nothing_of_runs(chosen, "names a user or a conversation")
    data.rerun_on_news(chosen.project, watched=True)
    st.stop()
st.segmented_control(
    "By",
    list(users.GROUPS),
    format_func=users.GROUPS.__getitem__,
    required=True,
    label_visibility="collapsed",
    **address.bound("by", by, "user"),
)
users.draw_trend(data.answer("affected_trend", **chosen.asked, tz=chosen.zone), by, chosen.zone)
users.draw_table(data.answer("affected_by", **chosen.asked, by=by, limit=MOST_ROWS), by, chosen)
