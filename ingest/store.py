"""Opens the DuckDB file, brings its schema up to date, and inserts prepared rows in one transaction."""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl

from ingest.checkpoints import checkpoint, length_of_log

# A migration takes a file from the version before it; the last one is what schema.sql says.
SCHEMA_VERSION = 13
_MIGRATIONS: dict[int, str] = {
    2: "create table pseudonym_key (key blob not null)",
    3: "alter table steps drop column labels",
    4: (
        "create table api_keys (key_id varchar not null, name varchar not null, secret_hash blob not null, "
        "scopes varchar[] not null, projects varchar[], created_at timestamp_ns not null, "
        "revoked_at timestamp_ns, last_used_at timestamp_ns)"
    ),
    5: (
        "create table saved_views (project varchar not null, view_id varchar not null, name varchar not null, "
        "address varchar not null, saved_at timestamp_ns not null)"
    ),
    6: (
        "alter table spans add column offered_tools varchar[]; "
        "alter table runs add column offered_tools varchar[]; update runs set offered_tools = []"
    ),
    7: (
        "create table alerts (project varchar not null, alert_id varchar not null, rule varchar not null, "
        "group_name varchar not null, state varchar not null, streak integer not null, value double not null, "
        "unit varchar not null, threshold double not null, sample_count bigint not null, sample varchar not null, "
        "detail varchar not null, question varchar not null, asked varchar not null, address varchar not null, "
        "is_told boolean not null, began_at timestamp_ns not null, evaluated_at timestamp_ns not null, "
        "fired_at timestamp_ns, resolved_at timestamp_ns); "
        "create table alert_notifications (project varchar not null, notification_id varchar not null, "
        "rule varchar not null, change varchar not null, severity varchar not null, alert_ids varchar[] not null, "
        "channel varchar not null, title varchar not null, body varchar not null, created_at timestamp_ns not null, "
        "attempt_count integer not null, next_attempt_at timestamp_ns, last_error varchar, sent_at timestamp_ns); "
        "create table alert_silences (project varchar not null, silence_id varchar not null, rule varchar, "
        "group_name varchar, until_at timestamp_ns not null, reason varchar not null, made_by varchar not null, "
        "made_at timestamp_ns not null, ended_at timestamp_ns)"
    ),
    8: (
        "create table weekly_reports (project varchar not null, week varchar not null, tz varchar not null, "
        "workflow varchar, version integer not null, made_at timestamp_ns not null, is_final boolean not null, "
        "kept_at timestamp_ns not null, document varchar not null)"
    ),
    9: (
        "create table pins (project varchar not null, run_id varchar not null, pinned_at timestamp_ns not null, "
        "pinned_by varchar); "
        "create table removals (project varchar not null, batch_id ubigint not null, "
        "removed_at timestamp_ns not null, reason varchar not null, run_count uinteger not null, "
        "record_count uinteger not null, first_at timestamp_ns, last_at timestamp_ns); "
        "create table removed_traces (project varchar not null, trace_id blob not null)"
    ),
    10: (
        "create table audit_log (project varchar, done_at timestamp_ns not null, who varchar not null, "
        "via varchar not null, role varchar, key_id varchar, act varchar not null, about varchar not null)"
    ),
    11: (
        "alter table steps add column counted_as varchar; alter table steps add column record_signal varchar; "
        "alter table steps add column input_preview varchar; alter table steps add column output_preview varchar; "
        "create table plumbing as select * from steps limit 0; "
        "alter table runs add column first_record_at timestamp_ns; "
        "alter table runs add column last_record_at timestamp_ns"
    ),
    12: ("create table removal_counter (removal_count ubigint not null); insert into removal_counter values (0)"),
    13: (
        "create table proposals (project varchar not null, run_id varchar not null, started_at timestamp_ns, "
        "tool_name varchar not null, call_count uinteger not null, status varchar, beside_ok boolean not null, "
        "otherwise varchar, step_id varchar, agent_name varchar, tool_call_id varchar, tool_args varchar, "
        "error_type varchar, error_message varchar, proposed_at timestamp_ns); "
        "insert into touched select project, trace_id, run_key, conversation_id, min(started_at), max(ended_at), 0 "
        "from spans where proposed_calls is not null group by all; "
        "insert into touched select project, trace_id, run_key, conversation_id, min(logged_at), max(logged_at), 0 "
        "from log_records where proposed_calls is not null group by all"
    ),
}
_KEY_BYTES = 32
STORAGE_VERSION = (
    "v1.5.0"  # of new files; older ones stay as they are, and larger: texts repeat, and it packs them better
)
_HOUR_NS = 3_600 * 10**9


class StoreError(Exception):
    """The file cannot be used; says why and what to do."""


