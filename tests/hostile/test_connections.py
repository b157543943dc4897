"""Clients that take a connection and do little with it keep nobody else waiting."""

import socket
from contextlib import ExitStack

import httpx

from tests.hostile.posts import one_span
from tests.serving import RunningServer

IDLE_CONNECTIONS = 500
HEADERS = b"host: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n"
BEGINNING = b"POST /v1/traces HTTP/1.1\r\n" + HEADERS
WAYS_TO_DAWDLE = (b"", b"POST /v1/tr", BEGINNING, BEGINNING + b"{")


def test_five_hundred_idle_connections_and_slow_bodies_keep_nobody_waiting(server: RunningServer) -> None:
    address = httpx.URL(server.url)
    assert one_span("json", "identity").send(server.url).status_code == 200
    assert server.ask("projects")["rows"]  # what the first question takes once is no concern here
    before = server.reset_peak_memory()
    with ExitStack() as connections:
        idle = [
            connections.enter_context(socket.create_connection((address.host, address.port), timeout=60))
            for _ in range(IDLE_CONNECTIONS)
        ]
        for number, client in enumerate(idle):
            client.sendall(WAYS_TO_DAWDLE[number % len(WAYS_TO_DAWDLE)])
        for number in range(10):
            assert one_span("protobuf", "gzip").send(server.url).status_code == 200
            for client in idle[3 :: len(WAYS_TO_DAWDLE)]:
                client.sendall(b"%d" % number)
        assert server.ask("projects")["rows"]
        assert server.peak_memory() - before < 64 * 1024 * 1024
    assert one_span("json", "identity").send(server.url).status_code == 200
