"""OTLP/HTTP in and out: path, media type, content-encoding, size, status codes.

Bodies are bounded and inflated here, never decoded; the intake says when they are stored, and only then is 200 sent.
The rules are those of the OTLP specification, section "OTLP/HTTP".
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ingest import answers
from ingest.errors import (
    Busy,
    Failed,
    Refused,
    TooLarge,
    TooSlow,
    Unauthenticated,
    Undecodable,
    UnknownEncoding,
    UnknownMediaType,
    UnknownPath,
    WrongMethod,
)
from ingest.inflate import SUPPORTED, codings, inflate
from ingest.intake import Encoding, Intake, Request, Signal
from ingest.measures import count_request
from settings import Settings

logger = logging.getLogger(__name__)

SIGNALS = {"traces": Signal.SPAN, "logs": Signal.LOG, "metrics": Signal.METRIC}
MEDIA_TYPES: dict[Encoding, str] = {"protobuf": "application/x-protobuf", "json": "application/json"}

_ENCODINGS: dict[str, Encoding] = {media_type: encoding for encoding, media_type in MEDIA_TYPES.items()}
_INLINE_BYTES = 8 * 1024  # up to here a thread costs more than the event loop loses by inflating
_INFLATING_THREADS = 2  # also bounds how many bodies are half inflated at any time
_LONGEST_ARRIVAL_SECONDS = 60.0  # exporters give up sooner; a body that never ends would keep its room for ever
_LONGEST_DISCARD_SECONDS = 5.0


def otlp_routes(intake: Intake, settings: Settings, project_of: Callable[[Mapping[str, str]], str]) -> list[Route]:
    """Everything under /v1: three paths that store what is posted, and refusals in OTLP's terms for all others.

    `project_of` tells from the headers where telemetry goes, or raises why its sender is refused."""
    return [Route("/v1/{path:path}", _OtlpEndpoint(intake, settings, project_of), include_in_schema=False)]


class _OtlpEndpoint:
    """An ASGI application of its own, so that a request costs no more than what OTLP needs."""

    def __init__(self, intake: Intake, settings: Settings, project_of: Callable[[Mapping[str, str]], str]) -> None:
        self._intake = intake
        self._project_of = project_of
        self._needs_certificate = settings.tls_client_ca is not None
        self._most_bytes = settings.max_body_bytes
        self._most_arriving_bytes = max(settings.queue_bytes, settings.max_body_bytes)
        self._arriving_bytes = 0  # over all connections: received, but not yet in the intake, which counts its own
        self._inflaters = ThreadPoolExecutor(_INFLATING_THREADS, thread_name_prefix="inflate")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = _Body(receive)
        try:
            response = await self._answer(scope, body)
        except ClientDisconnect:
            logger.debug("otlp abandoned path=%r", scope["path"][:100])
            return
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, body: "_Body") -> Response:
        headers = Headers(scope=scope)
        encoding = _ENCODINGS.get(headers.get("content-type", "").partition(";")[0].strip().lower())
        signal = SIGNALS.get(scope["path_params"]["path"])
        try:
            stored = await self._store(scope, signal, headers, encoding, body)
            count_request("http", signal)
            return stored
        except Refused as reason:
            refused = reason.with_traceback(None)  # its frames hold the body, which must not outlive the refusal
            logger.warning(
                "otlp refused transport=http client=%s path=%r status=%d reason=%r",
                scope["client"][0] if scope.get("client") else "-",
                scope["path"][:100],
                refused.http_status,
                answers.plain(str(refused)),
            )
        except ClientDisconnect:
            raise
        except Exception:
            logger.exception("otlp failed transport=http path=%r", scope["path"][:100])
            refused = Failed("the server failed on this request; its log says why")
        count_request("http", signal, refused)
        if body.is_begun or "expect" not in headers:  # who still waits for 100 Continue need not send at all
            await body.discard(self._most_bytes)
        return _refusal(refused, encoding or "json", is_body_read=body.is_read)

    async def _store(
        self, scope: Scope, signal: Signal | None, headers: Headers, encoding: Encoding | None, body: "_Body"
    ) -> Response:
        if self._needs_certificate and "tls" not in scope.get("extensions", {}):
            raise Unauthenticated("telemetry is taken only from whoever shows a client certificate (mTLS)")
        project = self._project_of(headers)  # before all else: who may send nothing learns nothing
        if signal is None:
            raise UnknownPath("unknown path; OTLP is received at /v1/traces, /v1/logs and /v1/metrics")
        if scope["method"] != "POST":
            raise WrongMethod("telemetry is sent with POST")
        if encoding is None:
            raise UnknownMediaType(f"the content-type must be {' or '.join(_ENCODINGS)}")
        encodings_to_undo = codings(",".join(headers.getlist("content-encoding")))
        if int(headers.get("content-length", 0)) > self._most_bytes:
            raise TooLarge(f"the body is larger than {self._most_bytes} bytes")

        content = await self._content(body, encodings_to_undo)
        if not content and encoding == "json":
            raise Undecodable("the body is empty, which is no JSON; an empty request is {}")
        future = self._intake.submit(Request(signal, content, encoding, project, time.time_ns()))
        # Shielded, since cancelling this handler would otherwise cancel the commit that others share.
        receipt = await asyncio.shield(asyncio.wrap_future(future))
        return Response(answers.stored(signal, receipt, encoding), media_type=MEDIA_TYPES[encoding])

    async def _content(self, body: "_Body", encodings_to_undo: list[str]) -> bytes:
        """The body, inflated."""
        received = BytesIO()  # its value is its buffer, so a large body is never held twice
        try:
            await self._receive(body, received)
            return await self._inflated(received.getvalue(), encodings_to_undo)
        finally:
            self._arriving_bytes -= received.tell()

    async def _receive(self, body: "_Body", received: BytesIO) -> None:
        try:
            async with asyncio.timeout(_LONGEST_ARRIVAL_SECONDS):
                while not body.is_read:
                    chunk = await body.next_chunk()
                    received.write(chunk)
                    self._arriving_bytes += len(chunk)
                    if received.tell() > self._most_bytes:
                        raise TooLarge(f"the body is larger than {self._most_bytes} bytes")
                    if self._arriving_bytes > self._most_arriving_bytes:
                        raise Busy("too many bytes are arriving at once; send this again later")
        except TimeoutError:
            raise TooSlow(f"the body took more than {_LONGEST_ARRIVAL_SECONDS:g} seconds to arrive") from None

    async def _inflated(self, content: bytes, encodings_to_undo: list[str]) -> bytes:
        if not encodings_to_undo or not content:
            return content
        if len(content) <= _INLINE_BYTES:
            return inflate(content, encodings_to_undo, self._most_bytes)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._inflaters, inflate, content, encodings_to_undo, self._most_bytes)


class _Body:
    """A request's body as it comes off the socket."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.is_begun = False
        self.is_read = False

    async def next_chunk(self) -> bytes:
        """What came since the last call. Raises `ClientDisconnect`."""
        self.is_begun = True
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        self.is_read = not message.get("more_body", False)
        chunk: bytes = message.get("body", b"")
        return chunk

    async def discard(self, most_bytes: int) -> None:
        """Reads on to the end, or until more than `most_bytes` were thrown away or the time for it is over.

        Closing on a client that still sends resets its connection, and it would see that instead of our answer,
        and send everything again.
        """
        discarded_bytes = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_DISCARD_SECONDS):
                while not self.is_read and discarded_bytes <= most_bytes:
                    discarded_bytes += len(await self.next_chunk())


def _refusal(refused: Refused, encoding: Encoding, *, is_body_read: bool) -> Response:
    headers = {}
    if refused.retry_after_seconds is not None:
        headers["retry-after"] = str(refused.retry_after_seconds)
    if isinstance(refused, Unauthenticated):
        headers["www-authenticate"] = "Bearer"
    if isinstance(refused, WrongMethod):
        headers["allow"] = "POST"
    if isinstance(refused, UnknownEncoding):
        headers["accept-encoding"] = SUPPORTED
    if not is_body_read:
        headers["connection"] = "close"
    body = answers.encode(answers.status(refused), encoding)
    return Response(body, refused.http_status, headers, MEDIA_TYPES[encoding])
