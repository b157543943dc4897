"""Questions about the store itself."""

from fastapi import APIRouter, HTTPException, Request, Response

from queries import metrics, questions
from queries.filters import EARLIEST_NS, LATEST_NS
from queries.routes.asking import Asking, Encoding

router = APIRouter(tags=["store"])
health = APIRouter(tags=["health"])

_REMOVABLE_PROJECT = "demo"


@router.get("/api/projects", summary="The projects that hold anything")
async def projects(asker: Asking, encoding: Encoding) -> Response:
    return await asker.table(encoding, lambda: questions.projects(asker.database))


@router.delete("/api/projects/{name}", summary="Remove the samples", status_code=204)
async def delete_project(asker: Asking, name: str) -> Response:
    remove = asker.remove_project
    if name != _REMOVABLE_PROJECT or remove is None:
        raise HTTPException(403, f"only the project {_REMOVABLE_PROJECT} can be removed here")
    asker.database.expect_seen(name)
    asker.act("removed a project", name, name)
    await asker.finish(lambda: remove(name))
    return Response(status_code=204)


@health.get("/healthz", summary="The process is alive")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@health.get("/readyz", summary="The store answers")
async def readyz(asker: Asking) -> dict[str, str]:
    await asker.ask(lambda: questions.projects(asker.database))
    return {"status": "ok"}


@health.get("/metrics", summary="For Prometheus")
async def prometheus(asker: Asking, request: Request) -> Response:
    now_ns = asker.clock_ns()
    # What the process measures is of all projects, so it is for those who may see all.
    measured = request.app.state.measured() if asker.projects_of(request) is None else ()

    def answer() -> str:
        totals = questions.ingest_totals(asker.database, None, EARLIEST_NS, LATEST_NS)
        rejections = questions.ingest_rejections(asker.database, None, EARLIEST_NS, LATEST_NS)
        return metrics.exposition(totals, rejections, questions.run_counts(asker.database, now_ns), measured)

    return Response(await asker.ask(answer), media_type="text/plain; version=0.0.4; charset=utf-8")
