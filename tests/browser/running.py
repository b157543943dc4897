"""Starts the app as a process of its own."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.serving import ROOT, until

STOP_SECONDS = 60


@contextmanager
def running_app(server_url: str, log: Path, **settings: object) -> Iterator[str]:
    """The URL of `streamlit run serve_app.py` on a free port, told to ask the server at `server_url`; `settings` by the
    names of settings.py."""
    port, given = _free_port(), {"url": server_url} | settings
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("RUNLIGHT_", "STREAMLIT_"))}
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "serve_app.py", "--server.port", str(port)],
            cwd=ROOT,
            env=inherited | {f"RUNLIGHT_{name.upper()}": str(value) for name, value in given.items()},
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            url = f"http://127.0.0.1:{port}"
            until(lambda: process.poll() is not None or _answers(f"{url}/_stcore/health"))
            assert process.poll() is None, log.read_text()
            yield url
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            finally:
                process.kill()
    assert "Traceback" not in log.read_text(), log.read_text()


@contextmanager
def running_provider(people: Mapping[str, Mapping[str, Any]], log: Path) -> Iterator[str]:
    """The URL of an identity provider, which says this of these people and asks for no password."""
    port = _free_port()
    told = [f"--user-claims={json.dumps({'sub': name, **claims})}" for name, claims in people.items()]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true", *told]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        try:
            url = f"http://localhost:{port}"
            until(lambda: process.poll() is not None or _answers(f"{url}/.well-known/openid-configuration"))
            assert process.poll() is None, log.read_text()
            yield url
        finally:
            process.terminate()


def websocket_status(app_url: str, host: str, origin: str) -> int:
    """What the app, called by this name, answers to a page of that origin which asks for the connection that all data
    comes over."""
    port = httpx.URL(app_url).port
    lines = (
        "GET /_stcore/stream HTTP/1.1",
        f"Host: {host}:{port}",
        f"Origin: {origin}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )
    assert port is not None
    with socket.create_connection(("127.0.0.1", port), timeout=STOP_SECONDS) as connection:
        connection.sendall("\r\n".join((*lines, "", "")).encode())
        return int(connection.recv(64).split()[1])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.TransportError:
        return False
