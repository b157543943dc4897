"""A batch of records with its attributes as columns, and the rules of the conventions applied to them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import polars as pl

from ingest import transforms
from ingest.attributes import as_text, attributes
from ingest.conventions import Rule, conventions
from ingest.intake import Signal
from ingest.wire import fields_of_message

_STATUS_NAMES = {0: "UNSET", 1: "OK", 2: "ERROR"}
_VENDOR_PREFIXES = {
    "claude-code": "claude_code.",
    "gemini-cli": "gemini_cli.",
    "qwen-code": "qwen-code.",
    "codex": "codex.",
}
_EVENT_SCHEMA = {"row": pl.UInt32, "event": pl.String, "position": pl.UInt32, "key": pl.String, "text": pl.String}


@dataclass(slots=True)
class Batch:
    """The records of one signal with their attributes as columns, and the fields filled so far."""

    signal: Signal
    height: int
    columns: Mapping[str, pl.Series]
    attributes: Mapping[str, pl.Series]
    resource: Mapping[str, pl.Series]
    events: Mapping[tuple[str, str], pl.Series]
    long: pl.DataFrame
    event_rows: pl.DataFrame
    fields: dict[str, pl.Series] = field(default_factory=dict)
    dialects: dict[str, pl.Series] = field(default_factory=dict)
    flaws: list[tuple[pl.Series, str]] = field(default_factory=list)

    def nothing(self) -> pl.Series:
        """A column of nulls."""
        return pl.repeat(None, self.height, dtype=pl.String, eager=True)

    def mask(self, rows: Iterable[int]) -> pl.Series:
        """True at these rows."""
        return _mask(pl.Series(sorted(rows), dtype=pl.UInt32), self.height)

    def everywhere(self, value: bool) -> pl.Series:
        """A column of one truth value."""
        return pl.repeat(value, self.height, dtype=pl.Boolean, eager=True)


def read_batch(signal: Signal, sources: pl.DataFrame, fields: pl.DataFrame) -> Batch:
    """Spread the attributes that the conventions name into columns."""
    rows = fields.with_row_index("row")
    long = attributes(rows.select("row", "attributes"))
    scope = _by_distinct(sources["scope"], "common.v1.InstrumentationScope")
    columns = {"scope": scope["name"].fill_null("")}
    event_rows = pl.DataFrame(schema=_EVENT_SCHEMA)
    if signal is Signal.SPAN:
        status = fields["status"].struct
        columns |= {
            "name": fields["name"],
            "status.code": status.field("code")
            .fill_null(0)
            .replace_strict(_STATUS_NAMES, default="UNSET", return_dtype=pl.String),
            "status.message": _nonempty(status.field("message")),
            "start": fields["start_time_unix_nano"],
            "end": fields["end_time_unix_nano"],
            "root": fields["parent_span_id"].bin.size() == 0,
        }
        event_rows = _event_rows(rows)
    else:
        body = fields.select(as_text("body"))["text"]
        # Codex puts a source line into the field, so the attribute goes first.
        event = _column(long, "event.name", len(rows))
        for other in (_nonempty(fields["event_name"]), _event_like(body)):
            event = event.zip_with(event.is_not_null(), other)
        columns |= {
            "name": event.fill_null(""),
            "event": event,
            "body": body,
            "severity_number": fields["severity_number"].cast(pl.String),
            "time": log_time(fields),
            "has_trace": fields["trace_id"].bin.size() == 16,
            "root": pl.repeat(False, len(rows), dtype=pl.Boolean, eager=True),
        }
    return Batch(
        signal=signal,
        height=len(rows),
        columns=columns,
        attributes=_spread(long.filter(pl.col("key").is_in(list(conventions().keys))), len(rows)),
        resource=_resource_columns(sources["resource"]),
        events=_spread_events(event_rows, len(rows)),
        long=long,
        event_rows=event_rows,
    )


def detect_dialects(batch: Batch) -> None:
    """Set `batch.dialects`: for each dialect seen, which records are of it; a record can be of several."""
    keys = batch.long["key"].unique()
    for entry in conventions().dialects:
        found = batch.everywhere(False)
        scope, name = batch.columns["scope"], batch.columns["name"]
        service = batch.resource.get("service.name", batch.nothing())
        event = batch.columns.get("event", batch.nothing()).fill_null("")
        if "scope" in entry:
            found |= scope.is_in(entry["scope"])
        if "scope_prefix" in entry:
            found |= scope.str.starts_with(entry["scope_prefix"])
        if "name_prefix" in entry:
            found |= name.str.starts_with(entry["name_prefix"])
        if "service" in entry:
            found |= service.is_in(entry["service"]).fill_null(False)
        if "service_prefix" in entry:
            found |= service.str.starts_with(entry["service_prefix"]).fill_null(False)
        for name_of_prefix in {"event_prefix", "event_or_attr_prefix"} & entry.keys():
            found |= event.str.starts_with(entry[name_of_prefix])
        matched = _matching_keys(entry, keys)
        if len(matched):
            rows = batch.long.filter(pl.col("key").is_in(matched.implode()))["row"].unique()
            found |= _mask(rows, batch.height)
        if found.any():
            batch.dialects[entry["dialect"]] = found


def _matching_keys(entry: Mapping[str, Any], keys: pl.Series) -> pl.Series:
    matched = keys.is_in(entry.get("any_attr", []))
    for name in ("any_attr_prefix", "event_or_attr_prefix"):
        if name in entry:
            matched |= keys.str.starts_with(entry[name])
    if "any_attr_regex" in entry:
        matched |= keys.str.contains(entry["any_attr_regex"])
    return keys.filter(matched)


def full_event_names(batch: Batch) -> pl.Series:
    """Event names with their vendor's prefix, which some leave out of `event.name`; null without an event."""
    event = batch.columns["event"]
    for dialect, prefix in _VENDOR_PREFIXES.items():
        mask = batch.dialects.get(dialect)
        if mask is not None:
            bare = mask & ~event.str.contains(".", literal=True).fill_null(True)
            event = (prefix + event).zip_with(bare, event)
    return event


