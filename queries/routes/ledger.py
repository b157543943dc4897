"""The ledger: what arrived, and what became of it."""

from collections.abc import Callable, Mapping
from typing import Annotated

import orjson
import pyarrow as pa
from fastapi import APIRouter, Query, Response

from queries import questions
from queries.encoding import MediaType, rows_json
from queries.filters import Filters, expect
from queries.routes.asking import Asker, Asking, Encoding, Limit, Project, Window

router = APIRouter(tags=["store"])

Part = Callable[[Asker, str | None, Filters, int], pa.Table]

# Of one project, or of all that may be seen if it is None; in the window, and so many rows at most.
PARTS: Mapping[str, Part] = {
    "batches": lambda asker, project, _, limit: questions.ingest_batches(asker.database, project, limit),
    "totals": lambda asker, project, window, _: questions.ingest_totals(asker.database, project, *_bounds(window)),
    "services": lambda asker, project, window, _: questions.ingest_services(asker.database, project, *_bounds(window)),
    "times": lambda asker, project, window, _: questions.ingest_times(asker.database, project, *_bounds(window)),
    "rejections": lambda asker, project, window, _: questions.ingest_rejections(
        asker.database, project, *_bounds(window)
    ),
    "redactions": lambda asker, project, window, limit: questions.ingest_redactions(
        asker.database, project, *_bounds(window), limit
    ),
    "late": lambda asker, project, window, limit: questions.ingest_late(
        asker.database, project, *_bounds(window), limit
    ),
    "unmapped": lambda asker, project, window, limit: questions.ingest_unmapped(
        asker.database, project, *_bounds(window), limit
    ),
    "attributes": lambda asker, project, window, limit: questions.ingest_attributes(
        asker.database, project, *_bounds(window), asker.read_keys, limit
    ),
    "growth": lambda asker, project, window, _: questions.ingest_growth(asker.database, project, *_bounds(window)),
    "store": lambda asker, *_: questions.ingest_store(asker.database, asker.database_bytes(), asker.waiting_bytes()),
}

# These look at the records themselves, the others at the ledger; they are for who asks for them.
_OF_RECORDS = frozenset({"late", "unmapped", "attributes"})


def _bounds(window: Filters) -> tuple[int, int]:
    return window.since_ns, window.until_ns


@router.get("/api/ingest", summary="The ledger: what arrived, and what became of it, in parts")
async def ingest(
    asker: Asking,
    encoding: Encoding,
    window: Window,
    all_projects: Annotated[bool, Query(description="Of every project.")] = False,
    part: Annotated[
        str | None,
        Query(
            description=f"One of {', '.join(PARTS)}. Default: batches in CSV and Arrow; in JSON all but "
            f"{', '.join(sorted(_OF_RECORDS))}, which look at the records."
        ),
    ] = None,
    limit: Limit = 100,
) -> Response:
    project = None if all_projects else window.project
    if part is not None:
        expect("part", part, PARTS)

    def rows(name: str) -> pa.Table:
        return PARTS[name](asker, project, window, limit)

    if encoding is not MediaType.JSON or part is not None:
        return await asker.table(encoding, lambda: rows(part or "batches"))

    def answer() -> bytes:
        return orjson.dumps({name: orjson.Fragment(rows_json(rows(name))) for name in PARTS if name not in _OF_RECORDS})

    return Response(await asker.ask(answer), media_type=encoding.value)


@router.get("/api/ingest-health", summary="One row: is all here that was sent?")
async def ingest_health(asker: Asking, encoding: Encoding, project: Project) -> Response:
    return await asker.table(encoding, lambda: questions.ingest_health(asker.database, project, asker.clock_ns()))
