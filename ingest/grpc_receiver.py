"""OTLP/gRPC in and out: the three Export services, as bytes that pass through undecoded.

gRPC itself undoes gzip, bounds a message while inflating it (RESOURCE_EXHAUSTED), and answers UNIMPLEMENTED to every
other method. The rules are those of the OTLP specification, section "OTLP/gRPC".

Calls wait on the event loop, for their message as for their commit: a thread each would let some clients that open
calls and send nothing keep all others out.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import grpc

from ingest import answers
from ingest.errors import Failed, Refused, TooSlow, Undecodable
from ingest.intake import Intake, Request, Signal
from ingest.measures import count_request
from settings import Settings

logger = logging.getLogger(__name__)

SERVICES = {
    "opentelemetry.proto.collector.trace.v1.TraceService": Signal.SPAN,
    "opentelemetry.proto.collector.logs.v1.LogsService": Signal.LOG,
    "opentelemetry.proto.collector.metrics.v1.MetricsService": Signal.METRIC,
}

_CALLS_PER_CONNECTION = 128  # more wait at the client, who is told this number
_LONGEST_ARRIVAL_SECONDS = 60.0  # exporters give up sooner; a message that never ends would keep its room for ever
_CANCELLATION_SECONDS = 0.1  # a call that its client gives up first ends its stream, and is cancelled a moment later

_Export = Callable[[AsyncIterator[bytes], grpc.aio.ServicerContext], Awaitable[bytes]]


async def start_grpc(
    intake: Intake,
    settings: Settings,
    project_of: Callable[[Mapping[str, str]], str],
    credentials: grpc.ServerCredentials | None = None,
) -> tuple[grpc.aio.Server, int]:
    """The running server and its port. Raises `RuntimeError` if the address cannot be bound. `project_of` tells from a
    call's metadata where telemetry goes, or raises why its sender is refused; with `credentials` it speaks TLS.

    `await server.stop(grace)` takes no more calls and lets the accepted ones be answered for `grace` seconds.
    """
    server = grpc.aio.server(
        options=[
            ("grpc.max_receive_message_length", settings.max_body_bytes),
            ("grpc.max_concurrent_streams", _CALLS_PER_CONNECTION),
            ("grpc.so_reuseport", 0),  # else a second server would silently share a busy port
        ],
    )
    # On the wire, a call with one message is a stream of one; read as a stream, it has a time limit of ours.
    server.add_generic_rpc_handlers(
        [
            grpc.method_handlers_generic_handler(
                service, {"Export": grpc.stream_unary_rpc_method_handler(_export(signal, intake, project_of))}
            )
            for service, signal in SERVICES.items()
        ]
    )
    host = f"[{settings.grpc_host}]" if ":" in settings.grpc_host else settings.grpc_host
    address = f"{host}:{settings.grpc_port}"
    port: int = (
        server.add_insecure_port(address) if credentials is None else server.add_secure_port(address, credentials)
    )
    await server.start()
    return server, port


def _export(signal: Signal, intake: Intake, project_of: Callable[[Mapping[str, str]], str]) -> _Export:
    async def export(messages: AsyncIterator[bytes], context: grpc.aio.ServicerContext) -> bytes:
        try:
            project = project_of(_metadata(context))
            body = await _only_message(messages)
            future = intake.submit(Request(signal, body, "protobuf", project, time.time_ns()))
            # Shielded, since cancelling this call would otherwise cancel the commit that others share.
            receipt = await asyncio.shield(asyncio.wrap_future(future))
            count_request("grpc", signal)
            return answers.stored(signal, receipt, "protobuf")
        except Refused as reason:
            refused = reason.with_traceback(None)  # its frames hold the body, which must not outlive the refusal
            logger.warning(
                "otlp refused transport=grpc client=%s signal=%s code=%s reason=%r",
                context.peer(),
                signal,
                refused.grpc_code,
                answers.plain(str(refused)),
            )
        except Exception:
            logger.exception("otlp failed transport=grpc signal=%s", signal)
            refused = Failed("the server failed on this request; its log says why")
        count_request("grpc", signal, refused)
        await _refuse(context, refused)
        raise AssertionError("abort raises")

    return export


def _metadata(context: grpc.aio.ServicerContext) -> dict[str, str]:
    """What the call was sent with; one that is repeated reads `first, second`, which means the same to gRPC."""
    found: dict[str, str] = {}
    for name, value in context.invocation_metadata():
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


async def _only_message(messages: AsyncIterator[bytes]) -> bytes:
    try:
        async with asyncio.timeout(_LONGEST_ARRIVAL_SECONDS):
            async for message in messages:
                return message
    except TimeoutError:
        raise TooSlow(f"the request took more than {_LONGEST_ARRIVAL_SECONDS:g} seconds to arrive") from None
    await asyncio.sleep(_CANCELLATION_SECONDS)
    raise Undecodable("the call ended without a request")


async def _refuse(context: grpc.aio.ServicerContext, refused: Refused) -> None:
    """Ends the call with the refusal's status, its `google.rpc.Status` in the trailing metadata."""
    status = answers.status(refused)
    trailing_metadata = [("grpc-status-details-bin", status.SerializeToString())]
    if refused.retry_after_seconds is not None:
        # Where the Python exporter looks for the delay.
        retry_info = answers.retry_info(refused.retry_after_seconds).SerializeToString()
        trailing_metadata.append(("google.rpc.retryinfo-bin", retry_info))
    await context.abort(grpc.StatusCode[refused.grpc_code], status.message, tuple(trailing_metadata))
