"""How long questions take, by route: a measurement and, where somebody traces, a span of each."""

import time

from opentelemetry import metrics, trace
from opentelemetry.trace import SpanKind
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_QUESTIONS = "/api/"
_UNKNOWN = "unknown"

_tracer = trace.get_tracer("runlight.queries")
_duration = metrics.get_meter("runlight.queries").create_histogram(
    "runlight.question.duration",
    "s",
    "Time from a question to the end of its answer, by route.",
    explicit_bucket_boundaries_advisory=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)


class Timed:
    """The application, with a note of each question's route, status and duration."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, connection: Scope, receive: Receive, send: Send) -> None:
        if connection["type"] != "http" or not connection["path"].startswith(_QUESTIONS):
            await self._app(connection, receive, send)
            return
        status = 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        begun = time.monotonic()
        # What fails may hold content, so no exception is put into the span.
        with _tracer.start_as_current_span(
            "question", kind=SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                await self._app(connection, receive, noted)
            finally:
                route = _route(connection)
                span.update_name(f"{connection['method']} {route}")
                span.set_attributes({"http.route": route, "http.response.status_code": status})
                _duration.record(time.monotonic() - begun, {"route": route, "status": f"{status // 100}xx"})


def _route(connection: Scope) -> str:
    """The template of the route, whose values nobody can invent."""
    return str(getattr(connection.get("route"), "path", _UNKNOWN))
