"""Questions of people's own: what one SELECT may ask, and that it gets at nothing else and harms nobody."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import httpx
import pytest

from queries.nouns import NOUNS
from queries.sql.asking import SqlLimits
from tests.queries.conftest import rebuild_all
from tests.queries.records import Telling, empty_store, insert
from tests.queries.serving import serving
from tests.serving import told_of_process, until

MEGABYTES = 1024**2
LIMITS = SqlLimits(seconds=300, rows=8, memory_bytes=256 * MEGABYTES, window_bytes=64 * MEGABYTES)
MARK = "told-by-the-other-project"


@pytest.fixture(scope="module")
def store() -> Iterator[duckdb.DuckDBPyConnection]:
    """Two runs of the project default, one of them a day earlier, and one of another project."""
    connection = empty_store()
    for telling in (
        Telling().span("now", "agent", trace="a").span("search", "tool", under="now", trace="a", tool_name="search"),
        Telling().span("earlier", "agent", at=-86_400, trace="b"),
        Telling("other").span(MARK, "agent", trace="c", agent_name=MARK),
    ):
        insert(connection, telling.rows)
    rebuild_all(connection)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def http(store: duckdb.DuckDBPyConnection) -> Iterator[httpx.Client]:
    with serving(store, LIMITS) as url, httpx.Client(base_url=url, timeout=400) as client:
        yield client


def ask(http: httpx.Client, sql: str, **asked: str) -> httpx.Response:
    return http.post("/api/sql", params=asked, json={"sql": sql})


def test_a_select_is_answered_over_the_rows_of_its_project_and_window(http: httpx.Client) -> None:
    counting = "select count(*) as run_count, max(name) as name from runs"
    assert ask(http, counting).json() == {"rows": [{"run_count": 2, "name": "now"}], "cut_at": None}
    assert ask(http, counting, since="-2h").json()["rows"] == [{"run_count": 1, "name": "now"}]
    assert ask(http, counting, project="other").json()["rows"] == [{"run_count": 1, "name": MARK}]
    joined = "SELECT s.kind FROM Runs r JOIN steps s USING (run_id) WHERE r.name = 'now' ORDER BY step_order"
    assert ask(http, joined).json()["rows"] == [{"kind": "agent"}, {"kind": "tool"}]


def test_a_longer_answer_is_cut_and_says_so(http: httpx.Client) -> None:
    answer = ask(http, "select i from range(1000000000000) t(i)")
    assert answer.json() == {"rows": [{"i": number} for number in range(8)], "cut_at": 8}
    assert answer.headers["x-runlight-cut-at"] == "8"
    assert ask(http, "select i from range(8) t(i)").json()["cut_at"] is None


def test_values_of_every_type_are_told(http: httpx.Client) -> None:
    answer = ask(
        http,
        "select 1::hugeint as a, 2 as a, 1.5::decimal(9, 2) as dollars, interval 1 day as wait, null as unknown, "
        "map {'k': 1} as pairs, '\\xAA'::blob as bytes, ['x'] as names, timestamp '2026-01-01' as at, "
        "12345678901234567890123::hugeint as more",
    )
    assert answer.json()["rows"] == [
        {
            "a": 1,
            "a_2": 2,
            "dollars": 1.5,
            "wait": "1 day",
            "unknown": None,
            "pairs": "{k=1}",
            "bytes": "\\xAA",
            "names": ["x"],
            "at": "2026-01-01T00:00:00.000000000Z",
            "more": 1.2345678901234568e22,
        }
    ]
    as_csv = http.post("/api/sql", json={"sql": "select 1 as a, 'x,y' as b"}, headers={"accept": "text/csv"})
    assert as_csv.text == 'a,b\n1,"x,y"\n'


# What is asked → what the refusal says.
REFUSED = {
    "select * from read_csv('/etc/passwd')": "file system operations are disabled",
    "select * from read_text('/etc/passwd')": "file system operations are disabled",
    "select * from glob('/etc/*')": "file system operations are disabled",
    "select * from sniff_csv('/etc/passwd')": "file system operations are disabled",
    "select * from '/etc/passwd'": "does not exist",
    "select * from parquet_scan('https://outside.invalid/x')": "file system operations are disabled",
    "copy runs to '/tmp/runs.csv'": "this is COPY",
    "attach '/tmp/other.duckdb'": "this is ATTACH",
    "load httpfs": "this is LOAD",
    "set lock_configuration = false": "this is SET",
    "pragma memory_limit = '100GB'": "this is SET",
    "create table mine as select 1": "this is CREATE",
    "with gone as (delete from runs returning *) select * from gone": "A CTE needs a SELECT",
    "explain select 1": "this is EXPLAIN",
    "select 1; drop table runs": "this holds 2",
    "": "this holds none",
    "select * from query('drop table runs')": "Expected a single SELECT",
    "select getenv('HOME')": "getenv does not exist",
    "select * from task": "task does not exist",  # a variable of the process, were it allowed to look
    "select * from api_keys": "api_keys does not exist",
    "select $project": "parameter",
    "select * from runs where": "syntax error",
    "select 1\x00; drop table runs": "no NUL character",
    "select 'infinity'::timestamp": "outside of the years 1 to 9999",
    "select " + "(" * 20_000 + "1" + ")" * 20_000: "memory exhausted",
    "select repeat('x', 5000000) from range(8)": "the answer is larger",
    "select 1 -- " + "x" * 100_000: "at most 100000 characters",
}


@pytest.mark.parametrize("sql", REFUSED, ids=lambda sql: sql[:60])
def test_what_is_no_harmless_select_is_refused_in_a_sentence(http: httpx.Client, sql: str) -> None:
    answer = ask(http, sql)
    assert (answer.status_code, list(answer.json())) == (422, ["error"])
    assert REFUSED[sql] in answer.json()["error"]
    assert "root:" not in answer.text


def test_what_duckdb_tells_of_itself_tells_nothing_of_others(http: httpx.Client) -> None:
    known = ask(http, "select string_agg(table_name, ' ' order by table_name) as names from information_schema.tables")
    assert known.json()["rows"] == [{"names": " ".join(sorted(NOUNS))}]
    for sql in ("from duckdb_secrets()", "select path from duckdb_databases()", "pragma database_list"):
        answer = ask(http, sql)
        assert answer.status_code == 200
        assert ".duckdb" not in answer.text
    everything = " union all ".join(f"select count(*) as n, max({noun}::varchar) as row from {noun}" for noun in NOUNS)
    assert ask(http, everything).status_code == 200
    assert MARK not in ask(http, everything).text
    locked = (
        "select current_setting('lock_configuration') as locked, current_setting('enable_external_access') as files"
    )
    assert ask(http, locked).json()["rows"] == [{"locked": True, "files": False}]


@pytest.mark.parametrize(
    "sql",
    [
        "select list(i) from range(10000000000) t(i)",
        "select length(repeat('x', 2000000000))",  # which DuckDB's own limit does not see
        "select count(distinct a.i * 1000000 + b.i) from range(1000000) a(i), range(1000000) b(i)",
    ],
)
def test_one_that_needs_too_much_memory_is_ended_and_the_next_is_answered(http: httpx.Client, sql: str) -> None:
    answer = ask(http, sql)
    assert answer.status_code == 503
    assert "memory" in answer.json()["error"]
    assert ask(http, "select 1 as one").json()["rows"] == [{"one": 1}]


def test_one_that_never_ends_is_killed_at_the_time_limit(store: duckdb.DuckDBPyConnection) -> None:
    endless = "with recursive x(i) as (select 1 union all select 1 from x) select count(*) from x"
    with serving(store, replace(LIMITS, seconds=1)) as url, httpx.Client(base_url=url, timeout=400) as http:
        answer = ask(http, endless)
        assert answer.status_code == 504
        assert "took more than 1 seconds" in answer.json()["error"]
        until(lambda: not workers(), seconds=120)


def workers() -> list[str]:
    """The command lines of the processes that answer SQL for this one."""
    threads = [task.name for task in Path("/proc/self/task").iterdir()]
    children = [child for thread in threads for child in told_of_process(f"self/task/{thread}/children").split()]
    lines = [told_of_process(f"{child}/cmdline") for child in children]
    return [line for line in lines if "worker.py" in line and str(os.getpid()) in line]


def test_a_window_that_holds_too_much_is_refused_before_it_is_asked(store: duckdb.DuckDBPyConnection) -> None:
    with serving(store, replace(LIMITS, window_bytes=100)) as url, httpx.Client(base_url=url, timeout=400) as http:
        answer = ask(http, "select count(*) from runs")
        assert answer.status_code == 422
        assert "the window holds more than 100 bytes" in answer.json()["error"]
        assert ask(http, "select 1 as one").json()["rows"] == [{"one": 1}]


def test_without_the_setting_nothing_is_asked_and_the_tables_say_so(store: duckdb.DuckDBPyConnection) -> None:
    with serving(store) as url, httpx.Client(base_url=url, timeout=400) as http:
        answer = ask(http, "select 1")
        assert (answer.status_code, "RUNLIGHT_SQL" in answer.json()["error"]) == (403, True)
        assert http.get("/api/sql/tables").json()["limits"] is None


def test_every_table_tells_what_its_rows_and_columns_are(http: httpx.Client) -> None:
    told = http.get("/api/sql/tables").json()
    assert told["limits"]["rows"] == 8
    assert [table["name"] for table in told["tables"]] == list(NOUNS)
    runs = {column["name"]: column for column in told["tables"][0]["columns"]}
    assert runs["cost_usd"] == {"name": "cost_usd", "type": "DOUBLE", "meaning": "null: nothing in it has a price"}
    columns = "select count(*) as n from information_schema.columns"
    described = [(table["name"], column) for table in told["tables"] for column in table["columns"]]
    assert ask(http, columns).json()["rows"] == [{"n": len(described)}]
    assert all(table["about"].endswith(".") for table in told["tables"])
