"""The metrics that agents and SDKs sent. They stand apart: what they tell is in no sum over runs."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from queries import questions
from queries.filters import read_zone
from queries.routes.asking import Asking, Encoding, Limit, Window

router = APIRouter(prefix="/api/metrics", tags=["metrics"])

_Metric = Annotated[str, Query(min_length=1, description="A metric's name.")]


@router.get("", summary="The metrics of a window")
async def metric_names(asker: Asking, encoding: Encoding, window: Window, limit: Limit = 1_000) -> Response:
    return await asker.table(encoding, lambda: questions.metric_names(asker.database, window, limit))


@router.get("/labels", summary="The attributes by which a metric's series are told apart")
async def metric_labels(
    asker: Asking, encoding: Encoding, window: Window, metric: _Metric, limit: Limit = 100
) -> Response:
    return await asker.table(encoding, lambda: questions.metric_labels(asker.database, window, metric, limit))


@router.get("/trend", summary="What a metric told over time, by an attribute")
async def metric_trend(
    asker: Asking,
    encoding: Encoding,
    window: Window,
    metric: _Metric,
    kind: Annotated[
        str | None, Query(alias="type", description="gauge, sum, histogram, exponential_histogram or summary.")
    ] = None,
    unit: Annotated[str | None, Query(description="Its unit, where a name has several.")] = None,
    group: Annotated[str | None, Query(description="An attribute key, or service.")] = None,
    tz: Annotated[str, Query(description="Time zone that days and hours are cut in.")] = "UTC",
) -> Response:
    zone = read_zone(tz)
    return await asker.table(
        encoding,
        lambda: questions.metric_trend(
            asker.database, window, metric, kind=kind, unit=unit, group_key=group, zone=zone
        ),
    )
