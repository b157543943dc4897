"""The captured traffic of real frameworks: where it lies, what was sent, and what its scripts know to be true."""

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("RUNLIGHT_REAL_TRACES") or Path(__file__).resolve().parents[3] / "shared" / "real_traces")


@dataclass(frozen=True)
class Delivery:
    """One export request as an exporter sent it; `body` is still compressed where `encoding` says so."""

    signal: str  # traces | logs | metrics
    transport: str  # http | grpc
    media_type: str
    encoding: str | None
    body: bytes


@dataclass(frozen=True)
class Scenario:
    """A captured scenario: its requests in arrival order, and the ground truth that its script wrote."""

    name: str
    dialect: str
    deliveries: tuple[Delivery, ...]
    expected: dict[str, Any]


def scenario_names() -> list[str]:
    """Names of all captured scenarios, sorted; empty where the captures are not there."""
    return sorted(path.parent.name for path in FOLDER.glob("*/expected.json"))


@cache
def scenario(name: str) -> Scenario:
    """The scenario of that name, read from its folder."""
    folder = FOLDER / name
    meta = json.loads((folder / "meta.json").read_bytes())
    expected = json.loads((folder / "expected.json").read_bytes())
    return Scenario(name, expected["dialect"], tuple(_delivery(folder, entry) for entry in meta["files"]), expected)


def _delivery(folder: Path, entry: dict[str, Any]) -> Delivery:
    return Delivery(
        signal=entry["signal"],
        transport=entry["transport"],
        media_type=entry["content_type"],
        encoding=entry["content_encoding"],
        body=(folder / entry["file"]).read_bytes(),
    )
