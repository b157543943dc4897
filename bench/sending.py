"""Starts the client that sends, in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.bodies import Load
from bench.questions import PROJECT
from bench.serving import ROOT, Server


def run_client(
    server: Server,
    load: Load,
    paths: list[Path],
    *,
    transport: str,
    connections: int,
    spans_per_second: float,
    most_seconds: float,
) -> dict[str, Any]:
    """Send with a client process; the fields of `load.Sent`."""
    done = subprocess.run(
        [
            *client_command(server, load, transport, connections),
            f"--rate={spans_per_second}",
            f"--most-seconds={most_seconds}",
            "--files",
            *map(str, paths),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"the client failed: {done.stderr[-2000:]}")
    sent: dict[str, Any] = json.loads(done.stdout)
    return sent


def client_command(server: Server, load: Load, transport: str, connections: int) -> list[str]:
    """The client's command line, without rate and files."""
    address = server.grpc_address if transport == "grpc" else server.http_address
    return [
        *(sys.executable, "-m", "bench.load", address),
        *(f"--shape={load.shape.name}", f"--transport={transport}"),
        *(f"--connections={connections}", f"--project={PROJECT}"),
    ]
