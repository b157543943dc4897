"""Requests → rows ready to be stored: decoded, redacted, normalised and priced, whole columns at a time."""

import hashlib
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import pyarrow as pa
from google.protobuf.message import DecodeError

from ingest import wire
from ingest.batch import log_time
from ingest.cells import Indices
from ingest.content_off import ContentOff
from ingest.cutting import cut_records, cut_sources
from ingest.decoded import Records
from ingest.errors import Undecodable
from ingest.events import event_records
from ingest.intake import Receipt, Request, Signal
from ingest.metrics import metric_rows
from ingest.normalise import normalise
from ingest.prices import PRICED_BY, PriceList
from ingest.pseudonyms import Pseudonyms
from ingest.redact import Redactor
from ingest.redaction import Counts, redact_records, redact_sources

_log = logging.getLogger(__name__)
_ZERO_TRACE, _ZERO_SPAN = bytes(16), bytes(8)
_ORIGINS = ("request", "project", "received_at")
_SPAN_TIMES = ("start_time_unix_nano", "end_time_unix_nano")
_LATEST_NS = 2**63 - 2  # the value after it is DuckDB's "infinity"
_LONGEST_MS = 2**62 / 1e6  # no time less this leaves our type


@dataclass(slots=True)
class Prepared:
    """The rows of some requests of one signal, or of a part of them that is as much as is held at once.

    `requests` are to be answered after the commit: all of them with the last part, none before; so are `failures`,
    those that are no valid OTLP, and `rejected`, the records that cannot be kept.
    `rows` are those of the signal's table, with the columns request and record beside the table's own.
    `events` are the span events that are steps, as rows of `spans` whose parent is the span that holds them.
    """

    signal: Signal
    requests: Sequence[Request]
    rows: pl.DataFrame
    events: pl.DataFrame | None
    resources: pl.DataFrame
    scopes: pl.DataFrame
    failures: dict[int, Undecodable]
    rejected: pl.DataFrame
    unread: pl.DataFrame
    received: pl.DataFrame
    redacted: Counts

    def receipt(self, index: int) -> Receipt:
        """The answer to the request at this index, once everything is committed."""
        reasons = self.rejected.filter(pl.col("request") == index)
        if reasons.is_empty():
            return Receipt()
        told = ", ".join(f"{count} with {reason}" for reason, count in Counter(reasons["reason"]).items())
        return Receipt(len(reasons), f"not stored: {told}")


