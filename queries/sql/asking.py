"""Asks a question in SQL of the rows of one project and window, in a process of its own (`worker.py`)."""

import json
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa

from queries.database import Database
from queries.filters import BadFilter, Filters
from queries.nouns import NOUNS, Reader, reading
from queries.patience import Stopped, stoppable

ANSWER_BYTES = 32 * 1024**2

_AT_ONCE = 2
_WORKER = Path(__file__).with_name("worker.py")
_WORD = re.compile(r"\w+")

log = logging.getLogger(__name__)


class TooMuch(Exception):
    """The question needs more than it may take; its text says of what."""


@dataclass(frozen=True, slots=True)
class SqlLimits:
    """What one question may take: its time, the rows of its answer, the memory of its process, and how much the rows of
    the window may be that it is asked about."""

    seconds: float
    rows: int
    memory_bytes: int
    window_bytes: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows in the statement's order, and whether there were more."""

    rows: pa.Table
    is_cut: bool


class Workbench:
    """Answers questions in SQL, a few at a time, in the threads of its `pool`."""

    def __init__(self, limits: SqlLimits) -> None:
        self.limits = limits
        self.pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="sql")

    def answer(self, database: Database, window: Filters, sql: str) -> Answer:
        """What one SELECT statement comes to. Raises BadFilter for what is no such statement, for one that DuckDB
        refuses and for a window that holds too much; TooMuch; and Stopped."""
        if "\x00" in sql:
            raise BadFilter("a question holds no NUL character")
        with _working() as worker, stoppable(worker):
            try:
                with reading(database, window) as reader:
                    self._hand_over(worker.stdin, reader, sql)
            except BrokenPipeError:
                log.debug("sql worker left before it had all rows")  # its reply, or its end, tells why
            answer = worker.answer(self.limits)
        log.debug("sql answered project=%s rows=%d is_cut=%s", window.project, answer.rows.num_rows, answer.is_cut)
        return answer

    def _hand_over(self, pipe: IO[bytes], reader: Reader, sql: str) -> None:
        """Send the question, and the nouns: with their rows those that it mentions."""
        limits = self.limits
        task = {"sql": sql, "seconds": limits.seconds, "rows": limits.rows, "memory_bytes": limits.memory_bytes}
        pipe.write(json.dumps(task | {"answer_bytes": ANSWER_BYTES, "tables": NOUNS}).encode() + b"\n")
        mentioned = {word.lower() for word in _WORD.findall(sql)}
        left_bytes = limits.window_bytes
        for name in NOUNS:
            batches = reader.batches(name)
            with pa.ipc.new_stream(pipe, batches.schema) as stream:
                for batch in batches if name in mentioned else ():
                    left_bytes -= batch.nbytes
                    if left_bytes < 0:
                        raise BadFilter(_too_much(limits.window_bytes))
                    stream.write_batch(batch)
        pipe.close()


class _Worker:
    """The process, which has nothing of this one but two pipes."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-B", str(_WORKER), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.stdin, self._stdout = self._process.stdin, self._process.stdout
        self._is_interrupted = False

    def interrupt(self) -> None:
        """End it: a statement that recurses without end heeds nothing less."""
        self._is_interrupted = True
        self._process.kill()

    def answer(self, limits: SqlLimits) -> Answer:
        """What it replies, once it has all it needs."""
        reply, body = self._stdout.readline(), self._stdout.read()
        ended_with = self._process.wait()
        if self._is_interrupted:
            raise Stopped
        told = json.loads(reply) if reply.endswith(b"\n") else {}
        if told.get("refused") == "memory":
            raise TooMuch(f"the question needs more than {limits.memory_bytes:,} bytes of memory; ask it of fewer rows")
        if "refused" in told:
            raise BadFilter(told["reason"])
        if ended_with or not told:
            # Where the system grants no more, not everyone says so before they break.
            raise TooMuch(
                f"the question broke its process down ({_named(ended_with)}), most likely for want of more than "
                f"{limits.memory_bytes:,} bytes of memory; ask it more simply"
            )
        return Answer(pa.ipc.open_stream(body).read_all(), told["is_cut"])

    def end(self) -> None:
        """Let nothing of it remain."""
        self._process.kill()
        self._process.wait()
        self._stdout.close()
        try:
            self.stdin.close()
        except BrokenPipeError:
            log.debug("sql worker left with rows on their way")


@contextmanager
def _working() -> Iterator[_Worker]:
    worker = _Worker()
    try:
        yield worker
    finally:
        worker.end()


def _named(ended_with: int) -> str:
    return signal.Signals(-ended_with).name if ended_with < 0 else f"exit code {ended_with}"


def _too_much(most_bytes: int) -> str:
    return f"the window holds more than {most_bytes:,} bytes of the rows that this asks about; ask for a shorter window"
