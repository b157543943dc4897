"""All of sample_traces/ in one store, and how each question is asked of it: question → case → answer."""

import functools
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import orjson

from ingest.conventions import conventions
from ingest.intake import Signal
from ingest.kept_reports import KeptReports
from queries import catalogue, details, locating, nouns, opening, questions, removing
from queries.catalogue import CATALOGUE
from queries.database import Database
from queries.encoding import rows_json
from queries.filters import Filters
from queries.opening import OpenedRun, Opener
from queries.removing import Wanted
from tests.ingest.pipeline import Pipeline, pipeline
from tests.queries.conftest import rebuild_all
from tests.test_sample_traces import SAMPLES, run_ids

PROJECT = "default"
NOW_NS = int(datetime(2026, 11, 20, 14, 58, 30, tzinfo=UTC).timestamp()) * 10**9  # as of when the README tells statuses
DAY_NS = 86_400 * 10**9
SINCE_NS = NOW_NS // DAY_NS * DAY_NS
FILTERS = Filters(PROJECT, NOW_NS, SINCE_NS, SINCE_NS + DAY_NS)
# Runs with much to show: a changed approval, a correction in a conversation of two, a fallback, a hand-off, mere logs.
STORIES = ("approval-modified", "human-correction", "model-fallback", "multi-agent-handoff", "coding-agent-session")
# The group of errors of tool-failure-fatal.
LEDGER_DOWN = "f317382ba7e79e39"

Answers = dict[str, Any]


@dataclass(frozen=True)
class Samples:
    """The store with the samples in it."""

    connection: duckdb.DuckDBPyConnection
    database: Database
    opener: Opener
    running: Pipeline | None = None


