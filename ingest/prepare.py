"""Requests → rows ready to be stored: decoded, redacted, normalised and priced, whole columns at a time."""

import hashlib
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from ingest import wire
from ingest.batch import log_time
from ingest.errors import Undecodable
from ingest.events import event_records
from ingest.intake import Receipt, Request, Signal
from ingest.metrics import metric_rows
from ingest.normalise import normalise
from ingest.prices import PriceList
from ingest.redact import Redactor
from ingest.redaction import redact_records

_log = logging.getLogger(__name__)
_ZERO_TRACE, _ZERO_SPAN = bytes(16), bytes(8)
_LATEST_NS = 2**63 - 2  # the value after it is DuckDB's "infinity"


@dataclass(slots=True)
class Prepared:
    """The rows of some requests of one signal, and what each request is to be told after the commit.

    `rows` are those of the signal's table, with the columns request, project and record beside the table's own.
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
    redacted: Mapping[str, Counter[str]] = field(default_factory=dict)

    def receipt(self, index: int) -> Receipt:
        """The answer to the request at this index, once everything is committed."""
        reasons = self.rejected.filter(pl.col("request") == index)
        if reasons.is_empty():
            return Receipt()
        told = ", ".join(f"{count} with {reason}" for reason, count in Counter(reasons["reason"]).items())
        return Receipt(len(reasons), f"not stored: {told}")


class Preparer:
    """Knows the price list and the secrets to take out."""

    def __init__(self, prices: PriceList, redactor: Redactor) -> None:
        self._prices = prices
        self._redactor = redactor

    def prepare(self, signal: Signal, requests: Sequence[Request]) -> Prepared:
        """Everything about these requests that can be done without the store."""
        decoded = wire.decode(signal, requests)
        projects = pl.Series([request.project for request in requests], dtype=pl.String)
        sources = decoded.sources.with_columns(project=projects.gather(decoded.sources["request"]))
        redaction = redact_records(signal, self._redactor, sources, decoded.fields)
        sources, fields = redaction.sources, redaction.fields
        sources = sources.with_columns(
            received_at=_times(pl.Series([request.received_ns for request in requests], dtype=pl.UInt64)).gather(
                sources["request"]
            ),
            resource_id=_ids(sources, "resource_schema_url", "resource"),
            scope_id=_ids(sources, "scope_schema_url", "scope"),
            record_hash=_hashes(sources["record"]),
        )
        received = sources.select("request", "project")
        reasons = _reasons(signal, fields)
        rejected = sources.select("request", "project").with_columns(reason=reasons).drop_nulls("reason")
        usable = reasons.is_null()
        sources, fields = sources.filter(usable), fields.filter(usable)
        rows, unread = self._rows(signal, sources, fields)
        return Prepared(
            signal=signal,
            requests=requests,
            rows=rows,
            events=self._event_rows(sources, fields) if signal is Signal.SPAN else None,
            resources=_distinct(sources, "resource"),
            scopes=_distinct(sources, "scope"),
            failures=decoded.failures,
            rejected=rejected,
            unread=unread,
            received=received,
            redacted=redaction.counts,
        )

    def reread(self, signal: Signal, sources: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame | None]:
        """The rows and the events of stored records, as `Prepared` has them; nothing is rejected or redacted."""
        sources = sources.with_columns(
            request=pl.lit(0, pl.UInt32), ordinal=pl.lit(0, pl.UInt32), record_hash=_hashes(sources["record"])
        )
        fields = wire.fields_of(signal, sources["record"])
        events = self._event_rows(sources, fields) if signal is Signal.SPAN else None
        return self._read(signal, sources, fields), events

    def _rows(self, signal: Signal, sources: pl.DataFrame, fields: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows, and the records that our own code fails on: those are kept raw and harm no neighbour."""
        nothing = sources.clear().with_columns(reason=pl.lit(None, pl.String))
        try:
            return self._read(signal, sources, fields), nothing
        except Exception as error:
            if sources.is_empty():
                raise
            if len(sources) == 1:
                _log.exception("record unread signal=%s", signal)
                return self._read(signal, sources.clear(), fields.clear()), sources.with_columns(
                    reason=pl.lit(type(error).__name__)
                )
            half = len(sources) // 2
            parts = [
                self._rows(signal, sources[:half], fields[:half]),
                self._rows(signal, sources[half:], fields[half:]),
            ]
            return pl.concat([rows for rows, _ in parts]), pl.concat([unread for _, unread in parts])

    def _event_rows(self, sources: pl.DataFrame, fields: pl.DataFrame) -> pl.DataFrame | None:
        """The same event may come as span event or as log record, so it is read as a log record."""
        holders, records = event_records(fields, sources["record"])
        if holders.is_empty():
            return None
        held = sources.select(pl.all().gather(holders)).with_columns(record=records, record_hash=_hashes(records))
        rows, _ = self._rows(Signal.LOG, held, wire.fields_of(Signal.LOG, records))
        return rows.with_columns(signal=pl.lit("event"))

    def _read(self, signal: Signal, sources: pl.DataFrame, fields: pl.DataFrame) -> pl.DataFrame:
        if signal is Signal.METRIC:
            return metric_rows(sources, fields)
        canonical = normalise(signal, sources, fields)
        envelope = _span_columns(fields) if signal is Signal.SPAN else _log_columns(sources, fields, canonical)
        scope = wire.fields_of_message("common.v1.InstrumentationScope", sources["scope"])["name"].fill_null("")
        rows = pl.concat(
            [sources.drop("ordinal"), envelope, canonical.drop(set(envelope.columns) & set(canonical.columns))],
            how="horizontal",
        ).with_columns(signal=pl.lit(str(signal)), scope_name=scope)
        flawed = pl.when(pl.col("ended_at") < pl.col("started_at")).then(pl.lit("end_before_start"))
        return self._priced(rows).with_columns(
            flaws=pl.concat_list("flaws", flawed).list.drop_nulls(),
        )

    def _priced(self, rows: pl.DataFrame) -> pl.DataFrame:
        calls = pl.col("kind").is_in(["llm", "embedding"]) & pl.col("cost_usd").is_null()
        wanted = rows.select(calls.alias("wanted"))["wanted"]
        if not wanted.any():
            return rows
        prices = self._prices.price(rows.filter(wanted))
        rows = rows.with_row_index("price_row")
        found = prices.select("cost_usd", "cost_input_usd", "cost_output_usd").with_columns(
            price_row=rows.filter(wanted)["price_row"]
        )
        joined = rows.join(found, on="price_row", how="left", suffix="_listed", maintain_order="left")
        return joined.with_columns(
            cost_source=pl.when(pl.col("cost_usd_listed").is_not_null())
            .then(pl.lit("price_table"))
            .otherwise("cost_source"),
            cost_usd=pl.coalesce("cost_usd", "cost_usd_listed"),
            cost_input_usd=pl.coalesce("cost_input_usd", "cost_input_usd_listed"),
            cost_output_usd=pl.coalesce("cost_output_usd", "cost_output_usd_listed"),
        ).drop("price_row", "cost_usd_listed", "cost_input_usd_listed", "cost_output_usd_listed")


