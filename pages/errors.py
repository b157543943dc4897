"""Errors: how often runs and steps fail, since which release, what the failures have in common, and what is done."""

import streamlit as st

from pages.shared import address, data, errors, faces, filters, links

RUN_ROWS = 20

chosen = filters.current()
project, zone = chosen.project, chosen.zone
links.complain_unless_among("state", errors.STATES)
st.title("Errors")

totals = data.answer("error_totals", **chosen.asked)
if "asked" not in totals["window"]:
    faces.no_runs(chosen, "")
    data.rerun_on_news(project, watched=True)
    st.stop()
groups = data.answer("error_groups", **chosen.asked, tz=zone)
releases = data.answer("error_releases", **chosen.asked)
errors.draw_totals(totals, groups)
errors.draw_first_bad(releases, zone)
errors.draw_trend(data.answer("error_trend", **chosen.asked, tz=zone), zone)
errors.draw_groups(groups, zone)

fingerprint, cursor = address.text("group"), address.text("cursor")
found = groups.filter(fingerprint=fingerprint)
if fingerprint and found.is_empty():
    links.complain("The address asks for a group of errors that this window does not have:", fingerprint)
elif fingerprint:
    group = found.row(0, named=True)
    errors.draw_group(group, data.answer("error_marks", project=project, fingerprint=fingerprint), zone)
    errors.draw_marking(project, group)
    runs, following = data.answer(
        "error_runs", **chosen.asked, fingerprint=fingerprint, cursor=cursor or None, limit=RUN_ROWS
    )  # fmt: skip
    errors.draw_group_runs(runs, project, zone)
    links.draw_pager(cursor, following)

errors.draw_releases(releases, zone)
