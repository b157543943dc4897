"""What is kept: runs, conversations and users removed for good, runs pinned against retention, a copy of the store."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol

import orjson
from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from queries import removing
from queries.encoding import MediaType, rows_json
from queries.filters import BadFilter
from queries.locating import run_of
from queries.opening import NoSuchRun
from queries.removing import Part, Wanted
from queries.routes.asking import Asker, Asking, Encoding, Project

router = APIRouter(tags=["keeping"])


class Pins(Protocol):
    """Keeps which runs are pinned."""

    def pin(self, project: str, run_id: str, by: str | None) -> None:
        """Pin a run, once."""
        ...

    def unpin(self, project: str, run_id: str) -> None:
        """Let it go with the others."""
        ...


@dataclass(frozen=True, slots=True)
class Keeping:
    """What the server does to what it keeps: `remove` takes a part of a removal out of the store, and `settle` the rest
    of it out of the log beside; `back_up` makes a copy at a `backup_path` and returns its path and bytes; both raise
    NoBackup."""

    remove: Callable[[Part], None]
    settle: Callable[[], None]
    pins: Pins
    backup_path: Callable[[], Path]
    back_up: Callable[[Path], dict[str, Any]]


class NoBackup(Exception):
    """Why there is none, in one line."""


async def _keeping(request: Request) -> Keeping:
    keeping: Keeping | None = getattr(request.app.state, "keeping", None)
    if keeping is None:
        raise HTTPException(403, "this server takes nothing in")
    return keeping


_Kept = Annotated[Keeping, Depends(_keeping)]
_Run = Annotated[str | None, Query(description="Run id or trace id.")]
_Conversation = Annotated[str | None, Query(description="Conversation id.")]
_User = Annotated[str | None, Query(description="User id or address.")]


class Pinning(BaseModel):
    """Who pins a run."""

    model_config = ConfigDict(extra="forbid")

    by: Annotated[str, Field(min_length=1, max_length=200, description="An opaque reference.")] | None = None


@router.get("/api/removal", summary="What would go, without removing it: of one run, conversation or user")
async def removal(
    asker: Asking,
    encoding: Encoding,
    project: Project,
    run: _Run = None,
    conversation: _Conversation = None,
    user: _User = None,
) -> Response:
    if sum(name is not None for name in (run, conversation, user)) != 1:
        raise BadFilter("one of run, conversation and user says what is to be removed")
    wanted = _wanted(asker, project, run=run, conversation=conversation, user=user)
    return await asker.table(encoding, lambda: removing.find(asker.database, wanted).told())


@router.post("/api/runs/{run_id:path}/pin", summary="Keep a run, whatever retention says", status_code=201)
async def pin(asker: Asking, kept: _Kept, project: Project, run_id: str, pinning: Pinning | None = None) -> Response:
    known = await asker.ask(lambda: _run_id(asker, project, run_id))
    asker.act("pinned a run", known, project)
    await asker.finish(lambda: kept.pins.pin(project, known, pinning.by if pinning else None))
    return Response(status_code=201)


@router.delete("/api/runs/{run_id:path}/pin", summary="Let a pinned run go with the others", status_code=204)
async def unpin(asker: Asking, kept: _Kept, project: Project, run_id: str) -> Response:
    asker.act("unpinned a run", run_id, project)
    await asker.finish(lambda: kept.pins.unpin(project, run_id))
    return Response(status_code=204)


@router.delete("/api/runs/{run_id:path}", summary="Remove a run for good; answers with what went")
async def delete_run(asker: Asking, kept: _Kept, project: Project, run_id: str) -> Response:
    asker.act("removed a run", run_id, project)
    return await _remove(asker, kept, _wanted(asker, project, run=run_id))


@router.delete("/api/conversations/{conversation_id:path}", summary="Remove the runs of a conversation for good")
async def delete_conversation(asker: Asking, kept: _Kept, project: Project, conversation_id: str) -> Response:
    asker.act("removed a conversation", conversation_id, project)
    return await _remove(asker, kept, _wanted(asker, project, conversation=conversation_id))


@router.delete("/api/users/{user_id:path}", summary="Remove all that names a user for good, by id or address")
async def delete_user(asker: Asking, kept: _Kept, project: Project, user_id: str) -> Response:
    asker.act("removed a user", asker.pseudonym(user_id) if asker.pseudonym else "", project)  # whose name goes too
    return await _remove(asker, kept, _wanted(asker, project, user=user_id))


@router.post("/api/admin/backup", summary="Copy the whole store into the folder of backups", status_code=201)
async def back_up(asker: Asking, kept: _Kept) -> Response:
    asker.database.expect_seen(None)
    try:
        path = kept.backup_path()
        asker.act("made a backup", str(path))
        made = await asker.finish(lambda: kept.back_up(path))
    except NoBackup as reason:
        raise HTTPException(409, str(reason)) from None
    return Response(orjson.dumps(made), 201, media_type=MediaType.JSON.value)


async def _remove(asker: Asker, kept: Keeping, wanted: Wanted) -> Response:
    def task() -> bytes:
        found = removing.remove_all(asker.database, kept.remove, wanted)
        kept.settle()
        asker.opener.forget(wanted.project)
        return rows_json(found.told())

    (told,) = orjson.loads(await asker.finish(task))
    return Response(orjson.dumps(told), media_type=MediaType.JSON.value)


def _wanted(
    asker: Asker, project: str, *, run: str | None = None, conversation: str | None = None, user: str | None = None
) -> Wanted:
    """A user goes by what was asked for, and by what stands for it in the store if it is an address."""
    names = [] if user is None else [user, *([asker.pseudonym(user)] if asker.pseudonym else [])]
    return Wanted(project, run, conversation, names, asker.read_keys)


def _run_id(asker: Asker, project: str, asked_id: str) -> str:
    with asker.database.cursor(project) as cursor:
        known = run_of(cursor, project, asked_id)
    if known is None:
        raise NoSuchRun(f"project {project!r} has no run {asked_id[:200]!r} with a summary yet")
    return known
