"""Audit: who did what, in the app, by key and by command."""

import streamlit as st

from pages.shared import address, audit, behind, data, faces, filters, links

chosen = filters.current()
st.title("Audit")
asked = {name: chosen.asked[name] for name in ("project", "since", "until")}
known = data.client().audit(**asked, limit=audit.MOST_ROWS)
who, act = address.text("person"), address.text("deed")
links.complain_unless_among("person", known["who"].unique().to_list())
links.complain_unless_among("deed", known["act"].unique().to_list())
if known.is_empty():
    faces.nothing_done(chosen)
    st.stop()
audit.draw_filters(known)
is_narrowed = bool(who or act)
found = data.client().audit(**asked, who=who or None, act=act or None, limit=audit.MOST_ROWS) if is_narrowed else known
audit.draw(found, chosen.zone)
behind.draw("audit", found)
