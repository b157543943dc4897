"""Every error of the read API is `{"error": "…"}` in plain words."""

import logging
from collections.abc import Mapping

import duckdb
import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from queries.content import ContentRestricted
from queries.database import OtherProject
from queries.encoding import MediaType
from queries.filters import BadFilter
from queries.opening import NoSuchRun
from queries.routes.asking import Unanswered

_RETRY_SECONDS = "5"

log = logging.getLogger(__name__)


def answer_errors(api: FastAPI) -> None:
    """Teach the API how each error is answered; what nobody expected is logged."""

    @api.exception_handler(BadFilter)
    async def bad_filter(_: Request, error: BadFilter) -> Response:
        return _answer(422, str(error))

    @api.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        return _answer(422, "; ".join(f"{problem['loc'][-1]}: {problem['msg']}" for problem in error.errors()))

    @api.exception_handler(OtherProject)
    async def other_project(request: Request, error: OtherProject) -> Response:
        log.warning("question refused path=%r reason=%r", request.url.path[:100], str(error))
        return _answer(403, str(error))

    @api.exception_handler(ContentRestricted)
    async def content_restricted(request: Request, error: ContentRestricted) -> Response:
        log.warning("question refused path=%r reason=%r", request.url.path[:100], str(error))
        return _answer(403, str(error))

    @api.exception_handler(NoSuchRun)
    async def no_such_run(_: Request, error: NoSuchRun) -> Response:
        return _answer(404, str(error))

    @api.exception_handler(Unanswered)
    async def unanswered(request: Request, error: Unanswered) -> Response:
        log.warning("question given up path=%s reason=%s", request.url.path, error)
        return _answer(error.status, str(error), {"retry-after": _RETRY_SECONDS})

    @api.exception_handler(duckdb.OutOfMemoryException)
    async def too_big(request: Request, error: duckdb.OutOfMemoryException) -> Response:
        log.warning("question too big path=%s reason=%s", request.url.path, str(error).splitlines()[0])
        return _answer(503, "the question needs more memory than the store may take; ask for a shorter window")

    @api.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> Response:
        return _answer(error.status_code, str(error.detail), error.headers)

    @api.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        log.error("question failed path=%s", request.url.path, exc_info=error)
        return _answer(500, "the question failed; the server's log says why")


def _answer(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps({"error": text}), status, headers, MediaType.JSON.value)
