"""Records → canonical columns, by the conventions. Whole columns at a time; the dialects are data.

Order matters: dialects first, then `kind`, since rules may ask for both, then every other field on its own.
"""

import re
from collections.abc import Callable, Mapping

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from ingest.batch import Batch, detect_dialects, read_batch
from ingest.cells import Cells, Indices, column_of, lists, truth
from ingest.content import PREVIEW_CHARACTERS, contents
from ingest.content_off import NOT_STORED
from ingest.conventions import Rule, conventions
from ingest.decoded import Records
from ingest.intake import Signal
from ingest.pseudonyms import Pseudonyms
from ingest.rules import fill, rules_at_work
from ingest.values import json_or_text

TEXT_CHARACTERS = 2_000
MOST_ATTRIBUTES = 4_096
LABEL_CHARACTERS = 128

_FIRST = ("evaluator_type",)
_NOT_COLUMNS = ("kind", "run_id", "input_messages", "output_messages", "system_instructions", "tool_definitions")
_CUT = {"tool_args": TEXT_CHARACTERS, "tool_result": PREVIEW_CHARACTERS, "error_message": TEXT_CHARACTERS}
_USAGE = (
    *("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens"),
    *("audio_input_tokens", "audio_output_tokens"),
)
_METERED = ("llm", "embedding")
_NEW_AI_SDK = "ai.usage.inputTokenDetails.cacheReadTokens"
_NO_ERRORS = ("pending", "control", "cancelled")
_NUMBERED = re.compile(r"\.\d+\.")


def normalise(records: Records, pseudonyms: Pseudonyms) -> pl.DataFrame:
    """The canonical columns of spans or log records, one row each, named and typed as table `spans` has them.

    Unknown is null, never 0. A value that a transform cannot read leaves its field to the next rule and
    `unread:<field>` in `flaws`; the record itself keeps it. So it does with the attributes of a record beyond the first
    `MOST_ATTRIBUTES`, which are not looked at (`attributes_beyond:4096`).
    """
    sent = pc.list_value_length(records.fields.column("attributes"))
    overfull = np.flatnonzero(pc.greater(sent, MOST_ATTRIBUTES).to_numpy(zero_copy_only=False))
    batch = read_batch(records.narrowed(MOST_ATTRIBUTES) if len(overfull) else records, pseudonyms)
    batch.flaws.append((overfull, f"attributes_beyond:{MOST_ATTRIBUTES}"))
    detect_dialects(batch)
    rules = rules_at_work(batch)
    fill_kind(batch, rules)
    for name in (*_FIRST, *(name for name in rules if name not in (*_FIRST, *_NOT_COLUMNS))):
        fill(batch, name, rules.get(name, ()))
    run_keys = _run_keys(batch, rules.get("run_id", ()))
    return _finish(batch, _typed(batch), run_keys, _labels(batch, pseudonyms))


def fill_kind(batch: Batch, rules: Mapping[str, tuple[Rule, ...]]) -> None:
    """Set `kind` where anything tells. A log record is a step by its event's name only: its attributes repeat those of
    the span it belongs to.
    """
    found = rules.get("kind", ())
    if batch.signal is Signal.SPAN:
        fill(batch, "kind", found)
        return
    fill(batch, "kind", [rule for rule in found if rule.on == "log"])
    named = batch.full_event.map(conventions().events.get)
    batch.fields["kind"] = batch.fields["kind"].beside(named) if "kind" in batch.fields else named


def _run_keys(batch: Batch, rules: tuple[Rule, ...]) -> Cells | None:
    """What groups a record into a run: the rules before `trace_id` always, those after it only without a trace."""
    at = next(index for index, rule in enumerate(rules) if rule.key == "trace_id")
    fill(batch, "run_id", rules[:at])
    strong = batch.fields.pop("run_id", None)
    if batch.signal is Signal.SPAN:
        return strong
    fill(batch, "run_id", rules[at + 1 :])
    weak = batch.fields.pop("run_id", None)
    if weak is not None:
        weak = weak.where(~truth(pc.equal(pc.binary_length(batch.records.fields.column("trace_id")), 16)))
    return weak if strong is None else strong.beside(weak)


