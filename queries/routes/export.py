"""Everything of a project and window, streamed: tables as Parquet, whole records as OTLP."""

from collections.abc import AsyncIterator
from functools import partial

from fastapi import APIRouter
from starlette.responses import StreamingResponse

from queries import export
from queries.filters import Filters, expect
from queries.nouns import NOUNS
from queries.routes.asking import Asker, Asking, Window

router = APIRouter(tags=["export"])

_PARQUET, _LINES = "application/vnd.apache.parquet", "application/x-ndjson"


@router.get("/api/export/otlp", summary="The whole records of a window, OTLP/JSON line by line, as replay takes them")
async def export_otlp(asker: Asking, window: Window) -> StreamingResponse:
    asker.act("exported", "otlp", window.project)
    return await _streamed(_otlp(asker, window), _LINES, f"{window.project}.jsonl")


@router.get("/api/export/{table}.parquet", summary="A table of `/api/sql/tables` as Parquet")
async def export_parquet(asker: Asking, window: Window, table: str) -> StreamingResponse:
    expect("table", table, NOUNS)
    asker.act("exported", f"{table}.parquet", window.project)
    return await _streamed(_parquet(asker, window, table), _PARQUET, f"{window.project}-{table}.parquet")


async def _otlp(asker: Asker, window: Filters) -> AsyncIterator[bytes]:
    for block in await asker.ask(lambda: export.blocks(asker.database, window)):
        yield await asker.ask(partial(export.otlp_line, asker.database, asker.records, window, block))


async def _parquet(asker: Asker, window: Filters, table: str) -> AsyncIterator[bytes]:
    stream = export.ParquetStream()
    for part in await asker.ask(lambda: export.parts(asker.database, table, window)):
        rows = await asker.ask(partial(export.rows, asker.database, table, part))
        yield await asker.ask(partial(stream.add, rows))
    yield await asker.ask(stream.end)


async def _streamed(chunks: AsyncIterator[bytes], media_type: str, name: str) -> StreamingResponse:
    """The first part is asked for before the answer begins, so that a refusal is one."""
    first = await anext(chunks, b"")

    async def all_of_them() -> AsyncIterator[bytes]:
        yield first
        async for chunk in chunks:
            yield chunk

    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(all_of_them(), media_type=media_type, headers=headers)
