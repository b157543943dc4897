"""Metric points → rows of table `metric_points`; the whole point stays in its block."""

import hashlib

import polars as pl

from ingest.attributes import attributes
from ingest.batch import read_batch
from ingest.cells import column_of
from ingest.conventions import conventions
from ingest.decoded import Records
from ingest.pseudonyms import Pseudonyms
from ingest.wire import POINT_TYPES

LABEL_CHARACTERS = 128
_NUMBERS = ("gauge", "sum")


def metric_rows(records: Records, pseudonyms: Pseudonyms) -> pl.DataFrame:
    """The columns of table `metric_points` for each record: a metric with one point, or with none."""
    rows = pl.DataFrame(records.fields).with_row_index("row")
    parts = [_points(rows, point_type) for point_type in POINT_TYPES]
    points = pl.concat(parts, how="diagonal_relaxed").unique("row", keep="first")
    joined = rows.select(
        "row", pl.col("name").alias("metric_name"), "unit", *(_is_type(name) for name in POINT_TYPES)
    ).join(points, on="row", how="left", maintain_order="left")
    metric_type = pl.coalesce(pl.when(pl.col(f"is_{name}")).then(pl.lit(name)) for name in POINT_TYPES)
    labels = _labels(joined, pseudonyms)
    batch = read_batch(records)
    services = batch.resource.cells("service.name")
    result = joined.with_columns(
        metric_type=metric_type.fill_null("gauge"),
        labels=labels,
        service_name=column_of(services, len(records)),
        scope_name=pl.Series(batch.scope.column()),
        temporality=pl.col("temporality").fill_null(0).cast(pl.UInt8),
        is_monotonic=pl.col("is_monotonic").fill_null(False),
        started_at=_time("started_ns"),
        measured_at=_time("measured_ns"),
    )
    sources = records.from_sources("resource_id", "scope_id")
    series = pl.concat([result.select("metric_name", "labels"), sources], how="horizontal")
    ids = pl.Series("series_id", [_hash(repr(row).encode()) for row in series.iter_rows()], dtype=pl.UInt64)
    keep = (
        "metric_name", "metric_type", "unit", "temporality", "is_monotonic", "started_at", "measured_at",
        "value", "point_count", "point_sum", "point_min", "point_max", "scope_name", "service_name", "labels",
    )  # fmt: skip
    return result.select(keep).with_columns(ids)


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


def _labels(rows: pl.DataFrame, pseudonyms: Pseudonyms) -> pl.Series:
    sent = rows["attributes"].to_arrow(compat_level=pl.CompatLevel.oldest())
    long = attributes(sent).frame()
    short = long.filter(pl.col("text").str.len_bytes() <= LABEL_CHARACTERS)
    is_name = short["key"].is_in(list(conventions().personal_keys)).to_numpy()
    texts = pseudonyms.hide(short["text"].to_arrow(compat_level=pl.CompatLevel.oldest()), is_name)
    short = short.with_columns(pl.Series("text", texts))
    lists = (
        short.select("row", label=pl.col("key") + "=" + pl.col("text"))
        .group_by("row", maintain_order=True)
        .agg(pl.col("label").sort())
    )
    return rows.select("row").join(lists, on="row", how="left", maintain_order="left")["label"].fill_null([])


def _time(column: str) -> pl.Expr:
    known = (pl.col(column) > 0) & (pl.col(column) <= 2**63 - 2)
    return pl.when(known).then(pl.col(column)).cast(pl.Int64, strict=False).cast(pl.Datetime("ns"))


def _hash(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")
