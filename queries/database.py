"""Asks the store: the only code that executes SQL for reading, and the one that keeps projects apart."""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from queries import statements
from queries.content import EVERYTHING, Sight
from queries.locating import latest_start
from queries.patience import stoppable

DEFAULT_PROJECT = "default"

_SHOWN_PROJECTS = 5
_VIEWS = Path(__file__).with_name("views.sql")


class OtherProject(Exception):
    """A question about a project that whoever asks may not see; its text says which ones it may be."""


class Database:
    """The store as questions see it. Safe to use from several threads: a cursor each, no lock of ours."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Take an open connection and define the nouns of views.sql in its database."""
        self._connection = connection
        self._projects: frozenset[str] | None = None
        self.sight = EVERYTHING
        connection.execute("set global TimeZone = 'UTC'")
        for parsed in duckdb.extract_statements(_VIEWS.read_text()):
            connection.execute(parsed)

    def limited(self, projects: frozenset[str] | None, sight: Sight = EVERYTHING) -> "Database":
        """The same store, in which only these projects are seen, None for all, and of their content what `sight` is
        shown."""
        seen = copy.copy(self)
        seen._projects = projects
        seen.sight = sight
        return seen

    @property
    def usual_project(self) -> str:
        """The project that is meant when none is named: the only one to be seen, else `default`."""
        return next(iter(self._projects)) if self._projects and len(self._projects) == 1 else DEFAULT_PROJECT

    def expect_seen(self, project: str | None) -> None:
        """Raises OtherProject unless this project may be seen. None, which is any project, is for the unlimited."""
        if self._projects is not None and project not in self._projects:
            asked = "all projects" if project is None else f"the project {project}"
            raise OtherProject(f"this API key is not for {asked}; it is for: {_shown(self._projects) or 'none'}")

    def ask(self, name: str, values: Mapping[str, object]) -> pa.Table:
        """The answer of that question; values that it does not name are left out.

        It binds `$project`, which must be one that may be seen, or `$projects`, which this binds to all of these. This
        binds `$latest_ns` too: until when steps of the asked runs may have started.
        """
        wanted = statements.statement(name).named_parameters
        project = values.get("project") if "project" in wanted else None
        if project is not None or "projects" not in wanted:
            self.expect_seen(None if project is None else str(project))
        projects = None if self._projects is None else sorted(self._projects)
        with self._cursor() as cursor:
            bound: dict[str, object] = {"projects": projects}
            if "latest_ns" in wanted:
                bound["latest_ns"] = latest_start(cursor, values)
            found = statements.ask(cursor, name, {**values, **bound}).to_arrow_table()
        return self.sight.shown(name, None if project is None else str(project), found)

    @contextmanager
    def cursor(self, project: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own that sees the store as it is now, however many questions it is asked about this
        project; its temporary tables end with it. Raises OtherProject."""
        self.expect_seen(project)
        with self._cursor() as cursor:
            yield cursor

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        cursor = self._connection.cursor()
        cursor.begin()
        try:
            with stoppable(cursor):
                yield cursor
        finally:
            cursor.rollback()
            cursor.close()


def _shown(projects: frozenset[str]) -> str:
    first = sorted(projects)[:_SHOWN_PROJECTS]
    return ", ".join(first) + (", …" if len(projects) > len(first) else "")
