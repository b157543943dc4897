"""What model calls cost, from their tokens and the price list in force on their day."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fnmatch import translate
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
from genai_prices.data_snapshot import find_provider_by_id, get_snapshot
from genai_prices.types import (
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from settings import SettingsError

_MAX_MODEL_CHARS = 200  # a longer id names no model, and the list's patterns need not be tried on it
_MAX_PREFIXES = 4  # as in openrouter/accounts/fireworks/models/x
_KNOWN_PAIRS = 10_000  # (model, provider) pairs remembered; what telemetry can name is without end
# OTel's provider names where the list would take another provider for them, or none.
_PROVIDERS = {
    "azure.ai.openai": "azure",
    "azure.ai.inference": "azure",
    "gcp.gen_ai": "google",
    "x_ai": "x-ai",
    "fireworks_ai": "fireworks",
}
_FREE = ModelPrice(input_mtok=Decimal(0), output_mtok=Decimal(0))
_DATED = re.compile(r"[-@]20\d\d-?[01]\d-?[0-3]\d$")

# Price per million tokens of the list → the column that counts its tokens. The first of each side counts the others in.
_INPUT_PRICES = {
    "input_mtok": "input_tokens",
    "cache_read_mtok": "cache_read_tokens",
    "cache_write_mtok": "cache_write_tokens",
    "input_audio_mtok": "audio_input_tokens",
}
_OUTPUT_PRICES = {"output_mtok": "output_tokens", "output_audio_mtok": "audio_output_tokens"}
PRICED_BY = (
    *("requested_model", "served_model", "provider", "started_at"),
    *_INPUT_PRICES.values(),
    *_OUTPUT_PRICES.values(),
)
_REQUEST_PRICE = "requests_kcount"
# What the tokens of a price are called when it is explained.
_CLASSES = {
    "input_mtok": "fresh_input",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
    "input_audio_mtok": "audio_input",
    "output_mtok": "output",
    "output_audio_mtok": "audio_output",
    _REQUEST_PRICE: "request",
}
_LIST = f"genai-prices {version('genai-prices')}"
# Prices in 10⁻¹² USD a token are whole numbers, so that sums are exact and one division gives the nearest double.
_UNITS_PER_USD = 10**12
_UNITS = dict.fromkeys((*_INPUT_PRICES, *_OUTPUT_PRICES), _UNITS_PER_USD // 10**6) | {
    _REQUEST_PRICE: _UNITS_PER_USD // 10**3
}
_RATES_SCHEMA: dict[str, pl.DataType] = {
    "source": pl.Int64(),
    "moment": pl.Datetime("ns"),
    "above": pl.Int64(),
    **dict.fromkeys(_UNITS, pl.Float64()),
}


class PriceFileError(SettingsError):
    """The file of own prices cannot be used; the message names the file and the entry."""


class PriceList:
    """The kept list of `genai-prices`, and own prices that override it. It never asks the network."""

    def __init__(self, own_prices: Path | None) -> None:
        self._own = _read_own(own_prices) if own_prices else []
        self._providers = get_snapshot().providers
        self._source = lru_cache(_KNOWN_PAIRS)(self._find_source)

    def price(self, calls: pl.DataFrame) -> pl.DataFrame:
        """cost_usd, cost_input_usd, cost_output_usd of each call, in the order of the calls.

        Reads requested_model, served_model, provider, started_at (UTC, ns), input_tokens (cache included),
        output_tokens (reasoning included), cache_read_tokens, cache_write_tokens, audio_input_tokens,
        audio_output_tokens. The served model is priced, without one the requested. Null where the model, its price or
        its tokens are unknown, or the counts contradict each other; unknown parts of the input count as none, and no
        cached token as audio. What the list has no price for beside others, as an embedding's output, costs nothing.
        """
        named = calls.lazy().with_columns(pl.coalesce("served_model", "requested_model").alias("model"))
        pairs = named.select("model", "provider").unique().collect()
        sources = [self._source(model, provider) for model, provider in pairs.iter_rows()]
        numbered = pairs.lazy().with_columns(
            pl.Series("source", range(len(sources)), dtype=pl.Int64),
            pl.Series("by_minute", [source.changes_within_days for source in sources], dtype=pl.Boolean),
        )
        asked = (
            named.join(numbered, on=["model", "provider"], how="left", nulls_equal=True, maintain_order="left")
            .select(*_INPUT_PRICES.values(), *_OUTPUT_PRICES.values(), "source", _moment())
            .with_row_index("row")
            .collect()
        )
        return _costs(asked, _rates(asked, sources))

    def explain(self, call: pa.Table) -> dict[str, Any] | None:
        """What the one call costs today and what that is made of, JSON-ready; None where `price` knows no cost.

        priced_by (the kept list with its version, or own prices), model (as there), day (of the call, UTC), valid_from
        (since when the price holds, None: always), above_input_tokens (from where on, None: any), parts (token_class,
        tokens, usd_per_million, cost_usd) and their sum cost_usd. What the call does not tell counts as none.
        """
        unknown = [pl.lit(None, pl.Int64).alias(name) for name in PRICED_BY if name not in call.column_names]
        asked = pl.DataFrame(call).with_columns(unknown)
        cost_usd = self.price(asked)["cost_usd"].item()
        if cost_usd is None:
            return None
        row = asked.row(0, named=True)
        moment = row["started_at"].replace(tzinfo=UTC)
        source = self._source(row["served_model"] or row["requested_model"], row["provider"])
        tiers = list(_tiers(source.price_at(moment)))
        tier = next(tier for tier in reversed(tiers) if tier["above"] < row["input_tokens"])
        return {
            **source.origin_at(moment),
            "day": moment.date().isoformat(),
            "above_input_tokens": tier["above"] if tier["above"] > 0 else None,
            "parts": [*_parts(row, tier, _INPUT_PRICES), *_parts(row, tier, _OUTPUT_PRICES), *_request_part(tier)],
            "cost_usd": cost_usd,
        }

    def _find_source(self, model: str | None, provider: str | None) -> "_Source":
        if not model or len(model) > _MAX_MODEL_CHARS:
            return _Source((), None)
        own = tuple(price for price in self._own if price.is_for(model, provider))
        listed = self._find_listed(model, provider)
        if listed is None and _DATED.search(model):  # a snapshot that the list does not know costs what its family does
            listed = self._find_listed(_DATED.sub("", model), provider)
        return _Source(own, listed)

    def _find_listed(self, model: str, provider: str | None) -> ModelInfo | None:
        """The model in its provider's list, else in that of its `provider/` prefix, else wherever its name points."""
        named = self._find_provider(provider)
        segments = model.split("/", _MAX_PREFIXES)
        for at in range(len(segments)):
            name = "/".join(segments[at:])
            pointed = (holder for holder in self._providers if holder.model_match and holder.model_match.is_match(name))
            for holder in (named, self._find_provider(segments[at - 1] if at else None), next(pointed, None)):
                found = holder.find_model(name, all_providers=self._providers) if holder else None
                if found:
                    return found
        return None

    def _find_provider(self, name: str | None) -> Provider | None:
        return find_provider_by_id(self._providers, _PROVIDERS.get(name, name)) if name else None


