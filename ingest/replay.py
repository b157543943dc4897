"""Sends recorded OTLP in by the front door: `python -m ingest.replay sample_traces/*.jsonl --now`.

`ingest/recordings.py` says what a file can be. Without one the samples are sent: every scenario, and the six weeks of
history before now.

Exit codes: 0 the server took all, 1 it did not or a file cannot be read, 2 not understood, 130 interrupted.
"""

import argparse
import ssl
import sys
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from tqdm import tqdm

from ingest.errors import Undecodable
from ingest.intake import Encoding, Signal
from ingest.otlp_json import to_protobuf
from ingest.projects import HEADER
from ingest.recordings import CannotReplay, Recording, read, requests_of
from sample_traces import history
from settings import SettingsError, settings_of_environment

SAMPLES = Path(__file__).parents[1] / "sample_traces"

_PATIENCE_SECONDS = 60  # how long a server that says 503 is asked again
_IN_FLIGHT = 3  # requests of the history on their way at once; the server gathers them into common commits
_JUST_BEFORE_NS = 1_000_000_000
_TIME_FIELDS = {"start_time_unix_nano", "end_time_unix_nano", "time_unix_nano", "observed_time_unix_nano"}
_TIME_ATTRIBUTES = {"event.timestamp", "oversight.approval.expires_at", "oversight.change.effective_at"}
_CONTENT_TYPES: dict[Encoding, str] = {"protobuf": "application/x-protobuf", "json": "application/json"}


@dataclass
class Sent:
    """Records by kind of what was sent, and how many of them the server rejected and why."""

    counts: Counter[str]
    rejected_count: int = 0
    reason: str = ""

    def __iadd__(self, other: "Sent") -> "Sent":
        self.counts += other.counts
        self.rejected_count += other.rejected_count
        self.reason = self.reason or other.reason
        return self

    def __str__(self) -> str:
        sent = ", ".join(f"{self.counts[kind.noun]} {kind.noun}" for kind in _KINDS.values() if self.counts[kind.noun])
        because = f" ({self.reason})" if self.reason else ""
        return f"{sent or 'nothing'} sent, {self.rejected_count} rejected{because}"


def main(arguments: Sequence[str]) -> int:
    """Replays as the command line asks; the exit code."""
    try:
        return _replayed(_options(arguments))
    except CannotReplay as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; replayed again, what was sent is stored once\n")
        return 130


def _replayed(options: argparse.Namespace) -> int:
    now = options.now or datetime.now(UTC)
    if not options.files and not options.history:
        _say(f"samples: {load_samples(options.url, options.project, now)}")
        return 0
    with _client(options.url) as client:
        for path, found in _recordings(options.files, options.now):
            _say(f"{path}: {_send_all(client, found, options.project)}")
        if options.history:
            _say(f"history of {history.DAYS} days: {_send_history(client, options.project, now)}")
    return 0


def load_samples(url: str, project: str, now: datetime) -> Sent:
    """Loads every scenario and the six weeks of history into a project, moved to end at `now`.

    Raises `CannotReplay` when the server cannot be reached or refuses.
    """
    recordings = _moved_to(now, {path: read(path) for path in sorted(SAMPLES.glob("*.jsonl"))})
    with _client(url) as client:
        sent = _send_all(client, (recording for found in recordings.values() for recording in found), project)
        sent += _send_history(client, project, now)
    return sent


def _client(url: str) -> httpx.Client:
    settings = settings_of_environment()
    headers = {b"x-api-key": settings.api_key.strip().encode()} if settings.api_key else {}
    try:
        trusted = ssl.create_default_context(cafile=settings.ca_file) if settings.ca_file else True
        return httpx.Client(base_url=url, headers=headers, timeout=_PATIENCE_SECONDS, verify=trusted)
    except OSError as error:  # ssl.SSLError is one
        raise CannotReplay(f"RUNLIGHT_CA_FILE: {settings.ca_file} cannot be used ({error.strerror})") from None
    except httpx.InvalidURL as error:
        raise CannotReplay(f"{url} is no URL of a server: {error}") from None


