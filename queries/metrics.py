"""What `/metrics` tells Prometheus (text exposition format 0.0.4)."""

from collections.abc import Iterable, Mapping

import pyarrow as pa

_OUTCOMES = ("received", "stored", "duplicate", "conflicting", "unread", "rejected", "flawed", "unmapped", "unpriced")


def exposition(totals: pa.Table, run_counts: pa.Table, waiting_bytes: int) -> str:
    """The ledger's totals, the runs by status and what waits for its commit, as text."""
    ledger = totals.to_pylist()
    lines = [
        *_metric(
            "runlight_records_total",
            "counter",
            "Records by what became of them; received counts all, flawed, unmapped and unpriced are among the stored.",
            (
                (_labels(row, "project", "signal") | {"outcome": outcome}, row[f"{outcome}_count"])
                for row in ledger
                for outcome in _OUTCOMES
            ),
        ),
        *_metric(
            "runlight_batches_total",
            "counter",
            "Committed batches.",
            ((_labels(row, "project", "signal"), row["batch_count"]) for row in ledger),
        ),
        *_metric(
            "runlight_requests_total",
            "counter",
            "Export requests whose records were committed.",
            ((_labels(row, "project", "signal"), row["request_count"]) for row in ledger),
        ),
        *_metric(
            "runlight_body_bytes_total",
            "counter",
            "Bytes of committed export requests, inflated.",
            ((_labels(row, "project", "signal"), row["body_bytes"]) for row in ledger),
        ),
        *_metric(
            "runlight_last_commit_timestamp_seconds",
            "gauge",
            "When records were last committed.",
            ((_labels(row, "project", "signal"), row["last_commit_at"].timestamp()) for row in ledger),
        ),
        *_metric(
            "runlight_queue_bytes", "gauge", "Bytes of requests that wait for their commit.", [({}, waiting_bytes)]
        ),
        *_metric(
            "runlight_runs",
            "gauge",
            "Runs kept, by status now.",
            ((_labels(row, "project", "status"), row["run_count"]) for row in run_counts.to_pylist()),
        ),
    ]
    return "\n".join(lines) + "\n"


def _metric(name: str, kind: str, meaning: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> Iterable[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} {kind}"
    for labels, value in samples:
        inner = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        yield f"{name}{{{inner}}} {value}" if inner else f"{name} {value}"


def _labels(row: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: row[name] for name in names}


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
