"""Stands before the whole HTTP application: a route that nobody thought of is closed."""

import logging

import orjson
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Connection

from access.door import Door
from access.keys import Projects, Scope
from ingest.errors import Refused, TooLarge, Unauthenticated

log = logging.getLogger(__name__)

OPEN = frozenset({"/healthz", "/readyz"})
MOST_BODY_BYTES = 1024 * 1024  # of what people tell; telemetry has a limit of its own
TELEMETRY = "/v1/"  # its endpoint asks `Door.project_of_request` before anything else, and refuses in OTLP's own form

_REVIEWED = ("/api/runs/", "/api/error-marks")  # where people say what they think of a run or an error
_PIN = "/pin"  # keeps a run
_SAVED = "/api/views"  # what people keep for each other and can do again
_REPORTS = "/api/reports/"  # what can be made anew at any time
_ASKED = "/api/sql"  # where people ask, at such length that it is no address
_SILENCES = "/api/alerts/silences"  # likewise
_PROJECTS = "runlight.projects"


class Gate:
    """An ASGI application that passes on what the door lets in."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        if connection["type"] == "lifespan" or connection["path"].startswith(TELEMETRY):
            await self._app(connection, receive, send)
            return
        try:
            projects = self._admit(connection)
        except Refused as refused:
            await _refusal(connection, refused)(connection, receive, send)
        else:
            await self._app({**connection, _PROJECTS: projects}, receive, send)

    def _admit(self, connection: Connection) -> Projects:
        method, path = connection["method"], connection["path"]
        if path in OPEN:
            return frozenset()
        headers = Headers(scope=connection)
        projects = self._door.admit(headers, scope_of(method, path), method)
        _expect_bounded(headers)
        return projects


def projects_of(request: Request) -> Projects:
    """The projects that a request may ask about, as the gate has noted. Raises KeyError if it came round the gate."""
    projects: Projects = request.scope[_PROJECTS]
    return projects


def scope_of(method: str, path: str) -> Scope:
    """What a key must be for to do this. What is not known to be harmless needs admin."""
    if method in ("GET", "HEAD"):
        return Scope.READ
    if method == "POST" and path == _ASKED:
        return Scope.READ
    if method == "POST" and path.startswith(_REVIEWED):
        return Scope.REVIEW
    if method in ("POST", "DELETE") and path.startswith((_SAVED, _SILENCES, _REPORTS)):
        return Scope.REVIEW
    if method == "DELETE" and path.startswith("/api/runs/") and path.endswith(_PIN):
        return Scope.REVIEW
    return Scope.ADMIN


def _expect_bounded(headers: Headers) -> None:
    """Raises TooLarge for a body that is too long, or does not tell how long it is."""
    if "transfer-encoding" in headers or int(headers.get("content-length", 0)) > MOST_BODY_BYTES:
        raise TooLarge(f"a body must tell its length beforehand, and have {MOST_BODY_BYTES} bytes at most")


def _refusal(connection: Connection, refused: Refused) -> Response:
    log.warning(
        "api refused client=%s method=%s path=%r status=%d reason=%r",
        connection["client"][0] if connection.get("client") else "-",
        connection["method"],
        connection["path"][:100],
        refused.http_status,
        str(refused),
    )
    headers = {"www-authenticate": "Bearer"} if isinstance(refused, Unauthenticated) else {}
    return Response(orjson.dumps({"error": str(refused)}), refused.http_status, headers, "application/json")
