"""Whole records as far as a request is shown content."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from queries.content import Sight
from queries.details import Records

_NOTHING: dict[str, Any] = {
    **dict.fromkeys(("input_messages", "output_messages", "system_instructions", "error_stack")),
    **dict.fromkeys(("tool_args", "tool_result", "tool_definitions")),
    **dict.fromkeys(("attributes", "events", "links"), ()),
    **{name: {} for name in ("resource", "scope", "record")},
}


class SeenRecords:
    """The records behind `records`; where their content is not shown there is nothing in them, and they are neither
    given out nor searched."""

    def __init__(self, records: Records, sight: Sight) -> None:
        self._records = records
        self._sight = sight

    def contents(self, project: str, places: pa.Table) -> list[dict[str, Any]]:
        """Per place what is in the record, and of a record that is not shown nothing under the same names."""
        if self._sight.withholds(project):
            return [dict(_NOTHING) for _ in range(places.num_rows)]
        self._sight.look(project)
        return self._records.contents(project, places)

    def otlp(self, project: str, places: pa.Table) -> dict[str, Any]:
        """The records, each once, as one OTLP/JSON document. Raises ContentRestricted."""
        self._sight.expect(project)
        return self._records.otlp(project, places)

    def mentioning(self, project: str, words: Sequence[str], since_ns: int, until_ns: int, most: int) -> pa.Table:
        """block_id and block_position of the newest records that hold every word. Raises ContentRestricted."""
        self._sight.expect(project)
        return self._records.mentioning(project, words, since_ns, until_ns, most)