@dataclass(frozen=True)
class _Source:
    """Where the prices of a (model, provider) pair come from: own entries first, then the list's model."""

    own: tuple["_OwnPrice", ...]
    listed: ModelInfo | None

    @property
    def changes_within_days(self) -> bool:
        prices = self.listed.prices if self.listed else []
        return isinstance(prices, list) and any(isinstance(price.constraint, TimeOfDateConstraint) for price in prices)

    def price_at(self, moment: datetime) -> ModelPrice | None:
        own = self._own_at(moment)
        if own is not None:
            return own.as_model_price()
        if self.listed is None or not self.listed.prices:
            return None
        if self.listed.id.endswith(":free"):  # the list leaves these empty, but others that it does not know as well
            return _FREE
        return self.listed.get_prices(moment)

    def origin_at(self, moment: datetime) -> dict[str, str | None]:
        """priced_by, model and valid_from of the price of a moment, as `PriceList.explain` tells them."""
        own = self._own_at(moment)
        if own is not None:
            start = own.start.isoformat() if own.start else None
            return {"priced_by": "own prices", "model": own.match, "valid_from": start}
        prices = self.listed.prices if self.listed else []
        starts = [
            price.constraint.start_date.isoformat()
            for price in (prices if isinstance(prices, list) else [])
            if isinstance(price.constraint, StartDateConstraint) and price.constraint.active(moment)
        ]
        model = self.listed.id if self.listed else None
        return {"priced_by": _LIST, "model": model, "valid_from": max(starts, default=None)}

    def _own_at(self, moment: datetime) -> "_OwnPrice | None":
        started = [price for price in self.own if price.start is None or price.start <= moment.date()]
        return max(started, key=lambda price: price.start or date.min, default=None)


