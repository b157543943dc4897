"""What a call's cost is made of: parts that add up to it, on the samples and by hand."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from ingest import replay
from ingest.prices import PRICED_BY, PriceList
from queries.client import Client
from tests.serving import ROOT, RunningServer

PROJECT = "explained"
NOON = datetime(2026, 11, 20, 12)  # noqa: DTZ001 — columns hold UTC without saying so


@pytest.fixture(scope="module")
def client(server: RunningServer) -> Iterator[Client]:
    """The samples on the server that tests share."""
    files = sorted(str(path) for path in (ROOT / "sample_traces").glob("*.jsonl"))
    assert replay.main([*files, "--url", server.url, "--project", PROJECT]) == 0
    server.settle(PROJECT)
    client = Client(server.url)
    yield client
    client.close()


def calls(client: Client, workflow: str) -> list[dict[str, Any]]:
    """The model calls of the one run of a workflow, each with everything of it."""
    (run_id,) = client.runs(project=PROJECT, since=None, workflow=workflow)[0]["run_id"]
    steps = client.steps(project=PROJECT, run_id=run_id).filter(pl.col("kind").is_in(["llm", "embedding"]))
    return [client.step(project=PROJECT, run_id=run_id, step_id=step_id) for step_id in steps["step_id"]]


def test_the_parts_of_a_run_are_those_worked_out_by_hand(client: Client) -> None:
    """happy-path: 3080 fresh at 2, 3200 read at 0.1, 1600 written at 2.5 and 404 out at 10, in millionths of a USD."""
    sums: dict[str, tuple[int, float, float]] = {}
    for call in calls(client, "order-support"):
        for part in call["price"]["parts"]:
            tokens, _, usd = sums.get(part["token_class"], (0, 0, 0))
            sums[part["token_class"]] = (tokens + part["tokens"], part["usd_per_million"], usd + part["cost_usd"])
    assert sums == {
        "fresh_input": (3080, 2, pytest.approx(6160e-6)),
        "cache_read": (3200, 0.1, pytest.approx(320e-6)),
        "cache_write": (1600, 2.5, pytest.approx(4000e-6)),
        "output": (404, 10, pytest.approx(4040e-6)),
    }


@pytest.mark.parametrize("workflow", ["market-brief", "warehouse-question", "handbook-agent", "competitor-watch"])
def test_parts_add_up_to_the_cost_that_was_stored(client: Client, workflow: str) -> None:
    told = [call for call in calls(client, workflow) if call["cost_usd"] is not None]
    assert told
    for call in told:
        price = call["price"]
        assert sum(part["cost_usd"] for part in price["parts"]) == pytest.approx(call["cost_usd"], rel=1e-12)
        assert price["cost_usd"] == call["cost_usd"]
        assert (price["day"], price["priced_by"].split()[0]) == ("2026-11-20", "genai-prices")


def test_a_call_without_a_price_has_no_parts(client: Client) -> None:
    assert [(call["cost_usd"], call["price"]) for call in calls(client, "clause-check")] == [(None, None)] * 2


def call(**told: Any) -> pa.Table:
    types = dict.fromkeys(PRICED_BY, pl.Int64) | dict.fromkeys(PRICED_BY[:3], pl.String)
    schema = {name: pl.Datetime("ns") if name == "started_at" else types[name] for name in told}
    return pl.DataFrame([told], schema=schema).to_arrow()


def test_own_prices_say_since_when_they_hold(tmp_path: Path) -> None:
    entry = {"match": "own-*", "input_usd_per_million": 3, "output_usd_per_million": 7, "from": "2026-11-01"}
    file = tmp_path / "prices.json"
    file.write_text(json.dumps({"models": [entry]}))
    model = {"served_model": "own-1", "requested_model": None, "provider": None, "started_at": NOON}
    tokens = {"input_tokens": 100, "output_tokens": 10, "cache_read_tokens": 40, "cache_write_tokens": None}

    told = PriceList(file).explain(call(**model, **tokens))

    assert told == {
        "priced_by": "own prices",
        "model": "own-*",
        "valid_from": "2026-11-01",
        "day": "2026-11-20",
        "above_input_tokens": None,
        "parts": [
            {"token_class": "fresh_input", "tokens": 100, "usd_per_million": 3, "cost_usd": pytest.approx(300e-6)},
            {"token_class": "output", "tokens": 10, "usd_per_million": 7, "cost_usd": pytest.approx(70e-6)},
        ],
        "cost_usd": pytest.approx(370e-6),
    }
