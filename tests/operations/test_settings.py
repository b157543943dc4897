"""What an operator may get wrong about TLS, telemetry and logs is told in one line, and nothing starts."""

import logging
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from access.door import Door
from access.headers import INSTANCE_HEADER
from access.keyring import Keyring
from ingest.errors import Forbidden
from ingest.store import Store
from operations.logs import JsonLines, TextLines
from operations.sending import expect_elsewhere
from operations.tls import read_tls
from queries.metrics import exposition
from settings import Settings, SettingsError
from tests.operations.certificates import Authority

PROMPT = "a prompt\nthat nobody may read"


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"tls_cert": "server.pem"}, "RUNLIGHT_TLS_KEY: is missing"),
        ({"tls_cert": "none.pem", "tls_key": "server.key"}, r"RUNLIGHT_TLS_CERT: .*none.pem cannot be read \(No such"),
        ({"tls_cert": "server.pem", "tls_key": "old.key"}, "RUNLIGHT_TLS_KEY: .* is not the key of the certificate in"),
        ({"tls_cert": "old.pem", "tls_key": "old.key"}, "RUNLIGHT_TLS_CERT: .*: certificate has expired"),
        ({"tls_cert": "junk", "tls_key": "server.key"}, "are no certificate and key in PEM form, or need a passphrase"),
        ({"tls_client_ca": "ca.pem"}, "RUNLIGHT_TLS_CLIENT_CA: needs RUNLIGHT_TLS_CERT"),
        (
            {"tls_cert": "server.pem", "tls_key": "server.key", "tls_client_ca": "junk"},
            "RUNLIGHT_TLS_CLIENT_CA: .*holds no certificate in PEM form",
        ),
    ],
)
def test_files_of_tls_that_will_not_do_are_named(tmp_path: Path, files: dict[str, str], says: str) -> None:
    authority = Authority(tmp_path)
    authority.give("server")
    authority.give("old", days=-1)
    (tmp_path / "junk").write_text("junk")
    with pytest.raises(SettingsError, match=says):
        read_tls(Settings(**{name: tmp_path / file for name, file in files.items()}))


@pytest.mark.parametrize("url", ["http://127.0.0.1:4318", "http://localhost:4317", "http://[::1]:4318/"])
def test_a_servers_own_telemetry_does_not_go_to_itself(url: str) -> None:
    with pytest.raises(SettingsError, match="is this server itself"):
        expect_elsewhere(Settings(telemetry_url=url))
    expect_elsewhere(Settings(telemetry_url="http://127.0.0.1:9318"))


def test_own_telemetry_that_comes_back_by_another_way_is_refused(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "runlight.duckdb")
    door = Door(Keyring(store.cursor()), "me")
    for project_of in (door.project_of_request, door.project_of_call):
        assert project_of({"host": "localhost", INSTANCE_HEADER: "somebody else"}) == "default"
        with pytest.raises(Forbidden, match="own telemetry"):
            project_of({"host": "localhost", INSTANCE_HEADER: "me"})
    store.close()


@pytest.mark.parametrize("formatter", [TextLines(), JsonLines()], ids=["text", "json"])
def test_a_log_line_tells_where_an_exception_came_from_and_not_what_it_quotes(formatter: logging.Formatter) -> None:
    try:
        try:
            int(PROMPT)
        except ValueError as error:
            raise OSError(28, "No space left on device") from error
    except OSError as error:
        told = (type(error), error, error.__traceback__)
        record = logging.LogRecord("ingest", logging.ERROR, __file__, 1, "commit failed path=%s", ("a\nb",), told)
    line = formatter.format(record)
    assert "prompt" not in line
    assert "nobody may read" not in line
    assert "commit failed path=a" in line
    assert "OSError: [Errno 28] No space left on device" in line
    assert "ValueError" in line
    assert "test_settings.py" in line
    assert "a\nb" not in line


def test_series_are_bounded_however_many_projects_are_invented() -> None:
    counts = ("received", "stored", "duplicate", "conflicting", "unread", "rejected", "flawed", "unmapped", "unpriced")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    row = {f"{name}_count": 2 for name in counts} | {"batch_count": 1, "request_count": 1, "body_bytes": 10}
    totals = pa.Table.from_pylist(
        [row | {"project": f"p{number}", "signal": "span", "last_commit_at": now} for number in range(300)]
    )
    none = pa.Table.from_pylist([])
    lines = exposition(totals, none, none, ()).splitlines()
    stored = [line for line in lines if 'outcome="stored"' in line]
    assert len(stored) == 101
    assert 'runlight_records_total{project="_other",signal="span",outcome="stored"} 400' in stored
