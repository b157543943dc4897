"""Starts the server and the app together, shows their logs, and stops both when asked or when one of them ends.

Exit code: 0 after Ctrl-C or SIGTERM; that of the process that ended by itself (128 + signal number, never 0); 2 if
nothing was started.
"""

import argparse
import http
import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from settings import SERVER_FLAGS, Settings, SettingsError, flag, read_settings, variable

ROOT = Path(__file__).resolve().parent
APP_HOST = "127.0.0.1"  # for this machine, or a proxy on it
PROBE_SECONDS = 2
STOP_SECONDS = 20  # the server first commits what it has accepted
STARTING_POLL_SECONDS, RUNNING_POLL_SECONDS = 0.05, 0.25


class CannotStart(Exception):
    """Says in one line why nothing was started."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs until told to stop; the exit code."""
    os.chdir(ROOT)  # a relative database path means the same wherever this is started from
    try:
        parser = argparse.ArgumentParser(description="Starts Runlight's server and app together.")
        settings = with_free_ports(read_settings(parser, (*SERVER_FLAGS, "app_port"), argv))
    except (CannotStart, SettingsError) as error:
        print(f"runlight: {error}", file=sys.stderr)
        return 2
    if not settings.database.exists():
        demo_marker(settings).unlink(missing_ok=True)
    # A list, because a handler that takes a lock can find it held by the very code it interrupts.
    stop_signals: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: stop_signals.append(received))
    children = [server_child(settings), app_child(settings)]
    try:
        return supervise(children, settings, stop_signals)
    finally:
        stop_all(children, stop_signals)


def with_free_ports(settings: Settings) -> Settings:
    """The settings with free ports in place of zeros; CannotStart names the first port that is taken."""
    hosts = {"http_port": settings.http_host, "grpc_port": settings.grpc_host, "app_port": APP_HOST}
    probes, ports = [], {}
    try:
        for name, host in hosts.items():  # all are held until the last is known, so that no two are the same
            port = getattr(settings, name)
            try:
                family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
                probes.append(probe := socket.socket(family, kind))
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
            except OSError as error:
                raise CannotStart(
                    f"port {port} on {host} cannot be used ({error.strerror}); "
                    f"free it, or choose another with {variable(name)} or {flag(name)}"
                ) from None
            ports[name] = probe.getsockname()[1]
    finally:
        for probe in probes:
            probe.close()
    return settings.model_copy(update=ports)


