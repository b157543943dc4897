"""Real request bodies with some bytes changed, for each signal and encoding."""

import json
from collections.abc import Sequence
from pathlib import Path

from google.protobuf import json_format
from hypothesis import strategies as st

from ingest.intake import Encoding, Signal
from ingest.otlp_json import to_protobuf
from tests.hostile.test_values import strange_points
from tests.ingest.otlp_samples import request_of

_FOLDER = Path(__file__).parents[2] / "sample_traces"
_LARGEST_BYTES = 20_000  # a larger body is mutated no better, only more slowly

Change = tuple[int, int, bytes]


def real_bodies(signal: Signal, encoding: Encoding) -> list[bytes]:
    """What agents and exporters send."""
    if signal is Signal.METRIC:
        points = strange_points()
        if encoding == "json":
            return [json_format.MessageToJson(points).encode()]
        return [points.SerializeToString(), request_of("metrics")]
    name = {Signal.SPAN: "resourceSpans", Signal.LOG: "resourceLogs"}[signal]
    lines = [line.encode() for path in sorted(_FOLDER.glob("*.jsonl")) for line in path.read_text().splitlines()]
    bodies = [line for line in lines if name in json.loads(line) and len(line) <= _LARGEST_BYTES]
    return bodies if encoding == "json" else [to_protobuf(signal, body) for body in bodies]


# Where (modulo the length), how many bytes go, and what takes their place.
changes: st.SearchStrategy[list[Change]] = st.lists(
    st.tuples(st.integers(0, _LARGEST_BYTES), st.integers(0, 8), st.binary(max_size=8)), min_size=1, max_size=6
)


def changed(body: bytes, made: Sequence[Change]) -> bytes:
    """The body after these changes."""
    for place, gone, new in made:
        at = place % (len(body) + 1)
        body = body[:at] + new + body[at + gone :]
    return body
