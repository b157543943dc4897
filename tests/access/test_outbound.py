"""Neither process calls anybody but the other one."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import httpx
import pytest

from ingest.store import Store
from tests.browser.running import running_app, websocket_status
from tests.ingest.otlp_samples import request_of
from tests.serving import ROOT, running_server, until

SECONDS = 60

# Runs first in every Python process that finds it, and notes whom it calls or asks after.
SPY = """
import os, sys
def note(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        address = arguments[0] if event.startswith("socket.get") else arguments[1]
        host = address[0] if isinstance(address, tuple) else address
        with open(os.environ["CALLS"], "a") as calls:
            calls.write(f"{os.path.basename(sys.argv[0])} {host}\\n")
sys.addaudithook(note)
"""
OWN = {"127.0.0.1", "::1", "localhost"}


def test_neither_the_server_nor_the_app_calls_anybody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text(SPY)
    calls = tmp_path / "calls"
    calls.touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("CALLS", str(calls))
    with (
        running_server(tmp_path / "runlight.duckdb", alert_seconds=1) as server,
        running_app(server.url, tmp_path / "app.log") as app,
    ):
        assert websocket_status(app, "localhost", "http://elsewhere.example") == 403
        for signal in ("traces", "logs", "metrics"):
            headers = {"content-type": "application/x-protobuf"}
            answer = httpx.post(f"{server.url}/v1/{signal}", content=request_of(signal), headers=headers, timeout=60)
            assert answer.status_code == 200
        until(lambda: server.stored_counts("default"))
        until(lambda: [rule for rule in server.ask("alerts/rules")["rows"] if rule["evaluated_at"]])
        visit = (
            "from streamlit.testing.v1 import AppTest; assert not AppTest.from_file('app.py').run(timeout=60).exception"
        )
        environment = os.environ | {"RUNLIGHT_URL": server.url}
        subprocess.run([sys.executable, "-c", visit], cwd=ROOT, env=environment, check=True, timeout=SECONDS)
    noted = [line.rsplit(" ", 1) for line in calls.read_text().splitlines()]
    assert [call for call in noted if call[0] == "-c"], "the visit asked the server, and the spy has not seen it"
    assert [call for call in noted if call[1] not in OWN] == []


def test_the_store_fetches_no_extension(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "runlight.duckdb")
    with pytest.raises(duckdb.Error, match="extension"):
        store.connection.execute("select * from 'https://127.0.0.1:9/nothing.parquet'")
    assert store.connection.execute("select current_setting('autoinstall_known_extensions')").fetchone() == (False,)
    store.close()