class Child:
    """A process of ours whose output appears line by line under its name."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        answers_at: tuple[http.client.HTTPConnection, str] | None = None,
        orphaned: signal.Signals = signal.SIGTERM,
        **env: str,
    ):
        self.name = name
        self.answers_at = answers_at
        self.last_line = ""
        self.process = subprocess.Popen(
            ending_with_us(command, orphaned),
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # a terminal's Ctrl-C reaches this process only, which then stops them in order
        )
        self._reader = threading.Thread(target=self._show_output, daemon=True)
        self._reader.start()

    def _show_output(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.strip():
                self.last_line = line.strip()
                say(line.rstrip(), self.name)

    def answers(self) -> bool:
        """Whether its health check answers 200."""
        assert self.answers_at is not None
        connection, path = self.answers_at
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def how_it_ended(self) -> str:
        """Exit code or signal, and its last words."""
        self._reader.join(timeout=1)  # the last line may still be in the pipe
        code = self.process.returncode
        how = f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
        return f"the {self.name} ended with {how}" + (f": {self.last_line}" if self.last_line else "")


def ending_with_us(command: Sequence[str], orphaned: signal.Signals) -> Sequence[str]:
    """The Python command, made to get the signal from Linux should this process be gone without having stopped it."""
    if sys.platform != "linux":
        return command
    python, *arguments = command
    return [python, "-I", "-S", "-c", _ASK_AND_BECOME, str(os.getpid()), str(int(orphaned)), python, *arguments]


# Small, since it delays each start: asks, makes sure that the parent has not gone before, and becomes the command.
_ASK_AND_BECOME = """
import ctypes, os, sys
PR_SET_PDEATHSIG = 1
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(sys.argv[2]))
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[3], sys.argv[3:])
"""


def server_child(settings: Settings) -> Child:
    flags = [part for name in SERVER_FLAGS for part in (flag(name), str(getattr(settings, name)))]
    return Child("server", [sys.executable, "server.py", *flags], (to_server(settings, PROBE_SECONDS), "/healthz"))


def app_child(settings: Settings) -> Child:
    flags = ["--server.address", APP_HOST, "--server.port", str(settings.app_port)]
    return Child(
        "app",
        [sys.executable, "-m", "streamlit", "run", "serve_app.py", *flags],
        (http.client.HTTPConnection(APP_HOST, settings.app_port, timeout=PROBE_SECONDS), "/_stcore/health"),
        # It has nothing to lose, and stopping politely it would stumble over its log that nobody reads any more.
        orphaned=signal.SIGKILL,
        RUNLIGHT_URL=url_of_clients(settings),
    )


def demo_child(settings: Settings) -> Child | None:
    """Loads the samples, unless they were loaded before; removed samples stay removed.

    A load that was cut short goes on at the next start with the same clock, so that nothing comes twice.
    """
    marker = demo_marker(settings)
    now, _, state = marker.read_text().partition(" ") if marker.exists() else (datetime.now(UTC).isoformat(), "", "")
    if state == "loaded":
        return None
    marker.write_text(f"{now} loading")
    say("loading samples into project demo, six weeks of history; the app shows them as they come")
    return Child(
        "demo", [sys.executable, "-m", "ingest.replay", url_of_clients(settings), "--project", "demo", "--now", now]
    )


def demo_marker(settings: Settings) -> Path:
    """The file beside the database that says as of when its samples were loaded."""
    return settings.database.with_suffix(".demo")


def supervise(children: list[Child], settings: Settings, stop_signals: list[int]) -> int:
    """Waits until both answer, then until a signal comes or one ends; the exit code. Adds the loader of samples."""
    began = time.monotonic()
    starting = list(children)
    while not stop_signals:
        for child in [child for child in children if child.process.poll() is not None]:
            if child.name != "demo":
                say(child.how_it_ended())
                code = child.process.returncode
                return code if code > 0 else 128 - code if code < 0 else 1
            note_demo(child, settings)
            children.remove(child)
        if starting:
            starting = [child for child in starting if not child.answers()]
            if not starting:
                announce(settings, time.monotonic() - began)
                if asks_for_key(settings):
                    advise_on_key(settings)
                elif demo := demo_child(settings):
                    children.append(demo)
        time.sleep(STARTING_POLL_SECONDS if starting else RUNNING_POLL_SECONDS)
    say(f"stopping ({signal.Signals(stop_signals[0]).name})")
    return 0


def asks_for_key(settings: Settings) -> bool:
    """Whether the server has API keys, and so refuses whoever sends none."""
    connection = to_server(settings, STOP_SECONDS)
    try:
        connection.request("GET", "/api/projects")
        return connection.getresponse().status == http.HTTPStatus.UNAUTHORIZED
    except (OSError, http.client.HTTPException) as error:
        say(f"the server did not say whether it asks for a key: {error}")
        return False
    finally:
        connection.close()


def advise_on_key(settings: Settings) -> None:
    say("the server asks for API keys, so no samples are loaded")
    if settings.api_key is None:
        more = " --scope admin --scope act" if settings.login_file else ""
        say(f"the app needs one: python server.py keys add --name app --scope read --scope review{more} --all-projects")
        say(f"prints it; set it as {variable('api_key')} and start again")


def note_demo(child: Child, settings: Settings) -> None:
    if child.process.returncode:
        say(f"{child.how_it_ended()}; the next start tries again")
        return
    marker = demo_marker(settings)
    marker.write_text(marker.read_text().replace(" loading", " loaded"))
    say("the samples are in project demo")


def announce(settings: Settings, seconds: float) -> None:
    say(f"ready after {seconds:.1f} s; Ctrl-C stops both")
    say(f"app        http://{APP_HOST}:{settings.app_port}")
    say(f"OTLP/HTTP  {server_url(settings)}  (questions under /api, their list at /api/docs)")
    say(f"OTLP/gRPC  {reachable(settings.grpc_host)}:{settings.grpc_port}")


def stop_all(children: list[Child], stop_signals: list[int]) -> None:
    """SIGTERM to each; SIGKILL to those that outlast the patience or a second Ctrl-C."""
    for child in children:
        if child.process.poll() is None:
            child.process.terminate()
    patience_ends = time.monotonic() + STOP_SECONDS
    for child in children:
        while child.process.poll() is None:
            if time.monotonic() > patience_ends or len(stop_signals) > 1:
                say(f"the {child.name} did not stop and is killed")
                child.process.kill()
                child.process.wait()
            time.sleep(STARTING_POLL_SECONDS)
    say("stopped")


def to_server(settings: Settings, seconds: int) -> http.client.HTTPConnection:
    """A connection to the server that this process has started: asked for no secret, it need not show who it is."""
    host, port = reachable(settings.http_host), settings.http_port
    if settings.tls_cert is None:
        return http.client.HTTPConnection(host, port, timeout=seconds)
    return http.client.HTTPSConnection(host, port, timeout=seconds, context=ssl._create_unverified_context())


def url_of_clients(settings: Settings) -> str:
    """What the app asks: with TLS the name that the certificate is for, where a setting tells it."""
    return settings.url if settings.tls_cert and settings.url.startswith("https://") else server_url(settings)


def server_url(settings: Settings) -> str:
    host = reachable(settings.http_host)
    return f"{'https' if settings.tls_cert else 'http'}://{f'[{host}]' if ':' in host else host}:{settings.http_port}"


def reachable(host: str) -> str:
    """The address under which a listener on `host` is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)


def say(line: str, name: str = "runlight") -> None:
    # One write per line, since several threads print.
    sys.stdout.write(f"{name:<8} | {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
