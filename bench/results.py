"""What was measured, kept as JSON by part and size, so that one part can be measured anew and the others stay."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

FILE = Path(__file__).with_name("results.json")


def keep(part: str, name: str, found: dict[str, Any]) -> None:
    """Replace what is kept of this part under this name."""
    kept = load()
    kept.setdefault(part, {})[name] = found
    FILE.write_bytes(orjson.dumps(kept, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def load() -> dict[str, dict[str, Any]]:
    """Everything kept: part → name → figures."""
    if not FILE.exists():
        return {}
    kept: dict[str, dict[str, Any]] = orjson.loads(FILE.read_bytes())
    return kept


def spread(values: Sequence[float]) -> list[float]:
    """Median, smallest and largest."""
    return [statistics.median(values), min(values), max(values)]
