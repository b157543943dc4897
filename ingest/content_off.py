"""Projects whose content is not stored: what was said, asked and answered is taken out of every record before anything
follows from it, and its size and a keyed hash stand in its place.

What is kept is what is known to be none: numbers, names, ids and settings under keys that the conventions or
OpenTelemetry know as such. The text of any other attribute goes, so that no key keeps content by being unknown.
"""

import hashlib
import hmac
from collections.abc import Iterator
from functools import cache

import numpy as np
import orjson
import polars as pl
import pyarrow as pa
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from ingest.conventions import conventions
from ingest.decoded import Records
from ingest.projects import is_project
from ingest.wire import MESSAGES, read_records
from settings import Settings, SettingsError

ALL_PROJECTS = "*"
NOT_STORED = "[content is not stored in this project: "  # begins what stands in its place

# Fields of the conventions whose values are what agents and people said, or may quote it.
_CONTENT_FIELDS = frozenset(
    {"input_messages", "output_messages", "system_instructions", "prompt_template", "tool_definitions"}
    | {"tool_description", "tool_args", "tool_result", "approval_args_before", "approval_args_after", "approval_reason"}
    | {"correction_before", "correction_after", "correction_reason", "evaluation_explanation", "route_reason"}
    | {"error_message", "error_stack"}
)
_MAY_QUOTE = frozenset({"url.full", "url.query", "labels", "scores", "assertions", "crewai.tool.failure.reason"})
_KNOWN_PREFIXES = (
    *("service.", "deployment.", "telemetry.", "host.", "os.", "k8s.", "cloud.", "container.", "process.runtime."),
    *("server.", "network.", "http.request.method", "http.response.", "rpc.", "thread.", "oversight.error."),
)
_KNOWN_KEYS = frozenset({"event.name", "event.kind", "error.type", "exception.type", "oversight.change.ref"})
_MARKS = "oversight.error_mark"  # what a person notes on a group of errors is nothing that an agent was told
_LONGEST = 200  # characters of a name or an id
_HEX_DIGITS = 16
_NUMBERS = ("int_value", "double_value", "bool_value", None)


def projects_without_content(settings: Settings) -> frozenset[str]:
    """Those that the setting names. Raises SettingsError for what no project is called."""
    names = frozenset(name.strip() for name in settings.content_off.split(",") if name.strip())
    for name in names - {ALL_PROJECTS}:
        if not is_project(name):
            raise SettingsError(f"RUNLIGHT_CONTENT_OFF: no project is called {name[:80]!r}")
    return names


class ContentOff:
    """Knows the projects, and the key of the hashes."""

    def __init__(self, projects: frozenset[str], key: bytes) -> None:
        """`projects` may hold `*`, which is every one."""
        self._projects = projects
        self._key = key

    def is_for(self, project: str) -> bool:
        """Whether this project's content is not stored."""
        return project in self._projects or ALL_PROJECTS in self._projects

    def hide_sources(self, sources: pl.DataFrame) -> pl.DataFrame:
        """The `sources` of records, which have the project, without content in resources and scopes."""
        rows = self._rows(sources["project"])
        if not rows:
            return sources
        for name, kind in (("resource", Resource), ("scope", InstrumentationScope)):
            data = sources[name].to_list()
            for row in rows:
                data[row] = self._hidden(kind, data[row])
            sources = sources.with_columns(pl.Series(name, data, dtype=pl.Binary))
        return sources

    def hide_records(self, records: Records) -> Records:
        """The records, likewise. Those of other projects stay byte for byte as they came."""
        if not self._projects or not len(records):
            return records
        rows = self._rows(records.from_sources("project")["project"])
        if not rows:
            return records
        messages = records.data.to_pylist()
        for row in rows:
            messages[row] = self._hidden(MESSAGES[records.signal], messages[row])
        return read_records(records.signal, records.sources, records.source, pa.array(messages, pa.binary()))

    def _rows(self, projects: pl.Series) -> list[int]:
        if not self._projects:
            return []
        off = [project for project in projects.unique() if self.is_for(project)]
        return np.flatnonzero(projects.is_in(off).to_numpy()).tolist()

    def _hidden(self, kind: type[Message], data: bytes) -> bytes:
        message = kind.FromString(data)
        for owner in _walked(message):
            if isinstance(owner, KeyValue) and not _is_kept(owner):
                self._hide(owner.value)
            elif isinstance(owner, Status) and owner.message:
                owner.message = self._marker(owner.message.encode())
            elif isinstance(owner, LogRecord) and not _is_event_name(owner):
                self._hide(owner.body)
        return bytes(message.SerializeToString())

    def _hide(self, value: AnyValue) -> None:
        match value.WhichOneof("value"):
            case "string_value":
                value.string_value = self._marker(value.string_value.encode())
            case "bytes_value" | "array_value" | "kvlist_value":
                value.string_value = self._marker(value.SerializeToString(deterministic=True))

    def _marker(self, content: bytes) -> str:
        digest = hmac.digest(self._key, content, hashlib.sha256).hex()[:_HEX_DIGITS]
        return f"{NOT_STORED}{len(content)} bytes, hash {digest}]" if content else ""


