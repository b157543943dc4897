"""The questions on the command line: what is written where, how it ends, and what a terminal is spared."""

import csv
import gzip
import io
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import orjson
import polars as pl
import pytest

from queries.cli import terminal
from queries.cli.commands import COMMANDS
from queries.cli.main import main
from tests.pages.hostile import HOSTILE_TEXTS
from tests.queries.conftest import rebuild_all
from tests.queries.records import Telling, empty_store, insert, trace_hex
from tests.queries.serving import serving
from tests.serving import ROOT

SECONDS = 120
COLOURS = re.compile("\x1b\\[(?:3[1236]|0)m")


@pytest.fixture(scope="module")
def store() -> Iterator[duckdb.DuckDBPyConnection]:
    """A run with a failed tool, and one that bears every hostile text."""
    connection = empty_store()
    plain = Telling().span("refund", "agent", trace="a", agent_name="refunds")
    plain.span("find", "tool", under="refund", trace="a", tool_name="find", is_error=True, error_message="none")
    hostile = "\n".join(HOSTILE_TEXTS)
    insert(connection, plain.rows)
    insert(connection, Telling().span(hostile, "agent", at=1, trace="b", agent_name=hostile).rows)
    rebuild_all(connection)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def url(store: duckdb.DuckDBPyConnection) -> Iterator[str]:
    with serving(store) as url:
        yield url


def run(url: str, *arguments: str) -> int:
    try:
        return main([arguments[0], "--url", url, *arguments[1:]])
    except SystemExit as ended:  # by argparse
        return int(ended.code or 0)


def test_every_list_is_written_as_table_json_and_csv(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(url, "runs") == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[:4] == ["run_id", "status", "started_at", "duration"]
    assert [row.split()[0] for row in rows] == [trace_hex("b"), trace_hex("a")]

    assert run(url, "runs", "--format", "json", "--agent", "refunds") == 0
    (told,) = orjson.loads(capsys.readouterr().out)
    assert (told["run_id"], told["tool_names"]) == (trace_hex("a"), ["find"])

    assert run(url, "tools", "--format", "csv") == 0
    (tool,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (tool["tool_name"], tool["call_count"], tool["error_count"]) == ("find", "1", "1")

    assert run(url, "runs", "--since", "-30d", "--format", "csv") == 0
    assert len(list(csv.reader(io.StringIO(capsys.readouterr().out)))) == 3

    assert run(url, "run", trace_hex("a")) == 0
    assert "·find" in capsys.readouterr().out
    for command in ("routes", "cost", "errors", "approvals", "corrections"):
        assert run(url, command) in (0, 1)
        assert not capsys.readouterr().out.startswith("Traceback")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["runs", "--until", "1999-01-01"], 1, "nothing found"),
        (["run", "no-such-run"], 1, "no-such-run"),
        (["runs", "--since", "yesterday"], 2, "since reads like"),
        (["runs", "--attr", "key"], 2, "--attr reads KEY=VALUE"),
        (["runs", "--sort", "luck"], 2, "invalid choice"),
        (["tail", "--every", "0"], 2, "more than 0 and at most 3600 seconds"),
        (["tail", "--every", "nan"], 2, "more than 0 and at most 3600 seconds"),
        (["runs", "--url", "http://[::1"], 3, "http://[::1 is no URL of a server"),
        (["wish"], 2, "invalid choice"),
        (["export", "--table", "api_keys", "--out", "-"], 2, "table is one of runs"),
        (["sql", "select 1"], 4, "RUNLIGHT_SQL"),
    ],
)
def test_how_it_ends_is_told_by_its_exit_code_and_a_line(
    url: str, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, says: str
) -> None:
    assert run(url, *arguments) == code
    written = capsys.readouterr()
    assert says in written.err
    assert "Traceback" not in written.err
    assert written.out == ""


