"""Costs counted by hand, and compared with what genai-prices says of each call."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from genai_prices import Usage, calc_price
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import (
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)

from ingest.prices import PriceFileError, PriceList

SCHEMA = {
    "requested_model": pl.String,
    "served_model": pl.String,
    "provider": pl.String,
    "started_at": pl.Datetime("ns"),
    "input_tokens": pl.Int64,
    "output_tokens": pl.Int64,
    "cache_read_tokens": pl.Int64,
    "cache_write_tokens": pl.Int64,
    "audio_input_tokens": pl.Int64,
    "audio_output_tokens": pl.Int64,
}
NOON = datetime(2026, 11, 20, 12)  # noqa: DTZ001 — columns hold UTC without saying so
NOTHING = {"cost_usd": None, "cost_input_usd": None, "cost_output_usd": None}


@pytest.fixture(scope="module")
def listed() -> PriceList:
    return PriceList(None)


def call(model: str | None, input_tokens: int | None, output_tokens: int | None, **more: Any) -> dict[str, Any]:
    return {
        "requested_model": model,
        "started_at": NOON,
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        **more,
    }


def priced(prices: PriceList, *calls: dict[str, Any]) -> list[dict[str, float | None]]:
    return prices.price(pl.DataFrame(calls, schema=SCHEMA)).to_dicts()


def cost(prices: PriceList, *args: Any, **more: Any) -> float | None:
    return priced(prices, call(*args, **more))[0]["cost_usd"]


def own_prices(folder: Path, *entries: dict[str, Any]) -> PriceList:
    path = folder / "prices.json"
    path.write_text(json.dumps({"models": entries}))
    return PriceList(path)


OWN = {"match": "my-*", "input_usd_per_million": 2, "output_usd_per_million": 10}


def test_input_cache_and_output_are_added_up(tmp_path: Path) -> None:
    """1,000 in, of which 600 from the cache and 100 written to it: 300 × 2 + 600 × 0.2 + 100 × 2.5; 50 out × 10."""
    prices = own_prices(tmp_path, OWN | {"cache_read_usd_per_million": 0.2, "cache_write_usd_per_million": 2.5})
    found = priced(prices, call("my-model", 1_000, 50, cache_read_tokens=600, cache_write_tokens=100))
    assert found == [{"cost_usd": 0.00147, "cost_input_usd": 0.00097, "cost_output_usd": 0.0005}]


def test_without_a_price_of_its_own_the_cache_costs_as_any_input(tmp_path: Path) -> None:
    prices = own_prices(tmp_path, OWN)
    assert cost(prices, "my-model", 1_000, 50, cache_read_tokens=600) == 0.0025
    assert cost(prices, "my-model", 1_000, 50, cache_read_tokens=2_000) == 0.0025


def test_unknown_is_null_and_never_zero(tmp_path: Path) -> None:
    prices = own_prices(tmp_path, OWN | {"cache_read_usd_per_million": 1})
    assert (
        priced(
            prices,
            call("nobody-knows-it", 1_000, 50),
            call(None, 1_000, 50),
            call("my-model", None, 50),
            call("my-model", None, None),
            call("my-model", 1_000, 50, started_at=None),
            call("x" * 100_000, 1_000, 50),
            call("", 1_000, 50),
        )
        == [NOTHING] * 7
    )
    assert priced(prices, call("my-model", 1_000, None)) == [
        {"cost_usd": None, "cost_input_usd": 0.002, "cost_output_usd": None}
    ]
    assert priced(prices, call("my-model", 0, 0)) == [{"cost_usd": 0.0, "cost_input_usd": 0.0, "cost_output_usd": 0.0}]


@pytest.mark.parametrize(
    "contradiction",
    [{"cache_read_tokens": 1_001}, {"cache_read_tokens": -1}, {"input_tokens": -1}, {"output_tokens": -1}],
)
def test_counts_that_contradict_each_other_have_no_cost(tmp_path: Path, contradiction: dict[str, int]) -> None:
    prices = own_prices(tmp_path, OWN | {"cache_read_usd_per_million": 1})
    assert cost(prices, **({"model": "my-model", "input_tokens": 1_000, "output_tokens": 5} | contradiction)) is None


def test_embeddings_cost_their_input_alone(listed: PriceList) -> None:
    assert cost(listed, "text-embedding-3-small", 50_000, None, provider="openai") == 0.001


def test_a_price_per_request_is_in_the_total(listed: PriceList) -> None:
    """sonar: 1,000 in × 1 + 500 out × 1, and 12 USD per 1,000 requests."""
    assert cost(listed, "sonar", 1_000, 500, provider="perplexity") == pytest.approx(0.0135, rel=1e-12)


def test_the_served_model_is_priced_and_only_without_one_the_requested(tmp_path: Path) -> None:
    dear = {**OWN, "match": "dear", "input_usd_per_million": 100}
    prices = own_prices(tmp_path, OWN, dear)
    assert cost(prices, "dear", 1_000, 0, served_model="my-model") == 0.002
    assert cost(prices, "dear", 1_000, 0) == 0.1
    assert cost(prices, "my-model", 1_000, 0, served_model="nobody-knows-it") is None


SAME_MODEL = [
    ("claude-sonnet-4-5", "anthropic"),
    ("claude-sonnet-4-5-20250929", "anthropic"),
    ("Claude-Sonnet-4-5", None),
    ("anthropic/claude-sonnet-4-5", None),
    ("anthropic/claude-sonnet-4-5", "litellm"),
    ("claude-sonnet-4-5", "some-gateway"),
    ("claude-sonnet-4-5", "openai"),
    ("gateway/team/anthropic/claude-sonnet-4-5", "some-gateway"),
]


@pytest.mark.parametrize(("model", "provider"), SAME_MODEL)
def test_one_model_has_one_price_under_all_its_names(listed: PriceList, model: str, provider: str | None) -> None:
    known = calc_price(
        Usage(input_tokens=1_000, output_tokens=100),
        "claude-sonnet-4-5",
        provider_id="anthropic",
        genai_request_timestamp=NOON.replace(tzinfo=UTC),
    )
    assert cost(listed, model, 1_000, 100, provider=provider) == float(known.total_price)


def test_a_snapshot_that_the_list_does_not_know_costs_what_its_family_does(listed: PriceList) -> None:
    family = cost(listed, "gpt-5.2", 1_000, 100, provider="openai")
    assert family is not None
    for snapshot in ("gpt-5.2-2026-02-11", "gpt-5.2-20260211", "openai/gpt-5.2-2026-02-11"):
        assert cost(listed, snapshot, 1_000, 100, provider="openai") == family
        assert cost(listed, snapshot, 1_000, 100) == family


@pytest.mark.parametrize(
    ("provider", "model", "id_in_list"),
    [
        ("azure.ai.openai", "gpt-4o", "azure"),
        ("aws.bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "aws"),
        ("gcp.gemini", "gemini-2.5-pro", "google"),
        ("gcp.vertex_ai", "gemini-2.5-pro", "google"),
        ("gcp.gen_ai", "gemini-2.5-pro", "google"),
        ("x_ai", "grok-4", "x-ai"),
        ("mistral_ai", "mistral-large-latest", "mistral"),
        ("moonshot_ai", "kimi-k2-0905-preview", "moonshotai"),
        ("deepseek", "deepseek-chat", "deepseek"),
        ("groq", "llama-3.3-70b-versatile", "groq"),
    ],
)
def test_the_provider_names_of_otel_lead_to_their_lists(
    listed: PriceList, provider: str, model: str, id_in_list: str
) -> None:
    known = calc_price(
        Usage(input_tokens=1_000, output_tokens=100),
        model,
        provider_id=id_in_list,
        genai_request_timestamp=NOON.replace(tzinfo=UTC),
    )
    assert cost(listed, model, 1_000, 100, provider=provider) == float(known.total_price)


def test_a_free_model_costs_nothing_but_one_whose_price_is_not_known_has_none(listed: PriceList) -> None:
    models = [
        model for provider in get_snapshot().providers if provider.id == "openrouter" for model in provider.models
    ]
    empty = [model.id for model in models if model.prices == ModelPrice()]
    free = next(model for model in empty if model.endswith(":free"))
    unknown = next(model for model in empty if not model.endswith(":free"))
    assert cost(listed, free, 1_000, 100, provider="openrouter") == 0.0
    assert cost(listed, unknown, 1_000, 100, provider="openrouter") is None
    assert cost(listed, "whisper-1", 1_000, 100, provider="openai") is None


def each_price(model: ModelInfo) -> list[ModelPrice]:
    return [model.prices] if isinstance(model.prices, ModelPrice) else [price.prices for price in model.prices]


def moments_of(model: ModelInfo) -> Iterator[datetime]:
    """Now, and just before and at each moment at which a price of the model changes."""
    yield NOON
    for price in model.prices if isinstance(model.prices, list) else []:
        match price.constraint:
            case StartDateConstraint(start_date=start):
                midnight = datetime.combine(start, time())
                yield from (midnight - timedelta(microseconds=1), midnight, midnight + timedelta(hours=11))
            case TimeOfDateConstraint(start_time=start_time, end_time=end_time):
                for edge in (start_time, end_time):
                    at = datetime.combine(NOON.date(), edge.replace(tzinfo=None))
                    yield from (at - timedelta(microseconds=1), at)


def inputs_of(model: ModelInfo) -> set[int]:
    """Token counts, and those at each boundary of a tier."""
    tiered = [value for price in each_price(model) for value in vars(price).values() if isinstance(value, TieredPrices)]
    starts = {tier.start for value in tiered for tier in value.tiers}
    return {0, 1, 123_457, *starts, *(start + 1 for start in starts), *(2 * start for start in starts)}


def usages_of(model: ModelInfo) -> Iterator[dict[str, int | None]]:
    for tokens in sorted(inputs_of(model)):
        yield {"input_tokens": tokens, "output_tokens": 777}
        yield {
            "input_tokens": tokens,
            "output_tokens": 31,
            "cache_read_tokens": tokens // 3,
            "cache_write_tokens": tokens // 5,
        }
        yield {"input_tokens": tokens, "output_tokens": 31, "audio_input_tokens": tokens // 2, "audio_output_tokens": 7}


NAMES_IN_LIST = {"audio_input_tokens": "input_audio_tokens", "audio_output_tokens": "output_audio_tokens"}


def compared_calls() -> Iterator[tuple[dict[str, Any], ModelInfo, Provider]]:
    """Calls of every model whose price varies with time or size, and of some of the others."""
    models = [(provider, model) for provider in get_snapshot().providers for model in provider.models]
    for number, (provider, model) in enumerate(models):
        varies = isinstance(model.prices, list) or len(inputs_of(model)) > 3
        if provider.find_model(model.id) is not model or not (varies or number % 40 == 0):
            continue
        for moment in moments_of(model):
            usages = usages_of(model) if moment == NOON else [{"input_tokens": 5_000, "cache_read_tokens": 1_000}]
            yield from (
                (call(model.id, 0, 77, provider=provider.id, started_at=moment) | u, model, provider) for u in usages
            )


def test_every_model_of_the_list_costs_what_the_list_says_on_every_day_and_in_every_tier(listed: PriceList) -> None:
    compared = list(compared_calls())
    assert len(compared) > 4_000
    costs = listed.price(pl.DataFrame([sent for sent, _, _ in compared], schema=SCHEMA)).rows()
    for (sent, model, provider), ours in zip(compared, costs, strict=True):
        timestamp = sent["started_at"].replace(tzinfo=UTC)
        price = model.get_prices(timestamp)
        if not {"input_mtok", "output_mtok"} & vars(price).keys():
            assert ours == ((0.0, 0.0, 0.0) if model.id.endswith(":free") else (None, None, None))
            continue
        usage = {NAMES_IN_LIST.get(name, name): count for name, count in sent.items() if name.endswith("_tokens")}
        known = model.calc_price(Usage(**usage), provider, genai_request_timestamp=timestamp)
        theirs = tuple(map(float, (known.total_price, known.input_price, known.output_price)))
        assert ours == (theirs if has_few_digits(price) else pytest.approx(theirs, rel=1e-12)), sent


def has_few_digits(price: ModelPrice) -> bool:
    """Whether all its prices are whole millionths of a dollar; a few of the list have eighteen digits."""
    tiers = [
        number
        for value in vars(price).values()
        for number in (
            [value.base, *(tier.price for tier in value.tiers)] if isinstance(value, TieredPrices) else [value]
        )
    ]
    return all(number is None or number * 10**6 == (number * 10**6).to_integral_value() for number in tiers)


def test_prices_that_change_within_a_day_do_so_at_whole_minutes() -> None:
    edges = [
        edge
        for provider in get_snapshot().providers
        for model in provider.models
        for price in (model.prices if isinstance(model.prices, list) else [])
        if isinstance(price.constraint, TimeOfDateConstraint)
        for edge in (price.constraint.start_time, price.constraint.end_time)
    ]
    assert edges
    assert all(edge.second == edge.microsecond == 0 for edge in edges)


def test_a_tier_is_reached_by_the_whole_input_and_holds_for_all_its_tokens(listed: PriceList) -> None:
    """claude-sonnet-4-5 up to 200,000 in: 3, 0.3 from cache and 15 out; above: 6, 0.6 and 22.5."""
    provider = next(provider for provider in get_snapshot().providers if provider.id == "anthropic")
    model = provider.find_model("claude-sonnet-4-5")
    assert model is not None
    price = model.get_prices(NOON)
    assert [
        (value.base, *((tier.start, tier.price) for tier in value.tiers))
        for value in (price.input_mtok, price.output_mtok)
    ] == [
        (Decimal(3), (200_000, Decimal(6))),
        (Decimal(15), (200_000, Decimal("22.5"))),
    ]
    at, above = (
        cost(listed, "claude-sonnet-4-5", tokens, 1_000, provider="anthropic", cache_read_tokens=100_000)
        for tokens in (200_000, 200_001)
    )
    assert at == 0.3 + 0.03 + 0.015
    assert above == pytest.approx(100_001 * 6e-6 + 0.06 + 0.0225, rel=1e-12)


def test_rows_keep_their_order_and_an_empty_frame_stays_empty(listed: PriceList, tmp_path: Path) -> None:
    prices = own_prices(tmp_path, OWN)
    costs = prices.price(pl.DataFrame([call("my-model", tokens, 0) for tokens in (5_000, 1_000, 9_000)], schema=SCHEMA))
    assert costs["cost_usd"].to_list() == [0.01, 0.002, 0.018]
    empty = listed.price(pl.DataFrame(schema=SCHEMA))
    assert empty.schema == {"cost_usd": pl.Float64, "cost_input_usd": pl.Float64, "cost_output_usd": pl.Float64}
    assert empty.height == 0


def test_times_with_a_zone_are_read_as_the_utc_they_mean(tmp_path: Path) -> None:
    prices = own_prices(tmp_path, OWN, {**OWN, "from": "2026-11-21", "input_usd_per_million": 4})
    late = pl.Series(["2026-11-21T00:30+01:00"]).str.to_datetime(time_zone="Europe/Berlin")  # still the 20th in UTC
    calls = pl.DataFrame([call("my-model", 1_000, 0)], schema=SCHEMA).with_columns(started_at=late)
    assert prices.price(calls)["cost_usd"].to_list() == [0.002]


def test_own_prices_override_the_list_for_the_names_they_match(tmp_path: Path, listed: PriceList) -> None:
    prices = own_prices(tmp_path, {**OWN, "match": "GPT-5*"})
    assert cost(prices, "gpt-5.2", 1_000, 0, provider="openai") == 0.002
    assert cost(prices, "openai/gpt-5.2", 1_000, 0) == 0.002
    assert cost(prices, "not-gpt-5", 1_000, 0) is None
    assert cost(prices, "gpt-4o", 1_000, 0) == cost(listed, "gpt-4o", 1_000, 0)


def test_own_prices_hold_for_their_provider_alone(tmp_path: Path, listed: PriceList) -> None:
    prices = own_prices(tmp_path, {**OWN, "match": "gpt-4o", "provider": "my-cloud"})
    assert cost(prices, "gpt-4o", 1_000, 0, provider="My-Cloud") == 0.002
    assert cost(prices, "gpt-4o", 1_000, 0) == cost(listed, "gpt-4o", 1_000, 0)


def test_own_prices_begin_on_their_day_and_the_latest_begun_is_in_force(tmp_path: Path, listed: PriceList) -> None:
    entries = [
        {**OWN, "match": "gpt-4o", "from": day, "input_usd_per_million": price}
        for day, price in (("2026-11-01", 1), ("2026-12-01", 3), ("2026-11-15", 2))
    ]
    prices = own_prices(tmp_path, *entries)
    days = [date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 14), date(2026, 11, 15), date(2026, 12, 1)]
    calls = [call("gpt-4o", 1_000, 0, started_at=datetime.combine(day, time(23, 59))) for day in days]
    before, *others = [found["cost_usd"] for found in priced(prices, *calls)]
    assert before == priced(listed, calls[0])[0]["cost_usd"]
    assert others == [0.001, 0.001, 0.002, 0.003]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"models": [', "Invalid JSON"),
        ("[]", "Input should be an object"),
        ("{}", "models: Field required"),
        ('{"models": {}}', "models: Input should be a valid array"),
        (
            '{"models": [{"match": "a*", "input_usd_per_million": 1}]}',
            r"models\[0\] \(a\*\): output_usd_per_million: Field",
        ),
        (
            '{"models": [{"match": "a", "input_usd_per_million": 1, "output_usd_per_million": 1},'
            ' {"match": "b", "input_usd_per_million": "free", "output_usd_per_million": 1}]}',
            r"models\[1\] \(b\): input_usd_per_million: ",
        ),
        (
            '{"models": [{"match": "a", "input_usd_per_million": -1, "output_usd_per_million": 1}]}',
            "greater than or equal to 0",
        ),
        ('{"models": [{"match": "a", "input_usd_per_million": NaN, "output_usd_per_million": 1}]}', "models"),
        (
            '{"models": [{"input_usd_per_million": 1, "output_usd_per_million": 1}]}',
            r"models\[0\]: match: Field required",
        ),
        (
            '{"models": [{"match": "a", "from": "soon", "input_usd_per_million": 1, "output_usd_per_million": 1}]}',
            "from: ",
        ),
        (
            '{"models": [{"match": "a", "inputs": 1, "input_usd_per_million": 1, "output_usd_per_million": 1}]}',
            "inputs: Extra",
        ),
        ('{"models": [7]}', r"models\[0\]: Input should be an object"),
    ],
)
def test_a_malformed_price_file_is_one_error_that_names_the_entry(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "prices.json"
    path.write_text(text)
    with pytest.raises(PriceFileError, match=f"^{path}: .*{fault}") as raised:
        PriceList(path)
    assert "\n" not in str(raised.value)


def test_a_missing_price_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(PriceFileError, match=r"none\.json: No such file or directory"):
        PriceList(tmp_path / "none.json")


def test_pricing_never_opens_a_socket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refused(*args: object, **more: object) -> None:
        raise AssertionError("pricing must not use the network")

    monkeypatch.setattr(socket, "socket", refused)
    assert cost(own_prices(tmp_path, OWN), "gpt-4o", 1_000, 0) is not None


def test_no_price_of_the_list_is_of_a_kind_that_we_would_overlook() -> None:
    """Every kind of price per token is read, or is for tokens that no telemetry tells apart."""
    untold = {
        *("cache_write_5m_mtok", "cache_write_1h_mtok", "cache_audio_read_mtok", "cache_image_read_mtok"),
        *("input_image_mtok", "output_image_mtok", "input_video_mtok", "output_video_mtok"),
        *("output_reasoning_mtok", "output_citation_mtok"),
    }
    read = {"input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok", "input_audio_mtok", "output_audio_mtok"}
    kinds = {
        name
        for provider in get_snapshot().providers
        for model in provider.models
        for price in each_price(model)
        for name, value in vars(price).items()
        if value is not None and name.endswith("_mtok")
    }
    assert kinds <= read | untold
