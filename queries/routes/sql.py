"""Questions of people's own: one SELECT statement over the nouns of a project and window."""

from dataclasses import asdict, replace
from typing import Annotated

import orjson
from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field

from queries import nouns
from queries.encoding import MediaType, encode_table, rows_json
from queries.filters import Filters
from queries.routes.asking import Asker, Asking, Encoding, Project, Unanswered, Window
from queries.sql.asking import Answer, TooMuch, Workbench

router = APIRouter(tags=["sql"])

_MOST_LETTERS = 100_000
_CUT_HEADER = "x-runlight-cut-at"


class Asked(BaseModel):
    """What is asked."""

    model_config = ConfigDict(extra="forbid")

    sql: Annotated[str, Field(max_length=_MOST_LETTERS, description="One SELECT statement.")]


@router.post("/api/sql", summary="One SELECT statement over the tables of a project and window")
async def ask_sql(asker: Asking, encoding: Encoding, window: Window, asked: Asked) -> Response:
    workbench = _workbench(asker)
    asker.act("asked in SQL", asked.sql, window.project)
    patient = replace(asker, pool=workbench.pool, most_seconds=workbench.limits.seconds)
    try:
        body, cut_at = await patient.ask(
            lambda: _encoded(workbench.answer(asker.database, window, asked.sql), encoding)
        )
    except TooMuch as error:
        raise Unanswered(503, str(error)) from None
    headers = {_CUT_HEADER: str(cut_at)} if cut_at else {}
    return Response(body, media_type=encoding.value, headers=headers)


@router.get("/api/sql/tables", summary="The tables that SQL and exports know, and the limits of SQL")
async def sql_tables(asker: Asking, project: Project) -> Response:
    now_ns = asker.clock_ns()

    def answer() -> bytes:
        with nouns.reading(asker.database, Filters(project, now_ns, 0, 0)) as reader:
            tables = [asdict(reader.described(name)) for name in nouns.NOUNS]
        limits = asdict(asker.workbench.limits) if asker.workbench else None
        return orjson.dumps({"limits": limits, "tables": tables})

    return Response(await asker.ask(answer), media_type=MediaType.JSON.value)


def _workbench(asker: Asker) -> Workbench:
    if asker.workbench is None:
        raise HTTPException(403, "this server takes no questions in SQL; its setting RUNLIGHT_SQL=true allows them")
    return asker.workbench


def _encoded(answer: Answer, encoding: MediaType) -> tuple[bytes, int | None]:
    """The rows, and how many were told if there were more."""
    cut_at = answer.rows.num_rows if answer.is_cut else None
    if encoding is not MediaType.JSON:
        return encode_table(answer.rows, encoding), cut_at
    told = {"rows": orjson.Fragment(rows_json(answer.rows)), "cut_at": cut_at}
    return orjson.dumps(told), cut_at
