"""Records → canonical columns, by the conventions. Whole columns at a time; the dialects are data.

Order matters: dialects first, then `kind`, since rules may ask for both, then every other field on its own.
"""

from collections.abc import Callable

import polars as pl

from ingest.batch import Batch, any_dialect, attribute, detect_dialects, fill, full_event_names, read_batch
from ingest.content import PREVIEW_CHARACTERS, Content, contents
from ingest.conventions import conventions
from ingest.intake import Signal
from ingest.values import json_or_text

TEXT_CHARACTERS = 2_000
LABEL_CHARACTERS = 128

_FIRST = ("evaluator_type",)
_CONTENT = ("input_messages", "output_messages", "system_instructions", "tool_definitions")
_CUT = {"tool_args": TEXT_CHARACTERS, "tool_result": TEXT_CHARACTERS, "error_message": TEXT_CHARACTERS}
_USAGE = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
_STATUS_NAMES = {0: "UNSET", 1: "OK", 2: "ERROR"}
_PAUSED = {"pending", "control", "cancelled"}


def normalise(signal: Signal, sources: pl.DataFrame, fields: pl.DataFrame) -> pl.DataFrame:
    """The canonical columns of spans or log records, one row each, named and typed as table `spans` has them.

    `sources` and `fields` are those of `wire.Decoded`. Unknown is null, never 0. A value that a transform cannot read
    leaves its field to the next rule and `unread:<field>` in `flaws`; the record itself keeps it.
    """
    batch = read_batch(signal, sources, fields)
    detect_dialects(batch)
    fill_kind(batch)
    for name in (*_FIRST, *(name for name in conventions().rules if name not in ("kind", *_FIRST, *_CONTENT))):
        fill(batch, name, conventions().rules[name])
    frame = _typed(batch)
    content = contents(batch)
    return _finish(batch, frame, content)


def fill_kind(batch: Batch) -> None:
    """Set `kind`, null where nothing tells. A log record is a step by its event's name only: its attributes repeat
    those of the span it belongs to.
    """
    rules = conventions().rules["kind"]
    if batch.signal is Signal.SPAN:
        fill(batch, "kind", rules)
        return
    fill(batch, "kind", [rule for rule in rules if rule.on == "log"])
    kinds = full_event_names(batch).replace_strict(conventions().events, default=None, return_dtype=pl.String)
    batch.fields["kind"] = batch.fields["kind"].zip_with(batch.fields["kind"].is_not_null(), kinds)


def _typed(batch: Batch) -> pl.DataFrame:
    columns = []
    for name, values in batch.fields.items():
        kind = conventions().types[name]
        typed = _CASTS[kind](values)
        lost = values.is_not_null() & typed.is_null()
        if lost.any():
            batch.flaws.append((lost, f"unread:{name}"))
        columns.append(typed.alias(name))
    return pl.DataFrame(columns)


def _to_int(values: pl.Series) -> pl.Series:
    whole = values.cast(pl.Int64, strict=False)
    return whole.zip_with(whole.is_not_null(), values.cast(pl.Float64, strict=False).cast(pl.Int64, strict=False))


def _to_list(values: pl.Series) -> pl.Series:
    table = {text: _finish_reasons(text) for text in values.drop_nulls().unique()}
    return pl.Series([None if text is None else table[text] for text in values], dtype=pl.List(pl.String))


def _finish_reasons(text: str) -> list[str] | None:
    value = json_or_text(text)
    values = value if isinstance(value, list) else [value]
    names = [part for part in values if isinstance(part, str)]
    return [conventions().maps["finish_reason"].get(name, name) for name in names] or None


_CASTS: dict[str, Callable[[pl.Series], pl.Series]] = {
    "string": lambda values: values,
    "json": lambda values: values,
    "int": _to_int,
    "double": lambda values: values.cast(pl.Float64, strict=False),
    "bool": lambda values: values == "true",
    "list": _to_list,
    "timestamp": lambda values: values.cast(pl.Int64, strict=False).cast(pl.Datetime("ns")),
}


def _finish(batch: Batch, frame: pl.DataFrame, content: Content) -> pl.DataFrame:
    frame = frame.with_columns(
        pl.col("kind").replace("drop", "other").fill_null("other"),
        pl.col("is_error").fill_null(False),
        name=batch.columns["name"],
        dialects=_dialect_lists(batch),
        twin_rank=_twin_ranks(batch),
        pause=_pause(batch),
        labels=labels(batch),
        input_preview=content.input_preview,
        output_preview=content.output_preview,
        proposed_calls=content.proposed_calls,
        answered_calls=content.answered_calls,
        tool_definitions_hash=content.tool_definitions_hash,
        finish_reasons=frame["finish_reasons"].zip_with(frame["finish_reasons"].is_not_null(), content.finish_reasons),
    )
    if batch.signal is Signal.LOG:
        frame = frame.with_columns(
            event_name=full_event_names(batch), body_preview=batch.columns["body"].str.slice(0, PREVIEW_CHARACTERS)
        )
    frame = _usage(batch, frame)
    frame = frame.with_columns(
        is_error=pl.col("is_error") & ~pl.col("pause").is_in(list(_PAUSED)).fill_null(False),
        run_key=_run_key(batch),
        cost_source=pl.when(pl.col("cost_usd").is_not_null()).then(pl.lit("reported")),
    )
    cut = [pl.when(pl.col(name).str.len_chars() > limit).then(pl.lit(name)).alias(name) for name, limit in _CUT.items()]
    frame = frame.with_columns(
        cut=pl.concat_list(cut).list.drop_nulls(),
        flaws=_flaws(batch),
        field_count=pl.sum_horizontal(pl.all().is_not_null().cast(pl.UInt16)).cast(pl.UInt16),
    )
    return frame.with_columns(*(pl.col(name).str.slice(0, limit) for name, limit in _CUT.items()))


