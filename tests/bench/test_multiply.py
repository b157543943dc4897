"""A multiplied store holds copies that are runs of their own."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from bench.bodies import SHAPES, bodies, load_of
from bench.multiply import multiply
from ingest.intake import Signal
from ingest.store import Store
from queries import questions
from queries.database import Database
from queries.opening import Opener
from queries.summaries import DERIVED, rebuild
from tests.ingest.pipeline import pipeline

COPIES = 3
LOAD = load_of(1, 200, SHAPES["batches"])
COUNTED = ("spans", "content_blocks", *DERIVED)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small") / "small.duckdb"
    with pipeline(path) as line:
        for body in bodies(LOAD):
            line.send(Signal.SPAN, body.data)
        with line.store.cursor() as cursor:
            while rebuild(cursor):
                pass
    return path


@pytest.fixture(scope="module")
def large(small: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    store = Store.open(small.with_name("large.duckdb"))
    shares = list(multiply(small, store.connection, COPIES, LOAD.run_count))
    assert shares[-1] == 1
    yield store.connection
    store.close()


def counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return {table: connection.execute(f"select count(*) from {table}").fetchall()[0][0] for table in COUNTED}


def test_every_row_is_there_as_often_as_there_are_copies(small: Path, large: duckdb.DuckDBPyConnection) -> None:
    with duckdb.connect(str(small), read_only=True) as connection:
        assert counts(large) == {table: count * COPIES for table, count in counts(connection).items()}


def test_copies_are_runs_and_conversations_of_their_own(large: duckdb.DuckDBPyConnection) -> None:
    (row,) = large.execute(
        "select count(distinct run_id), count(distinct started_at), min(started_at), max(started_at) from runs"
    ).fetchall()
    assert row[0] == row[1] == LOAD.run_count * COPIES


def test_a_copy_opens_as_the_run_that_it_is(large: duckdb.DuckDBPyConnection) -> None:
    database = Database(large.cursor())
    opener = Opener(database)
    for run_id, step_count in large.execute("select run_id, step_count from runs order by run_id limit 3").fetchall():
        with opener.open("default", run_id) as opened:
            assert opened.trace_ids == [run_id]
            steps = questions.run_steps(opened).to_pylist()
        assert sum(step["kind"] != "other" and step["counted"] for step in steps) == step_count


def test_rows_stand_in_the_order_of_time(large: duckdb.DuckDBPyConnection) -> None:
    starts = [row[0] for row in large.execute("select started_at from runs order by rowid").fetchall()]
    assert starts == sorted(starts)
