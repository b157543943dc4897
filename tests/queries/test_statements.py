"""Every `.sql` file binds against the schema, is used, and every question is asked by the function of its name."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from queries import derive, locating, nouns, opening, questions, removing, statements, summaries
from queries.catalogue import CATALOGUE
from queries.database import Database
from queries.derive import derive_runs
from tests.queries.records import START_NS, Telling, empty_store, insert

FOLDER = Path(statements.__file__).parent
NAMES = sorted({**statements.questions(), **statements.stages()})
NUMBERS = {"since": 0, "until": 1, "since_ns": 0, "until_ns": 1, "now_ns": 1, "limit": 1, "neighbours": 1, "run": 1}
NUMBERS |= {"before_ns": 0, "direction": 1, "first_row": 0, "last_row": 1, "started_ns": 0}
ROWS_OF_NOUNS = {nouns.question(name) for name in nouns.NOUNS}
LISTS = {"block_ids", "mentioned", "positions", "words", "trace_ids"}


@pytest.fixture(scope="module")
def prepared() -> duckdb.DuckDBPyConnection:
    """A connection with everything in it that a statement may read."""
    connection = empty_store()
    Database(connection)
    told_twice = Telling().span("call", "llm", response_id="r").span("its echo", "llm", at=1, response_id="r")
    insert(connection, told_twice.rows)
    statements.run(connection, "derivation/handled", {"limit": 10})
    statements.run(connection, "derivation/seeds")
    derive_runs(connection, 1)
    statements.run(connection, "derivation/stale_runs")
    statements.run(connection, "derivation/outputs")
    statements.run(connection, "derivation/written_steps")
    nodes = connection.execute("from nodes").pl()
    connection.register("opened_steps", connection.execute("from steps").to_arrow_table())
    connection.register("walked", derive.walk(nodes, derive.ABOVE, derive.BELOW))
    return connection


@pytest.mark.parametrize("name", NAMES)
def test_it_binds(prepared: duckdb.DuckDBPyConnection, name: str) -> None:
    parsed = statements.statement(name)
    values: dict[str, Any] = {key: NUMBERS.get(key, [] if key in LISTS else None) for key in parsed.named_parameters}

    (explained,) = duckdb.extract_statements(f"explain {statements.text(name)}")
    assert prepared.execute(explained, values).fetchall()


def test_each_file_has_a_name_of_its_own() -> None:
    assert len(NAMES) == len([path for path in FOLDER.rglob("*.sql") if path.name != "views.sql"])


@pytest.mark.parametrize("name", NAMES)
def test_it_begins_with_what_it_asks_or_does(name: str) -> None:
    first = statements.text(name).splitlines()[0]

    assert first.startswith("-- ")
    assert len(first) > 20


@pytest.mark.parametrize("name", NAMES)
def test_it_is_used(name: str) -> None:
    if name in CATALOGUE or name in ROWS_OF_NOUNS:
        return
    modules = (derive, locating, opening, questions, removing, summaries)
    short = name.removeprefix("derivation/")
    texts = [inspect.getsource(module) for module in modules]
    if short.startswith(("delete_", "insert_")):
        assert short.partition("_")[2] in summaries.DERIVED
    else:
        assert any(f'"{short}"' in text or f'"derivation/{short}"' in text for text in texts)


def test_the_catalogue_lists_what_there_is() -> None:
    assert set(CATALOGUE) | ROWS_OF_NOUNS <= set(NAMES)


@pytest.mark.parametrize(
    "name", [name for name in NAMES if "/" not in name and name not in {*CATALOGUE, *ROWS_OF_NOUNS}]
)
def test_a_question_is_asked_by_the_one_function_of_its_name(name: str) -> None:
    assert [asker for asker, asked in asked_questions() if asked == name] == [name]


def asked_questions() -> Iterator[tuple[str, str]]:
    """Each function in queries/ with the question that it asks: a text that it gives to `ask` or its like."""
    for path in sorted(FOLDER.rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef):
                for call in ast.walk(function):
                    if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in ("ask", "ask_one"):
                        yield from (
                            (function.name, text.value)
                            for text in call.args
                            if isinstance(text, ast.Constant) and isinstance(text.value, str)
                        )


def test_a_missing_value_is_an_error_and_a_surplus_one_is_not(prepared: duckdb.DuckDBPyConnection) -> None:
    statements.ask(prepared, "run_counts", {"now_ns": START_NS, "projects": None, "other": 1})
    with pytest.raises(KeyError):
        statements.ask(prepared, "run_counts", {})
