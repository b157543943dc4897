"""Finds words in whole records."""

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import duckdb
import pyarrow as pa
from google.protobuf.message import Message
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from ingest.blocks import inflate, split

# A watched page asks the same again and again, its list and its totals at once, so blocks are looked into once.
_KEPT_SEARCHES = 8
_BLOCKS_AT_ONCE = (8, 256)  # few at first, since a frequent word needs no more, and then ever more

_BLOCKS_OF_WINDOW = """
    select block_id
    from (
        select block_id, max(started_at) as newest_at
        from spans
        where project = $project and started_at between make_timestamp_ns($since_ns) and make_timestamp_ns($until_ns)
        group by block_id
        union all
        select block_id, max(logged_at) as newest_at
        from log_records
        where project = $project and logged_at between make_timestamp_ns($since_ns) and make_timestamp_ns($until_ns)
        group by block_id
        -- what tells no time happened when it was received
        union all
        select block_id, max(received_at) as newest_at
        from spans
        where
            project = $project and started_at is null
            and received_at between make_timestamp_ns($since_ns) and make_timestamp_ns($until_ns)
        group by block_id
        union all
        select block_id, max(received_at) as newest_at
        from log_records
        where
            project = $project and logged_at is null
            and received_at between make_timestamp_ns($since_ns) and make_timestamp_ns($until_ns)
        group by block_id
    )
    group by block_id
    order by max(newest_at) desc, block_id desc
"""


class Cursors(Protocol):
    """A connection, or whoever else gives a cursor at a time."""

    def cursor(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """A cursor of its own, closed at the end."""
        ...


class Mentions:
    """Searches the blocks of a store; safe to use from several threads."""

    def __init__(self, cursors: Cursors) -> None:
        self._cursors = cursors
        self._searches: OrderedDict[tuple[str, ...], _Search] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, project: str, words: Sequence[str], since_ns: int, until_ns: int, most: int) -> pa.Table:
        """block_id and block_position of the spans and log records that hold every word, in any case, newest first.

        Looks into the blocks that hold records of these times, and stops after the block with which it has `most`.
        """
        search = self._search(words)
        found: list[tuple[int, int]] = []
        with self._cursors.cursor() as cursor:
            values = {"project": project, "since_ns": since_ns, "until_ns": until_ns}
            block_ids = cursor.execute(_BLOCKS_OF_WINDOW, values).fetchall()
            for block_id, positions in search.through(cursor, [row[0] for row in block_ids]):
                found += [(block_id, position) for position in positions]
                if len(found) >= most:
                    break
        return pa.table(
            {
                "block_id": pa.array([block_id for block_id, _ in found], pa.uint64()),
                "block_position": pa.array([position for _, position in found], pa.uint16()),
            }
        )

    def _search(self, words: Sequence[str]) -> "_Search":
        wanted = tuple(sorted({word.lower() for word in words}))
        with self._lock:
            search = self._searches.setdefault(wanted, _Search(wanted))
            self._searches.move_to_end(wanted)
            while len(self._searches) > _KEPT_SEARCHES:
                self._searches.popitem(last=False)
        return search


class _Search:
    """What was found in the blocks looked into so far; a block never changes."""

    def __init__(self, words: Sequence[str]) -> None:
        self._hints = [hint for word in words for hint in _hints(word)]
        self._matchers = [_matcher(word) for word in words]
        self._found: dict[int, tuple[int, ...]] = {}
        self._lock = threading.Lock()

    def through(
        self, cursor: duckdb.DuckDBPyConnection, block_ids: Sequence[int]
    ) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Each of the blocks with the positions of its records that hold every word; none of one that was removed."""
        start, (count, most) = 0, _BLOCKS_AT_ONCE
        while part := block_ids[start : start + count]:
            start, count = start + count, min(2 * count, most)
            with self._lock:
                self._look_into(cursor, [block_id for block_id in part if block_id not in self._found])
            yield from ((block_id, self._found.get(block_id, ())) for block_id in part)

    def _look_into(self, cursor: duckdb.DuckDBPyConnection, block_ids: Sequence[int]) -> None:
        if not block_ids:
            return
        rows = cursor.execute(
            "select block_id, signal, data from content_blocks "
            "where block_id between $first and $last and list_contains($block_ids, block_id)",
            {"block_ids": block_ids, "first": min(block_ids), "last": max(block_ids)},
        )
        while (row := rows.fetchone()) is not None:
            block_id, signal, data = row
            self._found[block_id] = tuple(self._positions(inflate(data), Span if signal == "span" else LogRecord))

    def _positions(self, raw: bytes, kind: type[Message]) -> Iterator[int]:
        """Which records of an inflated block hold every word; most blocks are seen at a glance not to."""
        if self._may_hold_all(raw.lower()):
            for position, record in enumerate(split(raw)):
                # Ids, times and lengths may happen to read like a short word, so the texts have the last say.
                if self._holds_all(record.lower()) and self._holds_all(_said(kind.FromString(record))):
                    yield position

    def _holds_all(self, lowered: bytes) -> bool:
        return self._may_hold_all(lowered) and all(matches(lowered) for matches in self._matchers)

    def _may_hold_all(self, lowered: bytes) -> bool:
        return all(any(form in lowered for form in hint) for hint in self._hints)


def _said(record: Message) -> bytes:
    """All texts of a record, a line each, their ASCII letters in lower case."""
    return "\n".join(_texts(record)).encode().lower()


def _texts(message: Message) -> Iterator[str]:
    for field, value in message.ListFields():
        values = value if field.is_repeated else (value,)
        if field.type == field.TYPE_STRING:
            yield from values
        elif field.type == field.TYPE_MESSAGE:
            for part in values:
                yield from _texts(part)
        elif field.name == "bytes_value":
            yield value.decode(errors="replace")


def _hints(word: str) -> Iterator[Sequence[bytes]]:
    """What must be in a text of which the word is part, each in one of its forms: plain letters as they are, and other
    characters also as JSON escapes them."""
    yield from ((part.encode(),) for part in re.split(r'[^\x00-\x7f]|["\\]', word) if part)
    for character in word:
        if not character.isascii():
            cases = {character, character.upper()}
            escaped = {json.dumps(case)[1:-1].rpartition("\\")[2].lower().encode() for case in cases}
            yield [*(case.encode().lower() for case in cases), *escaped]


def _matcher(word: str) -> Callable[[bytes], object]:
    """Looks for a word of lower case in a record whose ASCII letters are. Its text may be JSON within a text."""
    if word.isascii() and '"' not in word and "\\" not in word:
        plain = word.encode()
        return lambda lowered: plain in lowered
    # Backslashes before the first character change nothing, but would be tried at every place.
    return re.compile(b"".join(map(_spellings, word)).removeprefix(rb"\\*")).search


def _spellings(character: str) -> bytes:
    """As a pattern: the character, and how JSON escapes it, however deep."""
    if character in '"\\':
        return rb"\\*" + re.escape(character.encode())
    if character.isascii():
        return re.escape(character.encode())
    cases = {character, character.upper()}
    plain = [re.escape(case.encode().lower()) for case in cases]
    escaped = [json.dumps(case)[1:-1].lower().encode().replace(b"\\", rb"\\+") for case in cases]
    return b"(?:" + b"|".join(plain + escaped) + b")"
