"""What routes tell where content is restricted: which may answer there, and how the answer says that some is left out.

A route that is not known to answer without content is refused to those who are not shown any.
"""

from collections.abc import Callable

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from queries.catalogue import CATALOGUE
from queries.content import Sight

HEADER, RESTRICTED = "x-runlight-content", "restricted"
_WITHHELD = "runlight.withheld"

# They hold no content but what a `Sight` takes out of their answers. The others are content through and through, as
# questions in SQL and exports are, or cannot be had without.
ANSWERED = frozenset(
    {f"/api/{question.replace('_', '-')}" for question in CATALOGUE}
    | {"/api/runs", "/api/summary", "/api/conversation", "/api/tool-calls", "/api/evaluation-runs", "/api/approvals"}
    | {"/api/corrections", "/api/filter-values", "/api/label-keys", "/api/version", "/api/search", "/api/compare"}
    | {f"/api/runs/{{run_id:path}}{part}" for part in ("", "/steps", "/steps/{step_id}", "/logs", "/conversation")}
    | {"/api/error-runs", "/api/error-marks", "/api/audit", "/api/exports", "/api/sql/tables", "/api/views"}
    | {"/api/reports/weekly", "/api/ingest", "/api/ingest-health", "/api/removal"}
    | {"/api/metrics", "/api/metrics/labels", "/api/metrics/trend"}
    | {f"/api/alerts{part}" for part in ("", "/history", "/rules", "/notifications", "/silences")}
)


def route_of(request: Request) -> str:
    """The template of the route that answers."""
    return str(getattr(request.scope.get("route"), "path", ""))


def about(request: Request) -> str:
    """What a look at this answer is a look at: a run, a step of it, or a list."""
    run_id, step_id = request.path_params.get("run_id"), request.path_params.get("step_id")
    asked = request.query_params
    if run_id:
        return f"run {run_id}, step {step_id}" if step_id else f"run {run_id}"
    named = " ".join(asked[name] for name in ("run", "a", "b", "conversation", "fingerprint") if asked.get(name))
    return f"{request.url.path.removeprefix('/api/')} {named}".rstrip()


def sight_of(
    request: Request, restricted: frozenset[str], may_see: bool, look: Callable[[str, str | None], None]
) -> Sight:
    """What this request is shown; `look` hears at what of which project, the answer says what was left out."""
    withheld = request.scope.setdefault(_WITHHELD, [])
    return Sight(restricted, may_see, lambda project: look(about(request), project), withheld.append)


class TellWithheld:
    """The application, with a header on each answer from which content was left out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, connection: Scope, receive: Receive, send: Send) -> None:
        withheld: list[str | None] = []

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start" and withheld:
                MutableHeaders(scope=message)[HEADER] = RESTRICTED
            await send(message)

        connection[_WITHHELD] = withheld
        await self._app(connection, receive, told)
