"""Runs, conversations and users removed for good: gone from everywhere, and their neighbours unharmed."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import duckdb
import pytest

from alerts.episodes import Episode
from alerts.kept import Kept, Notification, Silence
from ingest.blocks import unpack
from ingest.copying import compact
from ingest.intake import Signal
from ingest.kept_reports import KeptReports
from ingest.pseudonyms import Pseudonyms
from ingest.removal import Removal, places
from ingest.saved_views import SavedViews
from ingest.store import Store
from ingest.stored import Records
from queries import removing, summaries
from queries.database import Database
from queries.opening import NoSuchRun, Opener
from queries.removing import Part, Wanted
from tests.ingest.pipeline import Pipeline, pipeline
from tests.queries.conftest import rebuild_all

MARK, ADDRESS = "zx81marker", "kim.marker@example.com"
GONE, STAYS = "a" * 32, "b" * 32
START_S = 1_790_000_000
KEYS = ["user.id", "user.email", "gen_ai.conversation.id", "session.id"]
REMOVABLE = {
    "run": {"run_id": GONE},
    "conversation": {"conversation_id": f"talk-{MARK}"},
    "user": {"user_ids": (ADDRESS,)},
}


def attribute(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


def at(second: float) -> str:
    return str(int((START_S + second) * 1e9))


def span(trace: str, number: int, told: str, second: float, **more: str) -> dict[str, Any]:
    names = {"gen_ai.agent.name": f"agent {told}", "gen_ai.workflow.name": f"flow {told}"}
    known = {"gen_ai.operation.name": "invoke_agent", **names, **more}
    return {
        "traceId": trace,
        "spanId": f"{trace[:1]}{number:015x}",
        "name": f"invoke {told}",
        "startTimeUnixNano": at(second),
        "endTimeUnixNano": at(second + 1),
        "attributes": [attribute(key, value) for key, value in known.items()],
        "events": [{"timeUnixNano": at(second), "name": "gen_ai.evaluation.result", "attributes": evaluation(told)}],
    }


def asking(told: str) -> dict[str, str]:
    """What makes a span that of a model that asked for a tool call."""
    call = {"type": "tool_call", "id": f"call of {told}", "name": f"find {told}", "arguments": {"what": told}}
    messages = json.dumps([{"role": "assistant", "parts": [call], "finish_reason": "tool_call"}])
    return {"gen_ai.operation.name": "chat", "gen_ai.output.messages": messages}


def evaluation(told: str) -> list[dict[str, Any]]:
    return [attribute("gen_ai.evaluation.name", told), attribute("gen_ai.evaluation.score.label", "good")]


def log(told: str, second: float, trace: str = "", **more: str) -> dict[str, Any]:
    return {
        "traceId": trace,
        "timeUnixNano": at(second),
        "body": {"stringValue": f"said {told}"},
        "attributes": [attribute(key, value) for key, value in more.items()],
    }


def send(running: Pipeline, signal: Signal, by_resource: dict[str, list[dict[str, Any]]]) -> None:
    outer, inner, records = {
        Signal.SPAN: ("resourceSpans", "scopeSpans", "spans"),
        Signal.LOG: ("resourceLogs", "scopeLogs", "logRecords"),
        Signal.METRIC: ("resourceMetrics", "scopeMetrics", "metrics"),
    }[signal]
    body = {
        outer: [
            {"resource": {"attributes": [attribute("service.name", name)]}, inner: [{records: told}]}
            for name, told in by_resource.items()
        ]
    }
    running.send(signal, json.dumps(body).encode(), "json")


def tell(running: Pipeline) -> None:
    """One run that bears the mark wherever telemetry can, and in the same requests, so in its blocks, another."""
    mine = {"gen_ai.conversation.id": f"talk-{MARK}", "user.email": ADDRESS}
    other = {"gen_ai.conversation.id": "talk", "user.id": "lou"}
    marked, plain = "svc of the gone", "svc"  # the ledger goes on telling which services sent something
    send(
        running,
        Signal.SPAN,
        {
            marked: [span(GONE, 1, MARK, 0, **mine), span(GONE, 2, MARK, 2, **asking(MARK))],
            plain: [span(STAYS, 1, "else", 0, **other), span(STAYS, 2, "else", 2, **asking("else"))],
        },
    )
    send(running, Signal.SPAN, {marked: [span(GONE, 2, f"twin {MARK}", 2)]})
    send(
        running,
        Signal.LOG,
        {
            marked: [log(MARK, 0.5, GONE), log(MARK, 1, **mine)],
            plain: [log("else", 0.5, STAYS), log("else", 1, **other)],
        },
    )
    point = {"timeUnixNano": at(1), "asInt": "1", "attributes": [attribute(key, value) for key, value in mine.items()]}
    send(running, Signal.METRIC, {marked: [{"name": "calls", "gauge": {"dataPoints": [point]}}]})
    rebuild_all(running.store.cursor())
    for name in (MARK, "else"):
        retell(running, f"flow {name}")
    retell(running, f"flow {MARK} · openai", conversation=f"talk-{MARK}")


def retell(running: Pipeline, group: str, **filters: str) -> None:
    """An alert about a group, a message and a silence of it, a saved view that looks for it, and two reports: of the
    week in which the runs were, and of one before it, made when that was over."""
    address = f"/runs?{urlencode({'workflow': group} | filters)}"
    numbers = {"streak": 0, "value": 1.0, "unit": "rate", "threshold": 0.5, "sample_count": 9, "sample": "runs"}
    told = {"detail": "9 of 9", "question": "runs_by", "asked": address, "address": address, "is_told": True}
    times = {"began_ns": START_S * 10**9, "evaluated_ns": START_S * 10**9}
    episode = Episode(group, "error_rate", group, "firing", **numbers, **told, **times)  # type: ignore[arg-type]
    message = Notification("default", group, "error_rate", "fired", "critical", [group], "ops", group, group, 0)
    kept = Kept(running.store.cursor())
    kept.save("default", [episode], [], [message])
    kept.silence("default", Silence(None, group), until_ns=2**62, reason="", made_by="kim", now_ns=1)
    SavedViews(running.store.cursor()).save("default", f"view {len(group)}", address)
    for week, workflow, at in (("2026-W37", "any", START_S - 7 * 86_400), ("2026-W39", group, START_S + 1)):
        KeptReports(running.store.cursor(), lambda at=at: at * 10**9).keep(  # type: ignore[misc]
            seen=kept.removals(),
            project="default",
            week=week,
            tz="UTC",
            workflow=workflow,
            version=1,
            made_at=f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}",
            is_final=True,
            document=workflow,
        )


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Pipeline]:
    with pipeline(tmp_path / "runlight.duckdb") as running:
        tell(running)
        yield running


def remove(running: Pipeline, **wanted: Any) -> dict[str, Any]:
    """What went, as told to whoever asked."""
    names = wanted.get("user_ids", ())
    known = wanted | {"user_ids": [*names, *map(Pseudonyms(running.store.pseudonym_key()).of, names)]}

    def carry_out(part: Part) -> None:
        going = Removal(
            part.project,
            part.reason,
            places(part.places),
            part.run_ids,
            part.trace_ids,
            part.needles,
            part.names,
        )
        running.writer.remove(lambda _: going)

    database = Database(running.store.cursor())
    found = removing.remove_all(database, carry_out, Wanted("default", keys=KEYS, **known))
    rebuild_all(running.store.cursor())
    (told,) = found.told().to_pylist()
    return told


def everything(running: Pipeline) -> str:
    """All that any table has, blocks unpacked, as text."""
    tables = [table for (table,) in running.rows("select table_name from duckdb_tables() where not temporary")]
    rows = [running.rows(f"from {table}") for table in tables if table != "content_blocks"]
    packed = running.rows("select data from content_blocks")
    return repr(rows) + repr([unpack(data) for (data,) in packed])


@pytest.mark.parametrize("what", REMOVABLE)
def test_what_is_removed_is_nowhere_and_its_neighbours_in_the_same_blocks_are_as_they_were(
    running: Pipeline, what: str
) -> None:
    assert everything(running).count(MARK) > 20
    assert running.rows("select tool_name from proposals order by all") == [("find else",), (f"find {MARK}",)]
    stays = "select * from {table} where service_name = 'svc' order by all"
    tables = ("spans", "log_records", "steps", "runs")
    before = {table: running.rows(stays.format(table=table)) for table in tables}
    for table in ("alerts", "alert_notifications", "alert_silences", "saved_views"):
        assert running.rows(f"select count(*) from {table}") == [(3,)]
    records = [record for table in ("spans", "log_records") for record in sent_by(running, table, "svc")]
    assert all(before.values())
    assert len(records) == 2

    told = remove(running, **REMOVABLE[what])
    assert (told["run_count"], told["span_count"]) == (1, 2)
    assert told["log_count"] == 2

    left = everything(running)
    if what == "run":  # a metric tells of no run
        left = left.replace(repr(running.rows("from metric_points")), "")
        assert told["metric_count"] == 0
        remove(running, **REMOVABLE["conversation"])
        left = everything(running)
    assert MARK not in left
    assert "marker@" not in left
    for table in ("alerts", "alert_notifications", "alert_silences", "saved_views"):
        assert running.rows(f"select count(*) from {table}") == [(1,)], "what tells of others stays"
    assert running.rows("select tool_name from proposals") == [("find else",)]
    assert running.rows("select distinct week from weekly_reports") == [("2026-W37",)]
    assert {table: running.rows(stays.format(table=table)) for table in tables} == before
    assert [record for table in ("spans", "log_records") for record in sent_by(running, table, "svc")] == records
    database = Database(running.store.cursor())
    found = Records(database).mentioning("default", [MARK], 0, 2**62, 1)
    assert found.num_rows == 0
    with pytest.raises(NoSuchRun), Opener(database).open("default", GONE):
        pass
    assert remove(running, **REMOVABLE[what])["run_count"] == 0


def sent_by(running: Pipeline, table: str, service: str) -> list[Any]:
    """What an export gives back of a service."""
    document = running.otlp(table)
    (groups,) = [groups for groups in document.values() if groups]
    return [group for group in groups if attribute("service.name", service) in group["resource"]["attributes"]]


def test_a_rebuild_that_began_before_a_removal_writes_nothing_of_what_went(running: Pipeline) -> None:
    send(running, Signal.SPAN, {"svc": [span(GONE, 5, MARK, 4)]})
    with running.store.cursor() as rebuilding:
        rebuilding.begin()
        assert rebuilding.execute("select count(*) from touched").fetchall() == [(1,)]
        found = running.rows("select block_id, block_position from spans where trace_id = unhex($trace)", trace=GONE)
        going = Removal("default", "run", places(found), [GONE], [bytes.fromhex(GONE)])
        assert running.writer.remove(lambda _: going).run_count == 1
        with pytest.raises(duckdb.TransactionException):
            summaries._rebuild(rebuilding, 10)
        rebuilding.rollback()
    rebuild_all(running.store.cursor())
    assert running.rows("select run_id from runs union select run_id from steps") == [(STAYS,)]


def test_what_still_comes_of_a_removed_trace_is_rejected_and_counted_also_after_a_restart(tmp_path: Path) -> None:
    late = {"svc": [span(GONE, 3, MARK, 4), span(STAYS, 3, "else", 4)]}
    with pipeline(tmp_path / "runlight.duckdb") as running:
        tell(running)
        remove(running, run_id=GONE)
        send(running, Signal.SPAN, late)
    with pipeline(tmp_path / "runlight.duckdb") as running:
        send(running, Signal.LOG, {"svc": [log(MARK, 5, GONE)]})
        counts = (
            "select received_count, stored_count, rejected_count from ingest_batches order by batch_id desc limit 2"
        )
        assert running.rows(counts) == [(1, 0, 1), (2, 1, 1)]
        assert running.rows("select count(*) from spans where trace_id = unhex($trace)", trace=GONE) == [(0,)]


def test_after_compaction_no_byte_of_what_was_removed_is_in_any_file(tmp_path: Path) -> None:
    path = tmp_path / "runlight.duckdb"
    with pipeline(path) as running:
        tell(running)
        running.store.connection.execute("checkpoint")
        assert MARK.encode() in path.read_bytes()
        remove(running, **REMOVABLE["user"])
        running.writer.checkpoint()
        kept = running.rows("from spans order by all")
    store = Store.open(path)
    before, after = compact(path, store)
    assert after <= before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert MARK.encode() not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    with pipeline(path) as running:
        assert running.rows("from spans order by all") == kept
