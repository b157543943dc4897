"""The audit log: what is done is in it before it is done, goes by age alone, and each sees of it what is theirs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from access.audit import AuditLog, Via, Who
from access.door import Door
from access.gate import Gate, acts_of
from access.keyring import Keyring
from access.keys import Scope
from ingest.store import Store
from queries import questions
from queries.database import Database
from queries.filters import Filters

DAY_NS = 86_400 * 10**9
KIM = Who("kim@example.org", Via.APP, "reviewer", "0" * 12)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "runlight.duckdb")
    yield store
    store.close()


def acts_in(store: Store, project: str = "shop", projects: frozenset[str] | None = None) -> list[tuple[str, str]]:
    """What the log says was done to what, the newest first."""
    database = Database(store.cursor()).limited(projects)
    found = questions.audit_log(database, Filters(project, 0, 0, 2**62))
    return [(row["act"], row["about"]) for row in found.to_pylist()]


def test_keys_that_are_made_and_revoked_are_in_the_log(store: Store) -> None:
    keyring = Keyring(store.cursor())
    sent = keyring.add("agents", [Scope.INGEST], None)
    key_id = sent.split("_")[1]
    keyring.revoke(key_id)
    keyring.revoke(key_id)
    assert acts_in(store) == [("revoked a key", f"{key_id} agents"), ("made a key", f"{key_id} agents")]
    assert sent.split("_")[2] not in str(acts_in(store))


def test_the_log_outlives_what_it_is_about(store: Store) -> None:
    log = AuditLog(store.cursor())
    log.add(KIM, "removed a project", "shop", "shop")
    with store.transaction():
        store.delete_project("shop")
    assert acts_in(store) == [("removed a project", "shop")]


def test_whoever_may_see_some_projects_reads_of_no_other(store: Store) -> None:
    log = AuditLog(store.cursor(), iter(range(DAY_NS, DAY_NS + 10)).__next__)
    for project in ("shop", "support", None):
        log.add(KIM, "pinned a run", f"run of {project}", project)
    assert acts_in(store) == [("pinned a run", "run of None"), ("pinned a run", "run of shop")]
    assert acts_in(store, projects=frozenset({"shop"})) == [("pinned a run", "run of shop")]
    log.add(KIM, "asked in SQL", "x" * 600, "support")
    assert acts_in(store, "support")[0] == ("asked in SQL", "x" * 500)


def test_what_fails_was_noted_before_and_is_noted_again(store: Store) -> None:
    noted = []

    def pin(request: Request) -> Response:
        acts = acts_of(request)
        acts.say("pinned a run", request.path_params["run"], "shop")
        acts.write()
        noted.append(acts_in(store))
        return Response(status_code=201 if request.path_params["run"] == "known" else 404)

    door, audit = Door(Keyring(store.cursor())), AuditLog(store.cursor(), iter(range(DAY_NS, DAY_NS + 10)).__next__)
    app = Gate(Starlette(routes=[Route("/api/runs/{run}/pin", pin, methods=["POST"])]), door, audit)
    with TestClient(app, "http://127.0.0.1") as client:
        client.post("/api/runs/known/pin")
        client.post("/api/runs/lost/pin")
    assert noted[0] == [("pinned a run", "known")]
    assert acts_in(store) == [("failed: pinned a run", "lost"), ("pinned a run", "lost"), ("pinned a run", "known")]


def test_what_was_done_before_so_many_days_is_forgotten_step_by_step(store: Store) -> None:
    days = iter([1, 10, 11, 410])
    log = AuditLog(store.cursor(), lambda: next(days) * DAY_NS)
    log.add(KIM, "pinned a run", "a", "shop")
    store.connection.execute("insert into audit_log select a.* from audit_log a, range(2500)")
    log.add(KIM, "pinned a run", "b", "shop")
    log.add(KIM, "pinned a run", "c", "shop")
    log.forget_older(400)
    assert acts_in(store) == [("pinned a run", "c"), ("pinned a run", "b")]
