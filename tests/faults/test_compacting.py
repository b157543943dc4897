"""A compaction that is killed leaves a whole store, the old one or the new one."""

import subprocess
import sys
from pathlib import Path

import pytest

from ingest.copying import compact
from ingest.intake import Signal
from ingest.store import Store
from tests.ingest.otlp_samples import spans
from tests.ingest.pipeline import pipeline
from tests.serving import ROOT

# Kills itself when Python is about to do what the first argument names: an event of `sys.audit` and a part of its path.
SUICIDAL = """
import os, signal, sys
event, part, database = sys.argv[1:]
def kill(name, arguments):
    if name == event and arguments and str(arguments[0]).endswith(part):
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(kill)
from operations.copies import copies_command
copies_command(["compact", "--database", database])
"""
MOMENTS = {
    "before the copy is begun": ("tempfile.mkdtemp", ""),
    "with the copy written and not yet on disk": ("os.chmod", "copy.duckdb"),
    "before the copy takes the old one's place": ("os.rename", "copy.duckdb"),
    "after it has, before that is on disk": ("open", "data"),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_store_is_whole_whenever_its_compaction_is_killed(tmp_path: Path, moment: str) -> None:
    path = tmp_path / "data" / "runlight.duckdb"
    path.parent.mkdir()
    with pipeline(path) as running:
        running.send(Signal.SPAN, spans("a" * 32, "b" * 32, padding=10_000))
        kept = running.rows("from spans order by all")
    killed = subprocess.run([sys.executable, "-c", SUICIDAL, *MOMENTS[moment], str(path)], cwd=ROOT, check=False)
    assert killed.returncode == -9
    with pipeline(path) as running:
        assert running.rows("from spans order by all") == kept
        assert len(running.otlp("spans")["resourceSpans"]) > 0
    compact(path, Store.open(path))
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    with pipeline(path) as running:
        assert running.rows("from spans order by all") == kept
