"""How old the numbers of a page are, and the page drawn anew as soon as there are newer ones.

While a page is open and live it costs one small question every ten seconds, of which commit was the newest to touch the
window. Only news makes it ask its own questions again; what the visitor opened, typed and scrolled to stays.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from pages.shared import address, data
from pages.shared.filters import Filters

EVERY_SECONDS = 10


def draw(settled: Filters) -> None:
    """A switch, `live` in the address, and the time at which the numbers were last known to be the newest."""
    watched = address.flag("live", True)
    st.toggle(
        "Live",
        help=f"While it is on, the page looks every {EVERY_SECONDS} seconds whether anything newer has arrived",
        **address.bound("live", watched, True),
    )
    bounds = settled.asked["since"], settled.asked["until"]
    shown = data.version(settled.project, *bounds)

    def look() -> None:
        if data.version(settled.project, *bounds) != shown:
            st.rerun()
        st.caption(f"as of {datetime.now(ZoneInfo(settled.zone)):%H:%M:%S}")

    data.live(look, watched, EVERY_SECONDS)