def _reasons(signal: Signal, fields: pl.DataFrame) -> pl.Series:
    """Why a record cannot be kept, null for a usable one (OTLP: invalid ids make a span invalid)."""
    if signal is not Signal.SPAN:
        return pl.repeat(None, len(fields), dtype=pl.String, eager=True)
    trace, span = pl.col("trace_id"), pl.col("span_id")
    return fields.select(
        pl.when((trace.bin.size() != 16) | (trace == _ZERO_TRACE))
        .then(pl.lit("an invalid trace id"))
        .when((span.bin.size() != 8) | (span == _ZERO_SPAN))
        .then(pl.lit("an invalid span id"))
        .alias("reason")
    )["reason"]


def _span_columns(fields: pl.DataFrame) -> pl.DataFrame:
    start, end = _times(fields["start_time_unix_nano"]), _times(fields["end_time_unix_nano"])
    elapsed_ns = end.cast(pl.Int64) - start.cast(pl.Int64)
    return fields.select(
        "trace_id",
        "span_id",
        _id_or_null("parent_span_id", 8),
        "name",
        pl.col("kind").cast(pl.UInt8, strict=False).fill_null(0).alias("span_kind"),
        pl.col("status")
        .struct.field("code")
        .fill_null(0)
        .cast(pl.UInt8, strict=False)
        .fill_null(0)
        .alias("status_code"),
    ).with_columns(
        started_at=start,
        ended_at=end,
        duration_ms=(elapsed_ns / 1e6).zip_with(
            (elapsed_ns >= 0).fill_null(False), pl.repeat(None, len(fields), dtype=pl.Float64, eager=True)
        ),
    )


