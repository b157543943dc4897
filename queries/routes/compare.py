"""Two runs side by side."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Response

from queries.comparing import compare as compared
from queries.encoding import MediaType, encode_table, rows_json
from queries.routes.asking import Asking, Encoding, Project

router = APIRouter(tags=["run"])

_Run = Annotated[str, Query(min_length=1, description="A run, by its id or any of its trace ids.")]
_Other = Annotated[
    str | None,
    Query(min_length=1, description="The run to compare with. Default: the last good one of the workflow before it."),
]


@router.get("/api/compare", summary="A run against another, or the last good one of its workflow, step by step")
async def compare(asker: Asking, encoding: Encoding, project: Project, a: _Run, b: _Other = None) -> Response:
    """JSON has the facts of both, the differences of their numbers, and `rows`; CSV and Arrow are the rows alone."""
    now_ns = asker.clock_ns()

    def answer() -> bytes:
        found, rows = compared(asker.database, asker.opener, asker.records, project, a, b, now_ns)
        if encoding is not MediaType.JSON:
            return encode_table(rows, encoding)
        return orjson.dumps(found | {"rows": orjson.Fragment(rows_json(rows))})

    return Response(await asker.ask(answer), media_type=encoding.value)
