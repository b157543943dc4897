"""What was said: messages in one shape, whatever the dialect, and the short forms that lists need."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import orjson
import polars as pl
import pyarrow as pa

from ingest.batch import Batch
from ingest.cells import Cells, Mask
from ingest.conventions import Rule, conventions
from ingest.intake import Signal
from ingest.messages.canonical import Message, finish_reasons, input_text, output_text, tool_answers, tool_calls
from ingest.messages.definitions import offered_tools
from ingest.messages.envelopes import to_messages
from ingest.messages.events import from_events
from ingest.messages.flattened import from_indexed
from ingest.paths import at_path
from ingest.rules import rule_cells
from ingest.values import json_or_text, unwrap_kwargs

PREVIEW_CHARACTERS = 500
_CALL_CHARACTERS = 2_000
_CALLS = 64
_INPUT_EVENTS = ("gen_ai.system.message", "gen_ai.user.message", "gen_ai.assistant.message", "gen_ai.tool.message")
_SPEAKERS = ("llm", "agent", "workflow", "human")
_MESSAGE_EVENTS = (
    *_INPUT_EVENTS,
    "gen_ai.choice",
    "gen_ai.client.inference.operation.details",
    "claude_code.assistant_response",
)
_CALL_TYPE = pa.list_(pa.struct([(name, pa.string()) for name in ("id", "name", "args")]))
_ANSWER_TYPE = pa.list_(pa.struct([(name, pa.string()) for name in ("id", "result", "name", "args")]))

Messages = list[Message]


@dataclass(frozen=True, slots=True)
class Content:
    """Columns of table `spans` that are read from messages, one value per record."""

    input_preview: pl.Series
    output_preview: pl.Series
    proposed_calls: pl.Series
    answered_calls: pl.Series
    tool_definitions_hash: pl.Series
    offered_tools: pl.Series
    finish_reasons: pl.Series  # where the messages tell them

    def columns(self) -> list[pl.Series]:
        """All but `finish_reasons`, which other attributes may tell better, under their names."""
        return [getattr(self, field.name).alias(field.name) for field in fields(self) if field.name != "finish_reasons"]


def contents(batch: Batch) -> Content:
    """Previews and calls of the records that speak: model calls, agents, workflows, people, every root, and log
    records that carry a span's messages.
    """
    carries = batch.nowhere()
    if batch.signal is Signal.LOG:
        carries = batch.full_event.among(_MESSAGE_EVENTS)
    speaks = batch.kind(_SPEAKERS) | batch.root | carries
    asked = conversation(batch, "input_messages", speaks)
    said = conversation(batch, "output_messages", speaks)
    definitions = _tool_definitions(batch)
    calls_model = (batch.kind(["llm"]) | carries).tolist()
    return Content(
        input_preview=_texts(input_text(value) if value else None for value in asked),
        output_preview=_texts(output_text(value) if value else None for value in said),
        proposed_calls=_column(
            [_proposed(value) if value and calls else None for value, calls in zip(said, calls_model, strict=True)],
            _CALL_TYPE,
        ),
        answered_calls=_column([_answered(value) if value else None for value in asked], _ANSWER_TYPE),
        tool_definitions_hash=_tool_definitions_hash(definitions, batch.height),
        offered_tools=_offered_tools(batch, definitions),
        finish_reasons=_column([_finish_reasons(value) if value else None for value in said], pa.list_(pa.string())),
    )


def conversation(batch: Batch, name: str, wanted: Mask) -> list[Messages | None]:
    """The messages of field `name` (input_messages, output_messages) per record, where wanted and known."""
    result: list[Messages | None] = [None] * batch.height
    wanted = wanted.copy()
    role = "user" if name == "input_messages" else "assistant"
    for rule in conventions().rules[name]:
        if not wanted.any():
            break
        for row, value in _candidates(batch, rule, name, role, wanted):
            if any(message["parts"] for message in value):
                result[row] = value
                wanted[row] = False
    return result


def _candidates(batch: Batch, rule: Rule, name: str, role: str, wanted: Mask) -> Iterator[tuple[int, Messages]]:
    if rule.on == "indexed":
        return ((row, from_indexed(pairs)) for row, pairs in _indexed(batch, rule, wanted))
    if rule.on == "events":
        return ((row, from_events(events)) for row, events in _events(batch, name, wanted))
    return _attribute_messages(batch, rule, role, wanted)


def _attribute_messages(batch: Batch, rule: Rule, role: str, wanted: Mask) -> Iterator[tuple[int, Messages]]:
    found = rule_cells(batch, rule, wanted)
    if found is None:
        return
    # One message in several attributes: `with:tool_calls=ai.response.toolCalls`.
    beside = dict(
        part.split("=", 1) for name, argument in rule.transforms if name == "with" for part in argument.split(",")
    )
    if beside:
        yield from _joined_messages(batch, rule, role, found, beside)
        return
    seen: dict[str, Messages] = {}
    for row, text in found.texts():
        if text not in seen:
            seen[text] = _read(rule, role, text)
        yield row, seen[text]


def _joined_messages(
    batch: Batch, rule: Rule, role: str, found: Cells, beside: Mapping[str, str]
) -> Iterator[tuple[int, Messages]]:
    sent = {name: batch.attribute(key) for name, key in beside.items()}
    texts = {name: dict(cells.texts()) if cells else {} for name, cells in sent.items()}
    for row, text in found.texts():
        parts = {name: json_or_text(values.get(row)) for name, values in texts.items()}
        content = None if rule.key in beside.values() else text
        yield row, to_messages({"role": role, "content": content} | parts, role=role)


def _read(rule: Rule, role: str, text: str) -> Messages:
    value: object = text
    if rule.path is not None:
        value = at_path(json_or_text(text), rule.path)
    elif ("unwrap_kwargs", "") in rule.transforms:
        value = unwrap_kwargs(json_or_text(text))
    return to_messages(value, role=role) if value is not None else []


def _indexed(batch: Batch, rule: Rule, wanted: Mask) -> Iterator[tuple[int, list[tuple[str, object]]]]:
    prefix = rule.key.split("*")[0]
    sent = batch.records.attributes
    chosen = wanted[sent.rows] & sent.keys.starting(prefix)
    if not chosen.any():
        return
    found = sent.having(chosen)
    keys, texts = found.keys.column().to_pylist(), found.texts.to_pylist()
    pairs = zip(found.rows.tolist(), keys, texts, strict=True)
    for row, part in groupby(pairs, key=itemgetter(0)):
        yield row, [(key.removeprefix(prefix), text) for _, key, text in part]


def _events(batch: Batch, name: str, wanted: Mask) -> Iterator[tuple[int, list[tuple[str, object]]]]:
    names = _INPUT_EVENTS if name == "input_messages" else ("gen_ai.choice",)
    if batch.signal is Signal.LOG:
        for row in np.flatnonzero(wanted & batch.event.among(names)).tolist():
            body = batch.body[row].as_py()
            if body is not None:
                yield row, [(batch.event.distinct[batch.event.codes[row]], json_or_text(body))]
        return
    events = batch.records.events
    chosen = np.flatnonzero(events.names.among(names) & wanted[events.rows])
    told = [(row, event) for row, event in zip(events.rows[chosen].tolist(), chosen.tolist(), strict=True)]
    for row, part in groupby(told, key=itemgetter(0)):
        said = [(events.names.distinct[events.names.codes[event]], events.attributes.of(event)) for _, event in part]
        yield row, [(event, attributes) for event, attributes in said if attributes]


def _texts(values: Iterable[str | None]) -> pl.Series:
    return _column([value[:PREVIEW_CHARACTERS] if value else None for value in values], pa.string())


def _column(values: list[Any], kind: pa.DataType) -> pl.Series:
    """A series by way of Arrow, which takes nested Python values several times faster than Polars."""
    return pl.Series(pa.array(values, kind))


def _proposed(said: Messages) -> list[dict[str, str | None]] | None:
    calls = tool_calls(said)[:_CALLS]
    return [
        {"id": call["id"], "name": call["name"], "args": (call["args"] or "")[:_CALL_CHARACTERS]} for call in calls
    ] or None


def _answered(asked: Messages) -> list[dict[str, str | None]] | None:
    """Tool results after the last turn of the model: those it is told for the first time."""
    last = max((index for index, message in enumerate(asked) if message.get("role") == "assistant"), default=-1)
    answers = tool_answers(asked[last + 1 :])[:_CALLS]
    if not answers:
        return None
    proposed = {call["id"]: call for call in tool_calls(asked) if call["id"]}
    return [
        {
            "id": answer["id"],
            "result": (answer["result"] or "")[:PREVIEW_CHARACTERS],
            "name": proposed.get(answer["id"] or "", {}).get("name"),
            "args": (proposed.get(answer["id"] or "", {}).get("args") or "")[:_CALL_CHARACTERS] or None,
        }
        for answer in answers
    ]


def _finish_reasons(said: Messages) -> list[str] | None:
    table = conventions().maps["finish_reason"]
    return [table.get(reason, reason) for reason in finish_reasons(said)] or None


def _tool_definitions(batch: Batch) -> Cells | None:
    """The definitions that stand in one attribute."""
    everywhere = ~batch.nowhere()
    found: Cells | None = None
    for rule in conventions().rules["tool_definitions"]:
        sent = None if rule.on == "indexed" else rule_cells(batch, rule, everywhere)
        if sent is not None:
            found = sent if found is None else found.beside(sent)
    return found


def _tool_definitions_hash(definitions: Cells | None, height: int) -> pl.Series:
    if definitions is None:
        return pl.repeat(None, height, dtype=pl.String, eager=True)
    return pl.Series(definitions.each(_fingerprint).column(height))


def _offered_tools(batch: Batch, definitions: Cells | None) -> pl.Series:
    named: list[list[str] | None] = [None] * batch.height
    read: dict[str, list[str]] = {}
    for row, text in definitions.texts() if definitions is not None else ():
        if text not in read:
            read[text] = offered_tools([text])
        named[row] = read[text] or None
    for rule in conventions().rules["tool_definitions"]:
        if rule.on == "indexed":
            for row, pairs in _indexed(batch, rule, ~batch.nowhere()):
                parts = [text if key.endswith("json_schema") else {"name": text} for key, text in pairs if _names(key)]
                named[row] = named[row] or offered_tools(parts) or None
    return _column(named, pa.list_(pa.string()))


def _names(key: str) -> bool:
    """Whether an indexed attribute names a tool: `0.tool.json_schema` or `0.name`."""
    return key.endswith((".json_schema", ".name"))


def _fingerprint(text: str) -> str:
    value = json_or_text(text)
    parts = sorted(
        orjson.dumps(part, option=orjson.OPT_SORT_KEYS) for part in (value if isinstance(value, list) else [value])
    )
    return "sha256:" + hashlib.sha256(b"\n".join(parts)).hexdigest()[:16]
