"""What the pages Alerts and Audit say follows from the samples, as their README counts them, and from what was done."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import streamlit as st
import yaml
from streamlit.testing.v1 import AppTest

from ingest import replay
from pages.shared import data
from tests.alerts.receivers import webhook
from tests.alerts.watching import rule_file
from tests.pages import drawn
from tests.serving import ROOT, RunningServer, running_server, until
from tests.test_sample_traces import SAMPLES

PROJECT, DAY, OFF = "watched", {"window_minutes": 1440}, {"enabled": False}
RULES = {
    "error_rate": {**DAY, "threshold_rate": 0.5, "min_runs": 1},
    "tool_error_rate": {**DAY, "threshold_rate": 0.3, "min_calls": 1},
    "correction_rate": {**DAY, "threshold_rate": 0.5, "min_reviewed_runs": 1},
    "unpriced_model": {**DAY, "threshold_calls": 2},
    "pending_approval": {"threshold_minutes": 5},
    "p95_duration": {**DAY, "threshold_seconds": 600, "min_runs": 1, "enabled": True, "fire_after": 2},
    "silent_service": OFF,
}
# Rule, group, number, threshold, what it was: from the facts of the samples. `*` is how long ago they were asked.
FIRING = [
    ("error_rate", "invoice-posting", "100.0%", "50.0%", "1 of 1 finished runs failed"),
    ("tool_error_rate", "post_journal_entry", "100.0%", "30.0%", "1 of 1 calls failed"),
    ("tool_error_rate", "run_query", "50.0%", "30.0%", "1 of 2 calls failed"),
    ("correction_rate", "invoice-matching", "100.0%", "50.0%", "humans corrected 1 of 1 reviewed runs"),
    ("correction_rate", "reply-drafting", "100.0%", "50.0%", "humans corrected 1 of 1 reviewed runs"),
    ("correction_rate", "vendor-onboarding", "100.0%", "50.0%", "humans corrected 1 of 1 reviewed runs"),
    ("correction_rate", "", "100.0%", "50.0%", "humans corrected 1 of 1 reviewed runs"),
    ("unpriced_model", "juriscan-13b-2026-10 · in_house", "2", "2", "calls without a price, in 1 run"),
    ("pending_approval", "payout-review", "*", "5 min 00 s", "the wait of one question"),
]
LATER = [
    ("p95_duration", "campaign-send", "15 min 06 s", "10 min 00 s", "95% of 1 run took less"),
    ("p95_duration", "invoice-matching", "19 min 08 s", "10 min 00 s", "95% of 1 run took less"),
]
SILENCED = FIRING[2]
WATCHING = [*RULES.keys() - {"silent_service"}, "cost_spike", "daily_cost_spike", "served_model", "rejecting"]
THRESHOLDS = {
    "cost_spike": "$5.00",
    "daily_cost_spike": "$10.00",
    "error_rate": "50.0%",
    "p95_duration": "10 min 00 s",
    "tool_error_rate": "30.0%",
    "pending_approval": "5 min 00 s",
    "correction_rate": "50.0%",
    "served_model": "5.0%",
    "unpriced_model": "2",
    "silent_service": "30 min 00 s",
    "rejecting": "1",
}
OF_THESE_TESTS = ("had alert rules evaluated", "silenced alerts", "ended a silence")
# Where a question tells the group and the number of an alert.
TOLD_BY = {
    "runs_by": ("value", ("error_rate", "p95_duration_ms")),
    "tool_stats": ("tool_name", ("error_rate",)),
    "corrections_by": ("value", ("correction_rate",)),
    "unpriced_calls": ("model", ("call_count",)),
}


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The samples as of now, rules that some of them break, evaluated once, and a receiver that takes nothing."""
    home = tmp_path_factory.mktemp("watched")
    rules = rule_file(home / "rules.yaml", **RULES)
    with webhook() as hook:
        hook.status = 503
        channels = f"ops=json://127.0.0.1:{hook.port}/"
        with running_server(home / "runlight.duckdb", alert_rules=rules, alert_channels=channels) as server:
            files = sorted(str(path) for path in SAMPLES.glob("*.jsonl"))
            now = datetime.now(UTC).isoformat()
            assert replay.main([*files, "--url", server.url, "--project", PROJECT, "--now", now]) == 0
            server.settle(PROJECT)
            assert evaluated(server) == {"evaluated": len(WATCHING), "failed": 0, "fired": len(FIRING), "resolved": 0}
            yield server


