"""Backups under load, their restoration, and what neither does."""

import threading
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.copying import back_up, restore, unfinished_bytes
from ingest.intake import Signal
from ingest.store import SCHEMA_VERSION, Store, StoreError
from queries.database import Database
from queries.opening import Opener
from tests.ingest.otlp_samples import spans
from tests.ingest.pipeline import pipeline
from tests.queries.samples import ANSWERS, Samples, kept_samples

# What tells of the file or of other projects rather than of the samples, which are alone in theirs.
_OF_ALL_PROJECTS = {"projects", "run_counts", "ingest_store"}


def unnoted(_: Store) -> None:
    """What is refused is given to nobody."""
    raise AssertionError


def asked(samples: Samples) -> dict[str, Any]:
    return {name: ask(samples) for name, ask in ANSWERS.items() if name not in _OF_ALL_PROJECTS}


def test_every_question_is_answered_by_a_restored_backup_as_before_though_it_was_made_under_load(
    tmp_path: Path,
) -> None:
    source, copy, restored = (tmp_path / name / "runlight.duckdb" for name in ("source", "copies", "restored"))
    with kept_samples(source) as samples:
        before = asked(samples)
        assert samples.running
        running, is_done, sent = samples.running, threading.Event(), 0

        def load() -> None:
            nonlocal sent
            while not is_done.is_set():
                sent += 1
                running.send(Signal.SPAN, spans(f"{sent:032x}", padding=1_000), project="other")

        loading = threading.Thread(target=load)
        loading.start()
        first, copied, last = _stored(samples), back_up(samples.connection, copy), _stored(samples)
        is_done.set()
        loading.join()
        assert asked(samples) == before
    assert copied == copy.stat().st_size
    assert copy.stat().st_mode & 0o777 == 0o600
    assert list(copy.parent.iterdir()) == [copy]

    noted: list[Store] = []
    assert restore(copy, restored, noted.append) == restored.stat().st_size
    assert len(noted) == 1
    store = Store.open(restored)
    database = Database(store.cursor())
    again = Samples(store.cursor(), database, Opener(database))
    # As at one moment: as many spans of the others as the ledger says, and no fewer than when it began.
    told = store.connection.execute("select sum(stored_count) from ingest_batches where project = 'other'").fetchone()
    assert told is not None
    assert first <= _stored(again) == (told[0] or 0) <= last
    assert asked(again) == before
    store.close()


def _stored(samples: Samples) -> int:
    row = samples.connection.execute("select count(*) from spans where project = 'other'").fetchone()
    assert row
    return int(row[0])


def test_nothing_is_overwritten_and_a_copy_that_was_cut_off_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    path, copy = tmp_path / "runlight.duckdb", tmp_path / "copy.duckdb"
    left = tmp_path / ".runlight-copy-killed"
    left.mkdir()
    (left / "copy.duckdb").write_bytes(b"half")
    assert unfinished_bytes(tmp_path) == 4
    with pipeline(path) as running:
        copy.write_bytes(b"of somebody")
        with pytest.raises(StoreError, match="is there already, and nothing is overwritten"):
            back_up(running.store.connection, copy)
        assert copy.read_bytes() == b"of somebody"
        back_up(running.store.connection, tmp_path / "second.duckdb")
        assert not left.exists()
        assert unfinished_bytes(tmp_path) == 0
    with pytest.raises(StoreError, match="is there already"):
        restore(tmp_path / "second.duckdb", path, unnoted)
    log = tmp_path / "third.duckdb.wal"
    log.write_bytes(b"")
    with pytest.raises(StoreError, match="is there already"):
        restore(tmp_path / "second.duckdb", tmp_path / "third.duckdb", unnoted)


def test_a_backup_that_is_damaged_foreign_or_of_a_newer_version_is_not_restored(tmp_path: Path) -> None:
    path, copy, target = (tmp_path / f"{name}.duckdb" for name in ("source", "copy", "target"))
    with pipeline(path) as running:
        running.send(Signal.SPAN, spans("a" * 32, padding=100_000))
        back_up(running.store.connection, copy)
    whole = copy.read_bytes()
    harmed = bytearray(whole)
    middle = len(harmed) // 2
    harmed[middle : middle + 8192] = bytes(byte ^ 0xFF for byte in harmed[middle : middle + 8192])
    newer, foreign = tmp_path / "newer.duckdb", tmp_path / "foreign.duckdb"
    newer.write_bytes(whole)
    with duckdb.connect(str(newer)) as connection:
        connection.execute("update schema_version set version = $version", {"version": SCHEMA_VERSION + 1})
    duckdb.connect(str(foreign)).close()
    copy.write_bytes(harmed)
    for source, problem in {
        copy: "cannot be restored",
        newer: "written by a newer Runlight",
        foreign: "cannot be restored",
        tmp_path / "none.duckdb": "there is no file",
    }.items():
        with pytest.raises(StoreError, match=problem):
            restore(source, target, unnoted)
        assert not target.exists()
    assert not list(tmp_path.glob(".runlight-copy-*"))
