"""The doctor's findings, each about a set-up that has this one thing wrong."""

import os
import socket
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from access.keyring import Keyring
from access.keys import Scope
from ingest.store import Store
from operations.checks import (
    Level,
    check_app,
    check_clock,
    check_database,
    check_files,
    check_folders,
    check_given,
    check_links,
    check_memory,
    check_ports,
    check_tls,
)
from operations.doctor import doctor_command
from settings import Settings
from tests.operations.certificates import Authority
from tests.pages.test_people import AUTH, PEOPLE
from tests.serving import RunningServer


def store_at(path: Path, version: int | None = None) -> Path:
    store = Store.open(path)
    if version:
        store.connection.execute("update schema_version set version = $version", {"version": version})
    store.close()
    path.chmod(0o600)
    return path


def test_a_database_of_a_newer_version_or_of_nobody_is_told(tmp_path: Path) -> None:
    (newer,) = check_database(Settings(database=store_at(tmp_path / "newer.duckdb", 999)))
    assert (newer.level, newer.about) == (Level.WRONG, "database")
    assert "schema 999 is newer than this Runlight" in newer.text
    (tmp_path / "junk.duckdb").write_bytes(b"junk" * 4096)
    (junk,) = check_database(Settings(database=tmp_path / "junk.duckdb"))
    assert (junk.level, junk.about) == (Level.WRONG, "database")


def test_keys_and_addresses_must_go_together(tmp_path: Path) -> None:
    path = store_at(tmp_path / "runlight.duckdb")
    settings = Settings(database=path, http_host="0.0.0.0")
    assert [one.about for one in check_database(settings) if one.level is Level.WRONG] == ["keys"]
    store = Store.open(path)
    Keyring(store.cursor()).add("agents", [Scope.INGEST], None)
    store.close()
    assert {one.level for one in check_database(settings)} == {Level.OK}


def test_a_file_that_others_can_read_and_one_from_the_future_want_a_look(tmp_path: Path) -> None:
    path = store_at(tmp_path / "runlight.duckdb")
    assert {one.level for one in check_files(Settings(database=path))} == {Level.OK}
    path.chmod(0o644)
    os.utime(path, (4e9, 4e9))
    (found, _) = check_files(Settings(database=path))
    assert (found.level, "chmod 600" in found.text) == (Level.WARNING, True)
    assert [one.level for one in check_clock(Settings(database=path))] == [Level.WARNING]


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        settings = Settings(database=tmp_path / "none.duckdb", http_port=port, grpc_port=0)
        (wrong,) = [one for one in check_ports(settings) if one.level is Level.WRONG]
    assert wrong.text.startswith(f"RUNLIGHT_HTTP_PORT: 127.0.0.1:{port} cannot be used")


