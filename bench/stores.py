"""Large stores to ask questions of, made once for each state of the code that writes them."""

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import otlp
from bench.bodies import BATCHES, CACHE, load_of
from bench.checks import catch_up
from bench.ingest import measure
from bench.multiply import multiply
from bench.serving import ROOT, serving
from bench.telemetry import Run, Telemetry
from ingest.checkpoints import checkpoint
from ingest.store import Store

LARGE_RUN_SPANS = 25_000

# Taken in by a server; a larger store is copies of it.
_TAKEN_IN_SPANS = 50_000
_WRITERS = ("ingest/*.py", "ingest/*.json", "ingest/*.sql", "queries/derivation/*.sql", "queries/trees.py")
_MAKERS = (
    *("agents", "chance", "messages", "plumbing", "script", "spans", "telemetry", "words"),
    *("bodies", "multiply", "otlp", "stores"),
)


def store_of(seed: int, span_count: int, say: Callable[[str], None]) -> Path:
    """The file of a store with about so many spans over 7 days and one run of 25,000, made if it is not there."""
    path = CACHE / f"store-{_code_hash()}-s{seed}-{span_count}.duckdb"
    if path.exists():
        return path
    CACHE.mkdir(exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    load = load_of(seed, min(span_count, _TAKEN_IN_SPANS), BATCHES)
    say(f"taking in {load.run_count:,} runs")
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        small = Path(folder) / "small.duckdb"
        taken_in = measure(load, database=small).span_count
        store = Store.open(unfinished)
        for done in multiply(small, store.connection, max(1, span_count // taken_in), load.run_count):
            say(f"copying them until there are {span_count:,} spans: {done:.0%}")
            checkpoint(store.connection)
        store.close()
    _add_large_run(unfinished, seed)
    unfinished.rename(path)
    return path


def large_run(seed: int) -> Run:
    """The run of 25,000 spans, early on the last day."""
    return Telemetry(seed + 1, 7 * 24).run(6 * 24 + 1, LARGE_RUN_SPANS)


def _add_large_run(path: Path, seed: int) -> None:
    run = large_run(seed)
    spans = [(span.scope, otlp.protobuf_span(span)) for span in run.spans]
    with serving(path) as server:
        for begin in range(0, len(spans), BATCHES.most):
            server.post(otlp.protobuf(otlp.origin(run), spans[begin : begin + BATCHES.most]), BATCHES.headers)
        catch_up(server)


def _code_hash() -> str:
    """What the code that makes stores hashes to."""
    digest = hashlib.sha256()
    for pattern in (*_WRITERS, *(f"bench/{maker}.py" for maker in _MAKERS)):
        for file in sorted(ROOT.glob(pattern)):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
