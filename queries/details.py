"""Everything of one step, and a run as it came in: what the store keeps as columns, joined with the whole records."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import orjson
import pyarrow as pa

from queries import questions
from queries.encoding import rows_json
from queries.opening import NoSuchRun, OpenedRun

_PLACE = ["record_signal", "block_id", "block_position", "resource_id", "scope_id"]
_ALL_LOGS = 2**31 - 1

# What a model call (one row, columns as run_steps has them) costs by today's prices and what that is made of,
# JSON-ready; None where no price is known.
PriceOf = Callable[[pa.Table], dict[str, Any] | None]


class Records(Protocol):
    """Whoever reads whole records back. `places` are tables with the columns that say where records are."""

    def contents(self, project: str, places: pa.Table) -> list[dict[str, Any]]:
        """Per place its messages, arguments, attributes, events, links, resource, scope and OTLP/JSON, JSON-ready."""
        ...

    def otlp(self, project: str, places: pa.Table) -> dict[str, Any]:
        """The records, each once, as one OTLP/JSON document."""
        ...

    def mentioning(self, project: str, words: Sequence[str], since_ns: int, until_ns: int, most: int) -> pa.Table:
        """block_id and block_position of the records of these times that hold every word, newest first, and not many
        more than `most`."""
        ...


def step_detail(records: Records, opened: OpenedRun, step_id: str, price_of: PriceOf | None = None) -> bytes:
    """One step as JSON: its columns, whole texts, messages, attributes, events, links, resource, scope, logs, record,
    for a model call price, what `price_of` says of it, and is_content_restricted. Raises NoSuchRun.
    """
    found, logs = questions.step_records(opened, step_id.lower())
    if not found.num_rows:
        raise NoSuchRun(f"run {opened.run_id[:200]!r} has no step {step_id[:200]!r}")
    contents = records.contents(opened.project, places_of(found, logs))
    own, twins, log_contents = contents[0], contents[1 : found.num_rows], contents[found.num_rows :]
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
    price = price_of(found.slice(0, 1)) if price_of and known["kind"] in ("llm", "embedding") else None
    told = {
        "price": price,
        "logs": [entry["record"] for entry in log_contents if entry["record"]],
        "is_content_restricted": opened.sight.withholds(opened.project),
    }
    return orjson.dumps(known | whole | said | told)


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
    places = places_of(questions.run_records(opened), questions.run_logs(opened, limit=_ALL_LOGS))
    return orjson.dumps(records.otlp(opened.project, places))


def places_of(*tables: pa.Table) -> pa.Table:
    """Where the whole records of these rows are, as `Records` asks for it."""
    return pa.concat_tables(table.select(_PLACE) for table in tables)


def public(table: pa.Table) -> pa.Table:
    """Without the columns that say where whole records are."""
    return table.drop_columns(_PLACE)
