"""Two runs side by side, over the read API and by hand."""

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import httpx
import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from ingest.blocks import pack
from queries.client import Client, NotFound
from queries.comparing import MOST_ALIGNED, align
from tests.queries.conftest import rebuild_all
from tests.queries.records import Telling, empty_store, insert, step_hex, trace_hex
from tests.queries.serving import serving

Step = dict[str, Any]


def record(instructions: str | None = None) -> bytes:
    """A span as it is kept whole."""
    said = {"gen_ai.operation.name": "chat"}
    if instructions is not None:
        said["gen_ai.system_instructions"] = json.dumps([{"type": "text", "content": instructions}])
    attributes = [KeyValue(key=key, value=AnyValue(string_value=value)) for key, value in said.items()]
    return Span(name="any", attributes=attributes).SerializeToString()


# The whole records of all steps, by block_position.
RECORDS = [record(), record("Be kind."), record("Be brief.")]


def keep(connection: duckdb.DuckDBPyConnection) -> None:
    """One block with the records, and the resource and scope that they were sent under."""
    data, raw_bytes = pack(RECORDS)
    connection.execute(
        "insert into content_blocks values ('default', 'span', date '2026-11-22', 1, $count, $raw_bytes, $data)",
        {"count": len(RECORDS), "raw_bytes": raw_bytes, "data": data},
    )
    for table in ("resources", "scopes"):
        connection.execute(f"insert into {table} values ('default', 1, '', ''::blob)")


def told(trace: str, at: float, release: str, model: str, city: str, **more: Any) -> Telling:
    """A run of the workflow `trip` that looks a city up and answers, each step named after its trace."""
    same = {"trace": trace, "workflow_name": "trip", "service_version": release}
    return (
        Telling()
        .span(f"{trace} guide", "agent", at, 20, agent_name="guide", **same, **more)
        .span(
            f"{trace} plan",
            "llm",
            at + 1,
            2,
            under=f"{trace} guide",
            served_model=model,
            cost_usd=0.01,
            block_position=int(release),
            **same,
        )
        .span(
            f"{trace} look",
            "tool",
            at + 4,
            1,
            under=f"{trace} guide",
            tool_name="look",
            tool_args=f'{{"days": 2, "city": "{city}"}}',
            **same,
        )
    )


@pytest.fixture(scope="module")
def store() -> Iterator[duckdb.DuckDBPyConnection]:
    """Four runs of one workflow: good, corrected by a human, failed, and the one in question, which books as well."""
    connection = empty_store()
    good = told("good", 0, "1", "m-1", "Wien")
    good.span("good answer", "llm", 6, 2, trace="good", under="good guide", served_model="m-1", cost_usd=0.02)
    corrected = told("corrected", 100, "1", "m-1", "Wien")
    corrected.span("edit", "human", 130, 0, trace="corrected", under="corrected guide", correction_kind="edited_output")
    failed = told("failed", 200, "1", "m-1", "Wien", is_error=True)
    asked = told("asked", 300, "2", "m-2", "Graz")
    asked.span("asked book", "tool", 306, 1, trace="asked", under="asked guide", tool_name="book")
    asked.span("asked answer", "llm", 308, 5, trace="asked", under="asked guide", served_model="m-1", cost_usd=0.04)
    insert(connection, [row for telling in (good, corrected, failed, asked) for row in telling.rows])
    keep(connection)
    rebuild_all(connection)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def url(store: duckdb.DuckDBPyConnection) -> Iterator[str]:
    with serving(store) as address:
        yield address


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[Client]:
    client = Client(url)
    yield client
    client.close()


def test_a_run_is_compared_with_the_last_of_its_workflow_that_went_well(client: Client) -> None:
    """The failed one and the one that a human corrected are newer, but no measure."""
    found = client.compare(project="default", a=trace_hex("asked"))

    assert found["is_last_good"]
    assert (found["a"]["run_id"], found["b"]["run_id"]) == (trace_hex("asked"), trace_hex("good"))
    assert client.compare(project="default", a=trace_hex("good"))["b"] is None