def _moment() -> pl.Expr:
    """The start of the day, or of the minute, within which the price of a call's model cannot change."""
    started_at = pl.col("started_at").dt.convert_time_zone("UTC").dt.replace_time_zone(None).dt.cast_time_unit("ns")
    in_minutes, in_days = started_at.dt.truncate("1m"), started_at.dt.truncate("1d")
    return pl.when("by_minute").then(in_minutes).otherwise(in_days).alias("moment")


def _rates(asked: pl.DataFrame, sources: list[_Source]) -> pl.DataFrame:
    """One row per source, moment and tier: what each kind of token costs."""
    moments = asked.lazy().select("source", "moment").unique().drop_nulls().collect()
    tiers = [
        {"source": source, "moment": moment, **tier}
        for source, moment in moments.iter_rows()
        for tier in _tiers(sources[source].price_at(moment.replace(tzinfo=UTC)))
    ]
    return pl.DataFrame(tiers, schema=_RATES_SCHEMA)


def _tiers(price: ModelPrice | None) -> Iterator[dict[str, float | int]]:
    """The rates, for each number of input tokens above which they change; none for a model without token prices."""
    named: dict[str, Decimal | TieredPrices | None] = {name: getattr(price, name, None) for name in _UNITS}
    prices = {name: value for name, value in named.items() if value is not None}
    if prices.keys().isdisjoint({"input_mtok", "output_mtok"}):
        return
    tiered = [value for value in prices.values() if isinstance(value, TieredPrices)]
    for above in sorted({-1, *(tier.start for value in tiered for tier in value.tiers)}):
        yield {"above": above} | {name: float(_rate(value, above) * _UNITS[name]) for name, value in prices.items()}


def _rate(price: Decimal | TieredPrices, above: int) -> Decimal:
    if isinstance(price, TieredPrices):
        return next((tier.price for tier in reversed(price.tiers) if tier.start <= above), price.base)
    return price