def test_a_setting_that_cannot_be_read_is_named(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNLIGHT_HTTP_PORT", "many")
    assert run(url, "runs") == 2
    assert capsys.readouterr().err.startswith("RUNLIGHT_HTTP_PORT: ")


def test_a_list_that_is_full_says_that_there_may_be_more(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(url, "runs", "--limit", "1") == 0
    assert "there may be more" in capsys.readouterr().err
    assert run(url, "runs", "--limit", "3") == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("command", [["runs"], ["export"], ["report"]])
def test_output_that_cannot_be_written_is_no_answer(url: str, command: list[str]) -> None:
    name, *more = [*command, "--out", "-"] if command == ["export"] else command
    with Path("/dev/full").open("wb") as full:
        asked = [sys.executable, "-m", "queries", name, "--url", url, *more]
        ended = subprocess.run(asked, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (2, "standard output cannot be written: No space left on device\n")


@pytest.mark.parametrize("module", [["queries", "report"], ["queries.weekly_report"]])
def test_a_report_that_is_waited_for_can_be_interrupted(module: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        asked = [sys.executable, "-m", *module, "--url", f"http://127.0.0.1:{silent.getsockname()[1]}"]
        with subprocess.Popen(asked, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
            connection, _ = silent.accept()
            with connection:
                process.send_signal(signal.SIGINT)
                assert process.stderr
                assert (process.stderr.read(), process.wait(SECONDS)) == ("", 130)


def test_a_server_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("http://127.0.0.1:1", "runs") == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_a_window_is_written_into_a_file(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, missing = tmp_path / "steps.parquet", tmp_path / "no" / "such.parquet"
    assert run(url, "export", "--table", "steps", "--out", str(table)) == 0
    assert sorted(pl.read_parquet(table)["kind"]) == ["agent", "agent", "tool"]
    assert "written to" in capsys.readouterr().err
    assert run(url, "export", "--out", str(missing)) == 2
    assert run(url, "export", "--format", "otlp", "--out", str(tmp_path / "all.jsonl.gz")) == 1  # there are no blocks
    assert gzip.decompress((tmp_path / "all.jsonl.gz").read_bytes()) == b""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.jsonl.gz", "steps.parquet"]


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_no_text_moves_the_cursor_or_hides(text: str) -> None:
    told = terminal.one_line(f"{text}\x9b2J\x1b]0;title\x07\u200b\u2066")
    assert told.isprintable()
    assert terminal.columns(told) <= 60


def test_wide_signs_keep_the_columns_apart() -> None:
    lines = terminal.table([{"a": "日本", "b": "1"}, {"a": "x", "b": "22"}], with_colours=False).splitlines()
    assert lines == ["a      b", "日本   1", "x     22"]


def test_numbers_stand_to_the_right_and_dates_and_ids_to_the_left() -> None:
    cells = {"id": "07af", "at": "2026-11-22 10:00:00", "cost": "$0.0145", "wait": "1 day, 2:03:04", "none": "-"}
    head, *_ = terminal.table([{**cells, "rate": "2.7%", "took": "1,234.50 s"}], with_colours=False).splitlines()
    assert re.findall(r"\S+ *", head) == [
        *("id    ", "at                      ", "cost            ", "wait  ", "none  ", "rate        ", "took")
    ]


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_a_terminal_gets_colours_and_nothing_else_that_it_obeys(url: str, form: str) -> None:
    told = on_a_terminal(["runs", "--url", url, "--format", form])
    assert trace_hex("a") in told
    assert bool(COLOURS.search(told)) == (form == "table")
    assert [sign for sign in COLOURS.sub("", told) if not sign.isprintable() and sign not in "\r\n"] == []


def test_no_color_and_a_pipe_go_without_colours(url: str) -> None:
    assert "\x1b" not in on_a_terminal(["runs", "--url", url], NO_COLOR="1")
    piped = subprocess.run(
        [sys.executable, "-m", "queries", "runs", "--url", url], cwd=ROOT, capture_output=True, check=True
    )
    assert b"\x1b" not in piped.stdout


def on_a_terminal(arguments: list[str], **environment: str) -> str:
    """What a command writes to a terminal."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, 200))
    command = [sys.executable, "-m", "queries", *arguments]
    inherited = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with subprocess.Popen(command, cwd=ROOT, stdout=theirs, stderr=theirs, env=inherited | environment) as process:
        os.close(theirs)
        told = b"".join(iter(lambda: read(ours), b""))
    os.close(ours)
    assert process.returncode == 0
    return told.decode()


def read(terminal_end: int) -> bytes:
    try:
        return os.read(terminal_end, 65_536)
    except OSError:  # how a terminal says that the other end is closed
        return b""


@pytest.mark.parametrize("form", ["json", "csv"])
def test_new_runs_are_told_as_they_come_until_it_is_interrupted(
    store: duckdb.DuckDBPyConnection, url: str, form: str
) -> None:
    command = [sys.executable, "-m", "queries", "tail", "--url", url, "--every", "0.05", "--format", form]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        ending = threading.Timer(SECONDS, process.kill)  # so that nothing waits for ever
        ending.start()
        assert process.stderr.readline() == "following new runs; Ctrl-C ends it\n"
        insert(store, Telling().span(form, "agent", at=2, trace=f"late {form}").rows)
        rebuild_all(store)
        if form == "json":
            told = orjson.loads(process.stdout.readline())
        else:
            told = next(csv.DictReader([process.stdout.readline(), process.stdout.readline()]))
        assert told["run_id"] == trace_hex(f"late {form}")
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0
        ending.cancel()


def test_help_loads_nothing_that_takes_long() -> None:
    code = "import sys; from queries.cli.main import parser; parser(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    assert not {"httpx", "polars", "pyarrow", "duckdb", "pydantic"} & set(loaded.split())


def test_the_weekly_report_is_a_command_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["report", "--help"])
    assert ended.value.code == 0
    assert "--made-at" in capsys.readouterr().out


def test_on_a_terminal_a_report_tells_for_how_long_it_is_being_made(url: str) -> None:
    told = on_a_terminal(["report", "--url", url, "--week", "2026-W47"])
    assert "report of 2026-W47: 00:0" in told
    assert "# Weekly reliability report, 2026-W47" in told


def test_every_command_says_what_it_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    for name in COMMANDS:
        with pytest.raises(SystemExit) as ended:
            main([name, "--help"])
        assert ended.value.code == 0
        assert COMMANDS[name].help[1:] in capsys.readouterr().out.replace("\n", " ")