def newest_ns(recordings: Iterable[Recording]) -> int:
    """The latest time of any record, in ns since the epoch; 0 without one."""
    return max((moment for recording in recordings for moment in _times(_message(recording))), default=0)


def shifted(recording: Recording, by_ns: int) -> Recording:
    """The same request with every time moved, in protobuf. Times that are 0, which means unknown, stay 0."""
    message = _message(recording)
    _shift(message, by_ns)
    return Recording(recording.source, recording.signal, "protobuf", message.SerializeToString())


def record_count(recording: Recording) -> int:
    """How many spans, log records or metric points it holds."""
    return sum(1 for _ in _records(_message(recording)))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ingest.replay", description="Sends recorded OTLP to a server.")
    parser.add_argument(
        "files", nargs="*", help="OTLP/JSON, JSON lines or protobuf, gzip, zstd or plain; none: the samples"
    )
    parser.add_argument(
        "--url", default=settings_of_environment().url, help="the server; also taken as a first argument (%(default)s)"
    )
    parser.add_argument("--project", default="default", help="the project that the records go to (%(default)s)")
    parser.add_argument(
        "--now",
        nargs="?",
        type=_moment,
        const=datetime.now(UTC),
        metavar="MOMENT",
        help="move all times so that the newest record lies just before this moment, or before the present",
    )
    parser.add_argument("--history", action="store_true", help="send the generated six weeks before now as well")
    options = parser.parse_args(arguments)
    if options.files and options.files[0].startswith(("http://", "https://")):
        options.url = options.files.pop(0)
    options.files = [Path(name) for name in options.files]
    return options


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no moment like 2026-11-22T12:00:00Z; files go before it") from None


def _recordings(files: Sequence[Path], now: datetime | None) -> Iterable[tuple[Path, Iterable[Recording]]]:
    """Each file with its requests; moved to now, which takes a look at all of them beforehand, if that is asked for."""
    if now is None:
        return ((path, requests_of(path)) for path in files)
    return _moved_to(now, {path: read(path) for path in files}).items()


def _moved_to(now: datetime, recordings: dict[Path, list[Recording]]) -> dict[Path, list[Recording]]:
    newest = newest_ns(recording for found in recordings.values() for recording in found)
    by_ns = round(now.timestamp() * 1000) * 1_000_000 - _JUST_BEFORE_NS - newest
    return {path: [shifted(recording, by_ns) for recording in found] for path, found in recordings.items()}


def _send_all(client: httpx.Client, recordings: Iterable[Recording], project: str) -> Sent:
    sent = Sent(Counter())
    for recording in recordings:
        sent += _send(client, recording, project)
    return sent


def _send_history(client: httpx.Client, project: str, now: datetime) -> Sent:
    """Generates and sends side by side, a few requests at a time."""
    sent, waiting = Sent(Counter()), deque[Future[Sent]]()
    with ThreadPoolExecutor(_IN_FLIGHT) as pool:
        for name, body in tqdm(history.requests(now), desc="history", unit=" requests", leave=False, disable=None):
            recording = Recording("history", Signal.SPAN if name == "traces" else Signal.LOG, "protobuf", body)
            waiting.append(pool.submit(_send, client, recording, project))
            if len(waiting) > _IN_FLIGHT:
                sent += waiting.popleft().result()
        for future in waiting:
            sent += future.result()
    return sent


def _send(client: httpx.Client, recording: Recording, project: str) -> Sent:
    kind = _KINDS[recording.signal]
    headers = {"content-type": _CONTENT_TYPES[recording.encoding], HEADER: project}
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            response = client.post(f"/v1/{kind.path}", content=recording.body, headers=headers)
        except httpx.TransportError as error:
            raise CannotReplay(f"{recording.source}: cannot reach {client.base_url}: {error}") from None
        if response.status_code != httpx.codes.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
            break
        time.sleep(_retry_after_seconds(response))
    if response.status_code != httpx.codes.OK:
        raise CannotReplay(f"{recording.source}: refused with {response.status_code}: {_reason(response)}")
    rejected_count, reason = _partial_success(kind, response)
    return Sent(Counter({kind.noun: record_count(recording)}), rejected_count, reason)