def test_certificates_that_end_soon_want_a_look_and_those_that_did_are_wrong(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    for days, level in ((3, Level.WARNING), (300, Level.OK), (-1, Level.WRONG)):
        pair = authority.give("server", days)
        (found,) = check_tls(Settings(tls_cert=pair.cert, tls_key=pair.key))
        assert (found.level, found.about) == (level, "tls")
    (trusted,) = check_tls(Settings(ca_file=tmp_path / "ca.pem"))
    assert trusted.text.startswith("RUNLIGHT_CA_FILE: the authority is valid for")
    (junk,) = check_tls(Settings(ca_file=Path(__file__)))
    assert (junk.level, "no certificate in PEM form" in junk.text) == (Level.WRONG, True)


def test_a_running_server_is_known_and_its_answer_to_the_app_is_told(
    server: RunningServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNLIGHT_URL", server.url)
    doctor_command(["--database", str(server.database)])
    told = capsys.readouterr().out
    assert f"a server is running on {server.database}" in told
    assert "answers, and takes the app's key" in told
    (lost,) = check_app(Settings(url="http://127.0.0.1:1", database=server.database))
    assert (lost.level, lost.about) == (Level.WRONG, "app")


def test_a_dry_run_wants_a_look() -> None:
    (dry,) = check_given(Settings(redaction_dry_run=True))
    assert (dry.level, "is stored" in dry.text) == (Level.WARNING, True)
    assert list(check_given(Settings())) == []


def test_links_in_messages_that_lead_to_this_machine_want_a_look() -> None:
    told = {"alert_channels": SecretStr("ops=json://127.0.0.1:9")}
    (alone,) = check_links(Settings(**told))
    assert (alone.level, alone.text.partition(":")[0]) == (Level.WARNING, "RUNLIGHT_APP_URL is not set")
    assert list(check_links(Settings(**told, app_url="https://runlight.example.org"))) == []


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"redaction_file": "none.json"}, "is no JSON of rules and allow"),
        ({"redaction_file": "rules.json"}, "cannot be used: "),
        ({"price_file": "none.json"}, "none.json"),
        ({"objectives_file": "none.yaml"}, "RUNLIGHT_OBJECTIVES_FILE: "),
        ({"alert_rules": "none.yaml"}, "none.yaml"),
        ({"alert_channels": "ops"}, "does not read name=URL"),
        ({"report_channels": "ops"}, "RUNLIGHT_REPORT_CHANNELS: there is no channel 'ops'"),
        ({"report_schedule": "on mondays"}, "RUNLIGHT_REPORT_SCHEDULE "),
        ({"report_tz": "Mars"}, "RUNLIGHT_REPORT_TZ: "),
        ({"retention": "90d"}, "RUNLIGHT_RETENTION: "),
        ({"content_off": "No Such"}, "no project is called"),
        ({"restricted_content": "No Such"}, "no project is called"),
        ({"telemetry_url": "http://127.0.0.1:4318"}, "is this server itself"),
        ({"http_port": 9, "grpc_port": 9}, "are the same"),
        ({"app_url": "runlight.example.org"}, "RUNLIGHT_APP_URL: "),
    ],
)
def test_each_rule_and_file_that_cannot_be_used_is_told(tmp_path: Path, told: dict[str, Any], says: str) -> None:
    (tmp_path / "rules.json").write_text('{"rules": {"own": "("}}')
    files = ("redaction_file", "price_file", "objectives_file", "alert_rules")
    settings = Settings(**{name: tmp_path / value if name in files else value for name, value in told.items()})
    (wrong,) = check_given(settings)
    assert (wrong.level, says in wrong.text) == (Level.WRONG, True), wrong.text


def test_folders_that_cannot_be_written_and_memory_that_is_not_there_are_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (wrong,) = check_folders(Settings(backup_folder=tmp_path / "file" / "backups", report_folder=tmp_path / "file"))
    assert wrong.text.startswith("RUNLIGHT_BACKUP_FOLDER: ")
    (wrong,) = check_folders(Settings(report_schedule="0 6 * * mon", report_folder=tmp_path / "file"))
    assert wrong.text.startswith("RUNLIGHT_REPORT_FOLDER: ")
    assert list(check_memory(Settings(store_memory_bytes=256 * 1024**2, queue_bytes=1))) == []
    (much,) = check_memory(Settings(store_memory_bytes=1 << 50, sql=True))
    assert (much.level, "RUNLIGHT_SQL_MEMORY_BYTES" in much.text) == (Level.WARNING, True)


def test_a_login_of_the_app_is_read_and_its_key_tried_for_a_person(tmp_path: Path, server: RunningServer) -> None:
    login_file = tmp_path / "login.toml"
    login_file.write_text("[auth]\n")
    settings = Settings(url=server.url, login_file=login_file, database=server.database)
    (unreadable,) = check_app(settings)
    assert (unreadable.level, unreadable.about) == (Level.WRONG, "login")
    login_file.write_text(AUTH + PEOPLE)
    (refused,) = check_app(settings)
    assert (refused.level, refused.about) == (Level.WRONG, "app")
