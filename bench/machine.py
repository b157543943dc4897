"""What the figures were measured on."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.serving import ROOT

_LIBRARIES = ("duckdb", "polars", "pyarrow", "ptars", "zstandard", "uvicorn", "grpcio")


def machine() -> dict[str, str]:
    """Each fact by its name, as it goes into the report."""
    memory_kib = int(Path("/proc/meminfo").read_text().partition("MemTotal:")[2].split()[0])
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": (_git("rev-parse", "--short", "HEAD") or "unknown") + (", with changes" if _changes() else ""),
        "processor": f"{os.cpu_count()} × {_processor()}",
        "memory": f"{memory_kib / 2**20:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "libraries": ", ".join(f"{name} {version(name)}" for name in _LIBRARIES),
    }


def load_average() -> float:
    """How busy the machine was over the last minute."""
    return os.getloadavg()[0]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _changes() -> str:
    """What differs from the commit, but for what the benchmark itself writes."""
    return _git("status", "--porcelain", "--", ".", ":!bench/RESULTS.md", ":!bench/results.json")


def _git(*arguments: str) -> str:
    found = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return found.stdout.strip()
