"""`run.py` as its users have it: real processes, real signals, real ports."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.serving import ROOT, told_of_process, until

START_SECONDS, STOP_SECONDS = 180, 120
SAMPLES_SECONDS = 600  # six weeks of history; a busy machine takes its time


@dataclass
class Running:
    """A run.py process and the lines it has printed so far."""

    process: subprocess.Popen[str]
    log: list[str] = field(default_factory=list)

    def says(self, pattern: str) -> re.Match[str] | None:
        return next((match for line in list(self.log) if (match := re.search(pattern, line))), None)

    def address(self, name: str) -> str:
        match = self.says(rf"^runlight \| {name} +(\S+)")
        assert match, "\n".join(self.log)
        return match[1]

    def children(self) -> dict[int, str]:
        """Process id → command line."""
        pids = told_of_process(f"{self.process.pid}/task/{self.process.pid}/children").split()
        return {int(pid): told_of_process(f"{pid}/cmdline") for pid in pids}

    def child(self, name: str) -> int:
        """The process id of `server.py` or `streamlit`."""
        return next(pid for pid, command in self.children().items() if name in command)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """The exit code after this signal."""
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)


def command(database: Path, *flags: str) -> list[str]:
    free = ["--http-port", "0", "--grpc-port", "0", "--app-port", "0"]
    return [sys.executable, "run.py", *free, "--database", str(database), *flags]


def environment(**given: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("RUNLIGHT_")} | given


@contextmanager
def running(database: Path) -> Iterator[Running]:
    """run.py once both answer; it is killed if the test leaves it running."""
    with subprocess.Popen(
        command(database),
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        started = Running(process)
        reader = threading.Thread(target=lambda: started.log.extend(process.stdout or ()))
        reader.start()
        try:
            until(lambda: started.says("OTLP/gRPC") or process.poll() is not None)  # the last of the addresses
            assert process.poll() is None, "".join(started.log)
            yield started
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(STOP_SECONDS)
            reader.join(STOP_SECONDS)


def is_alive(pid: int) -> bool:
    """Whether it runs; one that has ended and that nobody has asked after does not."""
    return told_of_process(f"{pid}/stat").rpartition(")")[2].split()[:1] not in ([], ["Z"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_answer_and_a_signal_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path / "runlight.duckdb") as started:
        server, app = started.child("server.py"), started.child("streamlit")
        assert httpx.get(f"{started.address('OTLP/HTTP')}/healthz", timeout=60).status_code == 200
        assert "<title>" in httpx.get(started.address("app"), timeout=60).text

        assert started.stop(number) == 0
        assert not is_alive(server)
        assert not is_alive(app)
    assert started.says("stopped")


@pytest.mark.parametrize(
    ("killed", "name", "other"), [("server.py", "server", "streamlit"), ("streamlit", "app", "server.py")]
)
def test_when_one_dies_the_other_is_stopped_and_the_message_says_who_and_how(
    tmp_path: Path, killed: str, name: str, other: str
) -> None:
    with running(tmp_path / "runlight.duckdb") as started:
        survivor = started.child(other)
        os.kill(started.child(killed), signal.SIGKILL)

        assert started.process.wait(STOP_SECONDS) == 128 + signal.SIGKILL
        assert not is_alive(survivor)
    assert started.says(f"the {name} ended with signal SIGKILL")


def test_killed_outright_it_leaves_nothing_behind(tmp_path: Path) -> None:
    with running(tmp_path / "runlight.duckdb") as started:
        until(lambda: any("ingest.replay" in command for command in started.children().values()))
        children = started.children()
        assert len(children) == 3
        started.process.kill()
        until(lambda: not any(map(is_alive, children)))


def test_the_reason_why_the_server_cannot_start_is_its_last_line(tmp_path: Path) -> None:
    database = tmp_path / "runlight.duckdb"
    database.write_text("this is no database")

    ended = subprocess.run(
        command(database), cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=START_SECONDS
    )

    assert ended.returncode == 2
    assert re.search(r"the server ended with exit code \d+: .*\S", ended.stdout), ended.stdout


@pytest.mark.parametrize("name", ["http_port", "grpc_port", "app_port"])
def test_a_busy_port_is_one_line_that_names_port_and_setting(tmp_path: Path, name: str) -> None:
    flag = f"--{name.replace('_', '-')}"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        began = time.monotonic()
        ended = subprocess.run(
            command(tmp_path / "runlight.duckdb", flag, str(port)),
            cwd=ROOT,
            env=environment(),
            capture_output=True,
            text=True,
        )
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert re.fullmatch(rf"runlight: port {port} on 127\.0\.0\.1 .*RUNLIGHT_{name.upper()} or {flag}\n", ended.stderr)
    assert not list(tmp_path.iterdir()), f"something was started within {time.monotonic() - began:.1f} s"


def test_a_setting_that_makes_no_sense_is_one_line() -> None:
    ended = subprocess.run(
        [sys.executable, "run.py"],
        cwd=ROOT,
        env=environment(RUNLIGHT_HTTP_PORT="many"),
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 2
    assert re.fullmatch(r"runlight: RUNLIGHT_HTTP_PORT: .*integer.*\n", ended.stderr)


def test_on_a_server_with_keys_it_says_what_the_app_needs_and_loads_no_samples(tmp_path: Path) -> None:
    database = tmp_path / "runlight.duckdb"
    made = ["keys", "add", "--name", "agents", "--scope", "ingest", "--all-projects", "--database", str(database)]
    subprocess.run([sys.executable, "server.py", *made], cwd=ROOT, env=environment(), check=True, capture_output=True)

    with running(database) as started:
        until(lambda: started.says("the app needs one: python server.py keys add "))
        assert started.stop() == 0
    assert started.says("asks for API keys, so no samples are loaded")
    assert not database.with_suffix(".demo").exists()


def test_samples_are_loaded_once_even_if_interrupted_and_removed_ones_do_not_come_back(tmp_path: Path) -> None:
    database = tmp_path / "runlight.duckdb"
    with running(database) as first:
        until(lambda: "demo" in projects(first), SAMPLES_SECONDS)
        assert first.stop() == 0
    clock, state = database.with_suffix(".demo").read_text().split()
    assert state == "loading"

    with running(database) as second:
        until(lambda: second.says("samples are in project demo"), SAMPLES_SECONDS)
        assert database.with_suffix(".demo").read_text() == f"{clock} loaded"
        assert not any(total["conflicting_count"] for total in asked(second, "/api/ingest?project=demo")["totals"])
        httpx.delete(f"{second.address('OTLP/HTTP')}/api/projects/demo", timeout=STOP_SECONDS).raise_for_status()
        assert second.stop() == 0

    began = time.monotonic()
    with running(database) as third:
        print(f"a later start: {time.monotonic() - began:.1f} s to a page that answers")
        assert "demo" not in projects(third)
        assert third.stop() == 0
    assert not third.says(r"^demo ")


def projects(started: Running) -> set[str]:
    return {row["project"] for row in asked(started, "/api/projects")["rows"] if row["run_count"]}


def asked(started: Running, path: str) -> dict[str, list[dict[str, Any]]]:
    answer = httpx.get(f"{started.address('OTLP/HTTP')}{path}", timeout=STOP_SECONDS).raise_for_status()
    found: dict[str, list[dict[str, Any]]] = answer.json()
    return found
