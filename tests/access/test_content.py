"""Restricted content over a real server: readers see none of it anywhere, reviewers do, and the audit log tells it."""

import asyncio
import io
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pyarrow as pa
import pytest

from access.audit import AuditLog
from access.door import Door
from access.gate import Gate
from access.keyring import Keyring
from access.keys import Scope
from access.looks import LOOKED
from ingest.intake import Signal
from queries.catalogue import CATALOGUE
from queries.content import CONTENT
from queries.nouns import NOUNS
from queries.weekly.forms import FORMS
from settings import Settings
from tests.access.conftest import GUARDED, Locked
from tests.access.table import Served, api_of, served
from tests.access.told_in_confidence import MODEL, SECRET, TOOL, TRACE, told
from tests.ingest.pipeline import pipeline
from tests.queries.conftest import rebuild_all
from tests.serving import settle

TYPES = ("application/json", "text/csv", "application/vnd.apache.arrow.stream")
KEY, NOTHING = "a.key.of.nobody", "00" * 8
# What no agent of this test can send, or what never leaves by this name.
NOT_TOLD = {"document", "proposed_calls", "route_reason"}


@dataclass
class Confided:
    """A project whose content is restricted, with one run that has the mark everywhere; and all that can be asked."""

    locked: Locked
    reader: str
    reviewer: str
    questions: list[Served]