class Preparer:
    """Knows the price list, the secrets to take out, the pseudonyms of persons, how long a value may be, and of which
    projects no content is stored."""

    def __init__(
        self,
        prices: PriceList,
        redactor: Redactor,
        pseudonyms: Pseudonyms,
        most_value_bytes: int,
        content_off: ContentOff | None = None,
    ) -> None:
        self._prices = prices
        self._redactor = redactor
        self._pseudonyms = pseudonyms
        self._most_value_bytes = most_value_bytes
        self._content_off = content_off or ContentOff(frozenset(), b"")

    def prepare(self, signal: Signal, requests: Sequence[Request]) -> Iterator[Prepared]:
        """Everything about these requests that can be done without the store, part by part; at least one part."""
        try:
            clean = self._clean(signal, requests)
        except DecodeError:  # in a part that nobody has looked into before
            clean = self._clean(signal, requests, is_strict=True)
        *parts, last = clean.parts
        for part in parts:
            yield self._prepared(part, (), {}, clean.rejected.clear(), {})
        yield self._prepared(last, requests, clean.failures, clean.rejected, clean.redacted)

    def _clean(self, signal: Signal, requests: Sequence[Request], *, is_strict: bool = False) -> "_Clean":
        """The records that can be kept, without secrets and without overlong values. Raises `DecodeError` if only a
        strict look tells which requests are no valid OTLP."""
        records, failures = wire.decode(signal, requests, is_strict=is_strict)
        redacted: Counts = {}
        sources = redact_sources(self._redactor, _with_origins(records, requests), redacted)
        sources = self._content_off.hide_sources(sources)
        records = replace(records, sources=_with_ids(cut_sources(sources, self._most_value_bytes)))
        reasons = _reasons(records)
        rejected = records.from_sources(*_ORIGINS).with_columns(reason=reasons).drop_nulls("reason")
        parts = []
        for part in records.keep(reasons.is_null().to_numpy()).parts():
            clean = self._content_off.hide_records(redact_records(self._redactor, part, redacted))
            parts.append(cut_records(clean, self._most_value_bytes))
        if len(parts) > 1:
            parts = [replace(part) for part in parts]  # without what was laid out to look for secrets
        return _Clean(parts, redacted, failures, rejected)

    def _prepared(
        self,
        records: Records,
        requests: Sequence[Request],
        failures: dict[int, Undecodable],
        rejected: pl.DataFrame,
        redacted: Counts,
    ) -> Prepared:
        rows, unread = self._rows(records)
        return Prepared(
            signal=records.signal,
            requests=requests,
            rows=rows,
            events=self._event_rows(records) if records.signal is Signal.SPAN else None,
            resources=_distinct(records.sources, "resource"),
            scopes=_distinct(records.sources, "scope"),
            failures=failures,
            rejected=rejected,
            unread=unread,
            received=pl.concat([records.from_sources(*_ORIGINS), rejected.select(_ORIGINS)]),
            redacted=redacted,
        )

    def reread(self, records: Records) -> tuple[pl.DataFrame, pl.DataFrame | None]:
        """The rows and the events of stored records, as `Prepared` has them; nothing is rejected or redacted."""
        events = self._event_rows(records) if records.signal is Signal.SPAN else None
        return self._read(records), events

    def _rows(self, records: Records) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows, and the records that our own code fails on: those are kept raw and harm no neighbour."""
        try:
            return self._read(records), _unread(records.part(0, 0), "")
        except Exception as error:
            if len(records) == 0:
                raise
            if len(records) == 1:
                _log.exception("record unread signal=%s", records.signal)
                return self._read(records.part(0, 0)), _unread(records, type(error).__name__)
            half = len(records) // 2
            parts = [self._rows(records.part(0, half)), self._rows(records.part(half, len(records)))]
            return pl.concat([rows for rows, _ in parts]), pl.concat([unread for _, unread in parts])

    def _event_rows(self, spans: Records) -> pl.DataFrame | None:
        """The same event may come as span event or as log record, so it is read as a log record."""
        holders, data = event_records(spans)
        if not len(holders):
            return None
        rows, _ = self._rows(wire.read_records(Signal.LOG, spans.sources, spans.source[holders], data))
        return rows.with_columns(signal=pl.lit("event"))

    def _read(self, records: Records) -> pl.DataFrame:
        origins = records.from_sources("request", "project", "received_at", "resource_id", "scope_id")
        kept = origins.with_columns(records.record(), record_hash=_hashes(records.data))
        if records.signal is Signal.METRIC:
            return pl.concat([kept, metric_rows(records, self._pseudonyms)], how="horizontal")
        canonical = normalise(records, self._pseudonyms)
        is_span = records.signal is Signal.SPAN
        envelope = _span_columns(records.fields) if is_span else _log_columns(kept, records.fields, canonical)
        derived = canonical.drop(set(envelope.columns) & set(canonical.columns))
        rows = pl.concat([kept, envelope, derived], how="horizontal")
        flawed = pl.when(pl.col("ended_at") < pl.col("started_at")).then(pl.lit("end_before_start"))
        rows = rows.with_columns(
            signal=pl.lit(str(records.signal)),
            flaws=pl.concat_list("flaws", flawed).list.drop_nulls(),
        )
        return self._priced(rows)

    def _priced(self, rows: pl.DataFrame) -> pl.DataFrame:
        calls = rows.select(pl.col("kind").is_in(["llm", "embedding"]) & pl.col("cost_usd").is_null()).to_series()
        at = calls.arg_true().to_numpy()
        if not len(at):
            return rows
        prices = self._prices.price(rows.select(PRICED_BY)[at])
        listed = {name: _spread(prices[name], at, rows.height) for name in prices.columns}
        is_listed = pl.lit(listed["cost_usd"].is_not_null())
        return rows.with_columns(
            *(pl.coalesce(name, pl.lit(column)).alias(name) for name, column in listed.items()),
            cost_source=pl.when(is_listed).then(pl.lit("price_table")).otherwise("cost_source"),
        )


@dataclass(frozen=True, slots=True)
class _Clean:
    """Records in the parts that they are read in, and what is known of their requests by then."""

    parts: Sequence[Records]
    redacted: Counts
    failures: dict[int, Undecodable]
    rejected: pl.DataFrame


def _with_origins(records: Records, requests: Sequence[Request]) -> pl.DataFrame:
    projects = pl.Series("project", [request.project for request in requests], dtype=pl.String)
    received_ns = pl.Series("received_at", [request.received_ns for request in requests], dtype=pl.UInt64)
    request = records.sources["request"]
    origins = (projects.gather(request), _times(received_ns).gather(request))
    return records.sources.with_columns(*origins)


def _spread(values: pl.Series, at: Indices, height: int) -> pl.Series:
    """A column that has these values at these places, and null everywhere else."""
    column = np.full(height, np.nan)
    column[at] = values.to_numpy()
    return pl.Series(values.name, column, nan_to_null=True)


def _unread(records: Records, reason: str) -> pl.DataFrame:
    origins = records.from_sources("request", "project", "received_at")
    return origins.with_columns(records.record(), reason=pl.lit(reason, pl.String))


def _reasons(records: Records) -> pl.Series:
    """Why a record cannot be kept, null for a usable one (OTLP: invalid ids make a span invalid)."""
    if records.signal is not Signal.SPAN:
        return pl.Series("reason", [None] * len(records), dtype=pl.String)
    trace, span = pl.col("trace_id"), pl.col("span_id")
    return _frame(records.fields, "trace_id", "span_id").select(
        pl.when((trace.bin.size() != 16) | (trace == _ZERO_TRACE))
        .then(pl.lit("an invalid trace id"))
        .when((span.bin.size() != 8) | (span == _ZERO_SPAN))
        .then(pl.lit("an invalid span id"))
        .alias("reason")
    )["reason"]


def _span_columns(sent: pa.RecordBatch) -> pl.DataFrame:
    fields = _frame(sent, "trace_id", "span_id", "parent_span_id", "name", "kind", "status", *_SPAN_TIMES)
    start, end = (_time(pl.col(name)) for name in _SPAN_TIMES)
    columns = fields.select(
        "trace_id",
        "span_id",
        _id_or_null("parent_span_id", 8),
        "name",
        _small(pl.col("kind")).alias("span_kind"),
        _small(pl.col("status").struct.field("code")).alias("status_code"),
        start.alias("started_at"),
        end.alias("ended_at"),
        elapsed_ns=end.cast(pl.Int64) - start.cast(pl.Int64),
    )
    # NumPy divides; Polars would multiply by the divisor's inexact reciprocal, though not in every batch.
    elapsed_ms = columns["elapsed_ns"].to_numpy() / 1e6
    is_forward = (columns["elapsed_ns"] >= 0).fill_null(False).to_numpy()
    duration_ms = pl.Series("duration_ms", np.where(is_forward, elapsed_ms, np.nan), nan_to_null=True)
    return columns.drop("elapsed_ns").with_columns(duration_ms)


def _log_columns(kept: pl.DataFrame, sent: pa.RecordBatch, canonical: pl.DataFrame) -> pl.DataFrame:
    """A record is logged when its operation ends, so it began its duration earlier."""
    fields = _frame(sent, "trace_id", "span_id", "severity_text", "severity_number", "observed_time_unix_nano")
    time = _times(pl.Series(log_time(sent)))
    elapsed = canonical["event_duration_ms"]
    elapsed_ns = (elapsed.fill_nan(None).fill_null(0).clip(0, _LONGEST_MS) * 1e6).cast(pl.Int64)
    log_ids = _log_ids(kept, canonical["event_id"])
    is_step = canonical["kind"] != "other"
    for name in ("change_kind", "correction_kind", "gate_outcome", "approval_decision"):
        is_step |= canonical[name].is_not_null()
    return fields.select(
        _id_or_null("trace_id", 16),
        _id_or_null("span_id", 8).alias("parent_span_id"),
        "severity_text",
        _small(pl.col("severity_number")),
        _time(pl.col("observed_time_unix_nano")).alias("observed_at"),
    ).with_columns(
        log_id=log_ids,
        span_id=pl.Series([value.to_bytes(8, "big") for value in log_ids], dtype=pl.Binary),
        is_step=is_step,
        logged_at=time,
        started_at=(time.cast(pl.Int64) - elapsed_ns).cast(pl.Datetime("ns")),
        ended_at=time,
        duration_ms=elapsed,
        span_kind=pl.lit(0, pl.UInt8),
        status_code=canonical["is_error"].cast(pl.UInt8) * 2,
    )


def _log_ids(kept: pl.DataFrame, event_ids: pl.Series) -> pl.Series:
    """An event id, where one was sent, names its record in its project. Without one the content does, and equal records
    of one request are told apart by their ordinal among each other, which no re-batching changes.
    """
    repeat = pl.int_range(pl.len()).over("request", "resource_id", "scope_id", "record_hash").alias("repeat")
    keyed = kept.select("project", "resource_id", "scope_id", "record_hash", repeat)
    keys = zip(keyed.iter_rows(), event_ids, strict=True)
    named = [row if event_id is None else (row[0], event_id) for row, event_id in keys]
    return pl.Series([_hash(repr(key).encode()) for key in named], dtype=pl.UInt64)


def _frame(fields: pa.RecordBatch, *names: str) -> pl.DataFrame:
    """Copied, since all fields come from the decoder as one piece, which any column of it keeps until the commit."""
    return pl.DataFrame(fields.select(list(names)).take(pa.array(np.arange(fields.num_rows))))


def _small(number: pl.Expr) -> pl.Expr:
    return number.cast(pl.UInt8, strict=False).fill_null(0)


def _id_or_null(column: str, size: int) -> pl.Expr:
    return pl.when((pl.col(column).bin.size() == size) & (pl.col(column) != bytes(size))).then(column).alias(column)


def _time(nanoseconds: pl.Expr) -> pl.Expr:
    """OTLP times: 0 is unknown, and so is what our type cannot hold (after the year 2262)."""
    known = (nanoseconds > 0) & (nanoseconds <= _LATEST_NS)
    return pl.when(known).then(nanoseconds).cast(pl.Int64, strict=False).cast(pl.Datetime("ns"))


def _times(nanoseconds: pl.Series) -> pl.Series:
    return nanoseconds.to_frame("").select(_time(pl.col("")).alias(nanoseconds.name)).to_series()


def _hash(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")


def _hashes(values: pa.BinaryArray) -> pl.Series:
    return pl.Series([_hash(value) for value in values.to_pylist()], dtype=pl.UInt64)


def _with_ids(sources: pl.DataFrame) -> pl.DataFrame:
    pairs = {"resource_id": ("resource_schema_url", "resource"), "scope_id": ("scope_schema_url", "scope")}
    return sources.with_columns(
        pl.Series(
            name, [_hash(f"{url}\n".encode() + data) for url, data in sources.select(pair).iter_rows()], pl.UInt64
        )
        for name, pair in pairs.items()
    )


def _distinct(sources: pl.DataFrame, name: str) -> pl.DataFrame:
    return sources.select(
        "project", f"{name}_id", pl.col(f"{name}_schema_url").alias("schema_url"), pl.col(name).alias("data")
    ).unique(["project", f"{name}_id"])
