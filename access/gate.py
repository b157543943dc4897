"""Stands before the whole HTTP application: a route that nobody thought of is closed."""

import asyncio
import logging
from dataclasses import dataclass, field
from functools import partial

import orjson
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as Connection

from access.audit import LOCAL, AuditLog, Via, Who
from access.door import Admitted, Door
from access.keys import Projects, Scope
from access.looks import Looks
from ingest.errors import Refused, TooLarge, Unauthenticated

log = logging.getLogger(__name__)

OPEN = frozenset({"/healthz", "/readyz"})
MOST_BODY_BYTES = 1024 * 1024  # of what people tell; telemetry has a limit of its own
TELEMETRY = "/v1/"  # its endpoint asks `Door.project_of_request` before anything else, and refuses in OTLP's own form

_REVIEWED = ("/api/runs/", "/api/error-marks")  # where people say what they think of a run or an error
_PIN = "/pin"  # keeps a run
_SAVED = "/api/views"  # what people keep for each other and can do again
_REPORTS = "/api/reports/"  # what can be made anew at any time
_ASKED = ("/api/sql", "/api/exports")  # where people ask, too long for an address, and note what they take along
_SILENCES = "/api/alerts/silences"  # likewise
_AUDIT = "/api/audit"
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_PROJECTS, _ACTS, _SEES_CONTENT = "runlight.projects", "runlight.acts", "runlight.sees_content"

Act = tuple[str, str, str | None]  # in words, of what, and the project if it was of one


@dataclass(slots=True)
class Acts:
    """What one request does, and what of it is in the log already."""

    audit: AuditLog
    looks: Looks
    who: Who
    _said: list[Act] = field(default_factory=list)
    _written: list[Act] = field(default_factory=list)
    _looked: list[tuple[str, str | None]] = field(default_factory=list)

    @property
    def person(self) -> str | None:
        """Whom the app acts for, by name; None where it is a key or a program of this machine."""
        return self.who.name if self.who.via is Via.APP else None

    def say(self, act: str, about: str, project: str | None) -> None:
        """It is about to be done: in words, to what, and the project if it is of one."""
        self._said.append((act, about, project))

    def look(self, about: str, project: str | None) -> None:
        """Restricted content is shown: of what, and in which project. It is not noted beside what is said else."""
        if (about, project) not in self._looked:
            self._looked.append((about, project))

    def write(self) -> None:
        """What was said is in the log when this returns."""
        while self._looked and not self:
            self.looks.note(self.who, *self._looked.pop())
        while self._said:
            self.audit.add(self.who, *self._said[0])
            self._written.append(self._said.pop(0))

    def fail(self) -> None:
        """What was written came to nothing, which is in the log when this returns."""
        while self._written:
            self.audit.add_failure(self.who, *self._written.pop(0))

    @property
    def has_looked(self) -> bool:
        """Whether restricted content was shown."""
        return bool(self._looked)

    def __bool__(self) -> bool:
        """Whether anything was said."""
        return bool(self._said or self._written)


class Gate:
    """An ASGI application that passes on what the door lets in, and has noted who did what before it is answered."""

    def __init__(self, app: ASGIApp, door: Door, audit: AuditLog) -> None:
        self._app = app
        self._door = door
        self._audit = audit
        self._looks = Looks(audit)

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        if connection["type"] == "lifespan" or connection["path"].startswith(TELEMETRY):
            await self._app(connection, receive, send)
            return
        try:
            admitted = self._admit(connection)
        except Refused as refused:
            await _refusal(connection, refused)(connection, receive, send)
            return
        acts = Acts(self._audit, self._looks, admitted.who if admitted else LOCAL)
        sees_content = admitted is not None and admitted.sees_content
        known = {
            **connection,
            _PROJECTS: admitted.projects if admitted else frozenset(),
            _ACTS: acts,
            _SEES_CONTENT: sees_content,
        }
        await self._app(known, receive, partial(_send, known, acts, send))

    def _admit(self, connection: Connection) -> Admitted | None:
        """Who was let in; None where the door is open to everybody."""
        method, path = connection["method"], connection["path"]
        if path in OPEN:
            return None
        headers = Headers(scope=connection)
        admitted = self._door.admit(headers, scope_of(method, path), method)
        _expect_bounded(headers)
        return admitted


async def _send(known: Connection, acts: Acts, send: Send, message: Message) -> None:
    """Pass an answer on. What it says was done is in the log by then, or that it failed."""
    if message["type"] == "http.response.start":
        is_done = message["status"] < 400
        if is_done and not acts and known["method"] not in _SAFE_METHODS:
            acts.say(known["method"], known["path"], None)  # of a route that nobody thought of
        if acts or (is_done and acts.has_looked):
            await asyncio.to_thread(acts.write if is_done else acts.fail)
    await send(message)


def projects_of(request: Request) -> Projects:
    """The projects that a request may ask about, as the gate has noted. Raises KeyError if it came round the gate."""
    projects: Projects = request.scope[_PROJECTS]
    return projects


def sees_content(request: Request) -> bool:
    """Whether a request is shown restricted content, as the gate has noted. Raises KeyError if it came round it."""
    return bool(request.scope[_SEES_CONTENT])


def acts_of(request: Request) -> Acts:
    """What the request does, for the audit log: a route says it. Raises KeyError if it came round the gate."""
    acts: Acts = request.scope[_ACTS]
    return acts


def scope_of(method: str, path: str) -> Scope:
    """What a key must be for to do this. What is not known to be harmless needs admin."""
    if path == _AUDIT:
        return Scope.ADMIN
    if method in ("GET", "HEAD"):
        return Scope.READ
    if method == "POST" and path in _ASKED:
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