@pytest.fixture(scope="module")
def confided(locked: Locked, tmp_path_factory: pytest.TempPathFactory) -> Confided:
    reviewer = locked.key(Scope.INGEST, Scope.READ, Scope.REVIEW, projects=[GUARDED], name="reviewer")
    began_ns = (time.time_ns() // 10**9 - 60) * 10**9
    for signal, request in told(began_ns).items():
        locked.ask(f"/v1/{signal}", reviewer, "POST", json=request).raise_for_status()
    with httpx.Client(base_url=locked.server.url, headers={"x-api-key": reviewer}, timeout=60) as http:
        settle(http, GUARDED)
    (failed, *_) = locked.ask("/api/error-groups", reviewer).json()["rows"]
    mark = {"note": SECRET, "fingerprint": failed["fingerprint"]}
    locked.ask("/api/error-marks", reviewer, "POST", json=mark).raise_for_status()
    week = datetime.fromtimestamp(began_ns // 10**9, UTC).strftime("%G-W%V")
    parts = {"run_id": TRACE, "week": week, "fingerprint": failed["fingerprint"]}
    table = served(tmp_path_factory.mktemp("table"))
    asked = [one for route in table if route.needs == "read" and route.method != "HEAD" for one in cases(route, parts)]
    reader = locked.key(Scope.READ, projects=[GUARDED], name="reader")
    return Confided(locked, reader, reviewer, asked)


def cases(route: Served, parts: dict[str, str]) -> Iterator[Served]:
    """The route with all that it can be asked for about the run."""
    varied = {"step_id": [TOOL, MODEL, NOTHING], "table": NOUNS, "form": list(FORMS)}
    names = [name for name in varied if f"{{{name}}}" in route.path]
    for values in itertools.product(*(varied[name] for name in names)):
        path = route.path.replace(":path", "")
        for name, value in (parts | dict(zip(names, values, strict=True))).items():
            path = path.replace(f"{{{name}}}", value)
        own = {"key": KEY, "q": TRACE, "a": TRACE, "b": TRACE, "run": TRACE, "conversation": "talk-of-clerk"} | parts
        asked = {
            name: own.get(name, value) for name, value in route.parameters.items() if name not in ("since", "until")
        }
        question = path.removeprefix("/api/").replace("-", "_")
        for by in CATALOGUE[question].by if question in CATALOGUE else ():
            yield replace(route, path=path, parameters=asked | {"by": by})
        yield replace(route, path=path, parameters=asked)


def ask(confided: Confided, one: Served, key: str, media_type: str, **headers: str) -> httpx.Response:
    headers |= {"authorization": f"Bearer {key}", "accept": media_type}
    asked = one.parameters | ({"project": GUARDED} if one.names_project else {})
    return confided.locked.http.request(one.method, one.path, params=asked, json=one.body, headers=headers)


def test_a_reader_is_shown_no_content_by_any_route(confided: Confided) -> None:
    wrong, narrowed = [], set()
    for one, media_type in itertools.product(confided.questions, TYPES):
        answer = ask(confided, one, confided.reader, media_type)
        if SECRET.encode() in answer.content or SECRET in str(answer.headers):
            wrong.append((str(one), one.parameters, media_type))
        if answer.is_success and answer.headers.get("x-runlight-content") == "restricted":
            narrowed.add(one.path)
        assert answer.is_success or answer.status_code == 403 or NOTHING in one.path, (str(one), answer.text)
        if answer.status_code == 403:
            assert f"content is restricted in the project {GUARDED}" in answer.json()["error"], str(one)
            assert answer.headers["x-runlight-content"] == "restricted"
    assert wrong == []
    assert {
        "/api/runs",
        f"/api/runs/{TRACE}",
        f"/api/runs/{TRACE}/steps",
        "/api/tool-calls",
        "/api/approvals",
    } <= narrowed


def test_a_reviewer_is_shown_all_of_it(confided: Confided) -> None:
    """So that not finding the mark above means something."""
    answers = {
        (one.path, str(one.parameters)): ask(confided, one, confided.reviewer, TYPES[0]) for one in confided.questions
    }
    assert {at: answer.text for at, answer in answers.items() if answer.status_code == 403} == {}
    documents = [answer.json() for answer in answers.values() if answer.headers.get("content-type") == TYPES[0]]
    found = {name for document in documents for name in holding(document)}
    assert {name.rpartition(".")[2] for name in CONTENT} - found == NOT_TOLD
    whole = {
        "input_messages",
        "output_messages",
        "system_instructions",
        "tool_definitions",
        "error_stack",
        "attributes",
    }
    assert whole | {"events", "resource", "record", "logs"} <= found
    arrow = ask(
        confided, next(one for one in confided.questions if one.path == "/api/tool-calls"), confided.reviewer, TYPES[2]
    )
    assert SECRET in str(pa.ipc.open_stream(io.BytesIO(arrow.content)).read_all().to_pylist())


def holding(value: Any, name: str = "") -> Iterator[str]:
    """The names of all members whose value has the mark in it."""
    if SECRET in str(value):
        yield name
        members = (
            value.items() if isinstance(value, dict) else [(name, one) for one in value if isinstance(value, list)]
        )
        for key, member in members:
            yield from holding(member, key)


def test_a_reader_is_refused_what_would_tell_of_content_by_being_found(confided: Confided) -> None:
    for path in (f"/api/runs?q={SECRET}", f"/api/summary?q={SECRET}", f"/api/tool-calls?q={SECRET}"):
        refused = confided.locked.ask(path, confided.reader)
        assert (refused.status_code, "restricted" in refused.text) == (403, True)
    refused = confided.locked.ask(f"/api/runs?attr.{KEY}={SECRET}", confided.reader)
    assert refused.status_code == 403
    assert len(confided.locked.ask(f"/api/runs?attr.{KEY}={SECRET}&q={SECRET}", confided.reviewer).json()["rows"]) == 1


def test_a_reader_goes_on_seeing_structure_times_tokens_and_kinds_of_errors(confided: Confided) -> None:
    run = confided.locked.ask(f"/api/runs/{TRACE}", confided.reader).json()
    assert run["is_content_restricted"] is True
    assert (run["status"], run["error_type"], run["error_message"]) == ("error", "Refused", None)
    assert (run["input_tokens"], run["agent_name"], run["duration_ms"]) == (7, "clerk", 900.0)
    assert [
        step["tool_name"] for step in confided.locked.ask(f"/api/runs/{TRACE}/steps", confided.reader).json()["rows"]
    ]
    assert confided.locked.ask(f"/api/runs/{TRACE}", confided.reviewer).json()["is_content_restricted"] is False


def looks(confided: Confided, who: str) -> list[str]:
    admin = confided.locked.key(Scope.ADMIN, projects=[GUARDED])
    asked = {"act": LOOKED, "who": who, "limit": "1000"}
    rows = confided.locked.ask("/api/audit", admin, params=asked).json()["rows"]
    assert {row["project"] for row in rows} <= {GUARDED}
    return [row["about"] for row in rows]


def test_each_look_is_in_the_audit_log_once(confided: Confided) -> None:
    key = confided.locked.key(Scope.READ, Scope.REVIEW, projects=[GUARDED], name="curious")
    for _ in range(3):
        for path in ("", "/steps", f"/steps/{TOOL}", f"/steps/{MODEL}"):
            confided.locked.ask(f"/api/runs/{TRACE}{path}", key).raise_for_status()
        confided.locked.ask("/api/tool-calls", key).raise_for_status()
        confided.locked.ask("/api/filter-values", key).raise_for_status()  # names alone
    of_run = [f"run {TRACE}{step}" for step in ("", f", step {TOOL}", f", step {MODEL}")]
    assert sorted(looks(confided, "curious")) == sorted([*of_run, "tool-calls"])
    assert looks(confided, "reader") == []


def test_what_is_in_the_log_anyway_is_not_there_twice(confided: Confided) -> None:
    key = confided.locked.key(Scope.READ, Scope.REVIEW, projects=[GUARDED], name="asking")
    confided.locked.ask("/api/sql", key, "POST", json={"sql": "select tool_args from steps"}).raise_for_status()
    confided.locked.ask(f"/api/runs/{TRACE}/otlp", key).raise_for_status()
    assert looks(confided, "asking") == []


@pytest.mark.parametrize(
    ("role", "scopes", "is_shown"),
    [
        ("viewer", "read review admin act", False),
        ("reviewer", "read review act", True),
        ("reviewer", "read act", False),
    ],
)
def test_a_person_in_the_app_is_shown_what_role_and_key_allow(
    confided: Confided, role: str, scopes: str, is_shown: bool
) -> None:
    key = confided.locked.key(*map(Scope, scopes.split()), projects=None)
    name = f"{role}-{len(scopes)}"
    person = {"x-runlight-user": name, "x-runlight-role": role, "x-runlight-projects": GUARDED}
    headers = person | {"authorization": f"Bearer {key}"}
    answer = confided.locked.http.get(f"/api/runs/{TRACE}/steps/{TOOL}", params={"project": GUARDED}, headers=headers)
    assert (SECRET in answer.text) is is_shown
    assert looks(confided, name) == ([f"run {TRACE}, step {TOOL}"] if is_shown else [])


def test_without_any_login_the_log_says_that_somebody_on_this_machine_looked(tmp_path: Path) -> None:
    with pipeline(tmp_path / "local.duckdb") as running:
        for signal, request in zip((Signal.SPAN, Signal.LOG), told(time.time_ns()).values(), strict=True):
            running.send(signal, orjson.dumps(request), "json")
        rebuild_all(running.store.cursor())
        api = api_of(running, Settings(restricted_content="*"))
        gate = Gate(api, Door(Keyring(running.store.cursor())), AuditLog(running.store.cursor()))
        answer = asyncio.run(got(gate, f"/api/runs/{TRACE}"))
        assert SECRET in answer.text
        noted = running.rows("select who, via, act, about, project from audit_log")
        assert noted == [("local", "local", LOOKED, f"run {TRACE}", "default")]


async def got(app: Any, path: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1", timeout=60) as http:
        return (await http.get(path)).raise_for_status()
