"""The audit log: it is only ever added to, and each sees of it what is theirs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from access.audit import AuditLog, Via, Who
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


def acts(store: Store, project: str = "shop", projects: frozenset[str] | None = None) -> list[tuple[str, str]]:
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
    assert acts(store) == [("revoked a key", f"{key_id} agents"), ("made a key", f"{key_id} agents")]
    assert sent.split("_")[2] not in str(acts(store))


def test_the_log_outlives_what_it_is_about(store: Store) -> None:
    log = AuditLog(store.cursor())
    log.add(KIM, "removed a project", "shop", "shop")
    with store.transaction():
        store.delete_project("shop")
    assert acts(store) == [("removed a project", "shop")]


def test_whoever_may_see_some_projects_reads_of_no_other(store: Store) -> None:
    log = AuditLog(store.cursor(), iter(range(DAY_NS, DAY_NS + 10)).__next__)
    for project in ("shop", "support", None):
        log.add(KIM, "pinned a run", f"run of {project}", project)
    assert acts(store) == [("pinned a run", "run of None"), ("pinned a run", "run of shop")]
    assert acts(store, projects=frozenset({"shop"})) == [("pinned a run", "run of shop")]
    log.add(KIM, "asked in SQL", "x" * 600, "support")
    assert acts(store, "support")[0] == ("asked in SQL", "x" * 500)
