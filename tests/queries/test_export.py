"""What goes out comes in again: exports of a project beside what it holds."""

import gzip
import io
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import polars.selectors as cs
import pyarrow.parquet
import pytest

from ingest import replay
from queries import export
from queries.filters import Filters
from queries.nouns import NOUNS
from tests.queries.samples import FILTERS, kept_samples
from tests.serving import RunningServer
from tests.test_sample_traces import SAMPLES

SOURCE, COPY = "export-source", "export-copy"
# When a record came; ids that are made of the project and a log record's content, and what they decide: a draw in time.
NAMED_BY_PROJECT = ["received_at", "series_id", "step_id", "span_id", "correction_id", "step_order"]


@pytest.fixture(scope="module")
def sampled(server: RunningServer) -> str:
    """A project with the scenarios in it, and metrics."""
    files = [str(path) for path in sorted(SAMPLES.glob("*.jsonl"))]
    assert replay.main([*files, "--url", server.url, "--project", SOURCE]) == 0
    server.settle(SOURCE)
    return SOURCE


def exported(server: RunningServer, what: str, **asked: str) -> bytes:
    answer = httpx.get(f"{server.url}/api/export/{what}", params={"since": "1970-01-01", **asked}, timeout=120)
    assert answer.status_code == 200, answer.text
    return answer.content


def told(parquet: bytes) -> pl.DataFrame:
    return pl.read_parquet(io.BytesIO(parquet)).drop(NAMED_BY_PROJECT, strict=False).with_columns(cs.list().list.sort())


def runs(server: RunningServer, project: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.ask("runs", project=project, since="1970-01-01", limit=1000)["rows"]
    return found


def test_whole_records_that_are_replayed_make_the_same_runs_and_steps(
    server: RunningServer, sampled: str, tmp_path: Path
) -> None:
    lines = exported(server, "otlp", project=sampled)
    path = tmp_path / "all.jsonl.gz"
    path.write_bytes(gzip.compress(lines))
    assert replay.main([str(path), "--url", server.url, "--project", COPY]) == 0
    server.settle(COPY)

    stored = server.stored_counts(sampled)
    assert server.stored_counts(COPY) == stored
    assert replay.main([str(path), "--url", server.url, "--project", sampled]) == 0
    assert server.stored_counts(sampled) == stored
    assert runs(server, COPY) == runs(server, sampled)
    for noun in NOUNS:
        copy, source = (told(exported(server, f"{noun}.parquet", project=project)) for project in (COPY, sampled))
        assert source.height
        assert sorted(copy.hash_rows()) == sorted(source.hash_rows())


def test_an_export_holds_what_is_of_its_window(server: RunningServer, sampled: str) -> None:
    window = {"project": sampled, "since": "2026-11-20T12:00:00Z", "until": "2026-11-20T13:00:00Z"}
    told = server.ask("runs", **window, limit=1000)["rows"]
    found = pl.read_parquet(io.BytesIO(exported(server, "runs.parquet", **window)))
    assert 0 < found.height < len(runs(server, sampled))
    assert sorted(found["run_id"]) == sorted(run["run_id"] for run in told)
    assert exported(server, "otlp", project=sampled, since="2020-01-01", until="2020-01-02") == b""
    nothing = exported(server, "steps.parquet", project=sampled, since="2020-01-01", until="2020-01-02")
    assert pl.read_parquet(io.BytesIO(nothing)).height == 0


def test_an_export_of_nothing_that_there_is_says_so(server: RunningServer) -> None:
    answer = httpx.get(f"{server.url}/api/export/api_keys.parquet", params={"project": SOURCE}, timeout=60)
    assert answer.status_code == 422
    assert "table is one of runs, steps" in answer.json()["error"]


def test_parts_are_small_and_make_up_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_ROWS_OF_A_PART", 20)
    with kept_samples(tmp_path / "runlight.duckdb") as samples:
        for noun in NOUNS:
            parts = export.parts(samples.database, noun, FILTERS)
            assert bounds(parts) == bounds([FILTERS])
            whole = export.rows(samples.database, noun, FILTERS)
            stream = export.ParquetStream()
            written = b"".join(stream.add(export.rows(samples.database, noun, part)) for part in parts) + stream.end()
            file = pyarrow.parquet.ParquetFile(io.BytesIO(written))
            assert file.metadata.num_rows == whole.num_rows
            assert file.num_row_groups <= len(parts)
            assert len(parts) > 1 or whole.num_rows <= 20


def bounds(parts: list[Filters]) -> tuple[int, int]:
    assert all(one.until_ns == following.since_ns for one, following in pairwise(parts))
    return parts[0].since_ns, parts[-1].until_ns