def _log_columns(sources: pl.DataFrame, fields: pl.DataFrame, canonical: pl.DataFrame) -> pl.DataFrame:
    """A record is logged when its operation ends, so it began its duration earlier."""
    time = _times(log_time(fields))
    elapsed = canonical["event_duration_ms"]
    log_ids = _log_ids(sources, canonical["event_id"])
    is_step = canonical["kind"] != "other"
    for name in ("change_kind", "correction_kind", "gate_outcome", "approval_decision"):
        is_step |= canonical[name].is_not_null()
    return fields.select(
        _id_or_null("trace_id", 16),
        _id_or_null("span_id", 8).alias("parent_span_id"),
        "severity_text",
        pl.col("severity_number").cast(pl.UInt8, strict=False).fill_null(0),
    ).with_columns(
        log_id=log_ids,
        span_id=pl.Series([value.to_bytes(8, "big") for value in log_ids], dtype=pl.Binary),
        is_step=is_step,
        name=canonical["name"],
        event_name=canonical["event_name"],
        body_preview=canonical["body_preview"],
        logged_at=time,
        observed_at=_times(fields["observed_time_unix_nano"]),
        started_at=(time.cast(pl.Int64) - (elapsed.fill_null(0) * 1e6).cast(pl.Int64)).cast(pl.Datetime("ns")),
        ended_at=time,
        duration_ms=elapsed,
        span_kind=pl.lit(0, pl.UInt8),
        status_code=canonical["is_error"].cast(pl.UInt8) * 2,
    )


def _log_ids(sources: pl.DataFrame, event_ids: pl.Series) -> pl.Series:
    """An event id, where one was sent, names its record in its project. Without one the content does, and equal records
    of one request are told apart by their ordinal among each other, which no re-batching changes.
    """
    repeat = pl.int_range(pl.len()).over("request", "resource_id", "scope_id", "record_hash").alias("repeat")
    keyed = sources.select("project", "resource_id", "scope_id", "record_hash", repeat)
    keys = zip(keyed.iter_rows(), event_ids, strict=True)
    named = [row if event_id is None else (row[0], event_id) for row, event_id in keys]
    return pl.Series([_hash(repr(key).encode()) for key in named], dtype=pl.UInt64)


def _id_or_null(column: str, size: int) -> pl.Expr:
    return pl.when((pl.col(column).bin.size() == size) & (pl.col(column) != bytes(size))).then(column).alias(column)


def _times(nanoseconds: pl.Series) -> pl.Series:
    """OTLP times: 0 is unknown, and so is what our type cannot hold (after the year 2262)."""
    known = (nanoseconds > 0) & (nanoseconds <= _LATEST_NS)
    nothing = pl.repeat(None, len(nanoseconds), dtype=pl.Int64, eager=True)
    return nanoseconds.cast(pl.Int64, strict=False).zip_with(known, nothing).cast(pl.Datetime("ns"))


def _hash(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")


def _hashes(values: pl.Series) -> pl.Series:
    return pl.Series([_hash(value) for value in values], dtype=pl.UInt64)


def _ids(sources: pl.DataFrame, schema_url: str, data: str) -> pl.Series:
    pairs = sources.select(schema_url, data)
    table = {pair: _hash(f"{pair[0]}\n".encode() + pair[1]) for pair in pairs.unique().iter_rows()}
    return pl.Series([table[pair] for pair in pairs.iter_rows()], dtype=pl.UInt64)


def _distinct(sources: pl.DataFrame, name: str) -> pl.DataFrame:
    return sources.select(
        "project", f"{name}_id", pl.col(f"{name}_schema_url").alias("schema_url"), pl.col(name).alias("data")
    ).unique(["project", f"{name}_id"])