def _walked(message: Message) -> Iterator[Message]:
    """Every message in it that can hold content; what is inside of an attribute is not gone into."""
    waiting = [message]
    while waiting:
        owner = waiting.pop()
        yield owner
        if isinstance(owner, (KeyValue, AnyValue)):
            continue
        for field, value in owner.ListFields():
            if field.type == FieldDescriptor.TYPE_MESSAGE:
                waiting += value if field.is_repeated else [value]


def _is_event_name(record: LogRecord) -> bool:
    """Whether the body has no content: some put the name of an event into it."""
    is_mark = record.event_name == _MARKS
    return is_mark or record.body.WhichOneof("value") in _NUMBERS or record.body.string_value in _known_events()


def _is_kept(sent: KeyValue) -> bool:
    kind = sent.value.WhichOneof("value")
    if kind in _NUMBERS:
        return True
    if sent.key in _number_keys():
        return _holds_numbers_alone(sent.value)
    is_known = sent.key in _known_keys() or sent.key in _KNOWN_KEYS or sent.key.startswith(_KNOWN_PREFIXES)
    if not is_known:
        return False
    if kind == "array_value":
        return all(_is_name(one) for one in sent.value.array_value.values)
    return _is_name(sent.value)


def _is_name(value: AnyValue) -> bool:
    """Whether the value is as short as names, ids and settings are, and no list or map in JSON."""
    text = value.string_value
    return value.WhichOneof("value") in ("string_value", *_NUMBERS) and len(text) <= _LONGEST and text[:1] not in "[{"


def _holds_numbers_alone(value: AnyValue) -> bool:
    try:
        waiting = [orjson.loads(value.string_value)]
    except orjson.JSONDecodeError:
        return False
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += one.values()
        elif not isinstance(one, (int, float)) and one is not None:
            return False
    return True


@cache
def _known_events() -> frozenset[str]:
    rules = [rule for rows in conventions().rules.values() for rule in rows]
    return frozenset(conventions().events) | {rule.event for rule in rules if rule.event}


@cache
def _content_keys() -> frozenset[str]:
    rules = [rule for field in _CONTENT_FIELDS for rule in conventions().rules[field]]
    beside = [argument for rule in rules for name, argument in rule.transforms if name == "with"]
    named = {part.partition("=")[2] for argument in beside for part in argument.split(",")}
    return _MAY_QUOTE | {rule.key for rule in rules} | named


@cache
def _known_keys() -> frozenset[str]:
    """Those that rules read whole as something else than content."""
    rules = [rule for field, rows in conventions().rules.items() if field not in _CONTENT_FIELDS for rule in rows]
    return frozenset(rule.key for rule in rules if rule.path is None and rule.on != "indexed") - _content_keys()


@cache
def _number_keys() -> frozenset[str]:
    """Those out of whose JSON rules read tokens and costs."""
    fields = [field for field in conventions().rules if field.endswith(("_tokens", "_usd"))]
    keys = {rule.key for field in fields for rule in conventions().rules[field] if rule.path is not None}
    return frozenset(keys) - _content_keys()
