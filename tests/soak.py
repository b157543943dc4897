"""`make soak`: the faults, hostile input and load of the suite at full size, in parts that can be run again.

Each part keeps what it has done in its folder and goes on from there; `--anew` begins it again.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.bodies import LIVE
from bench.questions import PROJECT
from tests.faults.exporters import Book, exporting
from tests.faults.test_kill import kill_once
from tests.serving import ROOT, RunningServer, running_server

FOLDER = ROOT / ".soak"
KILL_ROUNDS, KILL_ROUNDS_PER_FILE = 500, 50
LOAD_SECONDS, LOAD_STEP_SECONDS = 3_600, 60
ARRIVING_SPANS_PER_SECOND = 500
WINDOW = {"project": PROJECT, "since": "2026-11-01", "until": "2027-01-01"}
QUESTIONS: tuple[tuple[str, dict[str, str]], ...] = (
    ("runs", WINDOW),
    ("runs", WINDOW | {"status": "error", "sort": "cost"}),
    ("runs", WINDOW | {"q": "refund"}),
    ("summary", WINDOW),
    ("overview-totals", WINDOW),
    ("tool-stats", WINDOW),
    ("cost-by", WINDOW),
    ("filter-values", WINDOW),
    ("ingest", {"project": PROJECT}),
    ("projects", {}),
)


def hostile(_: Path, done: int) -> int:
    """Hostile requests at full size: a million attributes, bombs of a gigabyte."""
    return done + pytest_step("tests/hostile/test_requests.py", "tests/hostile/test_connections.py")


def fuzz(_: Path, done: int) -> int:
    """Mutated bodies, about ten minutes."""
    return done + pytest_step("tests/hostile/test_fuzz.py")


def kills(folder: Path, done: int) -> int:
    """Servers killed under load, again and again on one file, then on the next."""
    chance = random.Random(done)
    database, book = folder / f"{done}.duckdb", Book(next_number=time.time_ns())
    for _ in range(KILL_ROUNDS_PER_FILE):
        kill_once(database, book, chance)
    database.unlink()
    print(f"  {len(book.acknowledged)} acknowledged spans, each there once")
    return done + KILL_ROUNDS_PER_FILE


def load(folder: Path, done: int) -> int:
    """Exporters, agents and questions side by side: memory, file size and latencies of each minute go to a table."""
    book = Book(next_number=time.time_ns())
    with running_server(folder / "load.duckdb") as server, exporting(server, book), arriving(server, seed=done):
        while done < LOAD_SECONDS:
            latencies, acknowledged = minute_of_questions(server), len(book.acknowledged)
            done += LOAD_STEP_SECONDS
            line = {
                "second": done,
                "acknowledged": acknowledged,
                "spans": server.stored_counts(PROJECT).get("span", 0),
                "peak_mib": server.peak_memory() >> 20,
                "file_mib": sum(file.stat().st_size for file in folder.glob("load.duckdb*")) >> 20,
                "p50_ms": round(latencies[len(latencies) // 2] * 1000),
                "p95_ms": round(latencies[len(latencies) * 95 // 100] * 1000),
                "worst_ms": round(latencies[-1] * 1000),
                "load_average": round(os.getloadavg()[0], 1),
            }
            server.reset_peak_memory()
            print(" ", line, flush=True)
            with (folder / "minutes.jsonl").open("a") as table:
                table.write(json.dumps(line) + "\n")
            (folder / "done").write_text(str(done))
    assert not book.wrong, book.wrong[:5]
    return done


@contextmanager
def arriving(server: RunningServer, seed: int) -> Iterator[None]:
    """Runs as the benchmark makes them, which keep coming inside the block."""
    command = [sys.executable, "-m", "bench.load", server.url.removeprefix("http://")]
    asked = [f"--shape={LIVE.name}", "--transport=http", "--connections=4", f"--project={PROJECT}"]
    rate = [f"--live-seed={seed}", f"--rate={ARRIVING_SPANS_PER_SECOND}"]
    with subprocess.Popen([*command, *asked, *rate], cwd=ROOT, stdout=subprocess.DEVNULL) as client:
        try:
            yield
            assert client.poll() is None, "the client that sends ended"
        finally:
            client.terminate()


def minute_of_questions(server: RunningServer) -> list[float]:
    """The seconds that each question took, the fastest first."""
    ends, latencies = time.monotonic() + LOAD_STEP_SECONDS, []
    while time.monotonic() < ends:
        for question, parameters in QUESTIONS:
            began = time.monotonic()
            server.ask(question, **parameters)
            latencies.append(time.monotonic() - began)
    return sorted(latencies)


def pytest_step(*modules: str) -> int:
    """1 after these modules have passed at full size; raises if they have not."""
    subprocess.run([sys.executable, "-m", "pytest", "-q", "--soak", *modules], cwd=ROOT, check=True)
    return 1


# A part goes on from how much of it is done, and is over when all is.
PARTS: dict[str, tuple[Callable[[Path, int], int], int]] = {
    "hostile": (hostile, 1),
    "fuzz": (fuzz, 1),
    "kills": (kills, KILL_ROUNDS),
    "load": (load, LOAD_SECONDS),
}


def main() -> None:
    """Run the parts that are asked for, or all."""
    parser = argparse.ArgumentParser(prog="make soak", description=main.__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"one of {', '.join(PARTS)}")
    parser.add_argument("--anew", action="store_true", help="forget what was done before")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    for name in asked.parts or PARTS:
        folder = FOLDER / name
        if asked.anew:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        run_part(name, folder)


def run_part(name: str, folder: Path) -> None:
    part, whole = PARTS[name]
    state = folder / "done"
    done = int(state.read_text()) if state.exists() else 0
    while done < whole:
        print(f"{name}: {done} of {whole} done", flush=True)
        done = part(folder, done)
        state.write_text(str(done))
    print(f"{name}: done", flush=True)


if __name__ == "__main__":
    main()
