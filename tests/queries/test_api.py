"""The questions over HTTP, on hand-made records: encodings, paging, filters, errors."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import duckdb
import httpx
import polars as pl
import pyarrow as pa
import pytest

from queries import questions
from queries.client import BadRequest, Client, NotFound, ServerDown
from queries.database import Database
from queries.encoding import MediaType, encode_table
from queries.opening import Opener
from tests.queries.conftest import rebuild_all
from tests.queries.records import START_NS, Telling, empty_store, insert, insert_speech, step_hex, trace_hex
from tests.queries.serving import NOW_NS, asking, serving

ARROW = "application/vnd.apache.arrow.stream"


def story() -> Telling:
    """Five runs: the k-th starts k minutes after the first record, costs k cents, and is told by its number."""
    telling = Telling()
    for k in range(5):
        agent = {"trace": f"t{k}", "conversation_id": "talk" if k < 2 else None, "user_id": f"user {k}"}
        labels = [f"tenant=acme {k % 2}", "region=eu"]
        telling.span(
            f"agent {k}",
            "agent",
            at=60 * k,
            lasts=10 + k,
            input_preview=f"Question {k}: café?",
            service_version=f"1.{k}",
            is_error=k == 3,
            labels=labels,
            **agent,
        )
        telling.span(
            f"ask {k}",
            "llm",
            at=60 * k + 1,
            trace=f"t{k}",
            under=f"agent {k}",
            input_tokens=100 * k,
            output_tokens=1,
            cost_usd=k / 100,
            served_model=f"model-{k}",
        )
        telling.span(
            f"tool {k}",
            "tool",
            at=60 * k + 3,
            trace=f"t{k}",
            under=f"agent {k}",
            tool_call_id=f"k{k}",
            tool_args='{"q":"=1+1"}',
            is_error=k == 3,
        )
    telling.rows[0]["started_at"] += 123_456_789
    return telling


@pytest.fixture(scope="module")
def store() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = empty_store()
    insert(connection, story().rows)
    insert(connection, Telling(project="elsewhere").span("other", "agent", trace="t0").rows)
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


@pytest.fixture(scope="module")
def http(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=60) as plain:
        yield plain


def names(frame: pl.DataFrame) -> list[str]:
    return frame["name"].to_list()


def test_runs_come_newest_first(client: Client) -> None:
    rows, following = client.runs()

    assert names(rows) == [f"agent {k}" for k in (4, 3, 2, 1, 0)]
    assert following is None


@pytest.mark.parametrize("sort", ["started_at", "duration", "cost", "tokens", "errors"])
@pytest.mark.parametrize("order", ["desc", "asc"])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_pages_hold_every_run_once_in_one_order(client: Client, sort: str, order: str, size: int) -> None:
    whole, _ = client.runs(sort=sort, order=order)

    found = paged(client, sort=sort, order=order, limit=size)

    assert found == names(whole)
    assert len(set(found)) == 5


@pytest.mark.parametrize(
    ("sort", "order", "expected"),
    [
        ("started_at", "desc", ["late", "unknown", "dear", "cheap", "early"]),
        ("started_at", "asc", ["early", "cheap", "dear", "unknown", "late"]),
        ("cost", "desc", ["dear", "cheap", "late", "unknown", "early"]),
        ("cost", "asc", ["cheap", "dear", "early", "unknown", "late"]),
        ("tokens", "desc", ["cheap", "dear", "late", "unknown", "early"]),
        ("tokens", "asc", ["dear", "cheap", "early", "unknown", "late"]),
    ],
)
def test_runs_are_sorted_both_ways_and_the_unknown_comes_last(sort: str, order: str, expected: list[str]) -> None:
    told = {"early": {}, "cheap": {"cost_usd": 1, "input_tokens": 9}, "dear": {"cost_usd": 2, "output_tokens": 3}}
    telling = Telling()
    for at, (name, known) in enumerate({**told, "unknown": {}, "late": {}}.items()):
        telling.span(name, "agent", at=at, trace=name).span("ask", "llm", at=at, trace=name, under=name, **known)
    connection = empty_store()
    insert(connection, telling.rows)
    rebuild_all(connection)
    with asking(connection) as client:
        assert paged(client, sort=sort, order=order, limit=1) == expected


def paged(client: Client, **asked: Any) -> list[str]:
    """The names of the runs, page after page."""
    rows, cursor = client.runs(**asked)
    found = names(rows)
    while cursor is not None:
        rows, cursor = client.runs(**asked, cursor=cursor)
        found += names(rows)
    return found


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"workflow": "agent 2"}, [2]),
        ({"agent": "agent 1"}, [1]),
        ({"service": "shop"}, [4, 3, 2, 1, 0]),
        ({"service": "none"}, []),
        ({"release": "1.4"}, [4]),
        ({"model": "model-2"}, [2]),
        ({"model": "gpt-x"}, [4, 3, 2, 1, 0]),
        ({"tool": "tool 0"}, [0]),
        ({"user": "user 3"}, [3]),
        ({"conversation": "talk"}, [1, 0]),
        ({"status": "error"}, [3]),
        ({"status": ("error", "waiting")}, [3]),
        ({"attr.tenant": "acme 1"}, [3, 1]),
        ({"attr.tenant": "acme 1", "attr.region": "eu"}, [3, 1]),
        ({"attr.region": "us"}, []),
        ({"since": "2026-11-22T10:02:00Z"}, [4, 3, 2]),
        ({"since": "2026-11-22T10:00:00Z", "until": "2026-11-22T10:02:00Z"}, [1, 0]),
        ({"since": None}, [4, 3, 2, 1, 0]),
        ({"since": "-5m"}, []),
        ({"q": "2: question"}, [2]),
        ({"q": "4: CAFÉ"}, [4]),
        ({"q": trace_hex("t1")}, [1]),
        ({"q": "nothing of this"}, []),
        ({"project": "nobody"}, []),
        ({"evidence": "explicit"}, []),
    ],
)
def test_filters(client: Client, asked: dict[str, Any], expected: list[int]) -> None:
    assert names(client.runs(**asked)[0]) == [f"agent {k}" for k in expected]


def test_json_times_have_nanoseconds_ids_are_hex_and_unknown_is_null(http: httpx.Client) -> None:
    body = http.get("/api/runs", params={"agent": "agent 0"}).json()

    (run,) = body["rows"]
    assert body["next"] is None
    assert run["started_at"] == "2026-11-22T10:00:00.123456789Z"
    assert run["trace_ids"] == [trace_hex("t0")]
    assert run["environment"] is None
    assert (run["input_tokens"], run["cost_usd"], run["status"]) == (0, 0.0, "ok")


def test_a_run_has_the_columns_that_were_promised(http: httpx.Client) -> None:
    promised = """
        run_id trace_ids name workflow_name agent_name service_name environment service_version conversation_id
        user_id input_preview output_preview status started_at ended_at duration_ms step_count llm_call_count
        tool_call_count error_count input_tokens output_tokens cache_read_tokens cache_write_tokens reasoning_tokens
        cost_usd unpriced_count approval_count correction_count models error_type error_message dialects
    """

    assert set(promised.split()) <= set(http.get("/api/runs").json()["rows"][0])
    assert set(promised.split()) <= set(http.get(f"/api/runs/{trace_hex('t0')}").json())


def test_a_step_has_the_columns_that_were_promised(http: httpx.Client) -> None:
    promised = """
        step_id parent_step_id trace_id signal kind operation name agent_name provider requested_model served_model
        finish_reasons input_tokens output_tokens cache_read_tokens cache_write_tokens reasoning_tokens cost_usd
        cost_source counted tool_name tool_call_id tool_args tool_result status error_type error_message started_at
        duration_ms ttft_ms wait_ms depth order
    """

    assert set(promised.split()) <= set(http.get(f"/api/runs/{trace_hex('t0')}/steps").json()["rows"][0])


def test_csv_has_a_header_and_a_line_a_row(http: httpx.Client) -> None:
    answer = http.get("/api/runs", headers={"accept": "text/csv"}, params={"limit": 2})

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-type"].startswith("text/csv")
    assert [row["name"] for row in rows] == ["agent 4", "agent 3"]
    assert rows[0]["models"] == '["model-4"]'
    assert rows[0]["started_at"] == "2026-11-22T10:04:00.000000000Z"
    assert answer.headers["x-runlight-next"]


def test_csv_has_no_cell_that_a_spreadsheet_would_calculate() -> None:
    texts = ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", "＝1", "a=1", ""]
    told = encode_table(pa.table({"text": texts, "number": range(-5, 5)}), MediaType.CSV).decode()
    rows = list(csv.DictReader(io.StringIO(told, newline="")))
    assert [row["text"] for row in rows] == [f"'{text}" for text in texts[:8]] + texts[8:]
    assert [int(row["number"]) for row in rows] == list(range(-5, 5))


def test_arrow_times_are_utc_nanoseconds(client: Client) -> None:
    rows, _ = client.runs()

    assert rows.schema["started_at"] == pl.Datetime("ns", "UTC")
    assert rows["started_at"].cast(pl.Int64)[-1] == START_NS + 123_456_789


def test_an_unacceptable_media_type_is_406(http: httpx.Client) -> None:
    assert http.get("/api/runs", headers={"accept": "image/png"}).status_code == 406
    assert http.get("/api/runs", headers={"accept": "text/csv;q=0, */*;q=0.1"}).status_code == 200


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("/api/runs?since=soon", "since reads like"),
        ("/api/runs?sort=colour", "sort is one of"),
        ("/api/runs?order=down", "order is one of desc, asc"),
        ("/api/runs?limit=0", "limit"),
        ("/api/runs?limit=many", "limit"),
        ("/api/runs?cursor=abc", "cursor"),
        ("/api/runs?cursor=%F0%9F%92%A5", "cursor"),
        ("/api/runs?status=fine", "status is one of ok, error, waiting"),
        ("/api/tool-calls?status=waiting", "status is one of ok, error, denied"),
        ("/api/runs?project=../x", "project"),
        ("/api/tool-calls?cursor=e30", "cursor"),
        ("/api/ingest?part=all", "part"),
        ("/api/label-values", "key"),
    ],
)
def test_bad_parameters_are_422_in_plain_words(http: httpx.Client, path: str, complaint: str) -> None:
    answer = http.get(path)

    assert answer.status_code == 422
    assert complaint in answer.json()["error"]


@pytest.mark.parametrize("other", [{"sort": "cost"}, {"order": "asc"}])
def test_a_cursor_of_another_order_is_refused(client: Client, other: dict[str, str]) -> None:
    _, cursor = client.runs(limit=1)

    with pytest.raises(BadRequest, match="begin without it"):
        client.runs(**other, cursor=cursor)


def test_a_cursor_of_another_list_is_refused(client: Client) -> None:
    _, cursor = client.tool_calls(limit=1)

    with pytest.raises(BadRequest, match="another list"):
        client.runs(cursor=cursor)


@pytest.mark.parametrize("path", ["", "/steps", "/steps/00", "/logs", "/otlp", "/conversation"])
@pytest.mark.parametrize("run_id", ["nope", "ff" * 16, "a%2Fb", "%00", "%2E%2E", "💥"])
def test_an_unknown_run_is_404_in_plain_words(http: httpx.Client, path: str, run_id: str) -> None:
    answer = http.get(f"/api/runs/{run_id}{path}")

    assert answer.status_code == 404
    assert isinstance(answer.json()["error"], str)


def test_an_unknown_route_is_404_in_json(http: httpx.Client) -> None:
    assert http.get("/api/nothing").json() == {"error": "Not Found"}


def test_a_run_opens_by_its_trace_id_and_its_conversation(client: Client) -> None:
    by_trace = client.run(project="default", run_id=trace_hex("t1").upper())
    by_conversation = client.run(project="default", run_id="talk")

    assert by_trace["name"] == by_conversation["name"] == "agent 1"
    assert by_trace["started_at"].isoformat() == "2026-11-22T10:01:00+00:00"
    assert (by_trace["approvals"], by_trace["corrections"]) == ([], [])


def test_projects_do_not_see_each_other(client: Client) -> None:
    assert client.run(project="elsewhere", run_id=trace_hex("t0"))["name"] == "other"
    assert client.steps(project="elsewhere", run_id=trace_hex("t0")).height == 1
    with pytest.raises(NotFound):
        client.steps(project="elsewhere", run_id=trace_hex("t1"))


def test_steps_come_in_the_waterfalls_order(client: Client) -> None:
    steps = client.steps(project="default", run_id=trace_hex("t3"))

    assert steps.select("name", "depth", "order", "status").rows() == [
        ("agent 3", 0, 1, "error"),
        ("ask 3", 1, 2, "ok"),
        ("tool 3", 1, 3, "error"),
    ]


def test_steps_cost_what_their_run_costs(client: Client) -> None:
    for run in client.runs()[0].iter_rows(named=True):
        steps = client.steps(project="default", run_id=run["run_id"]).filter("counted")
        assert steps["cost_usd"].sum() == pytest.approx(run["cost_usd"])


def test_the_runs_of_a_conversation_lead_to_each_other(client: Client) -> None:
    assert names(client.conversation_runs(project="default", run_id=trace_hex("t0"))) == ["agent 1"]
    assert client.conversation_runs(project="default", run_id=trace_hex("t4")).height == 0


def test_of_a_long_conversation_the_nearest_runs_are_told_oldest_first() -> None:
    talk, store = Telling(), empty_store()
    for k in range(6):
        talk.span(f"turn {k}", "agent", at=60 * k, trace=f"turn {k}", conversation_id="long")
    insert(store, talk.rows)
    rebuild_all(store)

    with Opener(Database(store)).open("default", trace_hex("turn 3")) as opened:
        rows = questions.conversation_runs(opened, NOW_NS, limit=3)

    assert rows["name"].to_pylist() == ["turn 1", "turn 2", "turn 4"]


def test_tool_calls_over_all_runs(client: Client) -> None:
    rows, _ = client.tool_calls()
    failed, _ = client.tool_calls(status="error")
    of_run, _ = client.tool_calls(run=trace_hex("t2"))
    first, cursor = client.tool_calls(limit=2)
    second, _ = client.tool_calls(limit=2, cursor=cursor)

    assert rows["tool_name"].to_list() == [f"tool {k}" for k in (4, 3, 2, 1, 0)]
    assert failed["tool_name"].to_list() == ["tool 3"]
    assert of_run["step_id"].to_list() == [step_hex("tool 2")]
    assert [*first["tool_name"], *second["tool_name"]] == ["tool 4", "tool 3", "tool 2", "tool 1"]


def test_the_summary_counts_what_the_list_shows(client: Client) -> None:
    (summary,) = client.summary().rows(named=True)

    assert (summary["run_count"], summary["ok_count"], summary["error_count"]) == (5, 4, 1)
    assert summary["cost_usd"] == pytest.approx(0.10)
    assert summary["input_tokens"] == 1000
    (nothing,) = client.summary(project="nobody").rows(named=True)
    assert (nothing["run_count"], nothing["cost_usd"]) == (0, None)


@pytest.mark.parametrize(("words", "expected"), [("question", 5), ("2: question", 1), ("nothing of this", 0), (" ", 5)])
def test_the_summary_counts_the_runs_that_a_search_finds(client: Client, words: str, expected: int) -> None:
    assert client.runs(q=words)[0].height == client.summary(q=words)["run_count"].item() == expected


def test_what_runs_can_be_narrowed_by(client: Client) -> None:
    values = client.filter_values()
    keys = client.label_keys()

    assert values.filter(field="release")["value"].to_list() == [f"1.{k}" for k in range(5)]
    assert values.filter(field="tool").height == 5
    assert keys.rows() == [("region", 5, 1), ("tenant", 5, 2)]
    assert client.label_values(key="tenant").rows() == [("tenant", "acme 0", 3), ("tenant", "acme 1", 2)]
    assert client.label_values(key="ten").is_empty()


def test_what_runs_can_be_narrowed_by_is_told_of_the_runs_asked_about(client: Client) -> None:
    asked: dict[str, Any] = {"since": "2026-11-22T10:02:00Z", "attr.tenant": "acme 0"}

    assert client.filter_values(**asked).filter(field="release")["value"].to_list() == ["1.2", "1.4"]
    assert client.label_keys(**asked).rows() == [("region", 2, 1), ("tenant", 2, 1)]
    assert client.label_values(key="tenant", **asked).rows() == [("tenant", "acme 0", 2)]


def test_an_attribute_key_counts_a_run_once_however_many_values_it_has() -> None:
    connection = empty_store()
    told = Telling().span("agent", "agent", labels=["id=a=b", "id=2"])
    insert(connection, told.span("ask", "llm", under="agent", labels=["id=2", "id=3"]).rows)
    rebuild_all(connection)
    with asking(connection) as client:
        assert client.label_keys().rows() == [("id", 1, 3)]
        assert client.label_values(key="id").rows() == [("id", "2", 1), ("id", "3", 1), ("id", "a=b", 1)]


def test_projects_tell_what_they_hold(client: Client) -> None:
    assert client.projects().select("project", "run_count", "waiting_count").rows() == [
        ("default", 5, 0),
        ("elsewhere", 1, 0),
    ]


def test_only_the_samples_can_be_removed(http: httpx.Client) -> None:
    answer = http.delete("/api/projects/default")

    assert answer.status_code == 403
    assert "demo" in answer.json()["error"]


def test_health_metrics_and_documentation(http: httpx.Client) -> None:
    assert http.get("/healthz").json() == http.get("/readyz").json() == {"status": "ok"}
    metrics = http.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'runlight_runs{project="default",status="ok"} 4' in metrics.text
    assert 'runlight_records_total{project="default",signal="span",outcome="received"} ' in metrics.text
    docs = http.get("/api/docs").text
    assert "/api/runs/{run_id}/steps" in docs
    assert "http://" not in docs
    assert "https://" not in docs
    assert "/api/runs" in http.get("/api/openapi.json").json()["paths"]


def test_a_step_is_readable_before_its_summary_is_written() -> None:
    connection = empty_store()
    with asking(connection) as client:
        insert(connection, Telling().span("agent", "agent").span("ask", "llm", under="agent", input_tokens=4).rows)

        assert client.steps(project="default", run_id=trace_hex("t"))["name"].to_list() == ["agent", "ask"]
        assert client.run(project="default", run_id=trace_hex("t"))["input_tokens"] == 4
        assert client.runs()[0].height == 0


def test_a_run_whose_key_holds_a_colon_shows_its_log_records() -> None:
    connection = empty_store()
    with asking(connection) as client:
        insert(connection, Telling().log("api_request", "llm", run_key="team:7").rows)
        insert_speech(connection, "note", at=0.5, run_key="team:7")

        assert client.logs(project="default", run_id="team:7")["event_name"].to_list() == ["note"]


def test_an_opened_run_shows_what_was_committed_since() -> None:
    connection = empty_store()
    with asking(connection) as client:
        for place, name in enumerate(["one", "two", "three"]):
            insert(connection, Telling().span(name, "agent", at=place).rows)
            for _ in range(2):
                assert client.steps(project="default", run_id=trace_hex("t")).height == place + 1


def test_an_opened_run_shows_the_correction_that_came_days_later() -> None:
    connection = empty_store()
    with asking(connection) as client:
        for told in (
            Telling().span("agent", "agent"),
            Telling().log("edit", "human", at=3 * 86_400, trace="t", correction_kind="edited_output"),
            Telling().log("second edit", "human", at=5 * 86_400, trace="t", correction_kind="edited_output"),
        ):
            insert(connection, told.rows)
            rebuild_all(connection)
            assert told.rows[0]["name"] in client.steps(project="default", run_id=trace_hex("t"))["name"].to_list()


def test_lists_are_narrowed_by_how_sure_an_approval_is() -> None:
    asked = {"approval_id": "a", "tool_name": "pay", "tool_call_id": "k"}
    told = Telling().span("agent", "agent", lasts=9).span("ask", "approval", at=1, under="agent", **asked)
    told.span("pay", "tool", at=3, under="agent", tool_call_id="k")
    told.span("other", "agent", trace="other").span("look", "tool", trace="other", under="other")
    connection = empty_store()
    insert(connection, told.rows)
    rebuild_all(connection)
    with asking(connection) as client:
        assert client.tool_calls()[0]["tool_name"].sort().to_list() == ["look", "pay"]
        for evidence, tools in [("explicit", ["pay"]), ("content", [])]:
            assert client.tool_calls(evidence=evidence)[0]["tool_name"].to_list() == tools
            assert client.runs(evidence=evidence)[0].height == client.summary(evidence=evidence)["run_count"].item()
            assert client.runs(evidence=evidence)[0].height == len(tools)


def test_a_server_that_is_gone_is_down(store: duckdb.DuckDBPyConnection) -> None:
    with serving(store) as address:
        client = Client(address)
        client.projects()

    with pytest.raises(ServerDown):
        client.projects()
