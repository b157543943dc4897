"""Views of the app under a name: a page with its window and filters, shared by all who see the project."""

import re
from typing import Annotated
from urllib.parse import parse_qsl

import orjson
from fastapi import APIRouter, HTTPException, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from queries import questions
from queries.encoding import MediaType
from queries.filters import BadFilter
from queries.routes.asking import Asker, Asking, Encoding, Project
from queries.saved import SavedViews

router = APIRouter(tags=["views"])

_MOST_VIEWS = 200
_PATH = re.compile(r"/[a-z_]{0,40}", re.ASCII)


def _of_the_app(address: str) -> str:
    """The address, if it is a path of the app and a query, and so leads nowhere else."""
    path, _, query = address.partition("?")
    if not _PATH.fullmatch(path) or not address.isprintable() or any(sign in address for sign in '#\\<>" '):
        raise ValueError("an address is a page of the app and its query, such as /cost?window=7d&workflow=refund")
    if "project" in dict(parse_qsl(query, keep_blank_values=True, max_num_fields=200)):
        raise ValueError("an address leaves the project out: a view is shown in the project that it is saved in")
    return address


def _readable(name: str) -> str:
    if not name.isprintable():
        raise ValueError("a name is one line of readable characters")
    return name


class View(BaseModel):
    """What is saved."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: Annotated[
        str,
        Field(min_length=1, max_length=100, description="A view of the same name is replaced."),
        AfterValidator(_readable),
    ]
    address: Annotated[str, Field(max_length=4_000), AfterValidator(_of_the_app)]


@router.get("/api/views", summary="The saved views of a project, by name")
async def views(asker: Asking, encoding: Encoding, project: Project) -> Response:
    return await asker.table(encoding, lambda: questions.saved_views(asker.database, project))


@router.post("/api/views", summary="Save the address of a page under a name", status_code=201)
async def save_view(asker: Asking, project: Project, view: View) -> Response:
    kept = _kept(asker)
    known = await asker.ask(lambda: questions.saved_views(asker.database, project)["name"].to_pylist())
    if len(known) >= _MOST_VIEWS and view.name not in known:
        raise BadFilter(f"a project has at most {_MOST_VIEWS} saved views; delete one first")
    asker.act("saved a view", view.name, project)
    view_id = await asker.finish(lambda: kept.save(project, view.name, view.address))
    return Response(orjson.dumps({"view_id": view_id}), 201, media_type=MediaType.JSON.value)


@router.delete("/api/views/{view_id}", summary="Delete a saved view", status_code=204)
async def delete_view(asker: Asking, project: Project, view_id: str) -> Response:
    kept = _kept(asker)
    asker.act("deleted a view", view_id, project)
    await asker.finish(lambda: kept.delete(project, view_id))
    return Response(status_code=204)


def _kept(asker: Asker) -> SavedViews:
    if asker.saved_views is None:
        raise HTTPException(403, "this server takes nothing in")
    return asker.saved_views