def test_what_was_added_or_done_otherwise_is_told_step_by_step(client: Client) -> None:
    found = client.compare(project="default", a=trace_hex("asked"), b=trace_hex("good"))

    assert not found["is_last_good"]
    assert [(row["change"], row["kind"], row["a_name"], row["b_name"], row["changed"]) for row in found["rows"]] == [
        ("same", "agent", "guide", "guide", []),
        ("changed", "llm", "m-2", "m-1", ["name", "model", "instructions"]),
        ("changed", "tool", "look", "look", ["tool_args"]),
        ("added", "tool", "book", None, []),
        ("same", "llm", "m-1", "m-1", []),
    ]
    assert found["rows"][2]["a_step_id"] == step_hex("asked look")
    facts = {fact["what"]: (fact["a"], fact["b"]) for fact in found["facts"]}
    assert facts == {"service_version": ("2", "1"), "models": (["m-2"], []), "tool_names": (["book"], [])}


def test_the_differences_of_the_steps_come_to_those_of_the_runs(client: Client) -> None:
    found = client.compare(project="default", a=trace_hex("asked"), b=trace_hex("good"))
    numbers = {number["what"]: number for number in found["numbers"]}

    assert numbers["cost_usd"]["difference"] == pytest.approx(0.05 - 0.03)
    assert numbers["step_count"]["difference"] == 1
    costs = [row["cost_difference_usd"] for row in found["rows"] if row["cost_difference_usd"] is not None]
    assert sum(costs) == pytest.approx(numbers["cost_usd"]["difference"])
    assert found["rows"][-1]["duration_difference_ms"] == 3000


def test_the_other_way_round_what_was_added_is_dropped(client: Client) -> None:
    found = client.compare(project="default", a=trace_hex("good"), b=trace_hex("asked"))
    assert [row["change"] for row in found["rows"]] == ["same", "changed", "changed", "dropped", "same"]


def test_an_unknown_run_is_404_and_the_rows_come_as_csv_too(client: Client, url: str) -> None:
    for a, b in (("nobody", None), (trace_hex("asked"), "nobody")):
        with pytest.raises(NotFound, match="nobody"):
            client.compare(project="default", a=a, b=b)
    asked = {"a": trace_hex("asked")}
    answer = httpx.get(f"{url}/api/compare", params=asked, headers={"accept": "text/csv"}, timeout=60)
    assert answer.text.count("\n") == 1 + 5
    assert httpx.get(f"{url}/api/compare", timeout=60).status_code == 422


def steps(names: str) -> list[Step]:
    return [{"kind": "tool", "name": name, "agent": None} for name in names]


def written(own: str, other: str) -> list[str]:
    """Each pair as two letters, a dash for none."""
    pairs, _ = align(steps(own), steps(other))
    return ["".join("-" if step is None else step["name"] for step in pair) for pair in pairs]


def test_steps_are_aligned_in_order() -> None:
    assert written("abc", "abc") == ["aa", "bb", "cc"]
    assert written("abxc", "abc") == ["aa", "bb", "x-", "cc"]
    assert written("ac", "abc") == ["aa", "-b", "cc"]
    assert written("axc", "ayc") == ["aa", "xy", "cc"]
    assert written("", "a") == ["-a"]
    assert written("aab", "ab") == ["aa", "a-", "bb"]


def test_long_runs_are_aligned_where_they_differ_and_as_far_as_that_is_bounded() -> None:
    same, _ = align(steps("ab" * 12_500), steps("ab" * 12_500))
    assert all(step == other for step, other in same)
    pairs, unaligned_count = align(steps("x" + "a" * 25_000 + "x"), steps("b" * 25_000))
    assert unaligned_count == 25_002 + 25_000 - 2 * MOST_ALIGNED
    assert len([step for step, _ in pairs if step]) == 25_002
