"""Tools: what agents call, how often in vain and how fast, what models asked for, and the log of all calls."""

import streamlit as st

from pages.shared import address, data, faces, filters, links, tools

LOG_ROWS = 50
ANY = "any outcome"
OUTCOMES = (ANY, "error", "denied", "cancelled", "ok", "pending", "running")

chosen = filters.current()
links.complain_unless_among("outcome", OUTCOMES)
words, cursor = address.text("q"), address.text("cursor")
outcome = address.text("outcome", ANY, OUTCOMES)
st.title("Tools")

stats = data.answer("tool_stats", **chosen.asked)
if stats.is_empty():
    faces.nothing_of_runs(chosen, "called a tool")
    data.rerun_on_news(chosen.project, watched=True)
    st.stop()
outcomes = data.answer("proposed_outcomes", **chosen.asked)
tools.draw_numbers(stats, outcomes)
tools.draw_charts(stats)
tools.draw_table(stats, chosen.zone)
tools.draw_idle(data.answer("offered_tools", **chosen.asked), chosen.project, chosen.zone)
tools.draw_proposals(outcomes, data.answer("proposed_calls", **chosen.asked), chosen.project, chosen.zone)

with st.container(horizontal=True, vertical_alignment="center", key="heading"):
    st.subheader("Log of calls")
    st.text_input(
        "Search",
        type="search",
        placeholder="Search arguments, results, errors",
        label_visibility="collapsed",
        width=280,
        **address.bound("q", words, ""),
    )
    st.selectbox("Outcome", OUTCOMES, label_visibility="collapsed", width=160, **address.bound("outcome", outcome, ANY))
narrowing = {
    "status": None if outcome == ANY else outcome,
    "run_status": chosen.asked.get("status"),
    "q": words or None,
}
st.caption(
    "The log also has the calls that were refused before they could start; they count as refused, not as calls. "
    "Searched are names, ids, errors and whole arguments and results; of such a refused call, their beginnings."
)
calls, following = data.answer(
    "tool_calls", **{**chosen.asked, **narrowing}, cursor=cursor or None, limit=LOG_ROWS
)  # fmt: skip
if calls.is_empty():
    st.info("No call of this window passes the search and the filters.", icon=":material/search_off:")
    st.button("Show all calls", on_click=address.change, kwargs={"q": None, "outcome": None, "tool": None})
else:
    tools.draw_log(calls, chosen.project, chosen.zone)
    links.draw_pager(cursor, following)
