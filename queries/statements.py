"""Reads the `.sql` files of `asked/` and `derivation/` and binds exactly the parameters that each one names."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

_FOLDER = Path(__file__).parent


@functools.cache
def questions() -> Mapping[str, Path]:
    """The files of the questions by their names, in whichever folder of `asked/` they stand."""
    return {path.stem: path for path in sorted((_FOLDER / "asked").rglob("*.sql"))}


@functools.cache
def stages() -> Mapping[str, Path]:
    """The files of the stages by which runs are derived, as `derivation/<name>`."""
    return {f"derivation/{path.stem}": path for path in sorted((_FOLDER / "derivation").glob("*.sql"))}


def text(name: str) -> str:
    """What stands in the file of that question or stage."""
    return {**questions(), **stages()}[name].read_text()


def headline(name: str) -> str:
    """What a question asks, in the words that its file begins with."""
    words = " ".join(line.removeprefix("--").strip() for line in text(name).splitlines() if line.startswith("--"))
    return words.partition("?")[0] + "?"


@functools.cache
def statement(name: str) -> duckdb.Statement:
    """The one statement of that question or stage, parsed once."""
    statements = duckdb.extract_statements(text(name))
    if len(statements) != 1:
        raise ValueError(f"{name}.sql holds {len(statements)} statements; one was meant")
    return statements[0]


def run(connection: duckdb.DuckDBPyConnection, name: str, values: Mapping[str, object] | None = None) -> None:
    """Execute that question or stage; surplus values are left out, a missing one raises."""
    ask(connection, name, values)


def ask(
    connection: duckdb.DuckDBPyConnection, name: str, values: Mapping[str, object] | None = None
) -> duckdb.DuckDBPyConnection:
    """Execute that question or stage and return the connection, whose rows wait to be fetched."""
    parsed = statement(name)
    wanted = {key: (values or {})[key] for key in parsed.named_parameters}
    return connection.execute(parsed, wanted)


def ask_one(
    connection: duckdb.DuckDBPyConnection, name: str, values: Mapping[str, object] | None = None
) -> dict[str, Any] | None:
    """The one row of that question or stage by its columns' names, or None."""
    rows = ask(connection, name, values).to_arrow_table().to_pylist()
    return rows[0] if rows else None