class Store:
    """The one owner of the file. `connection` is the writer's; everyone else asks on a `cursor()` of it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self._known_columns: dict[str, list[str]] = {}

    @classmethod
    def open(cls, path: Path, memory_bytes: int = 2 * 1024**3, threads: int = 1) -> "Store":
        """Open or create the file. Raises `StoreError` if another process has it, if it is damaged, or if it is from a
        newer version; such a file is left as it is. A folder that is made for it is this user's alone."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            connection = duckdb.connect(
                str(path),
                config={
                    "checkpoint_threshold": "1000TB",  # never by a commit: ingest/checkpoints.py does it
                    "max_vacuum_tasks": 0,  # merging the stretches of a table holds up whoever adds to it, for seconds
                    "memory_limit": f"{memory_bytes}B",
                    "threads": threads,
                    "storage_compatibility_version": STORAGE_VERSION,
                    "autoinstall_known_extensions": "false",  # from the net; those that are here already will do
                },
            )
            connection.execute("set global TimeZone = 'UTC'")
            _migrate(connection, path)
        except duckdb.Error as error:
            raise _cannot_open(path, error) from None
        return cls(connection)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own to the same file."""
        return self.connection.cursor()

    def close(self) -> None:
        """Write everything into the file and let go of it; where the disk has no room, some of it stays in the log."""
        try:
            checkpoint(self.connection)
        finally:
            self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing."""
        self.connection.begin()
        try:
            yield
        except BaseException:
            self.connection.rollback()
            raise
        self.connection.commit()

    def insert(self, table: str, rows: pl.DataFrame) -> None:
        """Append rows whose columns bear the table's names; a column that is absent becomes null."""
        if rows.is_empty():
            return
        known = frozenset(rows.columns)
        columns = [pl.col(name) if name in known else pl.lit(None).alias(name) for name in self._columns(table)]
        incoming = rows.select(columns).to_arrow(compat_level=pl.CompatLevel.oldest())
        self.connection.from_arrow(incoming).insert_into(table)

    def _columns(self, table: str) -> list[str]:
        if table not in self._known_columns:
            rows = self.connection.execute(
                "select column_name from duckdb_columns() "
                "where database_name = current_database() and table_name = $table order by column_index",
                {"table": table},
            ).fetchall()
            self._known_columns[table] = [str(row[0]) for row in rows]
        return self._known_columns[table]

    def present(
        self, table: str, keys: Iterable[str], rows: pl.DataFrame, time: str, margin_hours: int
    ) -> pl.DataFrame:
        """The keys (and record_hash, if the table has one) of stored rows that `rows` repeat, near them in time."""
        keys = list(keys)
        same = " and ".join(f"t.{key} is not distinct from i.{key}" for key in keys)
        hashed = ", t.record_hash" if "record_hash" in self._columns(table) else ""
        margin_ns = margin_hours * _HOUR_NS
        near = rows.select(
            low=pl.col(time).cast(pl.Int64).min() - margin_ns, high=pl.col(time).cast(pl.Int64).max() + margin_ns
        )
        self.connection.register("incoming", rows.select(keys).to_arrow(compat_level=pl.CompatLevel.oldest()))
        found = self.connection.execute(
            f"""
            select {", ".join(f"t.{key}" for key in keys)}{hashed}
            from {table} t semi join incoming i on {same}
            where t.{time} is null or t.{time} between make_timestamp_ns($low) and make_timestamp_ns($high)
            """,
            near.row(0, named=True),
        ).pl()
        self.connection.unregister("incoming")
        return found

    def delete_project(self, project: str) -> None:
        """Delete every row of a project but what people did there, inside the caller's transaction."""
        tables = self.connection.execute(
            "select table_name from duckdb_columns() where column_name = 'project' "
            "and database_name = current_database() and table_name in (select table_name from duckdb_tables()) "
            "and table_name != 'audit_log'"
        ).fetchall()
        self.count_removal()
        for (table,) in tables:
            self.connection.execute(f"delete from {table} where project = $project", {"project": project})

    def count_removal(self) -> None:
        """Inside the caller's transaction: whoever keeps at the same time what was made of records has to make it anew,
        or the caller has to begin again (duckdb.TransactionException)."""
        self.connection.execute("update removal_counter set removal_count = removal_count + 1")

    def pseudonym_key(self) -> bytes:
        """The key for `ingest.pseudonyms`, made at random when it is first asked for."""
        row = self.connection.execute("select key from pseudonym_key").fetchone()
        if row is not None:
            return bytes(row[0])
        key = secrets.token_bytes(_KEY_BYTES)
        self.connection.execute("insert into pseudonym_key values ($key)", {"key": key})
        return key

    def rows(self, table: str) -> pl.DataFrame:
        """All rows of a small table."""
        return self.connection.execute(f"from {table}").pl()

    def highest(self, table: str, column: str) -> int:
        """The largest value of a counting column, 0 for an empty table."""
        row = self.connection.execute(f"select coalesce(max({column}), 0) from {table}").fetchone()
        return int(row[0]) if row else 0


def file_bytes(path: Path) -> int:
    """The size of a database file and of the log beside it."""
    return path.stat().st_size + length_of_log(path)


@contextmanager
def looking_into(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that changes nothing, to a file that no server has open. Raises `StoreError`."""
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise _cannot_open(path, error) from None
    with connection:
        yield connection


def version_in(connection: duckdb.DuckDBPyConnection) -> int | None:
    """The schema's version in an open file, or None if it is none of ours."""
    try:
        row = connection.execute("select max(version) from schema_version").fetchone()
    except duckdb.CatalogException:
        return None
    return int(row[0]) if row and row[0] is not None else None


def _cannot_open(path: Path, error: duckdb.Error) -> StoreError:
    if "could not set lock on file" in str(error).lower():
        return StoreError(f"{path} is in use by another process: one server owns a database file")
    return StoreError(
        f"{path} cannot be opened: {str(error).splitlines()[0]}\n"
        f"it was left as it is; put a copy of it back from a backup, or start with another file by --database"
    )


def _migrate(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    connection.execute("create table if not exists schema_version (version integer not null)")
    row = connection.execute("select max(version) from schema_version").fetchone()
    version = row[0] if row else None
    if version is None:
        connection.begin()
        connection.execute((Path(__file__).parent / "schema.sql").read_text())
        connection.execute("insert into schema_version values ($version)", {"version": SCHEMA_VERSION})
        connection.commit()
        return
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path} was written by a newer Runlight (schema {version}, this one knows {SCHEMA_VERSION}): "
            "run that version, or choose another file with --database"
        )
    for step in range(version + 1, SCHEMA_VERSION + 1):
        connection.begin()
        connection.execute(_MIGRATIONS[step])
        connection.execute("update schema_version set version = $version", {"version": step})
        connection.commit()
