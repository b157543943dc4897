"""Reads the `.sql` files beside this module and binds exactly the parameters that each one names."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

_FOLDER = Path(__file__).parent


def headline(name: str) -> str:
    """What `queries/<name>.sql` asks, in the words that it begins with."""
    text = (_FOLDER / f"{name}.sql").read_text()
    words = " ".join(line.removeprefix("--").strip() for line in text.splitlines() if line.startswith("--"))
    return words.partition("?")[0] + "?"


@functools.cache
def statement(name: str) -> duckdb.Statement:
    """The one statement in `queries/<name>.sql`, parsed once."""
    statements = duckdb.extract_statements((_FOLDER / f"{name}.sql").read_text())
    if len(statements) != 1:
        raise ValueError(f"queries/{name}.sql holds {len(statements)} statements; one was meant")
    return statements[0]


def run(connection: duckdb.DuckDBPyConnection, name: str, values: Mapping[str, object] | None = None) -> None:
    """Execute `queries/<name>.sql`; surplus values are left out, a missing one raises."""
    ask(connection, name, values)


def ask(
    connection: duckdb.DuckDBPyConnection, name: str, values: Mapping[str, object] | None = None
) -> duckdb.DuckDBPyConnection:
    """Execute `queries/<name>.sql` and return the connection, whose rows wait to be fetched."""
    parsed = statement(name)
    wanted = {key: (values or {})[key] for key in parsed.named_parameters}
    return connection.execute(parsed, wanted)


def ask_one(
    connection: duckdb.DuckDBPyConnection, name: str, values: Mapping[str, object] | None = None
) -> dict[str, Any] | None:
    """The one row of `queries/<name>.sql` by its columns' names, or None."""
    rows = ask(connection, name, values).to_arrow_table().to_pylist()
    return rows[0] if rows else None
