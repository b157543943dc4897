"""A cost spike and a stuck approval, told once each and over once each, by a real server to a real webhook."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from alerts.alerting import Alerting
from queries.database import Database
from server import main
from settings import Settings
from tests.alerts.receivers import Webhook, webhook
from tests.alerts.samples import WAITING_WORKFLOW, send_answer, send_cost_spike, send_question
from tests.alerts.watching import NOW_NS, Watched, rule_file, runs
from tests.queries.records import Telling
from tests.serving import RunningServer, running_server, until

PROJECT, SECRET, OFF = "shop", "hunter2-token", {"enabled": False}
SPIKE, QUESTION = "cost_spike: competitor-watch (project shop)", f"pending_approval: {WAITING_WORKFLOW} (project shop)"


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as listening:
        yield listening


def evaluated(server: RunningServer) -> dict[str, int]:
    """Evaluates all rules, and returns once every message has left."""
    server.settle(PROJECT)
    answer = httpx.post(f"{server.url}/api/alerts/evaluate?project={PROJECT}", timeout=60)
    assert answer.status_code == 200, answer.text
    until(lambda: {row["state"] for row in asked(server, "notifications")} <= {"sent"})
    counts: dict[str, int] = answer.json()
    return counts


def asked(server: RunningServer, what: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = server.ask(f"alerts/{what}".rstrip("/"), project=PROJECT)["rows"]
    return rows


def test_a_spike_and_a_stuck_approval_fire_once_and_are_over_once_whatever_happens_to_the_server(
    tmp_path: Path, hook: Webhook
) -> None:
    database, url = tmp_path / "runlight.duckdb", f"json://127.0.0.1:{hook.port}/{SECRET}"
    spike = {"threshold_usd": 2, "owner": "team-market"}
    watching = {"alert_channels": f"ops={url}", "alert_seconds": 0}
    last_day = rule_file(tmp_path / "day.yaml", cost_spike={**spike, "window_minutes": 720}, daily_cost_spike=OFF)
    log: list[str] = []

    with running_server(database, alert_rules=last_day, **watching) as server:
        send_cost_spike(server.url, PROJECT, hours_ago=4)
        send_question(server.url, PROJECT, minutes_ago=90)
        assert evaluated(server)["fired"] == 2
        assert evaluated(server)["fired"] == 0
        firing = {row["rule"]: row for row in asked(server, "")}
        assert firing["pending_approval"]["group_name"] == WAITING_WORKFLOW
        assert firing["cost_spike"]["value"] > 2
        behind = httpx.get(server.url + firing["cost_spike"]["asked"], timeout=60).json()["rows"]
        assert max(row["excess_usd"] for row in behind) == pytest.approx(firing["cost_spike"]["value"])
        told = asked(server, "notifications")
        log += server.log
        server.kill()
    assert sorted(hook.titles) == [f"[firing] {SPIKE}", f"[firing] {QUESTION}"]

    # By now the night is older than the window: as if some hours had passed.
    last_hour = rule_file(tmp_path / "hour.yaml", cost_spike={**spike, "window_minutes": 60}, daily_cost_spike=OFF)
    with running_server(database, alert_rules=last_hour, **watching) as server:
        assert {row["alert_id"] for row in asked(server, "")} == {row["alert_id"] for row in firing.values()}
        assert evaluated(server) | {"evaluated": 0} == {"evaluated": 0, "failed": 0, "fired": 0, "resolved": 0}
        send_answer(server.url, PROJECT)
        assert [evaluated(server)["resolved"] for _ in range(4)] == [1, 1, 0, 0]
        assert asked(server, "") == []
        assert {row["state"] for row in asked(server, "history")} == {"resolved"}
        told += asked(server, "notifications") + asked(server, "rules")
        log += server.log
    assert sorted(hook.titles[2:]) == [f"[resolved] {SPIKE}", f"[resolved] {QUESTION}"]
    assert SECRET not in repr(told) + "\n".join(log)


OFF = {"enabled": False}


def test_rules_are_evaluated_and_messages_sent_by_schedule(watched: Watched, hook: Webhook) -> None:
    watched.tell(runs(Telling(), "w", 600, good=0, bad=20))
    channels = SecretStr(f"ops=json://127.0.0.1:{hook.port}/")
    connection = watched.connection
    alerting = Alerting(
        Settings(alert_seconds=1, alert_channels=channels), Database(connection), connection.cursor(), lambda: NOW_NS
    )
    alerting.start()
    until(lambda: hook.titles)
    alerting.stop()
    assert hook.titles == ["[firing] error_rate: w (project default)"]
    assert hook.told[0]["type"] == "failure"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CHANNELS", f"ops=nothing://{SECRET}", "RUNLIGHT_ALERT_CHANNELS: channel 'ops' has no URL that Apprise knows"),
        ("RULES", "/nowhere/rules.yaml", "/nowhere/rules.yaml cannot be read: No such file or directory"),
    ],
)
def test_a_server_with_a_mistake_in_its_alerts_does_not_start_and_says_why_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    said: str,
) -> None:
    monkeypatch.setenv(f"RUNLIGHT_ALERT_{name}", value)
    assert main(["renormalise", "--database", str(tmp_path / "runlight.duckdb")]) == 2
    assert capsys.readouterr() == ("", f"runlight: {said}\n")