def _typed(batch: Batch) -> pl.DataFrame:
    """Every canonical field as a column of its type; what is no value of it is marked."""
    types = {name: kind for name, kind in conventions().types.items() if name not in _NOT_COLUMNS[1:]}
    filled = {name: found.column(batch.height) for name, found in batch.fields.items()}
    texts = pl.DataFrame(pa.table({"name": batch.name.column()} | filled))
    frame = texts.with_columns(
        (_CASTS[kind](pl.col(name)) if name in filled else pl.lit(None, _TYPES[kind])).alias(name)
        for name, kind in types.items()
    ).select("name", *types)
    for name in filled:
        if frame[name].null_count() > texts[name].null_count():
            lost = texts[name].is_not_null() & frame[name].is_null()
            batch.flaws.append((lost.arg_true().to_numpy().astype(np.int64), f"unread:{name}"))
    return frame


def _whole(column: pl.Expr) -> pl.Expr:
    as_double = column.cast(pl.Float64, strict=False).cast(pl.Int64, strict=False)
    return pl.coalesce(column.cast(pl.Int64, strict=False), as_double)


_CASTS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "string": lambda column: column,
    "json": lambda column: column,
    "int": _whole,
    "double": lambda column: column.cast(pl.Float64, strict=False),
    "bool": lambda column: column == "true",
    "list": lambda column: column.map_batches(_reason_lists, return_dtype=pl.List(pl.String)),
    "timestamp": lambda column: column.cast(pl.Int64, strict=False).cast(pl.Datetime("ns")),
}
_TYPES: dict[str, pl.DataType] = {
    "string": pl.String(),
    "json": pl.String(),
    "int": pl.Int64(),
    "double": pl.Float64(),
    "bool": pl.Boolean(),
    "list": pl.List(pl.String()),
    "timestamp": pl.Datetime("ns"),
}


def _reason_lists(values: pl.Series) -> pl.Series:
    table = {text: _finish_reasons(text) for text in values.drop_nulls().unique()}
    return pl.Series([None if text is None else table[text] for text in values], dtype=pl.List(pl.String))


def _finish_reasons(text: str) -> list[str] | None:
    value = json_or_text(text)
    values = value if isinstance(value, list) else [value]
    names = [part for part in values if isinstance(part, str)]
    return [conventions().maps["finish_reason"].get(name, name) for name in names] or None


def _finish(batch: Batch, frame: pl.DataFrame, run_keys: Cells | None, labels: pa.ListArray) -> pl.DataFrame:
    """The fields with what follows from several of them."""
    content = contents(batch)
    frame = frame.with_columns(
        pl.col("kind").replace("drop", "other").fill_null("other"),
        pl.col("is_error").fill_null(False),
        pl.Series("dialects", _dialect_lists(batch)),
        pl.Series("twin_rank", _twin_ranks(batch), dtype=pl.UInt8),
        pl.Series("scope_name", batch.scope.column()),
        column_of(_pauses(batch), batch.height).alias("pause"),
        column_of(run_keys, batch.height).alias("run_key"),
        pl.Series("labels", labels),
        *content.columns(),
        *_log_texts(batch),
        finish_reasons=pl.coalesce("finish_reasons", pl.lit(content.finish_reasons)),
        cost_source=pl.when(pl.col("cost_usd").is_not_null()).then(pl.lit("reported")),
        **_whole_usage(batch),
    )
    cut = [pl.when(pl.col(name).str.len_chars() > limit).then(pl.lit(name)) for name, limit in _CUT.items()]
    frame = frame.with_columns(
        *(pl.when(pl.col("kind").is_in(_METERED)).then(pl.col(name)).alias(name) for name in _USAGE),
        *(pl.col(name).str.slice(0, limit) for name, limit in _CUT.items()),
        pl.Series("flaws", _flaw_lists(batch)),
        is_error=pl.col("is_error") & ~pl.col("pause").is_in(_NO_ERRORS).fill_null(False),
        cut=pl.concat_list(cut).list.drop_nulls(),
    )
    filled = pl.sum_horizontal(pl.exclude("cut", "flaws").is_not_null().cast(pl.UInt16)).cast(pl.UInt16)
    return frame.with_columns(field_count=filled)


def _log_texts(batch: Batch) -> list[pl.Series]:
    if batch.signal is Signal.SPAN:
        return []
    event = batch.full_event.map(lambda text: text or None)
    body = pc.utf8_slice_codeunits(batch.body, 0, PREVIEW_CHARACTERS)
    return [column_of(event, batch.height).alias("event_name"), pl.Series("body_preview", body)]


def _dialect_lists(batch: Batch) -> pa.ListArray:
    names = list(batch.dialects)
    rows = [np.flatnonzero(mask) for mask in batch.dialects.values()]
    return _gathered(rows, names, batch.height)


