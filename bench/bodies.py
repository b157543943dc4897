"""Telemetry as request bodies: streamed, or kept in files that a client reads without making anything."""

import gzip
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from bench import otlp
from bench.chance import Chance
from bench.telemetry import DAY_NS, MEAN_SPANS_PER_RUN, WEEK_BEGINS_NS, WEEK_DAYS, Run, Telemetry

CACHE = Path(__file__).parent / ".cache"

# Change it with anything that changes the bytes, so that no file of an older generator is taken for a new one.
_GENERATION = 4
_RUNS_PER_PART = 5_000
_GZIP_LEVEL = 6  # zlib's default, and so the exporters'
_HEAD = struct.Struct("<II")


class Body(NamedTuple):
    """One request: how many spans it holds, and its bytes as they are sent."""

    span_count: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Shape:
    """How telemetry is cut into requests. A request comes from one service and holds `fewest` to `most` spans."""

    name: str
    fewest: int
    most: int
    encoding: str = "protobuf"
    is_gzipped: bool = False
    is_shuffled: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """What an exporter says of such a body."""
        media_type = "application/x-protobuf" if self.encoding == "protobuf" else "application/json"
        return {"content-type": media_type} | ({"content-encoding": "gzip"} if self.is_gzipped else {})


BATCHES = Shape("batches", 512, 512)
SMALL = Shape("small", 1, 8)
LIVE = Shape("live", 64, 64)  # what some dozen exporters send in the background
SHAPES = {
    shape.name: shape
    for shape in (
        BATCHES,
        SMALL,
        replace(BATCHES, name="batches-json", encoding="json"),
        replace(SMALL, name="small-json", encoding="json"),
        replace(BATCHES, name="batches-gzip", is_gzipped=True),
        replace(BATCHES, name="batches-shuffled", is_shuffled=True),
        LIVE,
    )
}


@dataclass(frozen=True, slots=True)
class Load:
    """Telemetry of one seed in one shape: the first `run_count` runs, of a week that `week_run_count` would fill."""

    seed: int
    run_count: int
    shape: Shape
    week_run_count: int
    begins_ns: int = WEEK_BEGINS_NS


def load_of(seed: int, span_count: int, shape: Shape) -> Load:
    """A full week of about `span_count` spans."""
    run_count = max(1, span_count // MEAN_SPANS_PER_RUN)
    return Load(seed, run_count, shape, run_count)


def live_load(seed: int, spans_per_second: float) -> Load:
    """What goes on arriving after the week: without an end, at the pace at which its clock runs."""
    week_run_count = int(spans_per_second / MEAN_SPANS_PER_RUN * WEEK_DAYS * 86_400)
    return Load(seed, sys.maxsize >> 24, LIVE, week_run_count, WEEK_BEGINS_NS + WEEK_DAYS * DAY_NS)


def bodies(load: Load, first_run: int = 0, run_count: int | None = None) -> Iterator[Body]:
    """The requests of these runs, each time the same. What is left over at the end goes out in smaller ones."""
    telemetry = Telemetry(load.seed, load.week_run_count, load.begins_ns)
    count = load.run_count - first_run if run_count is None else run_count
    chance = Chance(load.seed << 40 | first_run)
    outgoing: dict[otlp.Origin, list[tuple[str, bytes]]] = {}
    shape = load.shape
    size = chance.whole(shape.fewest, shape.most)
    for run in telemetry.runs(first_run, count, is_shuffled=shape.is_shuffled):
        waiting = outgoing.setdefault(otlp.origin(run), [])
        waiting += _encoded(run, shape)
        while len(waiting) >= size:
            yield _body(otlp.origin(run), waiting[:size], shape)
            del waiting[:size]
            size = chance.whole(shape.fewest, shape.most)
    for sender, waiting in outgoing.items():
        for begin in range(0, len(waiting), shape.most):
            yield _body(sender, waiting[begin : begin + shape.most], shape)


def files(load: Load, folder: Path = CACHE) -> list[Path]:
    """The same requests in files of some thousand runs each; those that are missing are made."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for first_run in range(0, load.run_count, _RUNS_PER_PART):
        count = min(_RUNS_PER_PART, load.run_count - first_run)
        path = folder / (
            f"g{_GENERATION}-s{load.seed}-{load.shape.name}-w{load.week_run_count}-{load.begins_ns // 10**9}"
            f"-r{first_run}-{first_run + count}.bodies"
        )
        if not path.exists():
            _write(path, bodies(load, first_run, count))
        made.append(path)
    return made


def read(path: Path) -> Iterator[Body]:
    """The requests of a file, one at a time."""
    with path.open("rb") as file:
        while head := file.read(_HEAD.size):
            span_count, size = _HEAD.unpack(head)
            yield Body(span_count, file.read(size))


def _encoded(run: Run, shape: Shape) -> list[tuple[str, bytes]]:
    encode = otlp.protobuf_span if shape.encoding == "protobuf" else otlp.json_span
    return [(span.scope, encode(span)) for span in run.spans]


def _body(sender: otlp.Origin, spans: list[tuple[str, bytes]], shape: Shape) -> Body:
    data = otlp.protobuf(sender, spans) if shape.encoding == "protobuf" else otlp.json(sender, spans)
    return Body(len(spans), gzip.compress(data, _GZIP_LEVEL, mtime=0) if shape.is_gzipped else data)


def _write(path: Path, requests: Iterator[Body]) -> None:
    """All or nothing: a file that is there is whole."""
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("wb") as file:
        for span_count, data in requests:
            file.write(_HEAD.pack(span_count, len(data)))
            file.write(data)
    unfinished.rename(path)
