"""The server under measurement: a real process, its processor time and memory from /proc."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[1]
_HTTP_LINE, _GRPC_LINE = "runlight http listening url=", "runlight grpc listening address="
_START_SECONDS, _STOP_SECONDS = 60, 600
_POLL_SECONDS = 0.1
_TICKS = os.sysconf("SC_CLK_TCK")


class ServerFailed(Exception):
    """The server did not start, or ended otherwise than asked; says what it printed last."""


@dataclass
class Server:
    """A server process, where it listens, and what it prints."""

    process: "subprocess.Popen[str]"
    url: str = ""
    grpc_address: str = ""
    log: list[str] = field(default_factory=list)

    @property
    def http_address(self) -> str:
        """host:port of HTTP."""
        return self.url.removeprefix("http://")

    def cpu_seconds(self) -> float:
        """Processor time so far, user and system, of all its threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def resident_bytes(self) -> int:
        """Resident memory now."""
        return self._memory("VmRSS:")

    def peak_bytes(self) -> int:
        """The most resident memory since its start."""
        return self._memory("VmHWM:")

    def rows(self, path: str, **parameters: object) -> list[dict[str, Any]]:
        """The rows of a question, as JSON has them."""
        answer = httpx.get(
            f"{self.url}/api/{path}", params={name: str(value) for name, value in parameters.items()}, timeout=600
        )
        answer.raise_for_status()
        found = answer.json()
        rows: list[dict[str, Any]] = found.get("rows", [found])
        return rows

    def post(self, body: bytes, headers: Mapping[str, str], project: str = "bench") -> None:
        """Send one export request of spans; raises if it is not stored."""
        headers = {"x-runlight-project": project, **headers}
        httpx.post(f"{self.url}/v1/traces", content=body, headers=headers, timeout=600).raise_for_status()

    def _memory(self, name: str) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition(name)[2].split()[0]) * 1024


@contextmanager
def serving(database: Path) -> Iterator[Server]:
    """`server.py` with its default settings, on free ports; stopped with SIGTERM, which also checkpoints the file."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RUNLIGHT_")}
    command = [sys.executable, "server.py", "--http-port", "0", "--grpc-port", "0", "--database", str(database)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=inherited | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        server = Server(process)
        is_listening = threading.Event()
        threading.Thread(target=_read_log, args=(server, is_listening), daemon=True).start()
        try:
            is_listening.wait(_START_SECONDS)
            if not (server.url and server.grpc_address):
                raise ServerFailed("\n".join(server.log[-20:]))
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_SECONDS)
            finally:
                process.kill()
    if process.returncode != 0:
        raise ServerFailed("\n".join(server.log[-20:]))


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _read_log(server: Server, is_listening: threading.Event) -> None:
    assert server.process.stdout is not None
    for line in server.process.stdout:
        server.log.append(line.rstrip("\n"))
        server.url = server.url or _address(line, _HTTP_LINE)
        server.grpc_address = server.grpc_address or _address(line, _GRPC_LINE)
        if server.url and server.grpc_address:
            is_listening.set()
    is_listening.set()  # it ended; whoever waits finds no address


def _address(line: str, prefix: str) -> str:
    return line.removeprefix(prefix).strip() if line.startswith(prefix) else ""
