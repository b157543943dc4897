"""Sends requests to a server as exporters do: OTLP/HTTP with its headers, OTLP/gRPC over a real channel."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import grpc
import httpx
from google.protobuf.message import Message

from tests.real_traffic.captures import Delivery
from tests.real_traffic.otlp import request_of, request_to_json, single_record_requests

_GRPC_METHODS = {
    "traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "logs": "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    "metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
}


@dataclass(frozen=True)
class Exporter:
    """An open HTTP client and gRPC channel to one server."""

    http: httpx.Client
    channel: grpc.Channel

    def send(self, project: str, deliveries: Iterable[Delivery]) -> None:
        """Sends each delivery the way it was captured; raises when one is refused."""
        for delivery in deliveries:
            if delivery.transport == "grpc":
                self._send_grpc(project, delivery)
            else:
                self._send_http(project, delivery)

    def _send_http(self, project: str, delivery: Delivery) -> None:
        headers = {"content-type": delivery.media_type, "x-runlight-project": project}
        if delivery.encoding:
            headers["content-encoding"] = delivery.encoding
        self.http.post(f"/v1/{delivery.signal}", content=delivery.body, headers=headers).raise_for_status()

    def _send_grpc(self, project: str, delivery: Delivery) -> None:
        export = self.channel.unary_unary(_GRPC_METHODS[delivery.signal])
        export(delivery.body, metadata=(("x-runlight-project", project),), timeout=60)


@contextmanager
def exporter(url: str, grpc_address: str) -> Iterator[Exporter]:
    """An exporter to the server at that URL and gRPC address, closed at the end."""
    options = [("grpc.max_send_message_length", -1)]
    # past a number to keep, httpcore closes connections that it has just given to a request
    kept = httpx.Limits(max_connections=100, max_keepalive_connections=None)
    with (
        httpx.Client(base_url=url, timeout=60, limits=kept) as http,
        grpc.insecure_channel(grpc_address, options) as channel,
    ):
        yield Exporter(http, channel)


def as_protobuf(deliveries: Iterable[Delivery]) -> list[Delivery]:
    """The same requests as http/protobuf."""
    return [protobuf_delivery(delivery.signal, request_of(delivery)) for delivery in deliveries]


def as_json(deliveries: Iterable[Delivery]) -> list[Delivery]:
    """The same requests as http/json."""
    return [
        Delivery(delivery.signal, "http", "application/json", None, request_to_json(request_of(delivery)))
        for delivery in deliveries
    ]


def as_grpc(deliveries: Iterable[Delivery]) -> list[Delivery]:
    """The same requests as gRPC calls."""
    return [replace(delivery, transport="grpc") for delivery in as_protobuf(deliveries)]


def one_record_each(deliveries: Iterable[Delivery]) -> list[Delivery]:
    """The same records, each span and log record in a request of its own."""
    return [
        protobuf_delivery(delivery.signal, single)
        for delivery in deliveries
        for single in single_record_requests(delivery.signal, request_of(delivery))
    ]


def protobuf_delivery(signal: str, request: Message) -> Delivery:
    """A request message as http/protobuf."""
    return Delivery(signal, "http", "application/x-protobuf", None, request.SerializeToString())
