"""Gives back the place of derived rows that have been replaced.

A run is derived anew for as long as it goes on, so that most rows of a stretch may be dead while some live. The store
frees a stretch only when no row in it lives; merging stretches by itself, it would hold up the commits for as long as
that takes.
"""

import duckdb

STRETCH_ROWS = 122_880  # the store keeps so many rows together at most
_LIVING_SHARE = 0.5
_STRETCHES_AT_ONCE = 4


def tidy(connection: duckdb.DuckDBPyConnection, tables: tuple[str, ...]) -> int:
    """Move what still lives in stretches that are mostly dead to the end of their tables, some stretches at a time, in
    one transaction. Returns how many rows were moved. Raises duckdb.TransactionException if somebody else changes them.
    """
    connection.begin()
    try:
        moved = sum(_move(connection, table, stretch) for table in tables for stretch in _sparse(connection, table))
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
    return moved


def _sparse(connection: duckdb.DuckDBPyConnection, table: str) -> list[int]:
    """The emptiest stretches of a table but for the last one, which still fills."""
    rows = connection.execute(
        f"""
        select rowid // $rows as stretch
        from {table}
        group by stretch
        having count(*) <= $rows * $share and stretch < (select max(rowid) // $rows from {table})
        order by count(*)
        limit $most
        """,
        {"rows": STRETCH_ROWS, "share": _LIVING_SHARE, "most": _STRETCHES_AT_ONCE},
    ).fetchall()
    return [int(row[0]) for row in rows]


def _move(connection: duckdb.DuckDBPyConnection, table: str, stretch: int) -> int:
    values = {"first": stretch * STRETCH_ROWS, "last": (stretch + 1) * STRETCH_ROWS - 1}
    within = "rowid between $first and $last"
    connection.execute(f"create or replace temp table moving as from {table} where {within}", values)
    connection.execute(f"delete from {table} where {within}", values)
    moved = connection.execute(f"insert into {table} from temp.moving").fetchone()
    connection.execute("drop table temp.moving")
    return int(moved[0]) if moved else 0
