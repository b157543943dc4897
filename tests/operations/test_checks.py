"""The doctor's findings, each about a set-up that has this one thing wrong."""

import os
import socket
from pathlib import Path

import pytest

from access.keyring import Keyring
from access.keys import Scope
from ingest.store import Store
from operations.checks import Level, check_app, check_clock, check_database, check_files, check_given_files, check_ports
from operations.doctor import doctor_command
from settings import Settings
from tests.operations.certificates import Authority
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


def test_a_certificate_that_ends_soon_wants_a_look(tmp_path: Path) -> None:
    for days, level in ((3, Level.WARNING), (300, Level.OK)):
        pair = Authority(tmp_path).give("server", days)
        (found,) = check_given_files(Settings(tls_cert=pair.cert, tls_key=pair.key))
        assert (found.level, found.about) == (level, "tls")


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


def test_a_dry_run_and_a_file_of_rules_that_will_not_do_are_told(tmp_path: Path) -> None:
    (dry,) = check_given_files(Settings(redaction_dry_run=True))
    assert (dry.level, "is stored" in dry.text) == (Level.WARNING, True)
    (wrong,) = check_given_files(Settings(redaction_file=tmp_path / "none.json"))
    assert (wrong.level, "is no JSON of rules and allow" in wrong.text) == (Level.WRONG, True)