def fill(batch: Batch, name: str, rules: Iterable[Rule]) -> None:
    """Set `batch.fields[name]` as text by the first rule per record that yields a value."""
    result = batch.nothing()
    for rule in rules:
        values = rule_values(batch, rule, result.is_null())
        if values is None:
            continue
        found = _transformed(batch, rule, values)
        result = result.zip_with(result.is_not_null(), found)
        if result.null_count() == 0:
            break
    batch.fields[name] = result


def rule_values(batch: Batch, rule: Rule, wanted: pl.Series) -> pl.Series | None:
    """The rule's untransformed values where they are wanted and its conditions hold; None if there are none."""
    values = _source(batch, rule)
    if values is None:
        return None
    wanted = wanted & values.is_not_null()
    holds = _condition(batch, rule)
    if holds is not None:
        wanted &= holds
    return values.zip_with(wanted, batch.nothing()) if wanted.any() else None


def _source(batch: Batch, rule: Rule) -> pl.Series | None:
    key = rule.key
    if rule.on in ("name", "scope", "status", "record"):
        column = {"scope.name": "scope"}.get(key, key)
        if column == "duration_ms":
            return _duration_ms(batch)
        values = batch.columns.get(column)
        return None if values is None else values.cast(pl.String)
    if rule.on == "event":
        return batch.events.get((rule.event or "", key))
    if rule.on == "resource":
        return batch.resource.get(key)
    if rule.on in ("indexed", "events"):
        return None
    if rule.on in ("span", "log") and rule.on != batch.signal:
        return None
    if key in ("event_name", "body", "severity_number"):
        return batch.columns.get({"event_name": "event"}.get(key, key)) if batch.signal is Signal.LOG else None
    if key.startswith("body."):
        return batch.columns["body"].map_elements(
            lambda text: transforms.read_path(text, key.removeprefix("body.")), return_dtype=pl.String
        )
    values = batch.attributes.get(key)
    if rule.on == "any" and key in batch.resource:
        values = batch.resource[key] if values is None else values.fill_null(batch.resource[key])
    return values


def _duration_ms(batch: Batch) -> pl.Series | None:
    if batch.signal is not Signal.SPAN:
        return None
    start, end = batch.columns["start"], batch.columns["end"]
    known = (start > 0) & (end >= start)
    elapsed = (end.cast(pl.Int64, strict=False) - start.cast(pl.Int64, strict=False)) / 1e6
    return elapsed.cast(pl.String).zip_with(known, batch.nothing())


def _condition(batch: Batch, rule: Rule) -> pl.Series | None:
    tests: list[pl.Series] = []
    if rule.event is not None and rule.on != "event":
        tests.append(_named(batch.columns.get("event", batch.columns["name"]), rule.event))
    if rule.dialects:
        tests.append(any_dialect(batch, rule.dialects))
    for name, expected in rule.when.items():
        if name in ("eq", "prefix"):
            continue
        tests.append(_CONDITIONS[name](batch, rule.when, expected))
    if not tests:
        return None
    holds = tests[0]
    for test in tests[1:]:
        holds = holds & test
    return holds.fill_null(False)


