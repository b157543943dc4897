"""What `/metrics` tells Prometheus (text exposition format 0.0.4)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

# The end of a sample's name, its labels and its value.
Sample = tuple[str, Mapping[str, str], float]
Family = tuple[str, str, str, list[Sample]]  # name, kind, meaning

_MOST_PROJECTS = 100
_OTHERS = "_other"  # which no project is called
_KEYS = ("project", "signal", "reason", "status")
_OUTCOMES = ("received", "stored", "duplicate", "conflicting", "unread", "rejected", "flawed", "unmapped", "unpriced")


def exposition(totals: pa.Table, rejections: pa.Table, run_counts: pa.Table, measured: Iterable[Family]) -> str:
    """The ledger's totals, what was rejected and why, the runs by status, and what the process measured, as text."""
    shown = _shown_projects(totals)
    ledger, rejected, runs = (_folded(table, shown) for table in (totals, rejections, run_counts))
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
            "runlight_rejected_total",
            "counter",
            "Records and requests that were rejected, by reason.",
            ((_labels(row, "project", "signal", "reason"), row["refused_count"]) for row in rejected),
        ),
        *_metric(
            "runlight_runs",
            "gauge",
            "Runs kept, by status now.",
            ((_labels(row, "project", "status"), row["run_count"]) for row in runs),
        ),
        *(line for name, kind, meaning, samples in measured for line in _family(name, kind, meaning, samples)),
    ]
    return "\n".join(lines) + "\n"


def _metric(name: str, kind: str, meaning: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> Iterable[str]:
    return _family(name, kind, meaning, (("", labels, value) for labels, value in samples))


def _family(name: str, kind: str, meaning: str, samples: Iterable[Sample]) -> Iterable[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} {kind}"
    for end, labels, value in samples:
        inner = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        yield f"{name}{end}{{{inner}}} {value}" if inner else f"{name}{end} {value}"


def _shown_projects(totals: pa.Table) -> frozenset[str]:
    """Whoever sends names projects, so only the largest have series of their own."""
    received: Counter[str] = Counter()
    for row in totals.to_pylist():
        received[row["project"]] += row["received_count"]
    return frozenset(project for project, _ in received.most_common(_MOST_PROJECTS))


def _folded(table: pa.Table, shown: frozenset[str]) -> list[dict[str, Any]]:
    """The rows, with those of all projects that are not shown as one project's."""
    rows = [row if row["project"] in shown else row | {"project": _OTHERS} for row in table.to_pylist()]
    folded: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = tuple(row.get(name) for name in _KEYS)
        folded[key] = _added(folded[key], row) if key in folded else row
    return list(folded.values())


def _added(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Counts are added up, of times the latest stays."""
    return one | {
        name: one[name] + other[name] if name.endswith(("_count", "_bytes")) else max(one[name], other[name])
        for name in one
        if name.endswith(("_count", "_bytes", "_at"))
    }


def _labels(row: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: row[name] for name in names}


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
