"""A process of its own that reads requests from files and sends them, cheaply: `python -m bench.load`.

It shares the machine with the server that is measured, so it does as little as it can: HTTP/1.1 by hand over
connections that stay open, on uvloop; nothing is made or parsed but the status line. It prints what it saw as JSON.
"""

import argparse
import asyncio
import json
import math
import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

import grpc
import uvloop

from bench.bodies import SHAPES, Body, Shape, bodies, live_load, read

CLOSED = "closed"
RETRIED = ("503", "429", "UNAVAILABLE", CLOSED)
_RETRY_SECONDS = 0.2
_TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_LARGEST_GRPC_BYTES = 128 * 1024 * 1024


@dataclass(slots=True)
class Sent:
    """What came of the load. Latencies are in milliseconds, of the requests that were stored, in the order sent.

    At a given rate a request's latency counts from when it was due, so that a slow answer cannot hide those behind it.
    """

    request_count: int = 0
    span_count: int = 0
    body_bytes: int = 0
    seconds: float = 0.0
    client_cpu_seconds: float = 0.0
    answers: dict[str, int] = field(default_factory=dict)
    latencies_ms: list[float] = field(default_factory=list)

    def count(self, status: str) -> None:
        """One more answer of this status."""
        self.answers[status] = self.answers.get(status, 0) + 1


class Connection(Protocol):
    """One open connection to the server."""

    async def send(self, data: bytes) -> str:
        """The status of the answer to one request: '200' or 'OK' when it is stored."""
        ...


class HttpConnection:
    """HTTP/1.1, kept alive; opened anew when the server has closed it meanwhile."""

    def __init__(self, address: str, shape: Shape, project: str) -> None:
        self._host, _, port = address.rpartition(":")
        self._port = int(port)
        headers = {"host": address, "x-runlight-project": project} | shape.headers
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._head = f"POST /v1/traces HTTP/1.1\r\n{lines}content-length: ".encode()
        self._reader: asyncio.StreamReader | None = None

    async def send(self, data: bytes) -> str:
        """The status code, or CLOSED if the connection ended before the answer."""
        if self._reader is None or self._reader.at_eof():
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        try:
            return await self._exchange(self._reader, data)
        except (asyncio.IncompleteReadError, ConnectionError):
            self._reader = None
            return CLOSED

    async def _exchange(self, reader: asyncio.StreamReader, data: bytes) -> str:
        self._writer.writelines((self._head, b"%d\r\n\r\n" % len(data), data))
        head = await reader.readuntil(b"\r\n\r\n")
        lower = head.lower()
        length = lower.find(b"content-length:")
        if length >= 0:
            await reader.readexactly(int(lower[length + 15 : lower.index(b"\r\n", length)]))
        return head[9:12].decode()


class GrpcConnection:
    """gRPC, the bytes passed through. A channel of its own: channels with equal options would share a connection."""

    def __init__(self, address: str, _: Shape, project: str) -> None:
        options = [
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.max_send_message_length", _LARGEST_GRPC_BYTES),
        ]
        self._metadata = (("x-runlight-project", project),)
        self._export = grpc.aio.insecure_channel(address, options=options).unary_unary(_TRACES)

    async def send(self, data: bytes) -> str:
        """The name of the status code."""
        try:
            await self._export(data, metadata=self._metadata)
        except grpc.aio.AioRpcError as error:
            return str(error.code().name)
        return "OK"


async def send(
    connections: Sequence[Connection], requests: Iterator[Body], spans_per_second: float, most_seconds: float
) -> Sent:
    """Send requests until there are none or the time is over, each until it is stored or refused for good: as fast as
    they are answered, or at a rate.
    """
    sent = Sent()
    begun = time.perf_counter()
    cpu_before = _cpu_seconds()

    async def work(connection: Connection) -> None:
        while time.perf_counter() - begun < most_seconds and (body := next(requests, None)) is not None:
            due = begun + sent.span_count / spans_per_second if spans_per_second else time.perf_counter()
            sent.request_count += 1
            sent.span_count += body.span_count
            sent.body_bytes += len(body.data)
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            while (status := await connection.send(body.data)) in RETRIED:
                sent.count(status)
                await asyncio.sleep(_RETRY_SECONDS)
            sent.count(status)
            if status in ("200", "OK"):
                sent.latencies_ms.append(round((time.perf_counter() - due) * 1000, 2))

    async with asyncio.TaskGroup() as workers:
        for connection in connections:
            workers.create_task(work(connection))
    sent.seconds = time.perf_counter() - begun
    sent.client_cpu_seconds = _cpu_seconds() - cpu_before
    return sent


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def _main(arguments: argparse.Namespace) -> Sent:
    shape = SHAPES[arguments.shape]
    kind = GrpcConnection if arguments.transport == "grpc" else HttpConnection
    connections = [kind(arguments.address, shape, arguments.project) for _ in range(arguments.connections)]
    if arguments.live_seed is None:
        requests: Iterator[Body] = (body for path in arguments.files for body in read(path))
    else:
        requests = bodies(live_load(arguments.live_seed, arguments.rate))
    return await send(connections, requests, arguments.rate, arguments.most_seconds)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.load", description="Sends files of OTLP requests.")
    parser.add_argument("address", help="host:port")
    parser.add_argument("--files", nargs="+", default=[], type=Path)
    parser.add_argument("--live-seed", type=int, help="instead of files: make what is sent, at a given rate, for ever")
    parser.add_argument("--shape", choices=SHAPES, required=True, help="the shape of the files")
    parser.add_argument("--transport", choices=("http", "grpc"), default="http")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--project", default="default")
    parser.add_argument("--rate", type=float, default=0.0, help="spans per second; 0 is as fast as answers come")
    parser.add_argument("--most-seconds", type=float, default=math.inf, help="send nothing new after so long")
    return parser.parse_args()


if __name__ == "__main__":
    print(json.dumps(asdict(uvloop.run(_main(_arguments())))))
