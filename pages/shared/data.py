"""Cached answers of the read API: the one way in which pages ask."""

from collections.abc import Callable
from typing import Any

import polars as pl
import streamlit as st

from pages.shared import links
from queries.client import ApiError, Client, ServerDown
from settings import Settings

LIVE_SECONDS, HEALTH_SECONDS = 2, 10
DEFAULT_PROJECT, DEMO_PROJECT = "default", "demo"
ALL_TIME = "1970-01-01"


@st.cache_resource
def client() -> Client:
    settings = Settings()
    return Client(settings.url, settings.api_key, settings.ca_file)


def answer(question: str, **asked: Any) -> Any:
    """What `Client.<question>(**asked)` returns, or `Client.ask(question, **asked)` for one of the catalogue; asked
    again once a newer commit touched the window.

    Raises what the client raises: ServerDown, NotFound, BadRequest.
    """
    seen = version(asked["project"], asked.get("since") or ALL_TIME, asked.get("until"))
    return _answer(question, tuple(sorted(asked.items())), seen)


@st.cache_data(ttl=LIVE_SECONDS, max_entries=256, show_spinner=False)
def version(project: str, since: str = ALL_TIME, until: str | None = None) -> tuple[Any, ...]:
    """Names the state of a project's data in a window; looked up at most every two seconds, however many watch."""
    return client().version(project=project, since=since, until=until).row(0)


@st.cache_data(ttl=LIVE_SECONDS, max_entries=1, show_spinner=False)
def projects() -> pl.DataFrame:
    """project, run_count, last_activity_at"""
    return client().projects()


def run_counts() -> dict[str, int]:
    """How many runs each project has that anything has arrived in."""
    return dict(projects().select("project", "run_count").iter_rows())


def forget() -> None:
    """Looks again at the next question, whatever was seen before."""
    version.clear()
    projects.clear()
    health.clear()


def forget_answers() -> None:
    """Keeps nothing at hand of what was answered before: some of it is no more."""
    forget()
    _answer.clear()


@st.cache_data(ttl=HEALTH_SECONDS, max_entries=256, show_spinner=False)
def health(project: str) -> dict[str, Any]:
    """The row of `ingest_health` about a project; looked up at most every ten seconds, however many watch."""
    return client().ingest_health(project=project).row(0, named=True)


def live(draw: Callable[[], None], watched: bool = True, every_seconds: int = LIVE_SECONDS) -> None:
    """Draws now and, while `watched`, every two seconds unless said otherwise. A server that went away is `app.py`'s to
    show; it cannot catch what a fragment raises."""

    @st.fragment(run_every=every_seconds if watched else None)
    def fragment() -> None:
        try:
            draw()
        except ServerDown:
            forget()
            st.rerun()
        except ApiError as error:
            links.say_refusal(error)

    fragment()


def rerun_on_news(project: str, watched: bool) -> None:
    """While `watched`, draws the whole page anew as soon as the project has a newer commit."""
    shown = version(project)

    def look() -> None:
        if version(project) != shown:
            st.rerun()

    live(look, watched)


# Time alone moves a relative window and turns a silent run to abandoned, so an answer lives a minute at most.
@st.cache_data(ttl=60, max_entries=256, max_size="256MB", show_spinner=False)
def _answer(question: str, asked: tuple[tuple[str, Any], ...], seen: tuple[Any, ...]) -> Any:
    known = getattr(client(), question, None)
    return known(**dict(asked)) if known else client().ask(question, **dict(asked))
