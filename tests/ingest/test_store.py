"""The file: created, reopened, migrated, refused."""

from pathlib import Path

import duckdb
import pytest

from ingest.store import SCHEMA_VERSION, Store, StoreError
from tests.queries.conftest import rebuild_all
from tests.queries.records import Telling, identity, insert, trace_hex


def test_a_new_file_has_the_newest_schema_and_opens_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "runlight.duckdb"
    Store.open(path).close()
    assert path.parent.stat().st_mode & 0o777 == 0o700
    store = Store.open(path)
    assert store.connection.execute("select version from schema_version").fetchall() == [(SCHEMA_VERSION,)]
    assert store.connection.execute("select current_setting('TimeZone')").fetchone() == ("UTC",)
    store.close()


def test_a_file_of_a_newer_version_is_refused_in_plain_words(tmp_path: Path) -> None:
    path = tmp_path / "runlight.duckdb"
    Store.open(path).close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("update schema_version set version = version + 1")
    with pytest.raises(StoreError, match="written by a newer Runlight"):
        Store.open(path)


_COLUMNS = "select table_name, column_name, data_type from duckdb_columns() where not internal order by all"
_DEFAULTS = {
    "VARCHAR": "'x'",
    "BOOLEAN": "false",
    "BLOB": "'x'::blob",
    "DATE": "'2026-01-01'::date",
    "TIMESTAMP_NS": "'2026-01-01'::timestamp_ns",
}


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION))
def test_a_file_of_any_earlier_version_is_brought_up_to_date_with_all_its_rows(version: int, tmp_path: Path) -> None:
    new, path = tmp_path / "new.duckdb", tmp_path / "old.duckdb"
    Store.open(new).close()
    with duckdb.connect(str(new)) as connection:
        today = connection.execute(_COLUMNS).fetchall()
    with duckdb.connect(str(path)) as connection:
        connection.execute((_SCHEMAS / f"{version}.sql").read_text())
        connection.execute("create table schema_version (version integer not null)")
        connection.execute("insert into schema_version values ($version)", {"version": version})
        tables = _filled(connection)
    store = Store.open(path)
    assert store.connection.execute(_COLUMNS).fetchall() == today
    assert store.connection.execute("select version from schema_version").fetchall() == [(SCHEMA_VERSION,)]
    counts = {table: store.connection.execute(f"select count(*) from {table}").fetchall() for table in tables}
    assert counts == {table: [(_ROWS,)] for table in tables}
    assert store.pseudonym_key() == store.pseudonym_key()
    if version < 6:
        empty = store.connection.execute("select count(*) from runs where offered_tools = []")
        assert empty.fetchall() == [(_ROWS,)]
    store.close()


def test_what_models_asked_for_in_a_file_from_before_that_was_kept_is_derived_after_the_migration(
    tmp_path: Path,
) -> None:
    path = tmp_path / "old.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute((_SCHEMAS / "12.sql").read_text())
        connection.execute("create table schema_version as select 12 as version")
        wanted = [{"id": "k", "name": "find", "args": "{}"}]
        telling = Telling().span("ask", "llm", trace="t1", proposed_calls=wanted).span("other", "llm", trace="t2")
        insert(connection, telling.rows)
        connection.execute("delete from touched")  # it was derived long ago
    store = Store.open(path)
    assert store.connection.execute("select trace_id from touched").fetchall() == [(identity("t1", 16),)]
    rebuild_all(store.connection)
    found = store.connection.execute("select run_id, tool_name, status from proposals").fetchall()
    assert found == [(trace_hex("t1"), "find", None)]
    store.close()


_SCHEMAS = Path(__file__).parent / "schemas"  # as the last commit of each version had it
_ROWS = 3_000  # enough for a migration to work on more than one vector of them


def _filled(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The tables, each with rows that have what must not be null."""
    columns = connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where not internal and not is_nullable "
        "and table_name not in ('schema_version', 'pseudonym_key', 'removal_counter')"
    ).fetchall()
    tables = sorted({table for table, _, _ in columns})
    for filled in tables:
        values = [
            f"{'[]' if kind.endswith('[]') else _DEFAULTS.get(kind, '0')}::{kind} as {name}"
            for table, name, kind in columns
            if table == filled
        ]
        connection.execute(f"insert into {filled} by name select {', '.join(values)} from range({_ROWS})")
    return tables


def test_blocks_are_kept_as_they_were_packed_so_that_one_can_be_read_alone(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "runlight.duckdb")
    store.connection.execute(
        "insert into content_blocks select 'shop', 'span', date '2026-11-22', range, 1, 9000, repeat('a', 9000)::blob "
        "from range(500)"
    )
    store.connection.execute("checkpoint")
    packing = store.connection.execute(
        "select distinct compression from pragma_storage_info('content_blocks') "
        "where column_name = 'data' and segment_type = 'BLOB'"
    ).fetchall()
    store.close()
    assert packing == [("Uncompressed",)]


def test_a_file_that_is_no_database_is_refused_in_plain_words(tmp_path: Path) -> None:
    path = tmp_path / "runlight.duckdb"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreError, match="cannot be opened"):
        Store.open(path)


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "runlight.duckdb")
    with pytest.raises(RuntimeError), store.transaction():
        store.connection.execute("insert into scopes values ('p', 1, '', ''::blob)")
        raise RuntimeError
    assert store.connection.execute("select count(*) from scopes").fetchone() == (0,)
    store.close()
