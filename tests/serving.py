"""Starts servers for tests: the real one as a process of its own, and the OTLP routes alone in front of any intake."""

import csv
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette

from ingest.intake import Intake
from ingest.projects import project_of
from ingest.receiver import otlp_routes
from settings import Settings

ROOT = Path(__file__).parents[1]
HTTP_LINE = "runlight http listening url="
GRPC_LINE = "runlight grpc listening address="
START_SECONDS, STOP_SECONDS, WAIT_SECONDS = 120, 120, 180  # far from what a slow machine needs
LONGEST_PAUSE_SECONDS = 0.05  # between two looks; one at a server's answers takes both processes some milliseconds
SMALL_BYTES = 1024 * 1024


@dataclass
class RunningServer:
    """A server process: `url` of HTTP, `grpc_address`, its `database`, and the lines it has printed so far."""

    process: subprocess.Popen[str]
    database: Path
    url: str = ""
    grpc_address: str = ""
    log: list[str] = field(default_factory=list)
    was_killed: bool = False

    def kill(self) -> None:
        """Ends it without a chance to tidy up, as a power cut would."""
        self.was_killed = True
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    def stored_counts(self, project: str) -> dict[str, int]:
        """How many records of each signal the ledger says are stored."""
        totals = httpx.get(
            f"{self.url}/api/ingest",
            params={"project": project, "part": "totals"},
            headers={"accept": "text/csv"},
            timeout=30,
            verify=False,
        )
        return {row["signal"]: int(row["stored_count"]) for row in csv.DictReader(totals.text.splitlines())}

    def settle(self, project: str) -> None:
        """Returns when every run of the project that a commit touched has its summary."""
        with httpx.Client(base_url=self.url, timeout=60, verify=False) as http:
            settle(http, project)

    def ask(self, path: str, **parameters: object) -> Any:
        """The answer of `/api/<path>`, which must be one."""
        answer = httpx.get(
            f"{self.url}/api/{path}",
            params={key: str(value) for key, value in parameters.items()},
            timeout=60,
            verify=False,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def reset_peak_memory(self) -> int:
        """Begins a new measurement; the resident bytes it begins with."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        return self.peak_memory()

    def peak_memory(self) -> int:
        """The most resident bytes since the last reset."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024


@contextmanager
def running_server(database: Path, **settings: object) -> Iterator[RunningServer]:
    """`server.py` on free ports; `settings` by the names of settings.py. Stopped with SIGTERM, it must exit with 0."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RUNLIGHT_")}
    settings = {"alert_seconds": 0} | settings  # a test says itself when rules are evaluated
    given = {f"RUNLIGHT_{name.upper()}": str(value) for name, value in settings.items()}
    with subprocess.Popen(
        [sys.executable, "server.py", "--http-port", "0", "--grpc-port", "0", "--database", str(database)],
        cwd=ROOT,
        env=inherited | {"PYTHONUNBUFFERED": "1"} | given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        server = RunningServer(process, database)
        is_listening = threading.Event()
        reader = threading.Thread(target=_read_log, args=(server, is_listening))
        reader.start()
        try:
            assert is_listening.wait(START_SECONDS), _log_of(server)
            assert server.url, _log_of(server)
            assert server.grpc_address, _log_of(server)
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            finally:
                process.kill()
                reader.join()
    assert server.was_killed or process.returncode == 0, _log_of(server)


def _read_log(server: RunningServer, is_listening: threading.Event) -> None:
    assert server.process.stdout is not None
    for line in server.process.stdout:
        server.log.append(line.rstrip("\n"))
        if line.startswith(HTTP_LINE):
            server.url = line.removeprefix(HTTP_LINE).strip()
        if line.startswith(GRPC_LINE):
            server.grpc_address = line.removeprefix(GRPC_LINE).strip()
        if server.url and server.grpc_address:
            is_listening.set()
    is_listening.set()  # it ended; whoever waits finds no address


def _log_of(server: RunningServer) -> str:
    return "\n".join(["the server did not do as asked, it printed:", *server.log[-50:]])


@contextmanager
def serving_otlp(intake: Intake, settings: Settings) -> Iterator[str]:
    """The URL of the OTLP/HTTP routes alone, served over a real socket in front of `intake`."""
    app = Starlette(routes=otlp_routes(intake, settings, project_of))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, lifespan="off", timeout_keep_alive=75, timeout_graceful_shutdown=5)
        )
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            until(lambda: server.started)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(STOP_SECONDS)


def told_of_process(path: str) -> str:
    """What stands there below /proc; nothing where the process or thread has just ended, also while it was read."""
    try:
        return Path("/proc", path).read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def until(condition: Callable[[], object], seconds: float = WAIT_SECONDS) -> None:
    """Returns as soon as the condition holds; fails when it seems it never will."""
    deadline, pause = time.monotonic() + seconds, 0.001
    while not condition():
        assert time.monotonic() < deadline, "what the test waits for did not happen"
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def settle(http: httpx.Client, project: str) -> None:
    """Returns when every run of the project that a commit touched has its summary."""

    def waiting_count() -> int:
        answer = http.get("/api/version", params={"project": project}).raise_for_status().json()
        return int(answer["rows"][0]["waiting_count"])

    until(lambda: waiting_count() == 0)
