"""The buckets of trends, which begin at `bucket_at` and end at `bucket_until_at`: on a chart, and as a window."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from pages.shared.filters import rfc_3339

_AIR = 0.1  # the part of a bucket that its bar leaves free


def local(column: str, zone: str) -> pl.Expr:
    """The moment as a clock of the zone shows it, as Plotly knows no zones."""
    return pl.col(column).dt.convert_time_zone(zone).dt.replace_time_zone(None)


def bars(trend: pl.DataFrame, zone: str, air: float = _AIR) -> dict[str, list[Any]]:
    """What of Plotly's bars says where they lie: each covers its bucket, but for a little air."""
    lengths_ms = trend.select(
        (local("bucket_until_at", zone) - local("bucket_at", zone)).dt.total_milliseconds()
    ).to_series()
    return {
        "x": trend.select(local("bucket_at", zone)).to_series().to_list(),
        "width": ((1 - air) * lengths_ms).to_list(),
        "offset": (air / 2 * lengths_ms).to_list(),
    }


def axis(trend: pl.DataFrame, zone: str) -> dict[str, Any]:
    """The axis of time for lines. Around a single point Plotly would show less than a millisecond: it stands amid as
    much time as its bucket has."""
    if trend["bucket_at"].n_unique() != 1:
        return {"type": "date", "fixedrange": True}
    begin, end = trend.select(local("bucket_at", zone), local("bucket_until_at", zone)).row(0)
    return {"type": "date", "fixedrange": True, "range": [begin - (end - begin) / 2, begin + (end - begin) / 2]}


def window(row: Mapping[str, Any]) -> dict[str, str]:
    """The bucket of a row, as the address names a window."""
    return {"window": "custom", "since": rfc_3339(row["bucket_at"]), "until": rfc_3339(row["bucket_until_at"])}
