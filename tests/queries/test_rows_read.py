"""How many rows questions read, as DuckDB counts them, in a store of many row groups. Nothing here is timed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import orjson
import pytest

from bench.bodies import SHAPES, bodies, load_of
from bench.multiply import multiply
from bench.reads import Reads, profiled
from bench.telemetry import DAY_NS, WEEK_BEGINS_NS, WEEK_DAYS
from ingest.intake import Signal
from queries import questions, statements
from queries.catalogue import CATALOGUE
from queries.database import Database
from queries.filters import read_filters
from queries.locating import latest_start
from queries.opening import Opener
from queries.summaries import rebuild
from tests.ingest.pipeline import pipeline
from tests.queries.records import SCHEMA

COPIES = 100
LOAD = load_of(1, 200, SHAPES["batches"])
WEEK = read_filters(WEEK_BEGINS_NS + WEEK_DAYS * DAY_NS, project="default", since=None, until=None, attributes={})


@dataclass(frozen=True)
class Store:
    """A store of a week, how many rows its tables have, and the counter of what is read from it."""

    database: Database
    rows: dict[str, int]
    reads: Reads
    a_run: str

    def rows_read(self, question: Callable[[], object]) -> int:
        """By one question."""
        before = self.reads.rows
        question()
        return self.reads.rows - before


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("rows")
    with pipeline(folder / "small.duckdb") as line:
        for body in bodies(LOAD):
            line.send(Signal.SPAN, body.data)
        with line.store.cursor() as cursor:
            while rebuild(cursor):
                pass
    with duckdb.connect() as making:
        making.execute(f"attach '{folder / 'large.duckdb'}' as large (row_group_size 2048)")
        making.execute("use large")
        making.execute(SCHEMA.read_text())
        list(multiply(folder / "small.duckdb", making, COPIES, LOAD.run_count))
    with duckdb.connect(str(folder / "large.duckdb")) as connection:
        counts = {
            table: connection.execute(f"select count(*) from {table}").fetchall()[0][0]
            for table in ("spans", "steps", "runs", "ingest_batches")
        }
        middle = connection.execute("select run_id from runs order by started_at offset 500 limit 1").fetchall()[0][0]
        reads = Reads()
        yield Store(Database(profiled(connection.cursor(), reads)), counts, reads, middle)


def test_a_page_of_runs_reads_runs_alone(store: Store) -> None:
    read = store.rows_read(lambda: questions.runs(store.database, WEEK))
    assert 0 < read <= 2 * store.rows["runs"]


def test_totals_read_runs_alone_and_once(store: Store) -> None:
    read = store.rows_read(lambda: questions.summary(store.database, WEEK))
    assert 0 < read <= store.rows["runs"]


def test_the_version_is_read_from_the_ledger(store: Store) -> None:
    read = store.rows_read(lambda: questions.store_version(store.database, WEEK))
    assert 0 < read <= store.rows["ingest_batches"]


def test_tool_calls_read_steps_and_no_spans(store: Store) -> None:
    read = store.rows_read(lambda: questions.tool_calls(store.database, WEEK))
    assert 0 < read <= 2 * store.rows["steps"] + store.rows["runs"]


def test_a_summarised_run_is_found_without_its_spans(store: Store) -> None:
    opener = Opener(store.database)
    asked_ns = WEEK.until_ns
    read = store.rows_read(lambda: questions.run(store.database, opener, "default", store.a_run, asked_ns))
    assert 0 < read <= 3 * store.rows["runs"]


def test_opening_a_run_passes_a_dozen_times_over_the_stretch_that_it_lies_in(store: Store) -> None:
    def open_run() -> None:
        with Opener(store.database).open("default", store.a_run) as opened:
            assert questions.run_steps(opened).num_rows

    # The whole table here is one stretch (derivation/found_ranges.sql), however large its row groups.
    assert 0 < store.rows_read(open_run) <= 12 * store.rows["spans"]


@pytest.mark.parametrize("question", CATALOGUE)
def test_no_question_compares_each_row_with_each(store: Store, question: str) -> None:
    with store.database.cursor(WEEK.project) as cursor:
        values = WEEK.values() | {"by": next(iter(CATALOGUE[question].by), None), "limit": 100}
        values["latest_ns"] = latest_start(cursor, values)
        statements.ask(cursor, question, values).fetchall()
        assert _pairs_compared(orjson.loads(cursor.get_profiling_information(format="json"))) <= 10 * store.rows["runs"]


def _pairs_compared(operator: dict[str, Any]) -> int:
    """How many pairs of rows an operator, and those under it, looked at one by one."""
    below = operator.get("children", [])
    pairs = sum(map(_pairs_compared, below))
    if operator.get("operator_type") in ("CROSS_PRODUCT", "BLOCKWISE_NL_JOIN", "NESTED_LOOP_JOIN"):
        left, right = (side["operator_cardinality"] for side in below)
        pairs += left * right
    return pairs
