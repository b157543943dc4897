"""The page Evaluations without a browser: its faces, and what was sent to it."""

from collections.abc import Iterator
from itertools import count

import httpx
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ingest import replay
from pages.shared import data, evaluations
from queries.catalogue import CATALOGUE
from queries.client import Client
from tests.pages.hostile import HOSTILE_TEXTS
from tests.serving import ROOT, RunningServer, until
from tests.test_sample_traces import SAMPLES, run_ids

_numbers = count(1)


@pytest.fixture
def project(server: RunningServer) -> str:
    """The scenario with a human's score, in a project of its own."""
    name = f"judged-{next(_numbers)}"
    files = [str(SAMPLES / f"{scenario}.jsonl") for scenario in ("human-correction", "happy-path")]
    assert replay.main([*files, "--url", server.url, "--project", name]) == 0
    server.settle(name)
    return name


@pytest.fixture
def app(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("RUNLIGHT_URL", server.url)
    yield AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    data.client().close()
    st.cache_data.clear()  # they would outlive the app
    st.cache_resource.clear()


def shown(app: AppTest, project: str, **query: str) -> AppTest:
    app.query_params.clear()
    app.query_params.update({"project": project, "window": "all", **query})
    app.switch_page("pages/evaluations.py").run()
    assert not app.exception
    return app


def judge(server: RunningServer, project: str, run_id: str, **attributes: str | float) -> None:
    """A judgement of a run, as a log record in its trace."""
    told = [
        {"key": key, "value": {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}}
        for key, value in attributes.items()
    ]
    record = {"eventName": "gen_ai.evaluation.result", "traceId": run_id, "spanId": "a8000578b3a3fda8"}
    record |= {"timeUnixNano": "1795178900000000000", "attributes": told}
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
    httpx.post(
        f"{server.url}/v1/logs", json=body, headers={"x-runlight-project": project}, timeout=60
    ).raise_for_status()


def test_the_judgement_of_the_samples_is_shown_with_its_run(app: AppTest, project: str) -> None:
    numbers = {metric.label: metric.value for metric in shown(app, project).metric}

    assert (numbers["Judgements"], numbers["Judged runs"], numbers["Say bad"]) == ("1", "33.3%", "0.0%")
    tables = [frame.value for frame in app.dataframe]
    assert tables[0]["evaluation_name"].tolist() == ["draft_usable"]
    assert tables[1]["worst_label"].tolist() == ["usable after edit"]


def test_what_humans_and_models_say_is_compared_and_replays_are_counted(
    app: AppTest, project: str, server: RunningServer
) -> None:
    run_id = run_ids("human-correction")[0]
    named = {"gen_ai.evaluation.name": HOSTILE_TEXTS[0], "oversight.evaluation.case": HOSTILE_TEXTS[3]}
    judge(
        server, project, run_id, **{"gen_ai.evaluation.score.value": 0.1, "oversight.evaluator.type": "model"}, **named
    )
    client = Client(server.url)
    until(lambda: client.ask("evaluation_totals", project=project, since=None)["judgement_count"][0] == 2)
    client.close()

    shown(app, project, replays="case", name=HOSTILE_TEXTS[0], evaluator="model")
    said = [text.value for text in app.main.text]
    assert "They agree on 0.0%: 0 of 1 runs, kappa 0.00" in said
    assert f"Only {HOSTILE_TEXTS[0]} by model" in said
    replays = next(frame.value for frame in app.dataframe if "failure_rate" in frame.value)
    assert replays["failed_count"].tolist() == [1]
    assert pairs_listed(app) == [("good", "bad")], "where they differ"
    assert pairs_listed(shown(app, project, cell="good-bad")) == [("good", "bad")]
    assert "Human says good, model says bad: 1 runs" in [text.value for text in app.main.text]
    assert pairs_listed(shown(app, project, cell="bad-bad")) == []


def pairs_listed(app: AppTest) -> list[tuple[str, str]]:
    """What the human and the model say of each run in the list beside their agreement."""
    frames = [
        frame.value for frame in app.dataframe if "run_started_at" in frame.value and "human_says_bad" in frame.value
    ]
    return [(row.human_says_bad, row.model_says_bad) for frame in frames for row in frame.itertuples()]


def test_sad_faces_offer_a_way_on(app: AppTest, project: str) -> None:
    shown(app, project, by="moon", workflow="order-support")
    assert app.warning[0].value == "The address asks for a by that there is not:"
    assert app.info[0].value.startswith("None of 1 run of all time was judged")
    shown(app, project, window="custom", since="2026-01-01", until="2026-01-02")
    assert app.info[0].value == "No run began in the chosen time."
    assert shown(app, "judged-nothing").info[0].value.startswith("The first run shows here")


def test_the_page_offers_what_the_questions_can_be_grouped_by() -> None:
    assert tuple(evaluations.GROUPS) == CATALOGUE["evaluations_by"].by
    assert tuple(evaluations.UNITS) == CATALOGUE["evaluation_agreement"].by
    assert tuple(evaluations.REPLAYS) == CATALOGUE["replays_by"].by