@pytest.fixture
def app(watched: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("RUNLIGHT_URL", watched.url)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params["project"] = PROJECT
    yield app
    data.client().close()
    st.cache_data.clear()  # they would outlive the app
    st.cache_resource.clear()


def evaluated(server: RunningServer) -> dict[str, int]:
    """Evaluates all rules, and returns once the receiver has refused a message, so that the others are not tried."""
    done: dict[str, int] = httpx.post(f"{server.url}/api/alerts/evaluate?project={PROJECT}", timeout=60).json()
    until(lambda: any(row["last_error"] for row in asked(server, "notifications")))
    return done


def asked(server: RunningServer, what: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = server.ask(f"alerts/{what}", project=PROJECT)["rows"]
    return rows


def opened(app: AppTest, page: str, **query: str) -> AppTest:
    app.query_params.update(query)
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    return app


def numbers(app: AppTest) -> dict[str, tuple[str, str]]:
    return {metric.label: (metric.value, metric.delta) for metric in app.metric}


def told(app: AppTest) -> Counter[tuple[str, ...]]:
    """The rows of the history, without the numbers that grow."""
    frame = next(table.value for table in drawn.tables(app) if "detail" in table.value)
    columns = ["rule", "group_name", "value", "threshold", "detail"]
    rows = frame[columns].fillna("").itertuples(index=False, name=None)
    return Counter((*row[:2], "*" if row[0] == "pending_approval" else row[2], *row[3:]) for row in rows)


def test_the_page_of_alerts_shows_what_fires_by_the_counts_of_the_samples(app: AppTest, watched: RunningServer) -> None:
    opened(app, "alerts")
    assert told(app) == Counter(FIRING)
    figures, rules = numbers(app), len({rule for rule, *_ in FIRING})
    assert figures["Firing"][0] == str(len(FIRING))
    assert figures["About to fire"] == (str(len(LATER)), "nobody is told yet")
    assert figures["Silenced"][0] == "0"
    assert figures["Undelivered"] == (str(rules), f"of {rules} messages")  # one tells all of a rule
    assert figures["Not evaluated"][0] == "0"
    said = [text.value for text in app.main.text]
    for _, _, value, threshold, detail in FIRING:
        assert value == "*" or f"{value}, threshold {threshold} · {detail}" in said


def test_a_number_of_an_alert_is_the_one_that_its_question_answers(app: AppTest, watched: RunningServer) -> None:
    for alert in asked(watched, "history"):
        if alert["question"] in TOLD_BY:
            heading, columns = TOLD_BY[str(alert["question"])]
            answer = httpx.get(f"{watched.url}{alert['asked']}", timeout=60).json()["rows"]
            name = str(alert["group_name"]).partition(" · ")[0] or None
            (row,) = [row for row in answer if row[heading] == name]
            assert alert["value"] in [row.get(column) for column in columns], alert


def test_what_is_silenced_fires_on_and_is_counted_apart(app: AppTest, watched: RunningServer) -> None:
    rule, group, *_ = SILENCED
    client = data.client()
    until_at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    client.silence_alerts(project=PROJECT, rule=rule, group=group, until=until_at, reason="known", by="oncall-3")
    assert evaluated(watched)["fired"] == len(LATER)  # in the second evaluation in a row

    figures = numbers(opened(app, "alerts"))
    firing = len(FIRING) + len(LATER)
    assert told(app) == Counter(FIRING + LATER)
    assert figures["Firing"][0] == str(firing - 1)
    assert figures["Silenced"] == ("1", f"of {firing} that fire")
    assert figures["About to fire"][0] == "0"
    for name, rows, _ in drawn.behind(drawn.open_tables(app)):
        assert len(rows) == len(asked(watched, name.removeprefix("alert_"))), name

    (silence,) = client.alert_silences(project=PROJECT).to_dicts()
    client.end_silence(project=PROJECT, silence_id=silence["silence_id"])
    assert numbers(opened(app, "alerts"))["Silenced"][0] == "0"


def test_the_table_of_rules_says_what_the_files_say(app: AppTest) -> None:
    frame = drawn.tables(opened(app, "alerts"))[-1].value
    built_in = yaml.safe_load((ROOT / "alerts" / "default_rules.yaml").read_text())["rules"]
    assert set(frame["rule"]) == {*built_in}
    assert set(frame[frame["state"] == "on"]["rule"]) == {*WATCHING}
    assert dict(zip(frame["rule"], frame["threshold"], strict=True)) == THRESHOLDS


def test_the_audit_log_tells_each_act_once_and_no_other(app: AppTest, watched: RunningServer) -> None:
    client = data.client()
    client.save_view(project=PROJECT, name="What failed", address="/runs?status=error")
    client.mark_error(project=PROJECT, fingerprint="0" * 16, note="seen")
    logged = watched.ask("audit", project=PROJECT)["rows"]
    done = Counter(str(row["act"]) for row in logged)
    assert done["saved a view"] == done["marked an error"] == 1
    assert done.keys() <= {
        "saved a view",
        "marked an error",
        "had alert rules evaluated",
        "silenced alerts",
        "ended a silence",
    }

    shown = opened(app, "audit")
    table = drawn.tables(shown)[0].value
    assert [*zip(table["act"], table["about"], strict=True)] == [(row["act"], row["about"]) for row in logged]
    assert shown.main.caption[0].value == f"{len(logged)} acts"
    for act, count in done.items():
        narrowed = opened(app, "audit", deed=act)
        assert len(drawn.tables(narrowed)[0].value) == count
        ((_, behind, _),) = drawn.behind(drawn.open_tables(narrowed))
        assert set(behind["act"]) == {act}
