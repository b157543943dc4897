"""The pages: under which heading the menu lists each, and what of the address it takes along."""

from dataclasses import dataclass
from itertools import groupby
from typing import NoReturn

import streamlit as st

from pages.shared import address, leaving, login
from pages.shared.address import Query


@dataclass(frozen=True)
class Entry:
    """A page. One without a heading's name stands on top, one that is hidden is reached by links only. The address has
    the single thing that a page is about under the name `of`. Who may not do what it `needs` is not shown the way."""

    script: str
    title: str
    icon: str
    heading: str = ""
    takes: tuple[str, ...] = (*address.WINDOW, *address.FILTERS)
    hidden: bool = False
    of: str = ""
    needs: str = ""

    @property
    def compares(self) -> bool:
        """Whether its numbers are told against the window before."""
        return self.heading == "Signals" or self is OVERVIEW


OVERVIEW = Entry("pages/overview.py", "Overview", ":material/monitoring:")
RUNS = Entry("pages/runs.py", "Runs", ":material/list_alt:")
RUN = Entry("pages/run.py", "Run", ":material/account_tree:", takes=(), hidden=True, of="run")
CONVERSATION = Entry("pages/conversation.py", "Conversation", ":material/forum:", takes=(), hidden=True, of="session")
COMPARE = Entry("pages/compare.py", "Compare", ":material/compare_arrows:", takes=(), hidden=True, of="a")
SEARCH = Entry("pages/search.py", "Search", ":material/search:", takes=(), hidden=True, of="for")
ERRORS = Entry("pages/errors.py", "Errors", ":material/error:", "Signals")
VIEWS = Entry("pages/views.py", "Saved views", ":material/bookmark:", takes=())
ALERTS = Entry("pages/alerts.py", "Alerts", ":material/notifications:", "Signals", takes=())
REPORTS = Entry("pages/reports.py", "Reports", ":material/summarize:", takes=())
COST = Entry("pages/cost.py", "Cost", ":material/payments:", "Signals")
TOOLS = Entry("pages/tools.py", "Tools", ":material/build:", "Signals")
ROUTES = Entry("pages/routes.py", "Routes", ":material/alt_route:", "Signals")
LATENCY = Entry("pages/latency.py", "Latency", ":material/timer:", "Signals")
APPROVALS = Entry("pages/approvals.py", "Approvals", ":material/how_to_reg:", "Signals")
CORRECTIONS = Entry("pages/corrections.py", "Corrections", ":material/edit_note:", "Signals")
EVALUATIONS = Entry("pages/evaluations.py", "Evaluations", ":material/grading:", "Signals")
USERS = Entry("pages/users.py", "Users", ":material/group:", "Signals")
METRICS = Entry("pages/metrics.py", "Metrics", ":material/show_chart:", "Store", takes=address.WINDOW)
INGEST = Entry("pages/ingest.py", "Ingest", ":material/input:", "Store", takes=address.WINDOW)
SQL = Entry("pages/sql.py", "SQL", ":material/terminal:", "Store", takes=address.WINDOW)
AUDIT = Entry("pages/audit.py", "Audit", ":material/policy:", "Store", takes=address.WINDOW, needs="admin")
ENTRIES = (
    OVERVIEW,
    RUNS,
    REPORTS,
    VIEWS,
    ALERTS,
    ERRORS,
    TOOLS,
    ROUTES,
    COST,
    LATENCY,
    APPROVALS,
    CORRECTIONS,
    EVALUATIONS,
    USERS,
    METRICS,
    INGEST,
    SQL,
    AUDIT,
    RUN,
    CONVERSATION,
    COMPARE,
    SEARCH,
)


def navigation() -> tuple[Entry, "st.Page"]:
    """The page that the address names: its entry, and the script to run."""
    chosen = st.navigation([_page(entry) for entry in ENTRIES], position="hidden")
    return next(entry for entry in ENTRIES if entry.title == chosen.title), chosen


def arrive(entry: Entry, project: str) -> None:
    """Brings the address bar and the shown page together, and remembers what the page was asked for."""
    places: dict[str, Query] = st.session_state.setdefault("places", {})
    leaving.resume(entry.script)
    as_left = places.get(entry.script, {"project": project})
    if entry.of and entry.of not in st.query_params and entry.of in as_left:
        st.query_params.from_dict(address.meant_for(entry.script, as_left))
    elif st.session_state.get("arrived") == entry.script and places[entry.script] != address.query():
        # A link to the page that is shown changes what is asked for, but by itself not the address bar.
        st.query_params.from_dict(address.meant_for(entry.script, address.query()))
    address.note()
    places[entry.script] = address.query()
    st.session_state["arrived"] = entry.script
    if not entry.hidden:
        st.session_state["left"] = entry
    _keep(entry, project)


def to(entry: Entry) -> Query:
    """The query of a page under the window and filters that were last chosen, as far as it takes them."""
    kept: Query = st.session_state.get("kept", {})
    return {name: kept[name] for name in ("project", *entry.takes) if name in kept}


def project() -> str:
    """The project of what is shown."""
    return str(st.session_state["kept"]["project"])


def draw() -> None:
    """The pages in the sidebar, under their headings."""
    visible = [entry for entry in ENTRIES if not entry.hidden and (not entry.needs or login.may(entry.needs))]
    with st.sidebar.container(gap="xxsmall", key="menu"):
        for heading, entries in groupby(visible, key=lambda entry: entry.heading):
            if heading:
                st.caption(heading)
            for entry in entries:
                st.page_link(entry.script, label=entry.title, icon=entry.icon, query_params=to(entry))


def draw_way_back() -> None:
    """From a page of one thing to the page that led there, as it was left."""
    entry: Entry = st.session_state.get("left", RUNS)
    place: Query = st.session_state["places"].get(entry.script, {})
    as_left = place if place.get("project") == project() else to(entry)
    st.page_link(entry.script, label=entry.title, icon=":material/arrow_back:", query_params=as_left)


def enter_by_app() -> NoReturn:
    """Runs `app.py` before this page.

    To the first visitor of a new process, Streamlit shows the files of a folder named `pages` by themselves, until
    somebody has called st.navigation.
    """
    navigation()
    st.rerun()


def _keep(entry: Entry, project: str) -> None:
    kept: Query = st.session_state.get("kept", {})
    if kept.get("project") != project:
        kept = {name: value for name, value in kept.items() if name in address.WINDOW}
    elsewhere = {name: value for name, value in kept.items() if name not in entry.takes}
    here = {name: value for name, value in address.query().items() if name in entry.takes}
    st.session_state["kept"] = elsewhere | here | {"project": project}


def _page(entry: Entry) -> "st.Page":
    # Without the icon, which Streamlit would fetch from outside for the browser's tab.
    return st.Page(entry.script, title=entry.title, default=entry is OVERVIEW)