def _named(events: pl.Series, expected: str) -> pl.Series:
    """Event names are compared with and without the vendor's prefix."""
    if expected.startswith("*"):
        return events.str.ends_with(expected[1:])
    suffix = expected.rpartition(".")[2]
    return (events == expected) | events.str.ends_with("." + expected) | ((events == suffix) & (suffix != expected))


def any_dialect(batch: Batch, names: Iterable[str]) -> pl.Series:
    """Which records are of any of these dialects."""
    found = batch.everywhere(False)
    for name in names:
        if name in batch.dialects:
            found |= batch.dialects[name]
    return found


def attribute(batch: Batch, key: object) -> pl.Series:
    """The text of an attribute that the conventions name, null where it was not sent."""
    return batch.attributes.get(str(key), batch.nothing())


_CONDITIONS: dict[str, Callable[[Batch, Mapping[str, object], object], pl.Series]] = {
    "attr": lambda batch, when, key: attribute(batch, key) == when["eq"],
    "attr_prefix": lambda batch, when, key: attribute(batch, key).str.starts_with(str(when["prefix"])),
    "body_0": lambda batch, _, value: batch.columns.get("body", batch.nothing()).str.starts_with(f'["{value}"'),
    "dialect": lambda batch, _, name: any_dialect(batch, [str(name)]),
    "dialect_in": lambda batch, _, names: any_dialect(batch, names),  # type: ignore[arg-type]
    "evaluator": lambda batch, _, value: batch.fields["evaluator_type"] == value,
    "event": lambda batch, _, value: _named(batch.columns.get("event", batch.nothing()), str(value)),
    "event_in": lambda batch, _, names: batch.columns.get("event", batch.nothing()).is_in(names),  # type: ignore[arg-type]
    "event_prefix": lambda batch, _, value: batch.columns.get("event", batch.nothing()).str.starts_with(str(value)),
    "has": lambda batch, _, key: attribute(batch, key).is_not_null(),
    "kind": lambda batch, _, kinds: batch.fields["kind"].fill_null("other").is_in(kinds),  # type: ignore[arg-type]
    "name": lambda batch, _, value: batch.columns["name"] == value,
    "name_prefix": lambda batch, _, value: batch.columns["name"].str.starts_with(str(value)),
    "name_suffix": lambda batch, _, value: batch.columns["name"].str.ends_with(str(value)),
    "not_dialect": lambda batch, _, name: ~any_dialect(batch, [str(name)]),
    "not_scope": lambda batch, _, value: batch.columns["scope"] != value,
    "not_scope_in": lambda batch, _, names: ~batch.columns["scope"].is_in(names),  # type: ignore[arg-type]
    "not_status": lambda batch, _, value: batch.columns.get("status.code", batch.nothing()).fill_null("") != value,
    "root": lambda batch, _, value: batch.columns["root"] == value,
    "status": lambda batch, _, value: batch.columns.get("status.code", batch.nothing()) == value,
    "scope": lambda batch, _, value: batch.columns["scope"] == value,
}


def _transformed(batch: Batch, rule: Rule, masked: pl.Series) -> pl.Series:
    """The values after the rule's path and steps; null where they cannot be read."""
    if rule.path is None and not rule.transforms:
        return masked
    steps = list(rule.transforms)
    if rule.path is not None:
        is_python = ("python_literal", "") in steps
        steps = [step for step in steps if step[0] not in ("json", "json_or_text", "python_literal")]
        path = rule.path
        masked = _each(batch, rule, masked, lambda text: transforms.read_path(text, path, is_python=is_python))
    for name, argument in steps:
        if name == "add":
            masked = _add(batch, masked, argument)
        elif name == "zero_is_unknown_if":
            masked = masked.zip_with(
                ~(any_dialect(batch, [argument]) & (masked.cast(pl.Float64, strict=False) == 0).fill_null(False)),
                batch.nothing(),
            )
        elif name == "iso_minus_start_ms":
            masked = _since_start_ms(batch, _each(batch, rule, masked, partial(transforms.transform, "iso", "")))
        elif name == "indirect":
            masked = _indirect(batch, masked)
        else:
            masked = _each(batch, rule, masked, partial(transforms.transform, name, argument))
    return masked


def _each(batch: Batch, rule: Rule, values: pl.Series, read: Callable[[str], str | None]) -> pl.Series:
    """Apply a step once per distinct value; what it cannot read is marked, not dropped."""
    table: dict[str, str | None] = {}
    unread: set[str] = set()
    for text in values.drop_nulls().unique():
        try:
            table[text] = read(text)
        except (ValueError, TypeError, OverflowError, RecursionError):
            table[text] = None
            unread.add(text)
    if unread:
        batch.flaws.append((values.is_in(list(unread)).fill_null(False), f"unread:{rule.field}"))
    return pl.Series([None if text is None else table[text] for text in values], dtype=pl.String)


