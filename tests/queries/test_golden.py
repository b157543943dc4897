"""Every question over all of sample_traces/, at a fixed time, equals its golden answer.

The facts behind them are counted by hand in tests/test_sample_traces.py; `make golden` rewrites the answers here.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from ingest.intake import Signal
from queries.summaries import rebuild
from tests.ingest.pipeline import pipeline
from tests.queries.serving import serving

GOLDEN = Path(__file__).parent / "golden"
SAMPLES = Path(__file__).parents[2] / "sample_traces"
# What depends on when and how the records came rather than on what they say.
VOLATILE = {
    "batch_id", "body_bytes", "block_id", "committed_at", "lag_ms", "last_commit_at", "received_at", "request_count",
    "tables", "version", "waiting_count",
}  # fmt: skip
WINDOW = {"since": "2020-01-01T00:00:00Z", "until": "2030-01-01T00:00:00Z", "limit": "1000"}
ROUTES = {
    "runs": "/api/runs",
    "summary": "/api/summary",
    "tool_calls": "/api/tool-calls",
    "filter_values": "/api/filter-values",
    "label_keys": "/api/label-keys",
    "projects": "/api/projects",
}
RUN_ROUTES = {"run": "", "run_steps": "/steps", "run_logs": "/logs", "conversation_runs": "/conversation"}
# Runs with much to show: a changed approval, a fallback, a hand-off, a log-only session.
STORIES = ("approval-modified", "model-fallback", "multi-agent-handoff", "coding-agent-session")


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with pipeline(tmp_path_factory.mktemp("golden") / "runlight.duckdb") as running:
        for path in sorted(SAMPLES.glob("*.jsonl")):
            for line in path.read_bytes().splitlines():
                running.send(_signal(orjson.loads(line)), line, "json")
        with running.store.cursor() as cursor:
            while rebuild(cursor):
                pass
        connection = running.store.cursor()
        with serving(connection) as url, httpx.Client(base_url=url, timeout=60) as client:
            yield client


@pytest.mark.parametrize("name", ROUTES)
def test_an_answer_over_all_samples_is_the_golden_one(
    name: str, http: httpx.Client, pytestconfig: pytest.Config
) -> None:
    _compare(name, _answer(http, ROUTES[name]), pytestconfig)


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("name", RUN_ROUTES)
def test_an_answer_about_one_run_is_the_golden_one(
    name: str, story: str, http: httpx.Client, pytestconfig: pytest.Config
) -> None:
    run_id = _first_run(http, story)
    _compare(f"{name}.{story}", _answer(http, f"/api/runs/{run_id}{RUN_ROUTES[name]}"), pytestconfig)


def test_no_golden_answer_is_left_behind() -> None:
    expected = {f"{name}.json" for name in ROUTES} | {
        f"{name}.{story}.json" for name in RUN_ROUTES for story in STORIES
    }
    assert {path.name for path in GOLDEN.iterdir()} == expected


def _signal(message: dict[str, Any]) -> Signal:
    keys = {"resourceSpans": Signal.SPAN, "resourceLogs": Signal.LOG, "resourceMetrics": Signal.METRIC}
    return next(signal for key, signal in keys.items() if key in message)


def _first_run(http: httpx.Client, story: str) -> str:
    """The run that the first record of the scenario's file belongs to."""
    first = orjson.loads((SAMPLES / f"{story}.jsonl").read_bytes().splitlines()[0])
    rows = http.get("/api/runs", params=WINDOW).raise_for_status().json()["rows"]
    sent = set(_texts(first))
    return next(row["run_id"] for row in rows if sent & {row["run_id"], *row["trace_ids"]})


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(child)


def _answer(http: httpx.Client, path: str) -> Any:
    return _settled(http.get(path, params=WINDOW).raise_for_status().json())


def _settled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _settled(item) for key, item in value.items() if key not in VOLATILE}
    return [_settled(item) for item in value] if isinstance(value, list) else value


def _compare(name: str, answer: Any, pytestconfig: pytest.Config) -> None:
    path = GOLDEN / f"{name}.json"
    if pytestconfig.getoption("--update-golden"):
        path.write_bytes(orjson.dumps(answer, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    assert answer == orjson.loads(path.read_bytes())