def _costs(asked: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """The costs by the rates of the tier that a call's input reached, which then hold for all its tokens."""
    tokens = [*_INPUT_PRICES.values(), *_OUTPUT_PRICES.values()]
    rated = (
        asked.lazy()
        .drop_nulls("input_tokens")
        .sort("input_tokens")
        .join_asof(
            rates.lazy().sort("above"),
            left_on="input_tokens",
            right_on="above",
            by=["source", "moment"],
            allow_exact_matches=False,
            check_sortedness=False,
        )
        .drop_nulls("above")
        .filter(pl.min_horizontal(tokens) >= 0)
    )
    units_in, units_out = _units(_INPUT_PRICES), _units(_OUTPUT_PRICES)
    units = rated.select(
        "row",
        cost_usd=units_in + units_out + pl.col(_REQUEST_PRICE).fill_null(0),
        cost_input_usd=units_in,
        cost_output_usd=units_out,
    )
    rows = asked.lazy().select("row")
    ordered = rows.join(units, on="row", how="left", maintain_order="left").drop("row").collect()
    # NumPy divides; Polars would multiply by the divisor's inexact reciprocal.
    return pl.DataFrame(
        [pl.Series(cost.name, cost.to_numpy() / _UNITS_PER_USD, nan_to_null=True) for cost in ordered.iter_columns()]
    )


def _units(prices: dict[str, str]) -> pl.Expr:
    """Tokens times rates of one side: parts that have a price of their own at it, the rest at the whole's.

    Null if the whole is unknown and has a price, or is less than its parts.
    """
    (whole_rate, whole_tokens), *parts = prices.items()
    apart = pl.sum_horizontal(_part_tokens(rate, tokens) for rate, tokens in parts)
    in_parts = pl.sum_horizontal(_part_tokens(rate, tokens) * pl.col(rate).fill_null(0) for rate, tokens in parts)
    rest = pl.col(whole_tokens).cast(pl.Float64) - apart
    costs = rest * pl.col(whole_rate) + in_parts
    return pl.when(pl.col(whole_rate).is_null()).then(0.0).when(rest >= 0).then(costs)


def _part_tokens(rate: str, tokens: str) -> pl.Expr:
    return pl.when(pl.col(rate).is_not_null()).then(pl.col(tokens).cast(pl.Float64)).fill_null(0)


def _parts(call: Mapping[str, Any], tier: Mapping[str, float], prices: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The classes of one side that the call used, each with what it adds to the cost, as `_units` adds them up."""
    (whole_rate, whole_tokens), *parts = prices.items()
    apart = {rate: call[tokens] or 0 for rate, tokens in parts if rate in tier}
    used = {whole_rate: (call[whole_tokens] or 0) - sum(apart.values()), **apart}
    for rate, tokens in used.items():
        if tokens and rate in tier:
            yield _part(rate, tokens, tier[rate])


def _request_part(tier: Mapping[str, float]) -> list[dict[str, Any]]:
    return [_part(_REQUEST_PRICE, 1, tier[_REQUEST_PRICE])] if _REQUEST_PRICE in tier else []


def _part(rate: str, tokens: int, units: float) -> dict[str, Any]:
    return {
        "token_class": _CLASSES[rate],
        "tokens": tokens,
        "usd_per_million": units * 10**6 / _UNITS_PER_USD,
        "cost_usd": tokens * units / _UNITS_PER_USD,
    }


class _OwnPrice(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    match: str = Field(min_length=1)
    provider: str | None = None
    start: date | None = Field(None, alias="from")
    input_usd_per_million: Decimal = Field(ge=0, allow_inf_nan=False)
    output_usd_per_million: Decimal = Field(ge=0, allow_inf_nan=False)
    cache_read_usd_per_million: Decimal | None = Field(None, ge=0, allow_inf_nan=False)
    cache_write_usd_per_million: Decimal | None = Field(None, ge=0, allow_inf_nan=False)

    def is_for(self, model: str, provider: str | None) -> bool:
        """Whether it prices the model, called by its full name or by that after any `provider/`."""
        if self.provider is not None and self.provider.lower() != (provider or "").lower():
            return False
        names = [model.lower()[at:] for at in (0, *(slash.end() for slash in re.finditer("/", model)))]
        pattern = re.compile(translate(self.match.lower()))
        return any(pattern.match(name) for name in names)

    def as_model_price(self) -> ModelPrice:
        return ModelPrice(
            input_mtok=self.input_usd_per_million,
            output_mtok=self.output_usd_per_million,
            cache_read_mtok=self.cache_read_usd_per_million,
            cache_write_mtok=self.cache_write_usd_per_million,
        )


class _OwnPrices(BaseModel):
    model_config = ConfigDict(extra="forbid")

    models: list[_OwnPrice]


def _read_own(path: Path) -> list[_OwnPrice]:
    try:
        text = path.read_bytes()
        return _OwnPrices.model_validate_json(text).models
    except OSError as error:
        raise PriceFileError(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        raise PriceFileError(f"{path}: {_first_fault(error, text)}") from error


def _first_fault(error: ValidationError, text: bytes) -> str:
    fault = error.errors(include_url=False)[0]
    where: list[Any] = list(fault["loc"])
    if len(where) < 2:
        return ": ".join([*map(str, where), fault["msg"]])
    entry = json.loads(text)["models"][where[1]]
    name = f" ({entry['match']})" if isinstance(entry, dict) and "match" in entry else ""
    return ": ".join([f"models[{where[1]}]{name}", *map(str, where[2:]), fault["msg"]])
