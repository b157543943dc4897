"""Everything that the server answers over HTTP, read from the application's own table of routes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from access.door import Door
from access.keyring import Keyring
from alerts.alerting import Alerting
from ingest.kept_reports import KeptReports
from ingest.pseudonyms import Pseudonyms
from ingest.receiver import SIGNALS
from queries.database import Database
from queries.weekly.reporting import Reporting
from server import http_api
from settings import Settings
from tests.access.conftest import PROJECT, TRACE
from tests.ingest.pipeline import Pipeline, pipeline

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

# What stands in a path, in a parameter that a question cannot do without, and in the body of what is posted.
PARTS = {
    "run_id": TRACE,
    "step_id": "0000000000000001",
    "fingerprint": "0" * 16,
    "name": PROJECT,
    "view_id": "0" * 16,
    "conversation_id": "talk",
    "user_id": "lou",
    "table": "runs",
    "week": "2026-W01",
    "form": "json",
    "silence_id": "0" * 16,
}
PARAMETERS = {
    "key": "gen_ai.agent.name",
    "q": "work",
    "by": "release",
    "a": TRACE,
    "b": TRACE,
    "metric": "tokens",
    "conversation": "talk",
}
BODIES = {
    "corrections": {"kind": "takeover"},
    "feedback": {"rating": "up"},
    "sql": {"sql": "select * from runs"},
    "exports": {"name": "cost_by.csv"},
    "views": {"name": "failed", "address": "/?status=error"},
    "silences": {"until": f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}", "reason": "seen", "by": "kim"},
    "error-marks": {"note": "seen", "fingerprint": "0" * 16},
}


@dataclass(frozen=True)
class Served:
    """One route and method, with all it takes for an answer."""

    method: str
    path: str
    needs: str
    parameters: dict[str, str] = field(default_factory=dict)
    names_project: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def address(self) -> str:
        path = self.path.replace(":path", "")
        for name, value in PARTS.items():
            path = path.replace(f"{{{name}}}", value)
        assert "{" not in path, f"tests/access/table.py does not know what to put into {self.path}"
        return path

    @property
    def body(self) -> Any:
        return BODIES.get(self.path.rpartition("/")[2])


def served(folder: Path) -> list[Served]:
    """All of it but the probes, removals last. OTLP's one route stands for a path of each signal."""
    with pipeline(folder / "table.duckdb") as running:
        api = api_of(running, Settings())
    described = api.openapi()["paths"]
    found = [_served(method, path, described) for path, methods in _routes(api.routes) for method in methods]
    telemetry = [Served("POST", f"/v1/{signal}", "ingest") for signal in SIGNALS]
    return telemetry + sorted(found, key=lambda one: (one.method == "DELETE", str(one)))


def api_of(running: Pipeline, settings: Settings) -> FastAPI:
    """What the server puts behind its gate."""
    door = Door(Keyring(running.store.cursor()))
    store = running.store
    database = Database(store.cursor())
    alerting = Alerting(settings, database, store.cursor())
    reporting = Reporting(settings, database, KeptReports(store.cursor()), alerting.news("report_channels", []).tell)
    return http_api(settings, store, database, running.writer, door, Pseudonyms(b""), alerting, reporting)


def _routes(routes: Sequence[Any]) -> Iterator[tuple[str, Sequence[str]]]:
    for route in routes:
        if hasattr(route, "original_router"):  # FastAPI keeps included routers whole
            yield from _routes(route.original_router.routes)
        elif not route.path.startswith("/v1/") and route.path not in ("/healthz", "/readyz"):
            yield route.path, sorted(route.methods)


def _served(method: str, path: str, described: dict[str, Any]) -> Served:
    """What a key must be for is said here once more, as docs/access.md says it."""
    needs = {"GET": "read", "HEAD": "read", "POST": "review"}.get(method, "admin")
    if path.startswith(("/api/views/", "/api/alerts/silences/")):
        needs = "review"
    if path in ("/api/alerts/evaluate", "/api/admin/backup", "/api/audit"):
        needs = "admin"
    if path.endswith("/pin"):
        needs = "review"
    if path in ("/api/sql", "/api/exports"):
        needs = "read"
    operation = described.get(path.replace(":path", ""), {}).get(method.lower(), {})
    parameters = operation.get("parameters", [])
    required = [one["name"] for one in parameters if one["in"] == "query" and one["required"]]
    needed = {name: (PARTS | PARAMETERS).get(name, "") for name in required}
    if path == "/api/removal":
        needed = {"run": TRACE}  # one of three
    window = {"since": "2025-12-31", "until": "2026-01-02"} if any(one["name"] == "since" for one in parameters) else {}
    names_project = any(one["name"] == "project" for one in parameters) or "{name}" in path
    return Served(method, path, needs, needed | window, names_project)
