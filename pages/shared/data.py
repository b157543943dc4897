"""Cached answers of the read API: the one way in which pages ask."""

from collections.abc import Callable
from typing import Any

import polars as pl
import streamlit as st

from pages.shared import links, login
from queries.client import ApiError, Client, ServerDown
from settings import Settings

LIVE_SECONDS, HEALTH_SECONDS = 2, 10
DEFAULT_PROJECT, DEMO_PROJECT = "default", "demo"
ALL_TIME = "1970-01-01"


def client() -> Client:
    """Asks the server, for whoever is logged in. Raises NotLoggedIn."""
    person = login.person()
    return _client() if person is None else _client().acting_for(person.headers)


@st.cache_resource
def _client() -> Client:
    settings = Settings()
    return Client(settings.url, settings.api_key, settings.ca_file)


def answer(question: str, **asked: Any) -> Any:
    """What `Client.<question>(**asked)` returns, or `Client.ask(question, **asked)` for one of the catalogue; asked
    again once a newer commit touched the window.

    Raises what the client raises: ServerDown, NotFound, BadRequest.
    """
    seen = version(asked["project"], asked.get("since") or ALL_TIME, asked.get("until"))
    return _answer(login.seen_by(), question, tuple(sorted(asked.items())), seen)


def version(project: str, since: str = ALL_TIME, until: str | None = None) -> tuple[Any, ...]:
    """Names the state of a project's data in a window; looked up at most every two seconds, however many watch."""
    return _version(login.seen_by(), project, since, until)


def projects() -> pl.DataFrame:
    """project, run_count, last_activity_at of those that may be seen."""
    return _projects(login.seen_by())


def run_counts() -> dict[str, int]:
    """How many runs each project has that anything has arrived in."""
    return dict(projects().select("project", "run_count").iter_rows())


def forget() -> None:
    """Looks again at the next question, whatever was seen before."""
    _version.clear()
    _projects.clear()
    _health.clear()


def forget_answers() -> None:
    """Keeps nothing at hand of what was answered before: some of it is no more."""
    forget()
    _answer.clear()


def health(project: str) -> dict[str, Any]:
    """The row of `ingest_health` about a project; looked up at most every ten seconds, however many watch."""
    return _health(login.seen_by(), project)


def live(draw: Callable[[], None], watched: bool = True, every_seconds: int = LIVE_SECONDS) -> None:
    """Draws now and, while `watched`, every two seconds unless said otherwise. A server that went away is `app.py`'s to
    show; it cannot catch what a fragment raises."""

    @st.fragment(run_every=every_seconds if watched else None)
    def fragment() -> None:
        try:
            draw()
        except (ServerDown, login.NotLoggedIn):
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


# What is kept at hand is kept for those who may see the same: `seen_by` is a part of every key.


@st.cache_data(ttl=LIVE_SECONDS, max_entries=256, show_spinner=False)
def _version(seen_by: str, project: str, since: str, until: str | None) -> tuple[Any, ...]:
    return client().version(project=project, since=since, until=until).row(0)


@st.cache_data(ttl=LIVE_SECONDS, max_entries=64, show_spinner=False)
def _projects(seen_by: str) -> pl.DataFrame:
    return client().projects()


@st.cache_data(ttl=HEALTH_SECONDS, max_entries=256, show_spinner=False)
def _health(seen_by: str, project: str) -> dict[str, Any]:
    return client().ingest_health(project=project).row(0, named=True)


# Time alone moves a relative window and turns a silent run to abandoned, so an answer lives a minute at most.
@st.cache_data(ttl=60, max_entries=256, max_size="256MB", show_spinner=False)
def _answer(seen_by: str, question: str, asked: tuple[tuple[str, Any], ...], seen: tuple[Any, ...]) -> Any:
    known = getattr(client(), question, None)
    return known(**dict(asked)) if known else client().ask(question, **dict(asked))
