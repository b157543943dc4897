"""A file that cannot be used is refused with its path and what to do, and is never written to."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.store import Store
from tests.serving import ROOT, running_server

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "another format": lambda _: b"PK\x03\x04" * 10_000,
    "only zeros": lambda good: bytes(len(good)),
    "only its header": lambda good: good[:4096],
    "cut in half": lambda good: good[: len(good) // 2],
    "a broken header": lambda good: good[:20] + b"\xff" * 40 + good[60:],
    "a broken middle": lambda good: good[: len(good) // 4] + b"\xff" * (len(good) // 2) + good[-(len(good) // 4) :],
    "its blocks zeroed": lambda good: good[:12288] + bytes(len(good) - 12288),
}


def start(database: Path) -> "subprocess.CompletedProcess[str]":
    """A server that must end by itself."""
    return subprocess.run(
        [sys.executable, "server.py", "--http-port", "0", "--grpc-port", "0", "--database", str(database)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_refused_with_its_path_and_left_as_it_is(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "runlight.duckdb"
    Store.open(path).close()
    data = DAMAGES[damage](path.read_bytes())
    path.write_bytes(data)
    with pytest.raises(Exception, match="cannot be opened") as refusal:
        Store.open(path)
    assert str(path) in str(refusal.value)
    assert "in use" not in str(refusal.value)
    assert "backup" in str(refusal.value)
    assert path.read_bytes() == data


def test_a_server_that_cannot_use_its_file_says_so_and_ends_with_2(tmp_path: Path) -> None:
    path = tmp_path / "runlight.duckdb"
    path.write_bytes(b"not a database" * 1000)
    ended = start(path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"runlight: {path} cannot be opened")
    assert "Traceback" not in ended.stderr


def test_a_second_server_on_one_file_is_told_who_owns_it(tmp_path: Path) -> None:
    path = tmp_path / "runlight.duckdb"
    with running_server(path):
        ended = start(path)
    assert ended.returncode == 2
    assert ended.stderr == f"runlight: {path} is in use by another process: one server owns a database file\n"
