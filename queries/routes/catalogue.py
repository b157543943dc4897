"""A route for each question of the catalogue."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from queries import catalogue, statements
from queries.catalogue import CATALOGUE
from queries.routes.asking import Asking, Encoding, Limit, RunFilters

router = APIRouter()

_Words = Annotated[str, Query(description="Words that a run's names and ids, or one message, must all hold.")]


def _add(question: str) -> None:
    async def answer(
        asker: Asking,
        encoding: Encoding,
        filters: RunFilters,
        q: _Words = "",
        by: Annotated[str | None, Query(description=_choices(question))] = None,
        limit: Limit = catalogue.ROWS,
    ) -> Response:
        return await asker.table(
            encoding,
            lambda: catalogue.ask(asker.database, question, asker.search(filters, q), by=by, limit=limit),
        )

    router.add_api_route(
        f"/api/{question.replace('_', '-')}",
        answer,
        methods=["GET"],
        summary=statements.headline(question),
        tags=[CATALOGUE[question].tag],
        name=question,
    )


def _choices(question: str) -> str:
    by = CATALOGUE[question].by
    return f"What the rows are grouped by: {', '.join(by)}." if by else "Not used here."


for _question in CATALOGUE:
    _add(_question)