def _add(batch: Batch, values: pl.Series, keys: str) -> pl.Series:
    total = values.cast(pl.Int64, strict=False)
    for key in keys.split(","):
        total = total + attribute(batch, key).cast(pl.Int64, strict=False).fill_null(0)
    return total.cast(pl.String)


def _since_start_ms(batch: Batch, moments_ns: pl.Series) -> pl.Series:
    elapsed = moments_ns.cast(pl.Int64, strict=False) - batch.columns["start"].cast(pl.Int64, strict=False)
    return (elapsed / 1e6).cast(pl.String)


def _indirect(batch: Batch, keys: pl.Series) -> pl.Series:
    """The value of the attribute that the value names."""
    asked = pl.DataFrame({"row": pl.int_range(batch.height, dtype=pl.UInt32, eager=True), "key": keys}).drop_nulls(
        "key"
    )
    found = asked.join(batch.long.select("row", "key", "text"), on=["row", "key"], how="left").unique(
        "row", keep="first"
    )
    return _scatter(found["row"], found["text"], batch.height)


def _event_rows(rows: pl.DataFrame) -> pl.DataFrame:
    events = (
        rows.select("row", "events")
        .explode("events")
        .drop_nulls("events")
        .select(
            "row",
            pl.col("events").struct.field("name").alias("event"),
            pl.int_range(pl.len(), dtype=pl.UInt32).alias("position"),
            pl.col("events").struct.field("attributes").alias("attributes"),
        )
    )
    return attributes(events).select(*_EVENT_SCHEMA)


def _spread(long: pl.DataFrame, height: int) -> dict[str, pl.Series]:
    """A column per key; the first of a repeated key wins."""
    parts = long.select("row", "key", "text").partition_by("key", as_dict=True, include_key=False)
    return {str(key[0]): _scatter(part["row"], part["text"], height) for key, part in parts.items()}


def _spread_events(event_rows: pl.DataFrame, height: int) -> dict[tuple[str, str], pl.Series]:
    parts = event_rows.partition_by("event", "key", as_dict=True, include_key=False)
    return {(str(key[0]), str(key[1])): _scatter(part["row"], part["text"], height) for key, part in parts.items()}


def _column(long: pl.DataFrame, key: str, height: int) -> pl.Series:
    part = long.filter(pl.col("key") == key)
    return _scatter(part["row"], part["text"], height)


def _scatter(rows: pl.Series, values: pl.Series, height: int) -> pl.Series:
    frame = pl.DataFrame({"row": pl.int_range(height, dtype=pl.UInt32, eager=True)})
    found = pl.DataFrame({"row": rows, "value": values}).unique("row", keep="first", maintain_order=True)
    return frame.join(found, on="row", how="left", maintain_order="left")["value"].alias("")


def _mask(rows: pl.Series, height: int) -> pl.Series:
    return pl.int_range(height, dtype=pl.UInt32, eager=True).is_in(rows.implode())


def _resource_columns(resources: pl.Series) -> dict[str, pl.Series]:
    distinct = resources.unique(maintain_order=True)
    frame = fields_of_message("resource.v1.Resource", distinct).with_row_index("row")
    spread = _spread(attributes(frame.select("row", "attributes")), len(distinct))
    index = _positions(resources, distinct)
    return {key: values.gather(index) for key, values in spread.items()}


def _by_distinct(messages: pl.Series, name: str) -> pl.DataFrame:
    distinct = messages.unique(maintain_order=True)
    frame = fields_of_message(name, distinct)
    return frame[_positions(messages, distinct)]


def _positions(values: pl.Series, distinct: pl.Series) -> pl.Series:
    table = pl.DataFrame({"value": distinct, "position": pl.int_range(len(distinct), dtype=pl.UInt32, eager=True)})
    return pl.DataFrame({"value": values}).join(table, on="value", how="left", maintain_order="left")["position"]


def _nonempty(values: pl.Series) -> pl.Series:
    return values.replace("", None)


def _event_like(bodies: pl.Series) -> pl.Series:
    return bodies.zip_with(
        bodies.str.contains(r"^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+$").fill_null(False),
        pl.repeat(None, len(bodies), dtype=pl.String, eager=True),
    )


def log_time(fields: pl.DataFrame) -> pl.Series:
    """When it happened, in ns; when it was observed, if that is all that was sent (OTLP LogRecord)."""
    time, observed = fields["time_unix_nano"], fields["observed_time_unix_nano"]
    return observed.zip_with(time == 0, time)
