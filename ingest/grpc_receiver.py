"""OTLP/gRPC in and out: the three Export services, as bytes that pass through undecoded.

gRPC itself undoes gzip, bounds a message while inflating it (RESOURCE_EXHAUSTED), and answers UNIMPLEMENTED to every
other method. The rules are those of the OTLP specification, section "OTLP/gRPC".
"""

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

import grpc

from ingest import answers
from ingest.errors import Busy, Failed, Refused
from ingest.intake import Intake, Request, Signal
from settings import Settings

logger = logging.getLogger(__name__)

SERVICES = {
    "opentelemetry.proto.collector.trace.v1.TraceService": Signal.SPAN,
    "opentelemetry.proto.collector.logs.v1.LogsService": Signal.LOG,
    "opentelemetry.proto.collector.metrics.v1.MetricsService": Signal.METRIC,
}

# A call holds its thread until its commit, so this is how many exports can share commits. More wait for a thread,
# unread; refusing them by `maximum_concurrent_rpcs` would say RESOURCE_EXHAUSTED, which exporters take as "drop it".
_WAITING_EXPORTS = 128
_LONGEST_WAIT_SECONDS = 60.0

_Export = Callable[[bytes, grpc.ServicerContext], bytes]


def start_grpc(
    intake: Intake, settings: Settings, project_of: Callable[[Mapping[str, str]], str]
) -> tuple[grpc.Server, int]:
    """The running server and its port. Raises `RuntimeError` if the address cannot be bound.

    `server.stop(grace).wait()` takes no more calls and lets the accepted ones be answered for `grace` seconds.
    """
    server = grpc.server(
        ThreadPoolExecutor(_WAITING_EXPORTS, thread_name_prefix="otlp-grpc"),
        handlers=[
            grpc.method_handlers_generic_handler(
                service, {"Export": grpc.unary_unary_rpc_method_handler(_export(signal, intake, project_of))}
            )
            for service, signal in SERVICES.items()
        ],
        options=[
            ("grpc.max_receive_message_length", settings.max_body_bytes),
            ("grpc.max_concurrent_streams", _WAITING_EXPORTS),
            ("grpc.so_reuseport", 0),  # else a second server would silently share a busy port
        ],
    )
    host = f"[{settings.grpc_host}]" if ":" in settings.grpc_host else settings.grpc_host
    port: int = server.add_insecure_port(f"{host}:{settings.grpc_port}")
    server.start()
    return server, port


def _export(signal: Signal, intake: Intake, project_of: Callable[[Mapping[str, str]], str]) -> _Export:
    def export(body: bytes, context: grpc.ServicerContext) -> bytes:
        try:
            project = project_of(dict(context.invocation_metadata()))
            future = intake.submit(Request(signal, body, "protobuf", project, time.time_ns()))
            receipt = future.result(timeout=min(context.time_remaining(), _LONGEST_WAIT_SECONDS))
            return answers.stored(signal, receipt, "protobuf")
        except Refused as reason:
            refused = reason.with_traceback(None)  # its frames hold the body, which must not outlive the refusal
        except TimeoutError:
            refused = Busy("the commit takes too long; send this again later")
        except Exception:
            logger.exception("otlp failed transport=grpc signal=%s", signal)
            _refuse(context, Failed("the server failed on this request; its log says why"))
        logger.warning(
            "otlp refused transport=grpc client=%s signal=%s code=%s reason=%r",
            context.peer(),
            signal,
            refused.grpc_code,
            answers.plain(str(refused)),
        )
        _refuse(context, refused)

    return export


def _refuse(context: grpc.ServicerContext, refused: Refused) -> NoReturn:
    """Ends the call with the refusal's status, its `google.rpc.Status` in the trailing metadata."""
    status = answers.status(refused)
    trailing_metadata = [("grpc-status-details-bin", status.SerializeToString())]
    if refused.retry_after_seconds is not None:
        # Where the Python exporter looks for the delay.
        retry_info = answers.retry_info(refused.retry_after_seconds).SerializeToString()
        trailing_metadata.append(("google.rpc.retryinfo-bin", retry_info))
    context.set_trailing_metadata(trailing_metadata)
    context.abort(grpc.StatusCode[refused.grpc_code], status.message)
    raise AssertionError("abort raises")
