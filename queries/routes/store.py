"""Questions about the store itself."""

from collections.abc import Callable
from typing import Annotated

import orjson
import pyarrow as pa
from fastapi import APIRouter, HTTPException, Query, Response

from queries import metrics, questions
from queries.encoding import MediaType, rows_json
from queries.filters import EARLIEST_NS, LATEST_NS, expect
from queries.routes.asking import Asking, Encoding, Limit, Window

router = APIRouter(tags=["store"])
health = APIRouter(tags=["health"])

_REMOVABLE_PROJECT = "demo"


@router.get("/api/ingest", summary="The ledger: newest batches, totals, services")
async def ingest(
    asker: Asking,
    encoding: Encoding,
    window: Window,
    all_projects: Annotated[bool, Query(description="Of every project.")] = False,
    part: Annotated[str, Query(description="For CSV and Arrow: batches, totals or services.")] = "batches",
    limit: Limit = 100,
) -> Response:
    project = None if all_projects else window.project
    bounds = (window.since_ns, window.until_ns)
    parts: dict[str, Callable[[], pa.Table]] = {
        "batches": lambda: questions.ingest_batches(asker.database, project, limit),
        "totals": lambda: questions.ingest_totals(asker.database, project, *bounds),
        "services": lambda: questions.ingest_services(asker.database, project, *bounds),
    }
    expect("part", part, parts)
    if encoding is not MediaType.JSON:
        return await asker.table(encoding, parts[part])

    def answer() -> bytes:
        return orjson.dumps({name: orjson.Fragment(rows_json(question())) for name, question in parts.items()})

    return Response(await asker.ask(answer), media_type=encoding.value)


@router.get("/api/projects", summary="The projects that hold anything")
async def projects(asker: Asking, encoding: Encoding) -> Response:
    return await asker.table(encoding, lambda: questions.projects(asker.database))


@router.delete("/api/projects/{name}", summary="Remove the samples", status_code=204)
async def delete_project(asker: Asking, name: str) -> Response:
    remove = asker.remove_project
    if name != _REMOVABLE_PROJECT or remove is None:
        raise HTTPException(403, f"only the project {_REMOVABLE_PROJECT} can be removed here")
    asker.database.expect_seen(name)
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
async def prometheus(asker: Asking) -> Response:
    now_ns = asker.clock_ns()

    def answer() -> str:
        totals = questions.ingest_totals(asker.database, None, EARLIEST_NS, LATEST_NS)
        return metrics.exposition(totals, questions.run_counts(asker.database, now_ns), asker.waiting_bytes())

    return Response(await asker.ask(answer), media_type="text/plain; version=0.0.4; charset=utf-8")
