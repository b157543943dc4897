"""People whose address is sent are known by an opaque reference, the same in one store and another in the next."""

from pathlib import Path

from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData

from ingest.intake import Signal
from ingest.renormalise import renormalise
from tests.ingest.pipeline import Pipeline, pipeline

NOW_NS = 1_790_000_000_000_000_000
ADDRESS = "jo@example.com"
AS_SENT = ("content_blocks", "resources", "scopes")


def prompt(address: str, at_second: int = 0) -> LogsData:
    data = LogsData()
    scope_logs = data.resource_logs.add().scope_logs.add()
    scope_logs.scope.name = "com.anthropic.claude_code.events"
    record = scope_logs.log_records.add(time_unix_nano=NOW_NS + at_second * 10**9)
    for key, value in (("event.name", "user_prompt"), ("session.id", "s1"), ("user.email", address)):
        record.attributes.add(key=key).value.string_value = value
    return data


def session_count(address: str) -> MetricsData:
    data = MetricsData()
    metric = data.resource_metrics.add().scope_metrics.add().metrics.add(name="claude_code.session.count")
    point = metric.sum.data_points.add(time_unix_nano=NOW_NS, as_int=1)
    point.attributes.add(key="user.email").value.string_value = address
    return data


def users(running: Pipeline) -> list[str]:
    return [user for (user,) in running.rows("select user_id from spans order by started_at")]


def test_one_person_is_one_user_in_a_store_whatever_happens_to_it(tmp_path: Path) -> None:
    with pipeline(tmp_path / "runlight.duckdb") as running:
        running.send(Signal.LOG, prompt(ADDRESS))
        running.send(Signal.LOG, prompt("Jo@Example.com ", at_second=1))
        running.send(Signal.LOG, prompt("kim@example.com", at_second=2))
        jo, jo_again, kim = users(running)
    assert jo == jo_again != kim
    with pipeline(tmp_path / "runlight.duckdb") as running:
        running.send(Signal.LOG, prompt(ADDRESS, at_second=3))
        assert users(running) == [jo, jo, kim, jo]
        list(renormalise(running.store, running.preparer))
        assert users(running) == [jo, jo, kim, jo]


def test_another_store_knows_the_same_person_by_another_reference(tmp_path: Path) -> None:
    references = set()
    for name in ("one", "two"):
        with pipeline(tmp_path / f"{name}.duckdb") as running:
            running.send(Signal.LOG, prompt(ADDRESS))
            references |= set(users(running))
    assert len(references) == 2


def test_the_address_stands_only_in_the_records_as_they_were_sent(tmp_path: Path) -> None:
    with pipeline(tmp_path / "runlight.duckdb") as running:
        running.send(Signal.LOG, prompt(ADDRESS))
        running.send(Signal.METRIC, session_count(ADDRESS))
        (reference,) = users(running)
        assert running.rows("select labels from metric_points") == [([f"user.email={reference}"],)]
        assert f"user.email={reference}" in running.rows("select labels from log_records")[0][0]
        tables = {table for (table,) in running.rows("select table_name from duckdb_tables()")} - set(AS_SENT)
        assert {"spans", "log_records", "metric_points", "touched", "pseudonym_key"} <= tables
        assert ADDRESS not in repr([running.rows(f"from {table}") for table in sorted(tables)])
