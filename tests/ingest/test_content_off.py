"""A project whose content is not stored: nothing of it is anywhere, and every number is as with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest
import zstandard
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ingest.content_off import NOT_STORED, ContentOff, projects_without_content
from ingest.intake import Signal
from ingest.prepare import Preparer
from ingest.prices import PriceList
from ingest.pseudonyms import Pseudonyms
from ingest.redact import Redactor
from ingest.store import Store
from ingest.writer import Writer
from queries.database import Database
from settings import Settings, SettingsError
from tests.ingest.otlp_samples import START_NS, spans
from tests.ingest.pipeline import Pipeline
from tests.queries.conftest import rebuild_all
from tests.queries.samples import signal_of
from tests.test_sample_traces import SAMPLES

OFF, ON = "hushed", "open"
MARK = "Zq7-told-in-confidence"
KEYS = (
    *("gen_ai.input.messages", "gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "input.value", "output.value"),
    *("llm.input_messages.0.message.content", "gen_ai.prompt", "metadata", "a.key.of.nobody", "prompt"),
    *("process.command", "exception.message", "exception.stacktrace", "url.full", "oversight.correction.after"),
    "gen_ai.response.id",
)
STORIES = ("approval-modified", "human-correction", "coding-agent-session", "model-fallback")


@contextmanager
def storing(path: Path) -> Iterator[Pipeline]:
    store = Store.open(path)
    Database(store.cursor())
    off = ContentOff(frozenset({OFF}), b"k" * 32)
    preparer = Preparer(PriceList(None), Redactor.default(), Pseudonyms(b"k" * 32), 1 << 24, off)
    writer = Writer(store, preparer, queue_bytes=1 << 28, gather_ms=0, on_commit=lambda: None)
    writer.start()
    try:
        yield Pipeline(store, preparer, writer)
    finally:
        writer.stop()
        store.close()


def told_everywhere() -> Iterator[tuple[Signal, bytes]]:
    """The mark in every place of a record that can hold a text which nobody knows to be a name."""
    traces = spans("0af7651916cd43dd8448eb211c80319c")
    (span,) = traces.resource_spans[0].scope_spans[0].spans
    span.status.message = MARK
    logs, metrics = ExportLogsServiceRequest(), ExportMetricsServiceRequest()
    record = logs.resource_logs.add().scope_logs.add().log_records.add(time_unix_nano=START_NS)
    record.body.kvlist_value.values.add(key="said").value.string_value = MARK
    plain = logs.resource_logs[0].scope_logs[0].log_records.add(time_unix_nano=START_NS)
    plain.body.string_value = MARK
    metric = metrics.resource_metrics.add().scope_metrics.add().metrics.add(name="tokens")
    point = metric.gauge.data_points.add(time_unix_nano=START_NS, as_int=1)
    exemplar = point.exemplars.add(time_unix_nano=START_NS, as_int=1)
    senders = (*traces.resource_spans, *logs.resource_logs, *metrics.resource_metrics)
    places = [span.attributes, span.events.add(name="exception").attributes, record.attributes, point.attributes]
    places += [span.links.add(trace_id=b"1" * 16, span_id=b"1" * 8).attributes, exemplar.filtered_attributes]
    places += [sender.resource.attributes for sender in senders]
    for attributes in places:
        for key in KEYS:
            value = attributes.add(key=key).value
            value.string_value = MARK if key != "gen_ai.response.id" else f"[{MARK}]"
        attributes.add(key="nested").value.kvlist_value.values.add(key="x").value.string_value = MARK
        attributes.add(key="listed").value.array_value.values.add().string_value = MARK
        attributes.add(key="raw").value.bytes_value = MARK.encode()
        attributes.add(key="service.name").value.string_value = "refunds"
    for signal, request in ((Signal.SPAN, traces), (Signal.LOG, logs), (Signal.METRIC, metrics)):
        yield signal, request.SerializeToString()


def kept(path: Path, running: Pipeline, project: str) -> bytes:
    """The file as it is on disk, its blocks unpacked, and what is exported."""
    running.store.connection.execute("checkpoint")
    blocks = running.rows("select data from content_blocks where project = $project", project=project)
    unpacked = b"".join(zstandard.ZstdDecompressor().decompress(data) for (data,) in blocks)
    exported = [orjson.dumps(running.otlp(table, project)) for table in ("spans", "log_records", "metric_points")]
    return path.read_bytes() + unpacked + b"".join(exported)


def test_nothing_of_the_content_is_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "runlight.duckdb"
    with storing(path) as running:
        for signal, body in told_everywhere():
            running.send(signal, body, project=OFF)
        rebuild_all(running.store.cursor())
        found = kept(path, running, OFF)
        assert MARK.encode() not in found
        assert f"{NOT_STORED}{len(MARK)} bytes, hash ".encode() in found
        assert b"refunds" in found
        for signal, body in told_everywhere():
            running.send(signal, body, project=ON)
        assert MARK.encode() in kept(path, running, ON)  # so that not finding it means something


def test_every_number_is_as_with_content(tmp_path: Path) -> None:
    with storing(tmp_path / "runlight.duckdb") as running:
        for story in STORIES:
            for line in (SAMPLES / f"{story}.jsonl").read_bytes().splitlines():
                for project in (ON, OFF):
                    running.send(signal_of(orjson.loads(line)), line, "json", project)
        rebuild_all(running.store.cursor())
        facts = """
            select count(*), sum(step_count), sum(llm_call_count), sum(tool_call_count), sum(error_count),
                sum(input_tokens), sum(output_tokens), sum(cost_usd),
                sum(approval_count), sum(correction_count), sum(duration_ms)
            from runs where project = $project
        """
        assert running.rows(facts, project=OFF) == running.rows(facts, project=ON)
        flaws = "select sum(flawed_count), sum(unread_count) from ingest_batches where project = $project"
        assert running.rows(flaws, project=OFF) == [(0, 0)]
        previews = running.rows("select input_preview from runs where project = $project", project=OFF)
        assert any(text and text.startswith(NOT_STORED) for (text,) in previews)


def test_equal_texts_have_equal_hashes_which_nobody_can_guess_without_the_key() -> None:
    def sent(text: str, key: bytes) -> bytes:
        request = ExportTraceServiceRequest()
        request.resource_spans.add().resource.attributes.add(key="prompt").value.string_value = text
        return ContentOff(frozenset({"*"}), key)._hidden(type(request), request.SerializeToString())

    assert sent("yes", b"a") == sent("yes", b"a") != sent("no ", b"a")
    assert sent("yes", b"a") != sent("yes", b"b")


def test_the_setting_names_projects_or_all() -> None:
    assert projects_without_content(Settings(content_off="shop, staging")) == {"shop", "staging"}
    assert ContentOff(projects_without_content(Settings(content_off="*")), b"").is_for("any")
    with pytest.raises(SettingsError, match="RUNLIGHT_CONTENT_OFF: no project is called 'A B'"):
        projects_without_content(Settings(content_off="A B"))
