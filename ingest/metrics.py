"""Metric points → rows of table `metric_points`; the whole point stays in its block."""

import hashlib

import polars as pl

from ingest.attributes import attributes
from ingest.wire import POINT_TYPES, fields_of_message

LABEL_CHARACTERS = 128
_NUMBERS = ("gauge", "sum")


def metric_rows(sources: pl.DataFrame, fields: pl.DataFrame) -> pl.DataFrame:
    """One row per point (or per metric without points), beside the columns of `sources`."""
    rows = fields.with_row_index("row")
    parts = [_points(rows, point_type) for point_type in POINT_TYPES]
    points = pl.concat(parts, how="diagonal_relaxed").unique("row", keep="first")
    joined = rows.select(
        "row", pl.col("name").alias("metric_name"), "unit", *(_is_type(name) for name in POINT_TYPES)
    ).join(points, on="row", how="left", maintain_order="left")
    metric_type = pl.coalesce(pl.when(pl.col(f"is_{name}")).then(pl.lit(name)) for name in POINT_TYPES)
    labels = _labels(joined)
    services = _service_names(sources["resource"])
    scopes = fields_of_message("common.v1.InstrumentationScope", sources["scope"])["name"].fill_null("")
    result = joined.with_columns(
        metric_type=metric_type.fill_null("gauge"),
        labels=labels,
        service_name=services,
        scope_name=scopes,
        temporality=pl.col("temporality").fill_null(0).cast(pl.UInt8),
        is_monotonic=pl.col("is_monotonic").fill_null(False),
        started_at=_time("started_ns"),
        measured_at=_time("measured_ns"),
    )
    series = result.select("metric_name", "labels").with_columns(sources["resource_id"], sources["scope_id"])
    ids = pl.Series("series_id", [_hash(repr(row).encode()) for row in series.iter_rows()], dtype=pl.UInt64)
    keep = (
        "metric_name", "metric_type", "unit", "temporality", "is_monotonic", "started_at", "measured_at",
        "value", "point_count", "point_sum", "point_min", "point_max", "scope_name", "service_name", "labels",
    )  # fmt: skip
    return pl.concat([sources.drop("ordinal"), result.select(keep).with_columns(ids)], how="horizontal")


def _is_type(name: str) -> pl.Expr:
    return pl.col(name).is_not_null().alias(f"is_{name}")


def _points(rows: pl.DataFrame, point_type: str) -> pl.DataFrame:
    data = pl.col(point_type).struct
    nothing = pl.lit(None)
    points = (
        rows.select(
            "row",
            data.field("data_points").alias("point"),
            (
                data.field("aggregation_temporality")
                if point_type not in ("gauge", "summary")
                else nothing.cast(pl.Int32)
            ).alias("temporality"),
            (data.field("is_monotonic") if point_type == "sum" else nothing.cast(pl.Boolean)).alias("is_monotonic"),
        )
        .explode("point")
        .drop_nulls("point")
    )
    point = pl.col("point").struct
    is_number = point_type in _NUMBERS
    has_bounds = point_type in ("histogram", "exponential_histogram")
    number = pl.coalesce(point.field("as_double"), point.field("as_int").cast(pl.Float64)) if is_number else nothing
    return points.select(
        "row",
        "temporality",
        "is_monotonic",
        point.field("attributes").alias("attributes"),
        point.field("start_time_unix_nano").alias("started_ns"),
        point.field("time_unix_nano").alias("measured_ns"),
        number.cast(pl.Float64).alias("value"),
        (nothing if is_number else point.field("count")).cast(pl.UInt64).alias("point_count"),
        (nothing if is_number else point.field("sum")).cast(pl.Float64).alias("point_sum"),
        (point.field("min") if has_bounds else nothing).cast(pl.Float64).alias("point_min"),
        (point.field("max") if has_bounds else nothing).cast(pl.Float64).alias("point_max"),
    )


def _labels(rows: pl.DataFrame) -> pl.Series:
    long = attributes(rows.select("row", "attributes"))
    short = long.filter(pl.col("text").str.len_bytes() <= LABEL_CHARACTERS)
    lists = (
        short.select("row", label=pl.col("key") + "=" + pl.col("text"))
        .group_by("row", maintain_order=True)
        .agg(pl.col("label").sort())
    )
    return rows.select("row").join(lists, on="row", how="left", maintain_order="left")["label"].fill_null([])


def _service_names(resources: pl.Series) -> pl.Series:
    distinct = resources.unique(maintain_order=True)
    frame = fields_of_message("resource.v1.Resource", distinct).with_row_index("row")
    long = attributes(frame.select("row", "attributes")).filter(pl.col("key") == "service.name")
    names = {distinct[row]: text for row, text in long.select("row", "text").iter_rows()}
    return pl.Series([names.get(resource) for resource in resources], dtype=pl.String)


def _time(column: str) -> pl.Expr:
    known = (pl.col(column) > 0) & (pl.col(column) <= 2**63 - 2)
    return pl.when(known).then(pl.col(column)).cast(pl.Int64, strict=False).cast(pl.Datetime("ns"))


def _hash(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")
