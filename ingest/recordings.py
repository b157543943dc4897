"""Recorded OTLP, read from files: one request after the other, however long the file.

A file holds one export request (OTLP/JSON, or protobuf under a name with `traces`, `logs` or `metrics` in it) or one
OTLP/JSON request a line, as the Collector's file exporter and `python -m queries export` write them, or requests with
their lengths before them, as that exporter writes what is protobuf or compressed; gzip and zstd are seen by their first
bytes.
"""

import gzip
import io
import itertools
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, cast

import orjson
import zstandard
from tqdm import tqdm

from ingest.intake import Encoding, Signal

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_PACKED_BYTES = 64 * 1024  # taken at a time
_LENGTH_BYTES = 4  # of a request, the first byte first
_STARTS_OF_LENGTHS = {bytes([first]) for first in range(5)}  # up to 80 MiB; no other form begins with such a byte
_JSON_KEYS = {Signal.SPAN: "resourceSpans", Signal.LOG: "resourceLogs", Signal.METRIC: "resourceMetrics"}


class CannotReplay(Exception):
    """A file cannot be read, or the server did not take it; the text names the file."""


@dataclass(frozen=True)
class Recording:
    """One export request as it was recorded; `source` says where, for messages."""

    source: str
    signal: Signal
    encoding: Encoding
    body: bytes


def read(path: Path) -> list[Recording]:
    """The export requests of one file, in their order. Raises `CannotReplay`."""
    return list(requests_of(path))


def requests_of(path: Path) -> Iterator[Recording]:
    """The same, one line of the file after the other, however long it is."""
    try:
        with path.open("rb") as file, _inflated(file) as data, _progress(path) as progress:
            for recording in _requests(path, data):
                yield recording
                progress.update(file.tell() - progress.n)
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        raise CannotReplay(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _inflated(file: io.BufferedReader) -> io.BufferedReader:
    first = file.read(len(_ZSTD))
    file.seek(0)
    if first.startswith(_GZIP):
        return cast(io.BufferedReader, gzip.open(file))
    if first == _ZSTD:
        return io.BufferedReader(_Unpacked(file))
    return file


class _Unpacked(io.RawIOBase):
    """What a file of zstd frames holds. Unlike the library's own reader it knows when the last frame is cut short."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._frame: Any = None
        self._packed, self._unpacked = b"", io.BytesIO()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not (count := self._unpacked.readinto(buffer)):
            packed = self._packed or self._file.read(_PACKED_BYTES)
            if not packed:
                if self._frame is not None:
                    raise EOFError("its last frame is cut short")
                return 0
            self._frame = self._frame or zstandard.ZstdDecompressor().decompressobj()
            self._unpacked = io.BytesIO(self._frame.decompress(packed))
            self._packed = self._frame.unused_data
            if self._frame.eof:
                self._frame = None
        return count


def _progress(path: Path) -> "tqdm[NoReturn]":
    """How much of a file was read; shown on a terminal only."""
    return tqdm(total=path.stat().st_size, desc=path.name, unit="B", unit_scale=True, leave=False, disable=None)


def _requests(path: Path, data: io.BufferedReader) -> Iterator[Recording]:
    """A file is JSON lines if its first line is JSON by itself, else one JSON object, else protobuf; one that begins
    with a length has a length before each request."""
    if data.peek(1)[:1] in _STARTS_OF_LENGTHS:
        yield from _framed_requests(path, data)
        return
    first, number = b"", 0
    for line in data:
        first, number = first + line, number + 1
        if line.strip():
            break
    if not first.strip():
        return
    if not first.lstrip().startswith(b"{"):
        yield Recording(str(path), _signal_of_name(path), "protobuf", first + data.read())
        return
    if not _is_json(first):
        whole = first + data.read()
        yield from _json_requests(str(path), orjson.loads(whole)) if _is_json(whole) else _line(path, number, first)
        return
    for line in itertools.chain([first], data):
        yield from _line(path, number, line)
        number += 1


def _framed_requests(path: Path, data: io.BufferedReader) -> Iterator[Recording]:
    for number in itertools.count(1):
        head = data.read(_LENGTH_BYTES)
        if not head:
            return
        length = int.from_bytes(head)
        body = data.read(length)
        if len(head) < _LENGTH_BYTES or len(body) < length:
            raise CannotReplay(f"{path}: ends in the middle of its request {number}")
        if body.startswith(_ZSTD):
            body = zstandard.ZstdDecompressor().decompressobj().decompress(body)
        if body.startswith(b"{"):
            yield from _line(path, number, body)
        else:
            yield Recording(f"{path}:{number}", _signal_of_name(path), "protobuf", body)


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _line(path: Path, number: int, line: bytes) -> Iterator[Recording]:
    if not line.strip():
        return
    try:
        yield from _json_requests(f"{path}:{number}", orjson.loads(line))
    except orjson.JSONDecodeError as error:
        raise CannotReplay(f"{path}:{number}: is not valid JSON: {error}") from None


def _json_requests(source: str, value: object) -> Iterator[Recording]:
    """One request a signal: a downloaded run holds its spans and its logs in one object."""
    found = [signal for signal, key in _JSON_KEYS.items() if isinstance(value, dict) and key in value]
    if not found:
        raise CannotReplay(f"{source}: holds neither resourceSpans nor resourceLogs nor resourceMetrics")
    for signal in found:
        key = _JSON_KEYS[signal]
        assert isinstance(value, dict)
        yield Recording(source, signal, "json", orjson.dumps({key: value[key]}))


def _signal_of_name(path: Path) -> Signal:
    found = re.search("traces|logs|metrics", path.name)
    if found is None:
        raise CannotReplay(f"{path}: is no JSON; name a protobuf file after its signal: traces, logs or metrics")
    return {"traces": Signal.SPAN, "logs": Signal.LOG, "metrics": Signal.METRIC}[found[0]]