def _flaw_lists(batch: Batch) -> pa.ListArray:
    """Each flaw once, in the order found."""
    found: dict[str, list[Indices]] = {}
    for rows, name in batch.flaws:
        found.setdefault(name, []).append(rows)
    return _gathered([np.unique(np.concatenate(rows)) for rows in found.values()], list(found), batch.height)


def _gathered(rows: list[Indices], names: list[str], height: int) -> pa.ListArray:
    """For each record the names whose rows have it, in their order."""
    if not names:
        return lists(np.zeros(0, dtype=np.int64), pa.array([], pa.string()), height)
    every = np.concatenate(rows)
    codes = np.repeat(np.arange(len(names)), [len(part) for part in rows])
    order = np.argsort(every, kind="stable")
    return lists(every[order], pa.array(names, pa.string()).take(pa.array(codes[order])), height)


def _twin_ranks(batch: Batch) -> Indices:
    ranks = np.zeros(batch.height, dtype=np.int64)
    for dialect, of_signals in conventions().twins.items():
        if dialect in batch.dialects and of_signals[batch.signal]:
            ranks[batch.dialects[dialect]] = of_signals[batch.signal]
    return ranks


def _pauses(batch: Batch) -> Cells | None:
    """What an exception that is no error means."""
    table = conventions().maps["non_errors"]
    by_name = {name.rpartition(".")[2]: value for name, value in table.items()} | dict(table)
    raised, errors = batch.events.get(("exception", "exception.type")), batch.fields.get("error_type")
    seen = errors if raised is None else raised.beside(errors)
    return None if seen is None else seen.each(by_name.get)


def _whole_usage(batch: Batch) -> dict[str, pl.Expr]:
    """Make input tokens include cached ones, and output tokens reasoning ones (test first, then what is known)."""
    cached = pl.col("cache_read_tokens").fill_null(0) + pl.col("cache_write_tokens").fill_null(0)
    plain_sum = pl.col("input_tokens") + pl.col("output_tokens")
    exclusive = (
        pl.when((pl.col("total_tokens") == plain_sum + cached) & (cached > 0))
        .then(True)
        .when(pl.col("cache_read_tokens") > pl.col("input_tokens"))
        .then(True)
        .when(pl.col("total_tokens") == plain_sum)
        .then(False)
        .otherwise(_known_exclusive(batch).fill_null(False))
    )
    with_cache = pl.when(exclusive.fill_null(False)).then(pl.col("input_tokens") + cached).otherwise("input_tokens")
    usage = {"input_tokens": with_cache}
    if "adk" in batch.dialects:
        twice = pl.lit(pl.Series(batch.is_of(["adk"]))) & pl.col("requested_model").str.contains("/", literal=True)
        once = pl.col("output_tokens") - pl.col("reasoning_tokens").fill_null(0)
        usage["output_tokens"] = pl.when(twice.fill_null(False)).then(once).otherwise("output_tokens")
    return usage


def _known_exclusive(batch: Batch) -> pl.Expr:
    """Whether a dialect is known to leave cached tokens out of the input's."""
    new = batch.attribute(_NEW_AI_SDK)
    old_ai_sdk = batch.is_of(["ai-sdk"]) & ~(batch.nowhere() if new is None else new.mask(batch.height))
    if not old_ai_sdk.any() and "strands" not in batch.dialects:
        return pl.lit(False)
    return (pl.lit(pl.Series(old_ai_sdk)) & (pl.col("provider") == "anthropic")) | (
        pl.lit(pl.Series(batch.is_of(["strands"]))) & pl.col("provider").is_in(["anthropic", "aws.bedrock"])
    )


def _labels(batch: Batch, pseudonyms: Pseudonyms) -> pa.ListArray:
    """'key=value' of every short attribute, in the order sent; persons under their pseudonym."""
    sent = batch.records.attributes
    size = pc.coalesce(pc.binary_length(sent.strings), pc.binary_length(sent.others))
    is_short = truth(pc.less_equal(size, LABEL_CHARACTERS)) & ~sent.nested
    is_short &= ~truth(pc.starts_with(sent.strings, NOT_STORED))
    short = sent.having(is_short & ~sent.keys.where(lambda key: _NUMBERED.search(key) is not None))
    texts = pseudonyms.hide(short.texts, short.keys.among(conventions().personal_keys))
    return lists(short.rows, pc.binary_join_element_wise(short.keys.column(), texts, "="), batch.height)