def _retry_after_seconds(response: httpx.Response) -> float:
    asked = response.headers.get("retry-after", "")
    return float(asked) if asked.isdecimal() else 1.0


def _reason(response: httpx.Response) -> str:
    """The message of the google.rpc.Status in the body, else the body itself."""
    try:
        if response.headers.get("content-type", "").startswith(_CONTENT_TYPES["protobuf"]):
            return str(Status.FromString(response.content).message)
        return str(orjson.loads(response.content)["message"])
    except (DecodeError, orjson.JSONDecodeError, KeyError, TypeError):
        return response.text


def _partial_success(kind: "_Kind", response: httpx.Response) -> tuple[int, str]:
    if response.headers.get("content-type", "").startswith(_CONTENT_TYPES["json"]):
        partial: dict[str, Any] = orjson.loads(response.content or b"{}").get("partialSuccess", {})
        return int(partial.get(kind.rejected_json_key, 0)), str(partial.get("errorMessage", ""))
    partial_success = kind.response.FromString(response.content).partial_success
    return getattr(partial_success, kind.rejected_field), partial_success.error_message


def _message(recording: Recording) -> Message:
    try:
        body = recording.body
        return _KINDS[recording.signal].request.FromString(
            to_protobuf(recording.signal, body) if recording.encoding == "json" else body
        )
    except (Undecodable, DecodeError) as error:
        raise CannotReplay(f"{recording.source}: is not OTLP: {error}") from None


def _records(message: Message) -> Iterator[Message]:
    """Spans, log records or metric points, wherever the message holds them."""
    for field, child in _children(message):
        if field in {"spans", "log_records", "data_points"}:
            yield child
        else:
            yield from _records(child)


def _times(message: Message) -> Iterator[int]:
    yield from (value for field, value in message.ListFields() if field.name in _TIME_FIELDS)
    for _, child in _children(message):
        yield from _times(child)


def _shift(message: Message, by_ns: int) -> None:
    for field, value in message.ListFields():
        if field.name in _TIME_FIELDS:
            setattr(message, field.name, value + by_ns)
    for _, child in _children(message):
        if isinstance(child, KeyValue):
            if child.key in _TIME_ATTRIBUTES:
                child.value.string_value = _shifted_text(child.value.string_value, by_ns)
        else:
            _shift(child, by_ns)


def _children(message: Message) -> Iterator[tuple[str, Message]]:
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            for child in value if field.is_repeated else [value]:
                yield field.name, child


def _shifted_text(moment: str, by_ns: int) -> str:
    try:
        moved = datetime.fromisoformat(moment) + timedelta(microseconds=by_ns // 1000)
    except ValueError:
        return moment  # the agent's own wording, which nothing reads as a time
    return moved.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _say(line: str) -> None:
    tqdm.write(line)  # above the bar, if there is one
    sys.stdout.flush()


@dataclass(frozen=True)
class _Kind:
    """How one signal is spelled."""

    noun: str
    path: str
    request: type[Message]
    response: type[Any]
    rejected_field: str
    rejected_json_key: str


_KINDS = {
    Signal.SPAN: _Kind(
        "spans",
        "traces",
        ExportTraceServiceRequest,
        ExportTraceServiceResponse,
        "rejected_spans",
        "rejectedSpans",
    ),
    Signal.LOG: _Kind(
        "log records",
        "logs",
        ExportLogsServiceRequest,
        ExportLogsServiceResponse,
        "rejected_log_records",
        "rejectedLogRecords",
    ),
    Signal.METRIC: _Kind(
        "metric points",
        "metrics",
        ExportMetricsServiceRequest,
        ExportMetricsServiceResponse,
        "rejected_data_points",
        "rejectedDataPoints",
    ),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
