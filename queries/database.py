"""Asks the store: the only code that executes SQL for reading."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from queries import statements
from queries.patience import stoppable

_VIEWS = Path(__file__).with_name("views.sql")


class Database:
    """The store as questions see it. Safe to use from several threads: a cursor each, no lock of ours."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Take an open connection and define the nouns of views.sql in its database."""
        self._connection = connection
        connection.execute("set global TimeZone = 'UTC'")
        for parsed in duckdb.extract_statements(_VIEWS.read_text()):
            connection.execute(parsed)

    def ask(self, name: str, values: Mapping[str, object]) -> pa.Table:
        """The answer of `queries/<name>.sql`; values that it does not name are left out."""
        with self.cursor() as cursor:
            return statements.ask(cursor, name, values).to_arrow_table()

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own that sees the store as it is now, however many questions it is asked; its temporary
        tables end with it."""
        cursor = self._connection.cursor()
        cursor.begin()
        try:
            with stoppable(cursor):
                yield cursor
        finally:
            cursor.rollback()
            cursor.close()
