"""Everything of one step, and a run as it came in: what the store keeps as columns, joined with the whole records."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import orjson
import pyarrow as pa

from queries import questions
from queries.encoding import rows_json
from queries.opening import NoSuchRun, OpenedRun

_PLACE = ("record_signal", "block_id", "block_position", "resource_id", "scope_id")
_ALL_LOGS = 2**31 - 1


class Ref(NamedTuple):
    """Where a whole record is, by the columns of `spans` and `log_records`."""

    project: str
    signal: str
    block_id: int
    block_position: int
    resource_id: int
    scope_id: int


class Records(Protocol):
    """Whoever reads whole records back."""

    def contents(self, refs: Sequence[Any]) -> list[dict[str, Any]]:
        """Per record its messages, arguments, attributes, events, links, resource, scope and OTLP/JSON, JSON-ready."""
        ...

    def otlp(self, refs: Sequence[Any]) -> dict[str, Any]:
        """The records as one OTLP/JSON document."""
        ...

    def mentioning(self, project: str, words: Sequence[str], since_ns: int, until_ns: int) -> list[tuple[int, int]]:
        """Block id and position of the records of these days that hold every word."""
        ...


def step_detail(records: Records, opened: OpenedRun, step_id: str) -> bytes:
    """One step as JSON: its columns, whole texts, messages, attributes, events, links, resource, scope, logs, record.
    Raises NoSuchRun.
    """
    found, logs = questions.step_records(opened, step_id.lower())
    if not found.num_rows:
        raise NoSuchRun(f"run {opened.run_id[:200]!r} has no step {step_id[:200]!r}")
    steps, log_rows = found.to_pylist(), logs.to_pylist()
    contents = records.contents([_ref(opened.project, row) for row in steps + log_rows])
    own, twins, log_contents = contents[0], contents[1 : len(steps)], contents[len(steps) :]
    known = orjson.loads(rows_json(public(found.slice(0, 1))))[0]
    said = {
        name: _first(own[name], *(twin[name] for twin in twins), _joined(log_contents, name))
        for name in ("input_messages", "output_messages")
    }
    # Whole texts go before the beginnings that the store keeps; what was joined from elsewhere stays where none is.
    whole = {
        name: _first(own.get(name), *(twin.get(name) for twin in twins), _value(known.get(name)))
        for name in own.keys() - said.keys()
    }
    return orjson.dumps(known | whole | said | {"logs": [entry["record"] for entry in log_contents]})


def _value(text: Any) -> Any:
    """What JSON text says; any other text as it is."""
    try:
        return orjson.loads(text) if isinstance(text, str) else text
    except orjson.JSONDecodeError:
        return text


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _joined(contents: Sequence[dict[str, Any]], name: str) -> list[Any] | None:
    """The messages that log records carry one by one, in their order."""
    return [message for content in contents for message in content[name] or []] or None


def run_otlp(records: Records, opened: OpenedRun) -> bytes:
    """The run's spans and log records as one OTLP/JSON document."""
    rows = questions.run_records(opened).to_pylist() + questions.run_logs(opened, limit=_ALL_LOGS).to_pylist()
    return orjson.dumps(records.otlp(list(dict.fromkeys(_ref(opened.project, row) for row in rows))))


def _ref(project: str, row: dict[str, Any]) -> Ref:
    return Ref(project, *(row[name] for name in _PLACE))


def public(table: pa.Table) -> pa.Table:
    """Without the columns that say where whole records are."""
    return table.drop_columns(list(_PLACE))