@contextmanager
def kept_samples(path: Path) -> Iterator[Samples]:
    """All samples, in a file of one's own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_file_with_samples(), path)
    with pipeline(path) as running:
        database = Database(running.store.cursor())
        yield Samples(running.store.cursor(), database, Opener(database), running)


@functools.cache
def _folder() -> TemporaryDirectory[str]:
    """It goes when the process ends."""
    return TemporaryDirectory()


def _file_with_samples() -> Path:
    """Made once by a process, for others to be copied from.

    They were sent one request at a time, in the order of the files' names, so that even the numbers of batches are
    settled.
    """
    path = Path(_folder().name) / "runlight.duckdb"
    if not path.exists():
        with pipeline(path) as running:
            for file in sorted(SAMPLES.glob("*.jsonl")):
                for line in file.read_bytes().splitlines():
                    running.send(signal_of(orjson.loads(line)), line, "json")
            rebuild_all(running.store.cursor())
            kept = KeptReports(running.store.cursor(), clock_ns=lambda: NOW_NS)
            for version in (1, 2):
                made = {"made_at": "2026-11-20T14:58:30Z", "is_final": False, "document": "{}"}
                kept.keep(**_REPORT, seen=0, version=version, **made)
    return path


def signal_of(message: dict[str, Any]) -> Signal:
    keys = {"resourceSpans": Signal.SPAN, "resourceLogs": Signal.LOG, "resourceMetrics": Signal.METRIC}
    return next(signal for key, signal in keys.items() if key in message)


def _whole(ask: Callable[[Database], Any]) -> Callable[[Samples], Answers]:
    """Asked once, of all samples."""
    return lambda samples: {"all samples": ask(samples.database)}


def _each(ask: Callable[[Samples, str], Any]) -> Callable[[Samples], Answers]:
    """Asked of the first run of each story, by its id."""
    return lambda samples: {story: ask(samples, run_ids(story)[0]) for story in STORIES}


def _opened(ask: Callable[[OpenedRun], Any]) -> Callable[[Samples], Answers]:
    """Asked of the first run of each story when it is opened."""

    def answer(samples: Samples, run_id: str) -> Any:
        with samples.opener.open(PROJECT, run_id) as opened:
            return ask(opened)

    return _each(answer)


def _searched(samples: Samples) -> Answers:
    """Asked for everything of the first run of a story, and for what nothing goes by."""
    with samples.opener.open(PROJECT, run_ids("human-correction")[0]) as opened:
        steps = questions.run_steps(opened).to_pylist()
    ids = dict.fromkeys(
        str(step[name])
        for step in steps
        for name in ("trace_id", "step_id", "tool_call_id", "response_id", "conversation_id", "user_id")
        if step[name]
    )
    return {id: questions.search(samples.database, PROJECT, id) for id in (*ids, "no such thing")}


def _derived(ask: Callable[[OpenedRun], Any], stories: Sequence[str] = STORIES) -> Callable[[Samples], Answers]:
    """Asked of the first run of each story when it is derived as if it had no summary."""

    def answer(samples: Samples, run_id: str) -> Any:
        with samples.opener.derive(PROJECT, run_id) as opened:
            return ask(opened)

    return lambda samples: {story: answer(samples, run_ids(story)[0]) for story in stories}


def _at_cursor(ask: Callable[[duckdb.DuckDBPyConnection, str], Any]) -> Callable[[Samples], Answers]:
    return _each(lambda samples, run_id: ask(samples.connection, run_id))


def _holders(samples: Samples, run_id: str) -> Any:
    with samples.opener.open(PROJECT, run_id) as opened:
        places = questions.run_records(opened)
    return questions.runs_of_records(samples.database, PROJECT, places)


def _last_good(samples: Samples, run_id: str) -> Any:
    told = questions.run(samples.database, samples.opener, PROJECT, run_id, NOW_NS)
    return questions.last_good_run(samples.database, PROJECT, orjson.loads(rows_json(told))[0], NOW_NS)


def _place(opened: OpenedRun) -> Any:
    return {
        field.name: getattr(opened, field.name) for field in fields(opened) if field.name not in ("cursor", "sight")
    }


def _version(samples: Samples, run_id: str) -> Any:
    place = locating.run_place(samples.connection, PROJECT, run_id)
    assert place
    return locating.window_version(samples.connection, PROJECT, place["since"], place["until"])


def _listed(question: str) -> Callable[[Samples], Answers]:
    """Asked of all samples, by everything that it can be grouped by."""
    by = CATALOGUE[question].by
    if not by:
        return _whole(lambda database: catalogue.ask(database, question, FILTERS))
    return lambda samples: {name: catalogue.ask(samples.database, question, FILTERS, by=name) for name in by}


def _rows(noun: str) -> Callable[[Samples], Answers]:
    """Some of its rows, the same ones whatever their order, and how many there are."""

    def answer(samples: Samples) -> Answers:
        with nouns.reading(samples.database, FILTERS) as reader:
            rows = reader.batches(noun).read_all()
        named = [(name, "ascending") for name in rows.column_names if name.endswith(("_id", "_at", "_name"))]
        return {"some rows": rows.sort_by(named).slice(0, _SOME), "row_count": rows.num_rows}

    return answer


def _of_the_first_block(database: Database) -> Any:
    blocks = questions.export_blocks(database, FILTERS).to_pylist()
    assert blocks
    first = blocks[0]
    return questions.export_records(database, FILTERS, first["signal"], first["block_id"]).slice(0, _SOME)


_SOME = 4
_WANTED = (
    Wanted(PROJECT, conversation_id="ticket-90377"),
    Wanted(PROJECT, user_ids=("pricing-01",)),
    Wanted(PROJECT, run_id=run_ids("model-fallback")[0]),
)
_METRIC = "gen_ai.client.token.usage"
_WINDOW = (PROJECT, FILTERS.since_ns, FILTERS.until_ns)

_REPORT: Any = {"project": PROJECT, "week": "2026-W47", "tz": "UTC", "workflow": None}

ANSWERS: dict[str, Callable[[Samples], Answers]] = {
    "alert_history": _whole(lambda database: questions.alert_history(database, PROJECT)),
    "alert_notifications": _whole(lambda database: questions.alert_notifications(database, PROJECT)),
    "alert_silences": _whole(lambda database: questions.alert_silences(database, PROJECT, NOW_NS)),
    "alerts": _whole(lambda database: questions.alerts(database, PROJECT, NOW_NS)),
    "audit_log": _whole(lambda database: questions.audit_log(database, FILTERS)),
    "approvals": _whole(lambda database: questions.approvals(database, FILTERS).rows),
    "corrections": _whole(lambda database: questions.corrections(database, FILTERS).rows),
    "conversation": lambda samples: {
        name: questions.conversation(samples.database, PROJECT, name, NOW_NS) for name in ("ticket-90377", "no such")
    },
    "conversation_runs": _opened(lambda opened: questions.conversation_runs(opened, NOW_NS)),
    "derived_run": _derived(_place),
    "derived_run_facts": _derived(lambda opened: opening.derived_run_facts(opened, NOW_NS)),
    "derived_run_steps": _derived(opening.derived_run_steps, ["human-correction"]),
    "error_marks": _whole(lambda database: questions.error_marks(database, PROJECT, LEDGER_DOWN)),
    "error_runs": _whole(lambda database: questions.error_runs(database, FILTERS, LEDGER_DOWN).rows),
    "evaluation_runs": _whole(lambda database: questions.evaluation_runs(database, FILTERS)),
    "export_blocks": _whole(lambda database: questions.export_blocks(database, FILTERS)),
    "export_minutes": lambda samples: {
        noun: questions.export_minutes(samples.database, FILTERS, noun) for noun in ("runs", "steps", "log_records")
    },
    "export_records": _whole(_of_the_first_block),
    "filter_values": _whole(lambda database: questions.filter_values(database, FILTERS)),
    "ingest_attributes": _whole(
        lambda database: questions.ingest_attributes(database, PROJECT, 0, 2**62, sorted(conventions().keys))
    ),
    "ingest_batches": _whole(lambda database: questions.ingest_batches(database, PROJECT, 10)),
    "ingest_growth": _whole(lambda database: questions.ingest_growth(database, PROJECT, 0, 2**62)),
    "ingest_health": _whole(lambda database: questions.ingest_health(database, PROJECT, NOW_NS)),
    "ingest_late": _whole(lambda database: questions.ingest_late(database, PROJECT, 0, 2**62)),
    "ingest_redactions": _whole(lambda database: questions.ingest_redactions(database, PROJECT, 0, 2**62)),
    "ingest_rejections": _whole(lambda database: questions.ingest_rejections(database, PROJECT, 0, 2**62)),
    "ingest_services": _whole(lambda database: questions.ingest_services(database, PROJECT, 0, 2**62)),
    "ingest_store": _whole(lambda database: questions.ingest_store(database, 10_000_000, 7)),
    "ingest_times": _whole(lambda database: questions.ingest_times(database, PROJECT, 0, 2**62)),
    "ingest_totals": _whole(lambda database: questions.ingest_totals(database, PROJECT, 0, 2**62)),
    "ingest_unmapped": _whole(lambda database: questions.ingest_unmapped(database, PROJECT, 0, 2**62)),
    "label_keys": _whole(lambda database: questions.label_keys(database, FILTERS)),
    "label_values": lambda samples: {
        key: questions.label_values(samples.database, FILTERS, key) for key in ("gen_ai.request.model", "user.id")
    },
    "last_good_run": _each(_last_good),
    "latest_start": _whole(lambda database: database.ask("latest_start", FILTERS.values())),
    "metric_labels": _whole(lambda database: questions.metric_labels(database, FILTERS, _METRIC)),
    "metric_names": _whole(lambda database: questions.metric_names(database, FILTERS)),
    "metric_trend": _whole(
        lambda database: questions.metric_trend(database, FILTERS, _METRIC, group_key="gen_ai.token.type")
    ),
    "projects": _whole(questions.projects),
    "run": _each(lambda samples, run_id: questions.run(samples.database, samples.opener, PROJECT, run_id, NOW_NS)),
    "run_approvals": _each(lambda samples, run_id: questions.run_approvals(samples.database, PROJECT, run_id)),
    "run_corrections": _each(lambda samples, run_id: questions.run_corrections(samples.database, PROJECT, run_id)),
    "run_counts": _whole(lambda database: questions.run_counts(database, NOW_NS)),
    "run_extent": _at_cursor(lambda cursor, run_id: locating.run_extent(cursor, PROJECT, run_id)),
    "run_logs": _opened(lambda opened: details.public(questions.run_logs(opened))),
    "run_of": _at_cursor(lambda cursor, run_id: locating.run_of(cursor, PROJECT, run_id)),
    "removed_records": _each(
        lambda samples, run_id: removing.find(samples.database, Wanted(PROJECT, run_id=run_id)).records
    ),
    "removed_runs": lambda samples: {wanted.reason: removing.find(samples.database, wanted).runs for wanted in _WANTED},
    "run_pin": _each(lambda samples, run_id: questions.run_pin(samples.database, PROJECT, run_id)),
    "run_place": _at_cursor(lambda cursor, run_id: locating.run_place(cursor, PROJECT, run_id)),
    "run_records": _opened(questions.run_records),
    "run_steps": _opened(lambda opened: details.public(questions.run_steps(opened))),
    "runs": _whole(lambda database: questions.runs(database, FILTERS).rows),
    "runs_of_records": _each(_holders),
    "saved_views": _whole(lambda database: questions.saved_views(database, PROJECT)),
    "search": _searched,
    "stored_run_steps": _opened(opening.stored_run_steps),
    "store_version": _whole(lambda database: questions.store_version(database, FILTERS)),
    "summary": _whole(lambda database: questions.summary(database, FILTERS)),
    "tool_calls": _whole(lambda database: questions.tool_calls(database, FILTERS).rows),
    "weekly_report": _whole(lambda database: questions.weekly_report(database, {**_REPORT, "made_at": None})),
    "weekly_reports": _whole(lambda database: questions.weekly_reports(database, PROJECT)),
    "window_version": _each(_version),
} | {question: _listed(question) for question in CATALOGUE}

ANSWERS.update({nouns.question(name): _rows(name) for name in nouns.NOUNS})
