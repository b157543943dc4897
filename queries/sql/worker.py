"""Answers one question in SQL, as a process of its own that has nothing but the rows it was handed.

It is run by its path and imports nothing of Runlight. On standard input it finds a line of JSON (the question and its
limits), then each table as an Arrow stream; it answers with a line of JSON and, if all went well, an Arrow stream. The
parent kills it when time is up: a statement that recurses without end cannot be interrupted from inside.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class _Hidden:
    """Hides what pyarrow loads if it is there: half of the time that a question takes, and memory, for nothing."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if name in ("numpy", "pandas"):
            raise ModuleNotFoundError(name)


sys.meta_path.insert(0, _Hidden)

import duckdb  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.compute  # noqa: E402
import pyarrow.dataset  # noqa: E402  # duckdb loads it at the first table, when memory is limited already

_PR_SET_PDEATHSIG = 1
_OPEN_FILES = 16
_NICENESS = 10
_BESIDES_BYTES = 256 * 1024**2  # what the process needs beyond the rows: threads, the answer on its way
_LETTERS_OF_AN_ERROR = 2_000
_LOCKED = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",
    "temp_directory": "",
    "max_temp_directory_size": "0B",
    "threads": "1",
}
_PLAIN = {"BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
_PLAIN |= {"FLOAT", "DOUBLE", "VARCHAR"}
_TIMES = {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"}
_WIDE_NUMBERS = ("hugeint", "uhugeint", "decimal")
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799  # of the years 1 and 9999, since 1970


class Refused(Exception):
    """The question gets no answer; its text says why."""


def main() -> None:
    """Answer the question on standard input."""
    _die_with_the_parent(int(sys.argv[1]))
    task = json.loads(sys.stdin.buffer.readline())
    _take_limits(task)
    try:
        answer, is_cut = _answer(task)
    except (duckdb.OutOfMemoryException, MemoryError):
        _reply({"refused": "memory"})
    except (duckdb.Error, Refused) as error:
        _reply({"refused": "sql", "reason": str(error)[:_LETTERS_OF_AN_ERROR]})
    else:
        _reply({"is_cut": is_cut})
        with pa.ipc.new_stream(sys.stdout.buffer, answer.schema) as stream:
            stream.write_table(answer)
        sys.stdout.buffer.flush()
    os._exit(0)  # nothing is left to tidy up, least of all where memory ran out


def _die_with_the_parent(parent: int) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


def _take_limits(task: dict[str, Any]) -> None:
    """DuckDB's own limit does not see all that it takes, such as one long text."""
    os.nice(_NICENESS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    memory_bytes = pages * resource.getpagesize() + task["memory_bytes"] + _BESIDES_BYTES
    seconds = int(task["seconds"]) + 1
    for limit, value in {
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }.items():
        resource.setrlimit(limit, (value, value))


def _answer(task: dict[str, Any]) -> tuple[pa.Table, bool]:
    """The rows, and whether there were more than may be told."""
    connection = duckdb.connect(":memory:", config={**_LOCKED, "memory_limit": f"{task['memory_bytes']}B"})
    connection.execute("set TimeZone = 'UTC'")
    for name in task["tables"]:
        connection.from_arrow(pa.ipc.open_stream(sys.stdin.buffer)).create(name)
    connection.execute("set lock_configuration = true")
    asked = connection.sql(_one_select(task["sql"]))
    if asked is None:
        raise Refused("this statement has no rows to show")
    found = asked.project(", ".join(_shown(asked))).limit(task["rows"] + 1).to_arrow_reader(2_048)
    batches = list(_bounded(found, task["answer_bytes"]))
    rows = pa.Table.from_batches(batches, schema=found.schema)
    return _told(rows.slice(0, task["rows"])), rows.num_rows > task["rows"]


def _one_select(text: str) -> duckdb.Statement:
    statements = duckdb.extract_statements(text)
    if len(statements) != 1:
        raise Refused(f"one SELECT statement is answered at a time; this holds {len(statements) or 'none'}")
    if statements[0].type != duckdb.StatementType.SELECT:
        raise Refused(f"only a SELECT statement is answered; this is {statements[0].type.name}")
    return statements[0]


def _shown(asked: duckdb.DuckDBPyRelation) -> Iterator[str]:
    """Each column under a name of its own; of a type that JSON and CSV have no form for, as text."""
    names: set[str] = set()
    for number, (name, kind) in enumerate(zip(asked.columns, asked.types, strict=True), 1):
        own, copies = name, 1
        while own in names:
            copies += 1
            own = f"{name}_{copies}"
        names.add(own)
        quoted = own.replace('"', '""')
        value = f"#{number}" if _has_a_form(kind) else f"cast(#{number} as varchar)"
        yield f'{value} as "{quoted}"'


def _has_a_form(kind: Any) -> bool:
    if kind.id in ("list", "struct"):
        return all(str(child) in _PLAIN or (_is_nested(child) and _has_a_form(child)) for _, child in kind.children)
    return str(kind) in _PLAIN | _TIMES or kind.id in _WIDE_NUMBERS


def _is_nested(kind: Any) -> bool:
    return kind.id in ("list", "struct")


def _bounded(batches: pa.RecordBatchReader, most_bytes: int) -> Iterator[pa.RecordBatch]:
    told_bytes = 0
    for batch in batches:
        told_bytes += batch.nbytes
        if told_bytes > most_bytes:
            raise Refused(f"the answer is larger than {most_bytes:,} bytes; select fewer or shorter columns")
        yield batch


def _told(rows: pa.Table) -> pa.Table:
    """With numbers of 64 bits at most, and without times that no calendar knows."""
    for place, field in enumerate(rows.schema):
        column = rows.column(place)
        if pa.types.is_decimal(field.type):
            rows = rows.set_column(place, field.name, _narrowed(column))
        elif pa.types.is_temporal(field.type):
            _expect_on_the_calendar(field.name, column)
    return rows


def _narrowed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid:
        return column.cast(pa.float64())


def _expect_on_the_calendar(name: str, column: pa.ChunkedArray) -> None:
    seconds = pa.timestamp("s", getattr(column.type, "tz", None))
    bounds = pa.compute.min_max(column.cast(seconds, safe=False).cast(pa.int64()))
    if bounds["min"].is_valid and not _FIRST_SECOND <= bounds["min"].as_py() <= bounds["max"].as_py() <= _LAST_SECOND:
        raise Refused(f"column {name[:80]} holds a time outside of the years 1 to 9999; cast it to varchar")


def _reply(told: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
