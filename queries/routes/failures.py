"""A group of errors by its fingerprint: the runs it affects, and what people say of it."""

from typing import Annotated, Literal, Self

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from queries import questions
from queries.cursors import read_cursor
from queries.routes.asking import Asking, Encoding, Limit, Project, RunFilters

router = APIRouter(tags=["errors"])

EVENT = "oversight.error_mark"
# Labels of a record hold so many bytes; a note is the record's body, of which so many letters are kept at hand.
_MOST_LABEL_BYTES, _MOST_NOTE_LETTERS = 128, 500

_FINGERPRINT = "^[0-9a-f]{16}$"
_Fingerprint = Annotated[
    str, Query(pattern=_FINGERPRINT, description="The `fingerprint` of a row of `/api/error-groups`.")
]
_Words = Annotated[str, Field(max_length=_MOST_LABEL_BYTES)]


class Mark(BaseModel):
    """What a person says of a group of errors: at least one of who sees to it, its state, and a note."""

    model_config = ConfigDict(extra="forbid")

    fingerprint: Annotated[str, Field(pattern=_FINGERPRINT)]
    assigned_to: _Words | None = Field(None, description="An opaque reference; no name, no address. '' for nobody.")
    state: Literal["resolved", "open"] | None = None
    release: Annotated[_Words | None, Field(min_length=1, description="The release in which it is resolved.")] = None
    note: str | None = Field(None, min_length=1, max_length=_MOST_NOTE_LETTERS)
    by: Annotated[_Words | None, Field(min_length=1, description="Who says so: an opaque reference.")] = None
    source: Literal["app", "api"] = "api"

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.assigned_to is None and self.state is None and self.note is None:
            raise ValueError("a mark needs `assigned_to`, `state` or `note`")
        if self.release is not None and self.state != "resolved":
            raise ValueError("`release` goes with `state`: resolved")
        for name in ("assigned_to", "release", "by"):
            if len((getattr(self, name) or "").encode()) > _MOST_LABEL_BYTES:
                raise ValueError(f"`{name}` has at most {_MOST_LABEL_BYTES} bytes")
        return self


@router.get("/api/error-runs", summary="The runs that a group of errors affects, newest first")
async def error_runs(
    asker: Asking,
    encoding: Encoding,
    filters: RunFilters,
    fingerprint: _Fingerprint,
    limit: Limit = 100,
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> Response:
    list_order = "error_runs"
    after = read_cursor(cursor, list_order) if cursor else None
    return await asker.page(
        encoding,
        list_order,
        lambda: questions.error_runs(asker.database, filters, fingerprint, after=after, limit=limit),
    )


@router.get("/api/error-marks", summary="What people said of a group of errors, newest first")
async def error_marks(
    asker: Asking, encoding: Encoding, project: Project, fingerprint: _Fingerprint, limit: Limit = 100
) -> Response:
    return await asker.table(encoding, lambda: questions.error_marks(asker.database, project, fingerprint, limit))


@router.post("/api/error-marks", summary="Assign, resolve or annotate a group of errors", status_code=201)
async def mark_error(asker: Asking, project: Project, mark: Mark) -> Response:
    record = asker.record
    if record is None:
        raise HTTPException(403, "this server takes nothing in")
    told = {
        "error_fingerprint": mark.fingerprint,
        "error_assigned_to": mark.assigned_to,
        "error_state": mark.state,
        "error_release": mark.release,
        "error_by": mark.by,
        "body": mark.note,
        "source": mark.source,
    }
    asker.act("marked an error", mark.fingerprint, project)
    refusal = await asker.finish(lambda: record(project, EVENT, told))
    if refusal:
        raise HTTPException(503, refusal)
    return Response(status_code=201)
