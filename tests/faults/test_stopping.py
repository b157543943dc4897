"""A server that is asked to stop stores what it has taken, refuses the rest politely, and is gone in time."""

import signal
import threading
from pathlib import Path

import httpx

from tests.faults.exporters import Book, check, exporting
from tests.serving import STOP_SECONDS, running_server, until


def test_a_stop_under_load_loses_nothing_and_comes_to_an_end(tmp_path: Path) -> None:
    database, book = tmp_path / "runlight.duckdb", Book()
    with running_server(database) as server:
        with exporting(server, book):
            until(lambda: len(book.acknowledged) > 100)
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(STOP_SECONDS)
        assert server.process.returncode == 0
    check(database, book)


def test_a_client_that_never_finishes_its_request_does_not_keep_the_server_from_stopping(tmp_path: Path) -> None:
    is_over = threading.Event()

    def endless() -> object:
        while not is_over.wait(0.05):
            yield b" "

    with running_server(tmp_path / "runlight.duckdb") as server:

        def send() -> None:
            headers = {"content-type": "application/json"}
            try:
                httpx.post(server.url + "/v1/logs", content=endless(), headers=headers, timeout=60)
            except httpx.TransportError:
                is_over.set()

        sender = threading.Thread(target=send)
        sender.start()
        try:
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(STOP_SECONDS)
        finally:
            is_over.set()
            sender.join()
