"""The pages of approvals and corrections without a browser: their faces, and the samples' facts on them."""

from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ingest import replay
from pages.shared import data, diffs
from queries.client import Client
from tests.serving import ROOT, RunningServer, until
from tests.test_sample_traces import SAMPLES, run_ids

SCENARIOS = ("expired", "granted", "modified", "pending", "refused")
FILES = [SAMPLES / f"approval-{name}.jsonl" for name in SCENARIOS]
FILES += [SAMPLES / "human-correction.jsonl", SAMPLES / "happy-path.jsonl"]
PAGES = ["pages/approvals.py", "pages/corrections.py"]


@pytest.fixture(scope="module")
def overseen(server: RunningServer) -> str:
    """A project with samples in it."""
    assert replay.main([server.url, *map(str, FILES), "--project", "overseen"]) == 0
    server.settle("overseen")
    return "overseen"


@pytest.fixture
def app(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("RUNLIGHT_URL", server.url)
    yield AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    data.client().close()
    st.cache_data.clear()  # they would outlive the app
    st.cache_resource.clear()


def shown(app: AppTest, page: str, project: str, **query: str) -> AppTest:
    app.query_params.update({"project": project, "window": "all", **query})
    app.switch_page(page).run()
    assert not app.exception
    return app


def numbers(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def table(app: AppTest, column: str) -> list[object]:
    """The values of the first table that has this column."""
    return next(frame.value[column].tolist() for frame in app.dataframe if column in frame.value)


def test_the_approvals_of_the_samples_are_summed_up(app: AppTest, overseen: str) -> None:
    shown(app, "pages/approvals.py", overseen)
    assert numbers(app) == {
        "Pending now": "1",
        "Approval rate": "66.7%",  # granted and modified, of these and the refused
        "Wait, median": "6 min 30 s",
        "Wait, p95": "17 min 45 s",
        "Expired": "20.0%",
        "Automatic": "0.0%",
    }
    assert table(app, "age")
    assert table(app, "outcome") == ["pending", "expired", "rejected", "approved modified", "approved"]


def test_what_was_changed_before_approval_is_shown_as_a_difference(app: AppTest, overseen: str) -> None:
    shown(app, "pages/approvals.py", overseen)
    (change,) = [code.value for code in app.code]
    assert '-  "amount_eur": 12480.0,' in change.splitlines()
    assert '+  "amount_eur": 11980.0,' in change.splitlines()


@pytest.mark.parametrize(
    ("query", "outcomes"),
    [
        ({"decision": "refused"}, ["rejected"]),
        ({"by": "decider", "value": "controller-02"}, ["approved modified"]),
        ({"by": "decider", "value": "—"}, ["pending", "expired"]),
    ],
)
def test_the_address_narrows_the_list(app: AppTest, overseen: str, query: dict[str, str], outcomes: list[str]) -> None:
    shown(app, "pages/approvals.py", overseen, **query)
    assert table(app, "outcome") == outcomes


def test_the_corrections_of_the_samples_are_summed_up_and_listed(app: AppTest, overseen: str) -> None:
    shown(app, "pages/corrections.py", overseen)
    assert numbers(app) == {
        "Correction rate": "75.0%",  # 3 of 4: granted is reviewed too
        "Of finished runs": "42.9%",  # 3 of 7, the pending one still waits
        "Reviewed runs": "50.0%",
        "Corrections": "3",
        "Corrected runs": "3",
    }
    said = [text.value for text in app.main.text]
    assert "edited output: invoke_agent reply-drafter, by agent-22" in said
    assert "modified args: schedule_payment, by controller-02" in said
    assert "rejected action: create_vendor, by procurement-01" in said


@pytest.mark.parametrize("by", ["agent", "release", "prompt_version", "model"])
def test_corrections_are_told_by_anything(app: AppTest, overseen: str, by: str) -> None:
    shown(app, "pages/corrections.py", overseen, by=by)
    assert sum(map(int, map(str, table(app, "corrected_count")))) >= 3


def test_a_kind_and_a_step_narrow_the_corrections(app: AppTest, overseen: str) -> None:
    shown(app, "pages/corrections.py", overseen, kind="edited_output")
    assert [button.label for button in app.main.button].count("Open run") == 1
    app.query_params["kind"] = "rerun"
    assert [button.label for button in app.run().main.button].count("Open run") == 0


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_window_offers_to_widen_it(app: AppTest, overseen: str, page: str) -> None:
    shown(app, page, overseen, window="custom", since="2026-01-01T00:00:00Z", until="2026-01-02T00:00:00Z", tool="x")
    assert app.info[0].value.endswith("in the chosen time and passes the filters.")
    assert app.button(key="widen_window")


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_store_shows_the_lines_that_send_a_first_trace(
    fresh_server: RunningServer, app: AppTest, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.setenv("RUNLIGHT_URL", fresh_server.url)
    shown(app, page, "default")
    assert app.info[0].value == "The first run shows here as soon as it is sent."


@pytest.mark.parametrize(("page", "name"), [(PAGES[0], "decision"), (PAGES[0], "by"), (PAGES[1], "by")])
def test_a_bad_value_in_the_address_is_named(app: AppTest, overseen: str, page: str, name: str) -> None:
    shown(app, page, overseen, **{name: "<b>"})
    assert "<b>" in [code.value for code in app.code]
    assert app.metric


def test_texts_differ_by_sentence_and_json_by_member() -> None:
    assert diffs.difference("We pay. Bye.", "We look into it. Bye.").splitlines() == [
        "-We pay.",
        "+We look into it.",
        " Bye.",
    ]
    assert diffs.difference('{"a":1,"b":2}', '{"a":1,"b":3}').splitlines()[-3:] == ['-  "b": 2', '+  "b": 3', " }"]
    assert diffs.difference('{"a":1}', '{ "a": 1 }') == "no difference but in spaces"


def test_a_correction_recorded_on_the_run_page_counts_at_once(
    app: AppTest, server: RunningServer, overseen: str
) -> None:
    client = Client(server.url)
    (run_id,) = run_ids("approval-granted")
    shown(app, "pages/run.py", overseen, run=run_id)
    app.selectbox(key="act").select("edited_output")
    app.button[_place(app, "Record")].click().run()
    assert any("needs `after`" in text.value for text in app.text)
    app.selectbox(key="act").select("edited_output")
    app.text_area(key="act_after").input("Refunded in part.")
    app.button[_place(app, "Record")].click().run()
    assert not app.exception
    until(lambda: client.run(project=overseen, run_id=run_id)["corrections"])
    (made,) = client.run(project=overseen, run_id=run_id)["corrections"]
    assert (made["kind"], made["value_after"]) == ("edited_output", "Refunded in part.")
    client.close()


def _place(app: AppTest, label: str) -> int:
    return [button.label for button in app.button].index(label)
