"""Weekly reports are kept and served again, made anew with what changed, asked for over HTTP, written by schedule."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import httpx
import orjson
import pytest

from ingest.kept_reports import KeptReports
from ingest.removal import Removal, places, remove
from ingest.store import Store
from queries.cli.commands import REPORT_FORMS
from queries.cli.main import main
from queries.database import Database
from queries.filters import BadFilter
from queries.weekly.document import Report
from queries.weekly.forms import FORMS
from queries.weekly.keeping import Wanted, WeeklyReports
from queries.weekly.objectives import ObjectivesError, read_objectives
from queries.weekly.reporting import Reporting, ReportSettingsError
from queries.weekly.schedule import latest_time, read_schedule
from queries.weekly.weeks import read_week
from settings import Settings
from tests.queries.conftest import rebuild_all
from tests.queries.records import SECOND, START_NS, Telling, insert
from tests.serving import RunningServer

WEEK = read_week("2026-W47", "UTC")
WANTED = Wanted("default", WEEK)
HOUR_NS = 3_600 * SECOND
EARLY_NS, LATE_NS = START_NS + HOUR_NS, WEEK.until_ns + HOUR_NS  # before the week is over, and after


def run(store: duckdb.DuckDBPyConnection, name: str, at: float = 0, **columns: Any) -> None:
    """A run with one priced call."""
    telling = Telling().span(name, "agent", at, trace=name, **{"workflow_name": "refund", **columns})
    telling.span(f"{name} call", "llm", at, trace=name, under=name, cost_usd=0.5, input_tokens=10, output_tokens=1)
    insert(store, telling.rows)
    rebuild_all(store)


def reports(store: duckdb.DuckDBPyConnection) -> WeeklyReports:
    return WeeklyReports(kept=KeptReports(store.cursor()))


def versions(store: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return store.execute("select version, is_final from weekly_reports order by all").fetchall()


def section(report: Report, name: str) -> list[str]:
    return [sentence for one in report.sections if one.name == name for sentence in one.sentences]


def test_a_report_that_was_made_is_served_again_whatever_came_since(store: duckdb.DuckDBPyConnection) -> None:
    weekly, database = reports(store), Database(store)
    run(store, "first")
    made = weekly.report(database, WANTED, LATE_NS)
    run(store, "late")
    assert weekly.report(database, WANTED, LATE_NS + HOUR_NS) == made
    assert versions(store) == [(1, True)]
    narrowed = weekly.report(database, Wanted("default", WEEK, "refund"), LATE_NS)
    assert narrowed.facts["runs"] == 2


def test_one_made_before_the_week_was_over_serves_until_then(store: duckdb.DuckDBPyConnection) -> None:
    weekly, database = reports(store), Database(store)
    run(store, "first")
    early = weekly.report(database, WANTED, EARLY_NS)
    assert not early.is_final
    assert "before the week was over" in FORMS["html"].render(early).decode()
    assert weekly.report(database, WANTED, WEEK.until_ns - 1) == early
    final = weekly.report(database, WANTED, LATE_NS)
    assert final.is_final
    assert versions(store) == [(1, False), (2, True)]
    assert section(final, "changes")
    assert weekly.report(database, Wanted("default", WEEK, made_ns=EARLY_NS), LATE_NS) == early


def test_one_made_anew_tells_what_changed_and_why(store: duckdb.DuckDBPyConnection) -> None:
    weekly, database = reports(store), Database(store)
    run(store, "first")
    weekly.report(database, WANTED, LATE_NS)
    run(store, "late", is_error=True)
    insert(store, Telling().log("edit", "human", 60, trace="first", correction_kind="edited_output").rows)
    rebuild_all(store)
    anew = weekly.made_anew(database, WANTED, LATE_NS + HOUR_NS)
    assert section(anew, "changes") == [
        "Against the report that was made 2026-11-23 01:00, 6 figures differ.",
        "1 run was sent late.",
        "1 model call came with late telemetry.",
        "1 run was reviewed since, by a late decision, feedback or correction.",
    ]
    (table,) = (one for one in anew.tables() if one.name == "changes")
    rows = {row[0]: row for row in table.rows}
    assert rows["Runs"][2] == 1
    assert rows["Runs"][5] == 2
    assert rows["Error rate"][2:8] == [0.0, 0, 1, 0.5, 1, 2]
    assert rows["Human correction rate"][5:8] == [1.0, 1, 1]


def test_new_prices_are_told_from_late_telemetry(store: duckdb.DuckDBPyConnection) -> None:
    weekly, database = reports(store), Database(store)
    run(store, "first")
    weekly.report(database, WANTED, LATE_NS)
    store.execute("update steps set cost_usd = 0.75 where cost_usd = 0.5; update runs set cost_usd = 0.75")
    anew = weekly.made_anew(database, WANTED, LATE_NS)
    assert section(anew, "changes")[1:] == ["The same calls with the same tokens cost otherwise: prices changed."]


def test_a_first_price_does_not_hide_that_others_may_have_changed(store: duckdb.DuckDBPyConnection) -> None:
    weekly, database = reports(store), Database(store)
    run(store, "first")
    store.execute("update runs set unpriced_count = 1")
    weekly.report(database, WANTED, LATE_NS)
    store.execute("update steps set cost_usd = 0.75 where cost_usd = 0.5")
    store.execute("update runs set cost_usd = 0.75, unpriced_count = 0")
    assert section(weekly.made_anew(database, WANTED, LATE_NS), "changes")[1:] == [
        "1 model call has a price now that had none.",
        "The same calls with the same tokens cost otherwise: other prices may have changed too.",
    ]


def test_a_week_in_which_nothing_ran_is_not_kept(store: duckdb.DuckDBPyConnection) -> None:
    reports(store).report(Database(store), WANTED, LATE_NS)
    assert versions(store) == []


def test_of_two_who_make_a_report_at_once_both_get_the_one_that_was_kept(store: duckdb.DuckDBPyConnection) -> None:
    run(store, "first")
    weekly, database = reports(store), Database(store)
    theirs = weekly.made_anew(database, WANTED, LATE_NS)
    key = {"project": "default", "week": WEEK.name, "tz": "UTC", "workflow": None, "version": 1}
    assert weekly.kept
    assert not weekly.kept.keep(**key, seen=0, made_at=theirs.made_at, is_final=True, document="{}")
    assert weekly.report(database, WANTED, LATE_NS) == theirs


def test_a_report_that_tells_of_what_is_removed_meanwhile_is_made_again(store: duckdb.DuckDBPyConnection) -> None:
    class KeptAtARemoval(KeptReports):
        """A run goes after the first report of it was made, and before that is kept."""

        def keep(self, **told: Any) -> bool:
            found = store.execute("select run_id from runs where workflow_name = 'gone'").fetchall()
            if found:
                removing = Store(store.cursor())
                with removing.transaction():
                    remove(removing, Removal("default", "run", places([]), [run_id for (run_id,) in found]), 1)
            return super().keep(**told)

    run(store, "first")
    run(store, "second", workflow_name="gone")
    made = WeeklyReports(kept=KeptAtARemoval(store.cursor())).made_anew(Database(store), WANTED, LATE_NS)
    assert made.facts["runs"] == 1
    assert versions(store) == [(1, True)]
    assert "gone" not in str(store.execute("select document from weekly_reports").fetchall())


@pytest.mark.parametrize(
    ("week", "said"),
    [
        ("2026-W54", "the year 2026 has weeks 1 to 53, not 54"),
        ("2025-W53", "the year 2025 has weeks 1 to 52, not 53"),
        ("2026-W00", "the year 2026 has weeks 1 to 53, not 0"),
        ("2026-46", "a week reads like 2026-W46, not '2026-46'"),
        ("٢٠٢٦-W46", "a week reads like 2026-W46"),
    ],
)
def test_a_week_that_there_is_not_is_refused_in_plain_words(week: str, said: str) -> None:
    with pytest.raises(BadFilter, match=said):
        read_week(week, "UTC")


# Over HTTP, by clocks of their own


def last_week(weeks_ago: int = 1) -> str:
    year, week, _ = (datetime.now(UTC) - timedelta(weeks=weeks_ago)).isocalendar()
    return f"{year}-W{week:02}"


def test_the_api_serves_every_form_and_refuses_what_cannot_be(server: RunningServer) -> None:
    with httpx.Client(base_url=f"{server.url}/api/reports/weekly", params={"project": "weekly"}, timeout=60) as http:
        for ending, form in FORMS.items():
            answer = http.get(f"/{last_week()}.{ending}", params={"workflow": 'a "b"\r\nc'})
            assert (answer.status_code, answer.headers["content-type"]) == (200, form.media_type), answer.text
        assert answer.headers["content-disposition"] == f'attachment; filename="{last_week()}-a_b_c.json"'
        for path, made_at, said in (
            ("/2026-W54.html", None, "weeks 1 to 53"),
            (f"/{last_week(-2)}.html", None, "has not begun yet"),
            (f"/{last_week()}.docx", None, "one of html, pdf"),
            (f"/{last_week()}.json", "yesterday", "made_at reads like"),
            (f"/{last_week()}.json", "2001-01-01T00:00:00Z", "has not begun on 2001"),
            (f"/{last_week()}.json", "2200-01-01T00:00:00Z", "still to come"),
        ):
            answer = http.get(path, params={"made_at": made_at} if made_at else {})
            assert (answer.status_code, said in answer.text) == (422, True), answer.text


def test_the_command_writes_a_file_or_says_why_not(
    server: RunningServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report.json"
    asked = ["--url", server.url, "--project", "weekly", "--week", last_week(), "--out", str(out)]
    moment = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    assert report([*asked, "--made-at", moment]) == 0
    written = out.read_bytes()
    assert orjson.loads(written)["made_at"] == moment
    assert report([*asked, "--made-at", moment]) == 0
    assert out.read_bytes() == written
    assert report([*asked, "--week", "2026-W54"]) == 2
    assert "weeks 1 to 53" in capsys.readouterr().err
    assert out.read_bytes() == written, "what was there stays"
    assert report([*asked, "--url", "http://127.0.0.1:1"]) == 3
    assert report([*asked, "--out", str(tmp_path / "none" / "report.md")]) == 2
    assert "report.md: cannot be written: No such file" in capsys.readouterr().err
    assert report(["--out", str(tmp_path / "report.doc")]) == 2
    assert "say --format" in capsys.readouterr().err
    assert tuple(FORMS) == REPORT_FORMS


def report(arguments: list[str]) -> int:
    return main(["report", *arguments])


# Objectives and the schedule

GOOD = "objectives: [{workflow: refund, success_rate: 0.99}]"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("objectives: [", "is no YAML: while parsing"),
        ("objectives: &a [*a]", "has anchors that stand for too much"),
        ("- refund", "the file"),
        ("objectives: [{success_rate: 0.99}]", "objectives.0.workflow: Field required"),
        ("objectives: [{workflow: a, success_rate: 99}]", "objectives.0.success_rate: .*less than 1"),
        ("objectives: [{workflow: a, p95_duration_s: -1}]", "objectives.0.p95_duration_s: .*greater than 0"),
        (
            "objectives: [{workflow: a, p95_seconds: 1}]",
            "objectives.0.p95_seconds: there is no such field; .*p95_duration_s",
        ),
        ("objectives: [{workflow: a}]", "objectives.0: names a workflow and holds it to nothing"),
    ],
)
def test_a_file_of_objectives_that_cannot_be_used_says_where_and_why(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "objectives.yaml"
    path.write_text(text)
    with pytest.raises(ObjectivesError, match=f"objectives.yaml:? .*{said}"):
        read_objectives(path)


def test_objectives_are_read_from_yaml_and_json(tmp_path: Path) -> None:
    yaml, json = tmp_path / "objectives.yaml", tmp_path / "objectives.json"
    yaml.write_text(GOOD)
    json.write_text('{"objectives": [{"workflow": "refund", "success_rate": 0.99}]}')
    assert read_objectives(yaml) == read_objectives(json) != ()


def test_the_schedule_writes_last_weeks_report_of_every_project(
    store: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    run(store, "first")
    settings = Settings(report_folder=tmp_path / "reports", report_schedule="0 6 * * mon", report_tz="Europe/Berlin")
    told: list[tuple[Any, ...]] = []
    kept = KeptReports(store.cursor())
    reporting = Reporting(settings, Database(store), kept, lambda *news: told.append(news), clock_ns=lambda: LATE_NS)
    reporting.start()
    reporting.stop()
    reporting.write()
    folder = tmp_path / "reports" / "default"
    assert {path.name for path in folder.iterdir()} == {f"2026-W47.{ending}" for ending in FORMS}
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    reporting.write()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
    (project, subject, title, lines, page), _ = told
    assert (project, subject, page) == ("default", "weekly report", "/reports?week=2026-W47")
    assert title == "Weekly reliability report, 2026-W47 (project default)"
    assert lines[1].startswith("1 run; 0 failed, an error rate of 0.0%")
    assert orjson.loads(first["2026-W47.json"])["since"] == "2026-11-15T23:00:00Z"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"report_schedule": "0 6 * * 8"}, "RUNLIGHT_REPORT_SCHEDULE reads like .* weekdays are 0 to 7 or sun to sat"),
        ({"report_schedule": "every monday"}, "RUNLIGHT_REPORT_SCHEDULE reads like `0 6 \\* \\* mon`"),
        ({"report_tz": "Mars/Olympus"}, "RUNLIGHT_REPORT_TZ: tz is a time zone such as"),
        ({"objectives_file": "/nowhere/objectives.yaml"}, "RUNLIGHT_OBJECTIVES_FILE: .* cannot be read: No such file"),
    ],
)
def test_settings_of_reports_that_cannot_be_used_are_named(
    store: duckdb.DuckDBPyConnection, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(ReportSettingsError, match=said):
        Reporting(Settings(**settings), Database(store), KeptReports(store.cursor()), lambda *_: None)


def scheduled(
    store: duckdb.DuckDBPyConnection, folder: Path, now_ns: int, schedule: str = "0 6 * * mon"
) -> tuple[Reporting, list[tuple[Any, ...]]]:
    """Reports by schedule, and what was told of them."""
    told: list[tuple[Any, ...]] = []
    settings = Settings(report_folder=folder, report_schedule=schedule)
    kept = KeptReports(store.cursor())
    return Reporting(settings, Database(store), kept, lambda *news: told.append(news), lambda: now_ns), told


def test_a_report_whose_time_passed_while_the_server_was_down_is_written_at_its_start_and_once(
    store: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    run(store, "first")
    for hours, week in ((5, ""), (7, "2026-W47"), (31, "")):  # before its time; after it; at the next start
        reporting, told = scheduled(store, tmp_path, WEEK.until_ns + hours * HOUR_NS)
        reporting.start()
        reporting.stop()
        assert [page for *_, page in told] == ([f"/reports?week={week}"] if week else [])
    assert [path.stem for path in tmp_path.rglob("*.pdf")] == ["2026-W47"]


@pytest.mark.parametrize(
    ("schedule", "days", "week"),
    [("* * * * *", 3, "2026-W47"), ("0 6 25 * *", 9, "2026-W47"), ("0 6 22 * *", 9, ""), ("0 6 31 2 *", 9, "")],
)
def test_what_is_caught_up_with_is_the_latest_time_of_the_schedule(
    store: duckdb.DuckDBPyConnection, tmp_path: Path, schedule: str, days: int, week: str
) -> None:
    run(store, "first")
    reporting, told = scheduled(store, tmp_path, WEEK.until_ns + days * 24 * HOUR_NS, schedule)
    reporting.catch_up()
    assert [page for *_, page in told] == ([f"/reports?week={week}"] if week else [])


@pytest.mark.parametrize(
    ("weekdays", "named"),
    [
        ("*", "mon tue wed thu fri sat sun"),
        ("1", "mon"),
        ("0", "sun"),
        ("7", "sun"),
        ("1-5", "mon tue wed thu fri"),
        ("5-7,mon", "mon fri sat sun"),
        ("*/2", "tue thu sat sun"),
        ("1-5/2", "mon wed fri"),
        ("mon-fri", "mon tue wed thu fri"),
    ],
)
def test_weekdays_of_a_schedule_are_those_of_cron(weekdays: str, named: str) -> None:
    """Where APScheduler alone would take 1 for Tuesday."""
    trigger, at = read_schedule(f"0 6 * * {weekdays}", "UTC"), datetime(2026, 11, 16, tzinfo=UTC)
    due = {f"{one:%a}".lower() for day in range(7) if (one := latest_time(trigger, at + timedelta(days=day + 1)))}
    assert due == set(named.split())


def test_a_folder_that_cannot_be_written_is_told(store: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    run(store, "first")
    (tmp_path / "reports").write_text("a file, where a folder is expected")
    reporting, told = scheduled(store, tmp_path / "reports", LATE_NS)
    reporting.write()
    assert told[0][3][-1] == f"It could not be written to {tmp_path / 'reports' / 'default'}: Not a directory"
    assert versions(store) == [(1, True)], "the page has it all the same"


def test_a_report_that_fails_holds_up_no_other_projects(
    store: duckdb.DuckDBPyConnection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(store, "first")
    run(store, "second", project="other")
    reporting, told = scheduled(store, tmp_path, LATE_NS)
    reporting.write()
    store.execute("update weekly_reports set document = 'damaged' where project = 'default'")
    reporting.write()
    assert sorted(project for project, *_ in told) == ["default", "other", "other"]
    assert "report failed project=default week=2026-W47" in caplog.text
