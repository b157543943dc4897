"""The pages Users and Conversation without a browser: their faces, and the samples' facts on them."""

from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ingest import replay
from pages.shared import data, users
from queries.catalogue import CATALOGUE
from tests.serving import ROOT, RunningServer
from tests.test_sample_traces import FACTS, SAMPLES

PROJECT = "users"


@pytest.fixture(scope="module")
def sampled(server: RunningServer) -> str:
    """A project with the scenarios in it."""
    files = [str(path) for path in sorted(SAMPLES.glob("*.jsonl"))]
    assert replay.main([*files, "--url", server.url, "--project", PROJECT]) == 0
    server.settle(PROJECT)
    return PROJECT


@pytest.fixture
def app(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("RUNLIGHT_URL", server.url)
    yield AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    data.client().close()
    st.cache_data.clear()  # they would outlive the app
    st.cache_resource.clear()


def shown(app: AppTest, page: str, project: str, **query: str) -> AppTest:
    app.query_params.clear()
    app.query_params.update({"project": project, **query})
    app.switch_page(page).run()
    assert not app.exception
    return app


def numbers(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_users_and_conversations_add_up_to_the_runs_counted_by_hand(app: AppTest, sampled: str) -> None:
    failed = sum(fact["status"] == "error" for fact in FACTS)
    for by in users.GROUPS:
        table = shown(app, "pages/users.py", sampled, window="all", by=by).dataframe[0].value
        assert (table["run_count"].sum(), table["error_count"].sum()) == (len(FACTS), failed)
        assert table["cost_usd"].sum() == pytest.approx(sum(fact["cost USD"] or 0 for fact in FACTS))
    assert numbers(app)["Users"] == "16"
    assert numbers(app)["Conversations"] == "19"
    assert numbers(app)["Saw a failed run"] == "6.2%"  # 1 of 16
    assert numbers(app)["Saw a correction"] == "25.0%"  # 4 of 16


def test_a_conversation_shows_its_runs_one_after_another(app: AppTest, sampled: str) -> None:
    shown(app, "pages/conversation.py", sampled, session="ticket-90377")
    assert numbers(app)["Runs"] == "2"
    assert numbers(app)["Cost"] == "$0.0216"  # 0.0105 + 0.01109
    assert numbers(app)["Corrected runs"] == "1"
    said = [text.value for text in app.main.text]
    assert "User agent-22" in said
    assert any(text.startswith("Draft a reply to ticket 90377") for text in said)
    assert [caption.value for caption in app.main.caption if "later" in caption.value] == ["10 min 00 s later"]


def test_sad_faces_offer_a_way_on(app: AppTest, sampled: str) -> None:
    assert shown(app, "pages/conversation.py", sampled, session="**none**").title[0].value == "No such conversation"
    assert shown(app, "pages/conversation.py", sampled, session="", after="x").title[0].value == "No such conversation"
    shown(app, "pages/users.py", sampled, window="custom", since="2026-01-01", until="2026-01-02", by="moon")
    assert app.warning[0].value == "The address asks for a by that there is not:"
    assert app.info[0].value == "No run began in the chosen time."
    assert shown(app, "pages/users.py", "users-empty").info[0].value.startswith("The first run shows here")


def test_the_page_offers_what_the_question_can_be_grouped_by() -> None:
    assert tuple(users.GROUPS) == CATALOGUE["affected_by"].by
