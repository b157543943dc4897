"""The faces of a page other than its normal one: each says what to do next."""

from contextlib import suppress
from datetime import datetime

import polars as pl
import streamlit as st

from pages.shared import address, data, filters, first_trace, links, login, menu
from pages.shared.filters import Filters
from pages.shared.format import local_time, plain, plural
from queries.client import ApiError, ServerDown
from settings import Settings


def server_down() -> None:
    """Says so, and looks again every two seconds."""
    st.error(
        "Nothing is lost: exporters keep their data and try again. This page comes back by itself.",
        title="The Runlight server does not answer",
        icon=":material/cloud_off:",
    )
    st.text(f"Asked at {Settings().url} (setting RUNLIGHT_URL). Start it with: python server.py")
    _return_when_up()


@st.fragment(run_every=data.LIVE_SECONDS)
def _return_when_up() -> None:
    try:
        with suppress(ApiError):  # which is an answer too: the page says what it is
            data.client().projects()
    except ServerDown:
        return
    st.rerun()


def sample_banner(project: str) -> None:
    """Over the samples: that they are samples, and one click that removes them."""
    if project != data.DEMO_PROJECT:
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True, key="sample_banner"):
        st.markdown(
            ":material/science: **These are samples.** They are in a project of their own and touch no other numbers."
        )
        if login.may("admin"):
            st.button("Remove the samples", key="remove_samples", icon=":material/delete:", on_click=_remove_samples)


def _remove_samples() -> None:
    try:
        data.client().delete_project(data.DEMO_PROJECT)
    except ApiError as error:
        links.say_refusal(error)
        return
    data.forget()
    st.query_params.from_dict({"project": data.DEFAULT_PROJECT})


def no_such_run(project: str, run_id: str) -> None:
    """An id that this project does not have."""
    st.title("No such run")
    st.text(f"The project {project} has no run with the id {plain(run_id[:200]) or '(none given)'}.")
    st.markdown("It may not have arrived yet, belong to another project, or have been removed.")
    st.page_link(menu.RUNS.script, label="All runs", icon=":material/arrow_back:", query_params={"project": project})


def no_such_conversation(project: str, conversation_id: str) -> None:
    """An id that no run of this project names as its conversation."""
    st.title("No such conversation")
    said = plain(conversation_id[:200]) or "(none given)"
    st.text(f"No run of the project {project} belongs to a conversation with the id {said}.")
    st.page_link(menu.RUNS.script, label="All runs", icon=":material/arrow_back:", query_params={"project": project})


def no_runs(asked: Filters, searched: str) -> None:
    """Nothing to list: because nothing has arrived at all, or nothing in this window."""
    known = data.projects().filter(pl.col("project") == asked.project, pl.col("run_count") > 0)
    if known.is_empty():
        empty_store(asked.project)
    else:
        _empty_window(asked, searched, known["last_activity_at"][0])


def nothing_of_runs(asked: Filters, did: str) -> None:
    """Runs there are perhaps, but none that did this."""
    run_count = data.answer("summary", **asked.asked)["run_count"][0]
    if not run_count:
        no_runs(asked, "")
        return
    st.info(f"None of {plural(run_count, 'run')} of {asked.window} {did}.", icon=":material/search_off:")
    st.page_link(menu.RUNS.script, label="These runs", icon=menu.RUNS.icon, query_params=menu.to(menu.RUNS))


def nothing_arrived(asked: Filters) -> None:
    """Nothing on the ledger: ever, or in this window."""
    if data.projects().filter(pl.col("project") == asked.project, pl.col("last_commit_at").is_not_null()).is_empty():
        empty_store(asked.project)
        return
    st.info(f"Nothing arrived in {asked.window}.", icon=":material/search_off:")
    if not asked.is_all_time and _widen_button():
        st.rerun()


def nothing_done(asked: Filters) -> None:
    """Nobody did anything in this window that the audit log would have."""
    st.info(
        f"In {asked.window} nobody changed anything or took anything along. Corrections, marks, silences, pins, "
        "removals, exports and the like are noted here.",
        icon=":material/policy:",
    )
    if not asked.is_all_time and _widen_button():
        st.rerun()


def no_metrics(asked: Filters) -> None:
    """No metric was measured: because nothing has arrived at all, or none in this window."""
    if not data.run_counts().get(asked.project) and asked.is_all_time:
        empty_store(asked.project)
        return
    st.info(
        f"No metric was measured in {asked.window}. Agents send metrics to /v1/metrics, as they send traces.",
        icon=":material/search_off:",
    )
    if not asked.is_all_time and _widen_button():
        st.rerun()


def _widen_button() -> bool:
    return st.button("Look at all time", key="widen_window", icon=":material/date_range:", on_click=filters.widen)


def _empty_window(asked: Filters, searched: str, last_activity_at: datetime) -> None:
    is_narrowed = bool(asked.narrowing or searched)
    st.info(
        f"No run began in {asked.window}" + (" and passes the filters." if is_narrowed else "."),
        icon=":material/search_off:",
    )
    st.text(f"The newest activity of this project: {local_time(last_activity_at, asked.zone)}")
    with st.container(horizontal=True):
        lifted = is_narrowed and st.button(
            "Clear filters", key="lift_filters", icon=":material/filter_list_off:", on_click=filters.clear
        )
        widened = not asked.is_all_time and _widen_button()
    if lifted or widened:
        st.rerun()  # a button in a live part would draw that part only


def empty_store(project: str) -> None:
    """Nothing has arrived in this project: three lines that send a first trace."""
    if not address.text("project") and data.run_counts().get(data.DEMO_PROJECT):
        st.rerun()  # the samples came meanwhile, and `app.py` turns to them
    st.info(
        "The first run shows here as soon as it is sent.", title="Nothing has arrived yet", icon=":material/sensors:"
    )
    python, node = st.tabs(["Python", "Node"])
    url, needs_key = Settings().url, Settings().api_key is not None
    python.code(first_trace.python(url, project, needs_key=needs_key), language="python", wrap_lines=True)
    node.code(first_trace.node(url, project, needs_key=needs_key), language="javascript", wrap_lines=True)
    if needs_key:
        st.caption(
            f"KEY is one for sending: python server.py keys add --name agents --scope ingest --project {project}"
        )
    grpc = f"OTLP/gRPC at port {Settings().grpc_port}"
    st.caption(f"Any OpenTelemetry exporter does, over OTLP/HTTP at the address above or over {grpc}.")
