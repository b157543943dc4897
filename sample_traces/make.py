"""Plays every scenario and writes what its exporters sent: `python -m sample_traces.make`.

One file a scenario, one OTLP/JSON export request a line, as the Collector's file exporter writes them.
"""

import json
from pathlib import Path

from google.protobuf.message import Message

from sample_traces.scenarios import SCENARIOS, Scenario
from sample_traces.stage import Stage, otlp_json

FOLDER = Path(__file__).parent


def main() -> None:
    for scenario in SCENARIOS:
        path = FOLDER / f"{scenario.name}.jsonl"
        path.write_text(text(messages(scenario)), encoding="utf-8")
        print(f"{path.name}: {path.stat().st_size:,} bytes")


def messages(scenario: Scenario) -> list[Message]:
    """What a scenario's exporters send, request by request."""
    with Stage(scenario.name, scenario.opens_at_ns()) as stage:
        scenario.play(stage)
    return stage.messages()


def text(requests: list[Message]) -> str:
    """The requests as the lines of a file."""
    lines = [json.dumps(otlp_json(request), ensure_ascii=False, separators=(",", ":")) for request in requests]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
