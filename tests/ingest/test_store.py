"""The file: created, reopened, migrated, refused."""

from pathlib import Path

import duckdb
import pytest

from ingest.store import SCHEMA_VERSION, Store, StoreError


def test_a_new_file_has_the_newest_schema_and_opens_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "runlight.duckdb"
    Store.open(path).close()
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


def test_a_file_of_an_older_version_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "runlight.duckdb"
    Store.open(path).close()
    with duckdb.connect(str(path)) as connection:
        connection.execute(_many_runs(connection))
        today = connection.execute(_COLUMNS).fetchall()
        connection.execute("drop table pseudonym_key; drop table api_keys; drop table saved_views")
        connection.execute("drop table alerts; drop table alert_notifications; drop table alert_silences")
        connection.execute("drop table weekly_reports")
        connection.execute("alter table steps add column labels varchar[]")
        connection.execute("alter table spans drop column offered_tools; alter table runs drop column offered_tools")
        connection.execute("update schema_version set version = 1")
    store = Store.open(path)
    assert store.connection.execute(_COLUMNS).fetchall() == today
    assert store.connection.execute("select version from schema_version").fetchall() == [(SCHEMA_VERSION,)]
    assert store.pseudonym_key() == store.pseudonym_key()
    assert store.connection.execute("select count(*) from runs where offered_tools = []").fetchall() == [(3_000,)]
    store.close()


def _many_runs(connection: duckdb.DuckDBPyConnection) -> str:
    """Enough rows for a migration to work on more than one vector of them."""
    columns = connection.execute(
        "select column_name, data_type from duckdb_columns() where table_name = 'runs' and not is_nullable"
    ).fetchall()
    defaults = {"VARCHAR": "'x'", "VARCHAR[]": "[]", "BOOLEAN": "false"}
    values = [f"{defaults.get(kind, '0')}::{kind} as {name}" for name, kind in columns]
    return f"insert into runs by name select {', '.join(values)} from range(3000)"


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
