"""Asks one question after the other, and takes the time of each answer."""

import http.client
import itertools
import os
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

import orjson

from bench.ingest import quantile
from bench.questions import PROJECT, WEEK, Known, Question, Route
from bench.serving import Server
from bench.telemetry import WEEK_DAYS
from bench.words import book

OUT_OF_TIME = (HTTPStatus.GATEWAY_TIMEOUT, HTTPStatus.SERVICE_UNAVAILABLE)  # while asked, or while waiting to be
_SECONDS = 600
_RUNS = 40


class NoAnswer(Exception):
    """A question was not answered with 200."""


class GivenUp(NoAnswer):
    """The server gave a question up, since it took longer than its limit."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The answers to one question."""

    count: int
    p50_ms: float
    p95_ms: float
    answer_bytes: int


class Asker:
    """One connection to a server, kept open until the block ends."""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection(server.http_address, timeout=_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, question: Question, most: int, most_seconds: float) -> Asked:
        """Ask up to `most` times, and once at least; each URL of the question in its turn.

        Raises GivenUp, NoAnswer.
        """
        taken_ms: list[float] = []
        size = 0
        deadline = time.perf_counter() + most_seconds
        for url in itertools.islice(itertools.cycle(question.urls), most):
            begun = time.perf_counter()
            size = max(size, len(self.get(url, question.accept)))
            taken_ms.append((time.perf_counter() - begun) * 1000)
            if time.perf_counter() > deadline:
                break
        taken_ms.sort()
        return Asked(len(taken_ms), quantile(taken_ms, 0.5), quantile(taken_ms, 0.95), size)

    def get(self, url: str, accept: str = "application/json") -> bytes:
        """The body of an answer. Raises GivenUp, NoAnswer."""
        self._connection.request("GET", url, headers={"accept": accept})
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != HTTPStatus.OK:
            refusal = GivenUp if answer.status in OUT_OF_TIME else NoAnswer
            raise refusal(f"{url}: {answer.status} {body[:500]!r}")
        return body

    def rows(self, url: str) -> list[dict[str, Any]]:
        """The rows of an answer in JSON. Raises NoAnswer."""
        rows: list[dict[str, Any]] = orjson.loads(self.get(url))["rows"]
        return rows


def known(asker: Asker, seed: int, large_run: str) -> Known:
    """What there is to ask about: runs all over the week, and words that are frequent, rare and absent."""
    step = timedelta(days=WEEK_DAYS) / _RUNS
    first = datetime.fromisoformat(WEEK["since"])
    found = [_newest_run(asker, first + step * number, first + step * (number + 1)) for number in range(_RUNS)]
    runs = [str(run["run_id"]) for run in found if run]
    words = book(seed).words
    return Known(
        runs=[(run, _step(asker, run)) for run in runs],
        large_run=(large_run, _step(asker, large_run)),
        conversation=next(str(run["conversation_id"]) for run in found if run),
        words={"a frequent word": words[40], "a rare word": words[-5], "two words": f"{words[60]} {words[90]}"}
        | {"an order's number": "BC-0000042", "no such word": "xylophonist"},
    )


def _newest_run(asker: Asker, since: datetime, until: datetime) -> dict[str, Any] | None:
    window = {"since": since.isoformat(), "until": until.isoformat(), "project": PROJECT, "limit": 1}
    rows = asker.rows(f"/api/runs?{urlencode(window)}")
    return rows[0] if rows else None


def _step(asker: Asker, run: str) -> str:
    steps = asker.rows(f"/api/runs/{run}/steps?project={PROJECT}")
    return str(next(step["step_id"] for step in steps if step["kind"] == "llm"))


def routes(asker: Asker) -> list[Route]:
    """Every path that the API answers with GET."""
    paths = orjson.loads(asker.get("/api/openapi.json"))["paths"]
    return [_route(path, methods["get"].get("parameters", [])) for path, methods in paths.items() if "get" in methods]


def _route(path: str, parameters: list[dict[str, Any]]) -> Route:
    needs = frozenset(parameter["name"] for parameter in parameters if parameter["required"])
    return Route(path, "since" in {parameter["name"] for parameter in parameters}, needs)


def evict(path: Path) -> None:
    """Have the system forget what it holds of a file, so that the next read comes from the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