def _dialect_lists(batch: Batch) -> pl.Series:
    if not batch.dialects:
        return pl.Series([[]] * batch.height, dtype=pl.List(pl.String))
    frame = pl.DataFrame([mask.alias(name) for name, mask in batch.dialects.items()])
    parts = [pl.when(pl.col(name)).then(pl.lit(name)).alias(name) for name in batch.dialects]
    return frame.select(pl.concat_list(parts).list.drop_nulls().alias("dialects"))["dialects"]


def _twin_ranks(batch: Batch) -> pl.Series:
    rank = pl.repeat(0, batch.height, dtype=pl.UInt8, eager=True)
    for dialect, ranks in conventions().twins.items():
        mask = batch.dialects.get(dialect)
        if mask is not None and ranks[batch.signal]:
            rank = pl.repeat(ranks[batch.signal], batch.height, dtype=pl.UInt8, eager=True).zip_with(mask, rank)
    return rank


def _pause(batch: Batch) -> pl.Series:
    table = conventions().maps["non_errors"]
    by_name = {name.rpartition(".")[2]: value for name, value in table.items()} | dict(table)
    exceptions = batch.events.get(("exception", "exception.type"), batch.nothing())
    seen = exceptions.zip_with(exceptions.is_not_null(), batch.fields["error_type"])
    return seen.replace_strict(by_name, default=None, return_dtype=pl.String)


def _usage(batch: Batch, frame: pl.DataFrame) -> pl.DataFrame:
    """Make input tokens include cached ones, and output tokens reasoning ones (test first, then what is known)."""
    own = pl.col("kind").is_in(["llm", "embedding"])
    cached = pl.col("cache_read_tokens").fill_null(0) + pl.col("cache_write_tokens").fill_null(0)
    plain_sum = pl.col("input_tokens") + pl.col("output_tokens")
    provider = pl.col("provider")
    known_exclusive = (
        pl.Series(any_dialect(batch, ["ai-sdk"])) & ~_uses_new_ai_sdk(batch) & (provider == "anthropic")
    ) | (pl.Series(any_dialect(batch, ["strands"])) & provider.is_in(["anthropic", "aws.bedrock"]))
    exclusive = (
        pl.when((pl.col("total_tokens") == plain_sum + cached) & (cached > 0))
        .then(True)
        .when(pl.col("cache_read_tokens") > pl.col("input_tokens"))
        .then(True)
        .when(pl.col("total_tokens") == plain_sum)
        .then(False)
        .otherwise(known_exclusive.fill_null(False))
    )
    twice = pl.Series(any_dialect(batch, ["adk"])) & pl.col("requested_model").str.contains("/", literal=True)
    frame = frame.with_columns(
        input_tokens=pl.when(exclusive.fill_null(False))
        .then(pl.col("input_tokens") + cached)
        .otherwise("input_tokens"),
        output_tokens=pl.when(twice.fill_null(False))
        .then(pl.col("output_tokens") - pl.col("reasoning_tokens").fill_null(0))
        .otherwise("output_tokens"),
    )
    return frame.with_columns(
        *(
            pl.when(own).then(pl.col(name)).alias(name)
            for name in (*_USAGE, "audio_input_tokens", "audio_output_tokens")
        )
    )


def _uses_new_ai_sdk(batch: Batch) -> pl.Series:
    return attribute(batch, "ai.usage.inputTokenDetails.cacheReadTokens").is_not_null()


def _run_key(batch: Batch) -> pl.Series:
    """What groups a record into a run: the rules before `trace_id` always, those after it only without a trace."""
    rules = conventions().rules["run_id"]
    before = next(index for index, rule in enumerate(rules) if rule.key == "trace_id")
    fill(batch, "run_id", rules[:before])
    strong = batch.fields["run_id"]
    if batch.signal is Signal.SPAN:
        return strong
    fill(batch, "run_id", rules[before + 1 :])
    weak = batch.fields["run_id"].zip_with(~batch.columns["has_trace"], batch.nothing())
    return strong.zip_with(strong.is_not_null(), weak)


def labels(batch: Batch) -> pl.Series:
    """'key=value' of every short attribute, in the order sent."""
    short = batch.long.filter(
        ~pl.col("nested")
        & (pl.col("text").str.len_bytes() <= LABEL_CHARACTERS)
        & ~pl.col("key").str.contains(r"\.\d+\.")
    )
    lists = (
        short.select("row", label=pl.col("key") + "=" + pl.col("text"))
        .group_by("row", maintain_order=True)
        .agg("label")
    )
    rows = pl.DataFrame({"row": pl.int_range(batch.height, dtype=pl.UInt32, eager=True)})
    return rows.join(lists, on="row", how="left", maintain_order="left")["label"].fill_null([])


def _flaws(batch: Batch) -> pl.Series:
    if not batch.flaws:
        return pl.Series([[]] * batch.height, dtype=pl.List(pl.String))
    frame = pl.DataFrame([mask.alias(str(index)) for index, (mask, _) in enumerate(batch.flaws)])
    parts = [
        pl.when(pl.col(str(index))).then(pl.lit(name)).alias(str(index)) for index, (_, name) in enumerate(batch.flaws)
    ]
    return frame.select(pl.concat_list(parts).list.drop_nulls().list.unique(maintain_order=True).alias("flaws"))[
        "flaws"
    ]
