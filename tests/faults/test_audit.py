"""What was being done when the server was killed is in the audit log."""

import subprocess
import sys
from pathlib import Path

import duckdb
import httpx
import pytest

from tests.serving import HTTP_LINE, ROOT

# A server that kills itself when a copy that it made is about to get its name.
SUICIDAL = """
import os, signal, sys
def kill(name, arguments):
    if name == "os.link":
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(kill)
import server
server.main(sys.argv[1:])
"""


def test_an_act_that_the_server_did_not_survive_is_in_the_log(tmp_path: Path) -> None:
    path, copies = tmp_path / "runlight.duckdb", tmp_path / "copies"
    command = [sys.executable, "-c", SUICIDAL, "--http-port", "0", "--grpc-port", "0", "--database", str(path)]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1", "RUNLIGHT_BACKUP_FOLDER": str(copies)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = next(line for line in process.stdout if line.startswith(HTTP_LINE)).removeprefix(HTTP_LINE).strip()
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.post(f"{url}/api/admin/backup", timeout=None)
    assert process.returncode == -9
    assert not list(copies.glob("*.duckdb"))
    with duckdb.connect(str(path)) as store:
        ((who, act, about),) = store.execute("select who, act, about from audit_log").fetchall()
    assert (who, act, Path(about).parent) == ("local", "made a backup", copies)
