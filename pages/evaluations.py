"""Evaluations: how humans, models and code judged the runs of a window, where they differ, and how replays went."""

import streamlit as st

from pages.shared import address, data, evaluations, faces, filters, links, oversight
from pages.shared.format import one_line

WORST_RUNS, DIFFERING = 50, 200

chosen = filters.current()
for parameter, known in (("by", evaluations.GROUPS), ("unit", evaluations.UNITS), ("replays", evaluations.REPLAYS)):
    links.complain_unless_among(parameter, known)
name, evaluator = address.text("name"), address.text("evaluator")
st.title("Evaluations")
asked, before = oversight.periods(data.answer("evaluation_totals", **chosen.asked))
if asked is None:
    faces.no_runs(chosen, "")
    data.rerun_on_news(chosen.project, watched=True)
    st.stop()
replays_by = address.text("replays", "category", evaluations.REPLAYS)
replays = data.answer("replays_by", **chosen.asked, by=replays_by)
if not asked["judgement_count"] and replays.is_empty():
    faces.nothing_of_runs(chosen, "was judged, by a human, a model or code, or is the replay of a case")
    data.rerun_on_news(chosen.project, watched=True)
    st.stop()
evaluations.draw_numbers(asked, before)

if asked["judgement_count"]:
    evaluations.draw_trend(data.answer("evaluation_trend", **chosen.asked, tz=chosen.zone), chosen.zone)
    st.subheader("Judgements")
    by = evaluations.choose("by", evaluations.GROUPS, "evaluator")
    judged = data.answer("evaluations_by", **chosen.asked, by=by)
    evaluations.draw_names(judged, by)

    given = data.answer("evaluation_distribution", **chosen.asked)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        drawn = name if name in given["evaluation_name"] else judged["evaluation_name"][0]
        evaluations.draw_distribution(given, drawn)
    with right:
        st.subheader("Runs, the worst first")
        if name or evaluator:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.text("Only " + " by ".join(one_line(part, 80) for part in (name, evaluator) if part))
                lift = {"name": None, "evaluator": None}
                st.button("All of them", icon=":material/close:", type="tertiary", on_click=address.change, kwargs=lift)
        worst = data.answer(
            "evaluation_runs", **chosen.asked, name=name or None, evaluator=evaluator or None, limit=WORST_RUNS
        )
        evaluations.draw_worst(worst, chosen.project, chosen.zone)

    st.subheader("Do models judge as humans do?")
    unit = evaluations.choose("unit", evaluations.UNITS, "run")
    pairs = data.answer("evaluation_agreement", **chosen.asked, by=unit, limit=DIFFERING)
    evaluations.draw_agreement(pairs, unit, chosen.project, chosen.zone)

if replays.height:
    st.subheader("Replayed cases")
    evaluations.choose("replays", evaluations.REPLAYS, "category")
    evaluations.draw_replays(replays, replays_by, chosen.project, chosen.zone)
