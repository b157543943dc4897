"""Rows that are derived anew again and again do not fill the file with dead ones."""

from pathlib import Path

import duckdb

from ingest.checkpoints import checkpoint
from ingest.store import Store, file_bytes
from queries.tidying import STRETCH_ROWS, tidy

ROUNDS = 20
LIVING = 10  # of these rows one lives on


def test_stretches_that_are_mostly_dead_are_given_back_and_no_living_row_is_lost(tmp_path: Path) -> None:
    sizes = {is_tidied: sizes_of(tmp_path / f"{is_tidied}.duckdb", is_tidied) for is_tidied in (False, True)}
    assert sizes[True][-1] < sizes[False][-1] / 2, sizes


def sizes_of(path: Path, is_tidied: bool) -> list[int]:
    """After each of some rounds, in which a stretch comes, and most of the one before dies."""
    store = Store.open(path)
    connection = store.connection
    connection.execute("create table pieces (number bigint, round bigint, text varchar)")
    sizes = []
    for number in range(ROUNDS):
        connection.execute(
            "insert into pieces select range, $round, md5((range + $round)::varchar) from range($rows)",
            {"round": number, "rows": STRETCH_ROWS},
        )
        connection.execute(
            "delete from pieces where round = $round and number % $living > 0", {"round": number - 1, "living": LIVING}
        )
        assert checkpoint(connection)
        if is_tidied:
            tidy(connection, ("pieces",))
        sizes.append(file_bytes(path))
    assert living(connection) == expected()
    store.close()
    return sizes


def living(connection: duckdb.DuckDBPyConnection) -> list[tuple[int, int, int]]:
    return connection.execute(
        "select round, count(*), count(distinct text) from pieces group by round order by round"
    ).fetchall()


def expected() -> list[tuple[int, int, int]]:
    some = -(-STRETCH_ROWS // LIVING)
    return [(number, some, some) for number in range(ROUNDS - 1)] + [(ROUNDS - 1, STRETCH_ROWS, STRETCH_ROWS)]
