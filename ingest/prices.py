"""What model calls cost, from their tokens and the price list in force on their day."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
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
_TOKENS = (*_INPUT_PRICES.values(), *_OUTPUT_PRICES.values())
_COSTS = dict.fromkeys(("cost_usd", "cost_input_usd", "cost_output_usd"), pl.Float64)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE_NS, _DAY_NS = 60 * 10**9, 86_400 * 10**9

_Call = Mapping[str, Any]  # a row as `_asked` gives it
_Tier = Mapping[str, float]  # the rates of more than `above` input tokens


class PriceFileError(SettingsError):
    """The file of own prices cannot be used; the message names the file and the entry."""


class PriceList:
    """The kept list of `genai-prices`, and own prices that override it. It never asks the network."""

    def __init__(self, own_prices: Path | None) -> None:
        self._own = _read_own(own_prices) if own_prices else []
        self._providers = get_snapshot().providers
        self._source = lru_cache(_KNOWN_PAIRS)(self._find_source)
        self._tiers = lru_cache(_KNOWN_PAIRS)(self._find_tiers)

    def price(self, calls: pl.DataFrame) -> pl.DataFrame:
        """cost_usd, cost_input_usd, cost_output_usd of each call, in the order of the calls.

        Reads requested_model, served_model, provider, started_at (UTC, ns), input_tokens (cache included),
        output_tokens (reasoning included), cache_read_tokens, cache_write_tokens, audio_input_tokens,
        audio_output_tokens. The served model is priced, without one the requested. Null where the model, its price or
        its tokens are unknown, or the counts contradict each other; unknown parts of the input count as none, and no
        cached token as audio. What the list has no price for beside others, as an embedding's output, costs nothing.
        """
        # Call by call: what a calculation by columns costs before its first row is worth some thousand of these.
        costs = [self._cost(call) for call in _asked(calls).iter_rows(named=True)]
        return pl.DataFrame(costs, _COSTS, orient="row")

    def explain(self, call: pa.Table) -> dict[str, Any] | None:
        """What the one call costs today and what that is made of, JSON-ready; None where `price` knows no cost.

        priced_by (the kept list with its version, or own prices), model (as there), day (of the call, UTC), valid_from
        (since when the price holds, None: always), above_input_tokens (from where on, None: any), parts (token_class,
        tokens, usd_per_million, cost_usd) and their sum cost_usd. What the call does not tell counts as none.
        """
        unknown = [pl.lit(None, pl.Int64).alias(name) for name in PRICED_BY if name not in call.column_names]
        row = _asked(pl.DataFrame(call).with_columns(unknown)).row(0, named=True)
        tier, (cost_usd, _, _) = self._tier(row), self._cost(row)
        if tier is None or cost_usd is None:
            return None
        moment = _moment(row["started_ns"])
        source = self._source(row["model"], row["provider"])
        return {
            **source.origin_at(moment),
            "day": moment.date().isoformat(),
            "above_input_tokens": tier["above"] if tier["above"] > 0 else None,
            "parts": [*_parts(row, tier, _INPUT_PRICES), *_parts(row, tier, _OUTPUT_PRICES), *_request_part(tier)],
            "cost_usd": cost_usd,
        }

    def _cost(self, call: _Call) -> tuple[float | None, float | None, float | None]:
        """What a call cost in USD: altogether, for its input and for its output."""
        tier = self._tier(call)
        if tier is None:
            return None, None, None
        units_in, units_out = _units(call, tier, _INPUT_PRICES), _units(call, tier, _OUTPUT_PRICES)
        units = None if units_in is None or units_out is None else units_in + units_out + tier.get(_REQUEST_PRICE, 0)
        return _usd(units), _usd(units_in), _usd(units_out)

    def _tier(self, call: _Call) -> _Tier | None:
        """The rates that the call's input reached, which then hold for all its tokens."""
        started_ns, input_tokens = call["started_ns"], call["input_tokens"]
        if started_ns is None or input_tokens is None or any((call[name] or 0) < 0 for name in _TOKENS):
            return None
        model, provider = call["model"], call["provider"]
        steady_ns = self._source(model, provider).steady_ns
        tiers = self._tiers(model, provider, started_ns // steady_ns * steady_ns)
        return next((tier for tier in reversed(tiers) if tier["above"] < input_tokens), None)

    def _find_tiers(self, model: str | None, provider: str | None, moment_ns: int) -> tuple[_Tier, ...]:
        return tuple(_tiers(self._source(model, provider).price_at(_moment(moment_ns))))

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
    def steady_ns(self) -> int:
        """Within a minute, or within a day (UTC), the price cannot change."""
        prices = self.listed.prices if self.listed else []
        listed = prices if isinstance(prices, list) else []
        return _MINUTE_NS if any(isinstance(price.constraint, TimeOfDateConstraint) for price in listed) else _DAY_NS

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


def _asked(calls: pl.DataFrame) -> pl.DataFrame:
    """What of each call decides its cost: model, provider, started_ns, and the counts of tokens."""
    return calls.select(
        pl.coalesce("served_model", "requested_model").alias("model"),
        "provider",
        pl.col("started_at").dt.epoch("ns").alias("started_ns"),
        *_TOKENS,
    )


def _moment(nanoseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=nanoseconds // 1_000)


def _usd(units: float | None) -> float | None:
    return None if units is None else units / _UNITS_PER_USD


def _tiers(price: ModelPrice | None) -> Iterator[_Tier]:
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


def _units(call: _Call, tier: _Tier, prices: Mapping[str, str]) -> float | None:
    """What one side costs; None if its tokens do not tell."""
    used = _used(call, tier, prices)
    return None if used is None else sum((tokens * tier[rate] for rate, tokens in used.items()), 0.0)


def _used(call: _Call, tier: _Tier, prices: Mapping[str, str]) -> dict[str, int] | None:
    """Tokens of one side by rate: parts that have a price of their own at it, the rest at the whole's; nothing if the
    whole has no price, None if it is unknown or less than its parts."""
    (whole_rate, whole_tokens), *parts = prices.items()
    if whole_rate not in tier:
        return {}
    apart = {rate: call[tokens] or 0 for rate, tokens in parts if rate in tier}
    whole = call[whole_tokens]
    return None if whole is None or whole < sum(apart.values()) else {whole_rate: whole - sum(apart.values()), **apart}


def _parts(call: _Call, tier: _Tier, prices: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The classes of one side that the call used, each with what it adds to the cost."""
    for rate, tokens in (_used(call, tier, prices) or {}).items():
        if tokens:
            yield _part(rate, tokens, tier[rate])


def _request_part(tier: _Tier) -> list[dict[str, Any]]:
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
