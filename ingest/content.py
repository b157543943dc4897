"""What was said: messages in one shape, whatever the dialect, and the short forms that lists need."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import orjson
import polars as pl

from ingest.batch import Batch, attribute, full_event_names, rule_values
from ingest.conventions import Rule, conventions
from ingest.intake import Signal
from ingest.messages.canonical import Message, finish_reasons, input_text, output_text, tool_answers, tool_calls
from ingest.messages.envelopes import to_messages
from ingest.messages.events import from_events
from ingest.messages.flattened import from_indexed
from ingest.paths import at_path
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
_CALL_TYPE = pl.List(pl.Struct({"id": pl.String, "name": pl.String, "args": pl.String}))
_ANSWER_TYPE = pl.List(pl.Struct({"id": pl.String, "result": pl.String, "name": pl.String, "args": pl.String}))

Messages = list[Message]


@dataclass(frozen=True, slots=True)
class Content:
    """Columns of table `spans` that are read from messages, one value per record."""

    input_preview: pl.Series
    output_preview: pl.Series
    proposed_calls: pl.Series
    answered_calls: pl.Series
    finish_reasons: pl.Series
    tool_definitions_hash: pl.Series


def contents(batch: Batch) -> Content:
    """Previews and calls of the records that speak: model calls, agents, workflows, people, every root, and log
    records that carry a span's messages.
    """
    carries = batch.everywhere(False)
    if batch.signal is Signal.LOG:
        carries = full_event_names(batch).is_in(_MESSAGE_EVENTS).fill_null(False)
    speaks = batch.fields["kind"].is_in(_SPEAKERS).fill_null(False) | batch.columns["root"] | carries
    asked = conversation(batch, "input_messages", speaks)
    said = conversation(batch, "output_messages", speaks)
    calls_model = ((batch.fields["kind"] == "llm").fill_null(False) | carries).to_list()
    return Content(
        input_preview=_texts(input_text(value) if value else None for value in asked),
        output_preview=_texts(output_text(value) if value else None for value in said),
        proposed_calls=pl.Series(
            [_proposed(value) if value and calls else None for value, calls in zip(said, calls_model, strict=True)],
            dtype=_CALL_TYPE,
        ),
        answered_calls=pl.Series([_answered(value) if value else None for value in asked], dtype=_ANSWER_TYPE),
        finish_reasons=pl.Series(
            [_finish_reasons(value) if value else None for value in said], dtype=pl.List(pl.String)
        ),
        tool_definitions_hash=_tool_definitions_hash(batch),
    )


def conversation(batch: Batch, name: str, wanted: pl.Series) -> list[Messages | None]:
    """The messages of field `name` (input_messages, output_messages) per record, where wanted and known."""
    result: list[Messages | None] = [None] * batch.height
    open_rows = set(wanted.arg_true())
    role = "user" if name == "input_messages" else "assistant"
    for rule in conventions().rules[name]:
        if not open_rows:
            break
        for row, value in _candidates(batch, rule, name, role, open_rows):
            if any(message["parts"] for message in value):
                result[row] = value
                open_rows.discard(row)
    return result


def _candidates(batch: Batch, rule: Rule, name: str, role: str, rows: set[int]) -> Iterator[tuple[int, Messages]]:
    if rule.on == "indexed":
        yield from ((row, from_indexed(pairs)) for row, pairs in _indexed(batch, rule, rows))
    elif rule.on == "events":
        yield from ((row, from_events(events)) for row, events in _events(batch, name, rows))
    else:
        yield from _attribute_messages(batch, rule, role, rows)


def _attribute_messages(batch: Batch, rule: Rule, role: str, rows: set[int]) -> Iterator[tuple[int, Messages]]:
    values = rule_values(batch, rule, batch.mask(rows))
    if values is None:
        return
    seen: dict[str, Messages] = {}
    # One message in several attributes: `with:tool_calls=ai.response.toolCalls`.
    beside = dict(
        part.split("=", 1) for name, argument in rule.transforms if name == "with" for part in argument.split(",")
    )
    for row in sorted(rows):
        text = values[row]
        if text is None:
            continue
        if beside:
            parts = {name: json_or_text(attribute(batch, key)[row]) for name, key in beside.items()}
            said = None if rule.key in beside.values() else text
            yield row, to_messages({"role": role, "content": said} | parts, role=role)
            continue
        if text not in seen:
            seen[text] = _read(rule, role, text)
        yield row, seen[text]


def _read(rule: Rule, role: str, text: str) -> Messages:
    value: object = text
    if rule.path is not None:
        value = at_path(json_or_text(text), rule.path)
    elif ("unwrap_kwargs", "") in rule.transforms:
        value = unwrap_kwargs(json_or_text(text))
    return to_messages(value, role=role) if value is not None else []


def _indexed(batch: Batch, rule: Rule, rows: set[int]) -> Iterator[tuple[int, list[tuple[str, object]]]]:
    prefix = rule.key.split("*")[0]
    found = batch.long.filter(pl.col("key").str.starts_with(prefix)).select(
        "row", pl.col("key").str.slice(len(prefix)), "text"
    )
    for (row,), part in found.partition_by("row", as_dict=True, include_key=False).items():
        if row in rows:
            yield int(str(row)), list(part.iter_rows())


def _events(batch: Batch, name: str, rows: set[int]) -> Iterator[tuple[int, list[tuple[str, object]]]]:
    wanted = _INPUT_EVENTS if name == "input_messages" else ("gen_ai.choice",)
    if batch.signal is Signal.LOG:
        for row in sorted(rows):
            event, body = batch.columns["event"][row], batch.columns["body"][row]
            if event in wanted and body is not None:
                yield row, [(event, json_or_text(body))]
        return
    found = batch.event_rows.filter(pl.col("event").is_in(wanted))
    for (row,), part in found.partition_by("row", as_dict=True, include_key=False).items():
        if row not in rows:
            continue
        events: dict[int, tuple[str, dict[str, object]]] = {}
        for position, event, key, text in part.select("position", "event", "key", "text").iter_rows():
            events.setdefault(position, (event, {}))[1][key] = text
        yield int(str(row)), [events[position] for position in sorted(events)]


def _texts(values: Iterable[str | None]) -> pl.Series:
    return pl.Series([value[:PREVIEW_CHARACTERS] if value else None for value in values], dtype=pl.String)


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
            "result": (answer["result"] or "")[:_CALL_CHARACTERS],
            "name": proposed.get(answer["id"] or "", {}).get("name"),
            "args": (proposed.get(answer["id"] or "", {}).get("args") or "")[:_CALL_CHARACTERS] or None,
        }
        for answer in answers
    ]


def _finish_reasons(said: Messages) -> list[str] | None:
    table = conventions().maps["finish_reason"]
    return [table.get(reason, reason) for reason in finish_reasons(said)] or None


def _tool_definitions_hash(batch: Batch) -> pl.Series:
    result: list[str | None] = [None] * batch.height
    for rule in conventions().rules["tool_definitions"]:
        if rule.on == "indexed":
            continue
        values = rule_values(batch, rule, batch.everywhere(True))
        if values is None:
            continue
        seen = {text: _fingerprint(text) for text in values.drop_nulls().unique()}
        result = [old or (seen[text] if text else None) for old, text in zip(result, values, strict=True)]
    return pl.Series(result, dtype=pl.String)


def _fingerprint(text: str) -> str:
    value = json_or_text(text)
    parts = sorted(
        orjson.dumps(part, option=orjson.OPT_SORT_KEYS) for part in (value if isinstance(value, list) else [value])
    )
    return "sha256:" + hashlib.sha256(b"\n".join(parts)).hexdigest()[:16]
