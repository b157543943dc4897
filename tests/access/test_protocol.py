"""What a connection may do before its request is known."""

import socket
from contextlib import suppress

import httpx

from access.gate import MOST_BODY_BYTES
from access.keys import Scope
from access.protocol import MOST_HEAD_BYTES
from tests.access.conftest import Locked

MEGABYTE = 1024 * 1024


def connection(locked: Locked) -> socket.socket:
    url = httpx.URL(locked.server.url)
    return socket.create_connection((url.host, url.port), timeout=60)


def test_a_head_without_end_is_cut_off_in_bounded_memory(locked: Locked) -> None:
    before = locked.server.reset_peak_memory()
    for beginning in (b"GET /", b"GET / HTTP/1.1\r\nx-api-key: ", b"POST /v1/logs HTTP/1.1\r\n"):
        endless = b"a: b\r\n" * (MEGABYTE // 6) if beginning.startswith(b"POST") else b"k" * MEGABYTE
        sent_bytes = 0
        with connection(locked) as client:
            client.sendall(beginning)
            with suppress(BrokenPipeError, ConnectionResetError):
                while sent_bytes < 100 * MEGABYTE:
                    client.sendall(endless)
                    sent_bytes += len(endless)
        assert sent_bytes < 20 * MEGABYTE  # what the sockets' buffers hold
    assert locked.server.peak_memory() - before < 20 * MEGABYTE
    assert locked.ask("/healthz", None).status_code == 200


def test_a_long_head_that_ends_is_answered_again_and_again(locked: Locked) -> None:
    request = b"GET /api/runs HTTP/1.1\r\nhost: localhost\r\nx-api-key: %s\r\n\r\n" % (b"k" * (MOST_HEAD_BYTES - 1000))
    with connection(locked) as client, client.makefile("rb") as answers:
        for _ in range(3):
            for part in (request[: len(request) // 2], request[len(request) // 2 :]):
                client.sendall(part)
            assert answers.readline().startswith(b"HTTP/1.1 401 ")
            length = 0
            while line := answers.readline().strip():
                length = int(line.partition(b":")[2]) if line.startswith(b"content-length:") else length
            assert b"error" in answers.read(length)


def test_a_body_that_is_too_long_or_of_unknown_length_is_refused_before_it_is_read(locked: Locked) -> None:
    key = locked.key(Scope.REVIEW, projects=None)
    before = locked.server.reset_peak_memory()
    for body in (b"[" * (MOST_BODY_BYTES + 1), iter([b"["] * 3)):
        answer = locked.ask("/api/error-marks", key, "POST", content=body)
        assert answer.status_code == 413
        assert "length" in answer.json()["error"]
    assert locked.server.peak_memory() - before < 20 * MEGABYTE
    assert locked.ask("/api/error-marks", key, "POST", content=b"[" * 1000).status_code == 422


def test_an_upgrade_to_a_websocket_gets_round_nothing(locked: Locked) -> None:
    upgrade = {"connection": "upgrade", "upgrade": "websocket", "sec-websocket-version": "13", "sec-websocket-key": "a"}
    for path in ("/api/runs", "/v1/traces", "/", "/healthz/"):
        assert httpx.get(f"{locked.server.url}{path}", headers=upgrade, timeout=60).status_code == 401
