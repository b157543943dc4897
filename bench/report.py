"""Writes RESULTS.md from what is kept. What people have to say about the figures stands in REMARKS.md."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import results

FILE = Path(__file__).with_name("RESULTS.md")

_INTRODUCTION = """# Results

Written by `python -m bench`; what there is to say about the figures is in [REMARKS.md](REMARKS.md). A figure is the
median of its rounds, the smallest and largest behind it. The client that sends shares the machine with the server. On a
quiet machine the load average is near 0 before and 2 to 3 meanwhile; where it is higher, others worked beside the
benchmark, and that shows in every figure but processor time.
"""
_INGEST = """
## Taking in

Telemetry as `bench/telemetry.py` makes it, sent to a server with default settings, each round into an empty store;
every span that was answered with 200 was found again. *Spans/s* are stored and readable. *CPU* is the server's
processor time for a million spans until its lists were up to date; *later* is the part of it after the last answer,
*lists* how long that took. *Opened* is the newest run, asked for right after the last answer and whole. *× limits* sets
the processor time against what the bare libraries need for the same data.
"""

_STAGES = """
## Where the time of taking in goes

The stages in one process, one request after the other, without sockets; the rebuild of runs comes after every 4,096
spans whatever the batch. Processor time, so that others at work beside it show only in what elapsed.
"""

_QUESTIONS = """
## Asking

*Cold* is the first answer of a server that just started, with nothing of the file in memory; *warm* are the answers
after it, one at a time; *arriving* the same while telemetry comes in. Runs are asked about once each, all over the
week, *the same run* again and again. *Given up* is what took longer than the server's limit of 45 s. What is *read* is
DuckDB's count for a store just opened.

Stores are made from 50,000 spans that a server took in, copied by SQL (`bench/multiply.py`) with other ids and times,
and a run of 25,000 spans.
"""


def write() -> None:
    """Write the report anew."""
    kept = results.load()
    parts = [_INTRODUCTION, _INGEST]
    for found in sorted(kept.get("ingest", {}).values(), key=lambda found: (found["spans"], found["connections"])):
        parts.append(_ingest(found))
    parts += [_stages(found) for found in kept.get("stages", {}).values()]
    parts.append(_QUESTIONS)
    for _, found in sorted(kept.get("questions", {}).items(), key=lambda pair: int(pair[0])):
        parts.append(_questions(found))
    FILE.write_text("\n".join(part.strip("\n") + "\n" for part in parts))


def _ingest(found: dict[str, Any]) -> str:
    limits = found["limits"]
    limit_total = sum(limits.values())
    told = ", ".join(f"{name.replace('_', ' ')} {value:.1f} s" for name, value in limits.items())
    lines = [
        f"### {found['spans']:,} spans over {found['connections']} connections\n",
        _conditions(found),
        f"Limits: {told}, together {limit_total:.0f} s.\n",
        _table(
            ("load", "spans/s", "requests/s", "answer p50 ms", "p99 ms", "CPU s", "× limits", "later s", "lists s",
             "opened ms", "client CPU s", "peak MiB", "after MiB", "bytes/span", "spans a commit", "other answers"),
            [_ingest_row(name, row, limit_total) for name, row in found["rows"].items()],
        ),
    ]  # fmt: skip
    return "\n".join(lines)


def _ingest_row(name: str, row: dict[str, Any], limit_total: float) -> list[str]:
    return [
        name,
        figure(row["spans_per_second"]),
        figure(row["requests_per_second"]),
        figure(row["answer_p50_ms"]),
        figure(row["answer_p99_ms"]),
        figure(row["cpu_per_million"]),
        f"{row['cpu_per_million'][0] / limit_total:.1f}",
        figure(row["later_cpu_per_million"]),
        figure(row["catch_up_seconds"]),
        figure(row["opened_ms"]),
        figure(row["client_cpu_per_million"]),
        figure(row["peak_mib"]),
        figure(row["resident_after_mib"]),
        figure(row["bytes_per_span"]),
        figure(row["spans_per_commit"]),
        ", ".join(f"{status}: {count}" for status, count in row["other_answers"].items()) or "none",
    ]


def _stages(found: dict[str, Any]) -> str:
    sizes = found["sizes"]
    names = sorted({name for size in sizes.values() for name in size["ms"]}, key=lambda name: _largest(sizes, name))
    rows = [[name, *(_number(size["ms"].get(name, 0.0)) for size in sizes.values())] for name in names]
    rows += [
        ["**together**", *(_number(sum(size["ms"].values())) for size in sizes.values())],
        ["elapsed", *(_number(size["wall_ms"]) for size in sizes.values())],
        [
            "redact, where personal data is marked",
            *(_number(size["marking_ms"]) if "marking_ms" in size else "—" for size in sizes.values()),
        ],
        ["spans measured", *(f"{size['span_count']:,}" for size in sizes.values())],
    ]
    head = ("CPU ms for 1,000 spans, in batches of", *(f"{int(size):,}" for size in sizes))
    return "\n".join([_STAGES, _conditions(found), _table(head, rows)])


def _largest(sizes: dict[str, Any], name: str) -> float:
    return -max(float(size["ms"].get(name, 0.0)) for size in sizes.values())


def _questions(found: dict[str, Any]) -> str:
    counts = found["counts"]
    lines = [
        f"### {counts['spans']:,} spans, {counts['runs']:,} runs\n",
        _conditions(found),
        f"The file has {found['file_bytes'] / 2**20:,.0f} MiB; the server listened {found['start_seconds']:.1f} s "
        f"after its start with nothing of it in memory, and held {found['resident_mib']:,.0f} MiB after all questions."
        f"{_arrived(found)}\n",
        _table(
            ("question", "cold ms", "warm p50 ms", "p95 ms", "arriving p50 ms", "p95 ms", "answer bytes", "rows read",
             "bytes read", "statements"),
            [_question_row(name, row) for name, row in found["rows"].items()],
        ),
    ]  # fmt: skip
    return "\n".join(lines)


def _arrived(found: dict[str, Any]) -> str:
    if "arrived_per_second" not in found:
        return ""
    sent, stored = found["arrived_per_second"]
    return f" Of {sent:,.0f} spans/s sent meanwhile {stored:,.0f} were stored."


def _question_row(name: str, row: dict[str, Any]) -> list[str]:
    counted = [row.get(name) for name in ("bytes", "rows_read", "bytes_read", "statements")]
    return [
        name,
        *_timed(row, "cold", 1),
        *_timed(row, "warm", 2),
        *_timed(row, "live", 2),
        *("–" if value is None else f"{value:,}" for value in counted),
    ]


def _timed(row: dict[str, Any], phase: str, count: int) -> list[str]:
    if phase not in row:
        return ["–"] * count
    if row[phase] is None:
        return ["given up"] * count
    return [_number(value) for value in (row[phase] if count > 1 else [row[phase]])]


def _conditions(found: dict[str, Any]) -> str:
    facts = found["machine"]
    told = "; ".join(f"{name} {value}" for name, value in facts.items())
    rounds = f"{found['rounds']} rounds; " if "rounds" in found else ""
    before, meanwhile = found["load_averages"]
    return f"{told}; {rounds}load average {before:.1f} before and up to {meanwhile:.1f} meanwhile.\n"


def figure(values: Sequence[float] | None) -> str:
    """Median with spread; without it when there was one round; a dash for what could not be measured."""
    if values is None:
        return "–"
    median, low, high = values
    return _number(median) if low == high else f"{_number(median)} ({_number(low)}–{_number(high)})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
