"""Every route and gRPC method × every kind of key: nothing is open that should not be."""

from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import httpx
import pytest

from access.keys import Scope
from ingest.grpc_receiver import SERVICES
from tests.access.conftest import MARK, OTHER, PROJECT, SCOPES, Locked
from tests.access.table import METHODS, Served, served
from tests.ingest.otlp_samples import request_of
from tests.serving import until

CALLS = [f"/{service}/Export" for service in SERVICES]
REFUSED = (401, 403)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> list[Served]:
    return served(tmp_path_factory.mktemp("table"))


@pytest.fixture(scope="module")
def keys(locked: Locked) -> dict[str, dict[Scope, str | None]]:
    """Who knocks → what a thing needs → the key that is sent."""
    right = {scope: locked.key(scope, projects=[PROJECT], name="right") for scope in SCOPES}
    wrong = {scope: locked.key(*(SCOPES - {scope}), projects=[PROJECT]) for scope in SCOPES}
    revoked, unknown = locked.revoke(locked.key(*SCOPES, projects=None)), locked.unknown_key()
    other = locked.key(*SCOPES, projects=[OTHER])
    return {
        "none": dict.fromkeys(Scope),
        "unknown": dict.fromkeys(Scope, unknown),
        "revoked": dict.fromkeys(Scope, revoked),
        "wrong scope": dict(wrong),
        "other project": dict.fromkeys(Scope, other),
        "right": dict(right),
    }


def ask(locked: Locked, one: Served, key: str | None, person: dict[str, str] | None = None) -> httpx.Response:
    asked = one.parameters | ({"project": PROJECT} if one.names_project else {})
    headers = {"x-runlight-project": PROJECT} | ({} if key is None else {"authorization": f"Bearer {key}"})
    headers |= person or {}
    body: dict[str, Any] = {"json": one.body} if one.body else {}
    if one.needs == "ingest":
        headers["content-type"] = "application/x-protobuf"
        body = {"content": request_of(one.path.rpartition("/")[2])}
    return locked.http.request(one.method, one.address, params=asked, headers=headers, **body)


@pytest.mark.parametrize(
    ("who", "status"), [("none", 401), ("unknown", 401), ("revoked", 401), ("wrong scope", 403), ("other project", 403)]
)
def test_every_route_refuses_whoever_has_not_the_right_key(
    locked: Locked, table: list[Served], keys: dict[str, dict[Scope, str | None]], who: str, status: int
) -> None:
    assert len(table) > 50
    wrong = []
    for one in table:
        answer = ask(locked, one, keys[who][Scope(one.needs)])
        if not is_kept_out(one, answer, status, sees_others=who == "other project"):
            wrong.append((str(one), answer.status_code, answer.text[:200]))
    assert wrong == []


def is_kept_out(one: Served, answer: httpx.Response, status: int, *, sees_others: bool) -> bool:
    """Whether it was refused in its form; what is of no one project answers others with what these may see of it."""
    is_refused = answer.status_code == status and said_in_its_form(one, answer)
    is_all = sees_others and not one.names_project and one.needs != "ingest" and answer.is_success
    tells = MARK in answer.text or (is_all and PROJECT in answer.text)
    return (is_refused or is_all) and not tells


def said_in_its_form(one: Served, answer: httpx.Response) -> bool:
    assert ("www-authenticate" in answer.headers) == (answer.status_code == 401)
    if one.method == "HEAD":
        return not answer.content
    if one.needs == "ingest":
        return answer.headers["content-type"] == "application/x-protobuf" and 0 < len(answer.content) < 500
    return list(answer.json()) == ["error"]


@pytest.fixture(scope="module")
def acting_key(locked: Locked) -> str:
    """The key of an app that has a login."""
    return locked.key(*Scope, projects=None, name="the app")


def person(role: str, projects: str = PROJECT) -> dict[str, str]:
    return {"x-runlight-user": "kim%40example.org", "x-runlight-role": role, "x-runlight-projects": projects}


ROLES = {"viewer": {"read"}, "reviewer": {"read", "review"}, "admin": {"read", "review", "admin"}}


@pytest.mark.parametrize(
    ("who", "named"),
    [
        ("nobody", {}),
        ("viewer", person("viewer")),
        ("reviewer", person("reviewer")),
        ("admin of another project", person("admin", OTHER)),
        ("admin of nothing", person("admin", "")),
    ],
)
def test_every_route_refuses_whoever_the_app_acts_for_without_a_right_to_it(
    locked: Locked, table: list[Served], acting_key: str, who: str, named: dict[str, str]
) -> None:
    allowed = ROLES.get(who, set())
    wrong = []
    for one in table:
        if one.needs in allowed - {"read"}:
            continue  # what it may change, the right key changes below
        answer = ask(locked, one, acting_key, named)
        is_let_in = one.needs in allowed and (answer.is_success or answer.status_code == 405)
        if not is_let_in and not is_kept_out(one, answer, 403, sees_others=who.startswith("admin")):
            wrong.append((str(one), answer.status_code, answer.text[:200]))
    assert wrong == []


def test_a_key_that_may_not_act_for_persons_is_refused_everywhere_once_it_names_one(
    locked: Locked, table: list[Served], keys: dict[str, dict[Scope, str | None]]
) -> None:
    answers = {str(one): ask(locked, one, keys["right"][Scope(one.needs)], person("admin")) for one in table}
    assert {line: answer.status_code for line, answer in answers.items() if answer.status_code != 403} == {}


def test_every_route_answers_the_right_key_and_what_it_did_is_in_the_audit_log(
    locked: Locked, table: list[Served], keys: dict[str, dict[Scope, str | None]]
) -> None:
    wrong, done = [], 0
    of_all = locked.key(Scope.ADMIN, projects=None, name="right")  # a backup is of all projects
    for one in table:
        key = of_all if one.path == "/api/admin/backup" else keys["right"][Scope(one.needs)]
        answer = ask(locked, one, key)
        done += answer.is_success and is_act(one)
        if not answer.is_success and answer.status_code != 405:
            wrong.append((str(one), answer.status_code, answer.text[:200]))
    assert wrong == []
    log = locked.ask(f"/api/audit?project={PROJECT}&who=right&limit=1000", of_all).json()["rows"]
    assert len(log) == done > 20
    assert not {entry["act"] for entry in log} & set(METHODS), "a route does not say what it does"
    assert {(entry["via"], entry["role"]) for entry in log} == {("key", None)}


def is_act(one: Served) -> bool:
    """Whether it changes something, or hands out what people take with them."""
    takes_along = one.path.startswith("/api/export/") or one.path.endswith(("/otlp", ".{form}"))
    return one.needs != "ingest" and (one.method not in ("GET", "HEAD") or takes_along)


def test_every_route_answers_an_admin_whom_the_app_acts_for(
    locked: Locked, table: list[Served], acting_key: str
) -> None:
    answers = {str(one): ask(locked, one, acting_key, person("admin", "*")) for one in table}
    refused = {line for line, answer in answers.items() if answer.status_code in REFUSED}
    assert refused == {str(one) for one in table if one.needs == "ingest"}, "nobody sends telemetry through the app"


def test_a_silence_is_by_the_person_whom_the_app_acts_for(locked: Locked, acting_key: str) -> None:
    headers = {"x-api-key": acting_key} | person("reviewer", OTHER)
    url, asked = f"{locked.server.url}/api/alerts/silences", {"project": OTHER}
    for said in ({}, {"by": "somebody else"}):
        told = {"until": f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}", "reason": "known"} | said
        locked.http.post(url, params=asked, headers=headers, json=told).raise_for_status()
    held = locked.http.get(url, params=asked, headers=headers).json()["rows"]
    assert [silence["made_by"] for silence in held] == ["kim@example.org"] * 2


def test_no_method_on_any_path_is_open(locked: Locked, table: list[Served]) -> None:
    paths = {one.address for one in table} | {"/", "/api", "/api/nothing", "/v1/nothing", "/v1", "/docs", "//healthz"}
    url, asked = locked.server.url, [(method, path) for path in paths for method in METHODS]
    answers = {f"{method} {path}": locked.http.request(method, url + path).status_code for method, path in asked}
    assert {line: status for line, status in answers.items() if status != 401} == {}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_are_open_and_say_nothing_else(locked: Locked, path: str) -> None:
    for key in (None, locked.unknown_key()):
        answer = locked.ask(path, key)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("method", CALLS)
def test_every_grpc_method_refuses_whoever_has_not_the_right_key(
    locked: Locked, keys: dict[str, dict[Scope, str | None]], method: str
) -> None:
    expected = {"wrong scope": "PERMISSION_DENIED", "other project": "PERMISSION_DENIED", "right": "OK"}
    with grpc.insecure_channel(locked.server.grpc_address) as channel:
        for who, by_scope in keys.items():
            key = by_scope[Scope.INGEST]
            for header in ({"authorization": f"Bearer {key}"}, {"x-api-key": str(key)}):
                sent = {"x-runlight-project": PROJECT} | (header if key else {})
                call = channel.unary_unary(method).future(b"", metadata=tuple(sent.items()), timeout=30)
                assert call.code().name == expected.get(who, "UNAUTHENTICATED"), (who, call.details())


def test_each_refusal_is_one_line_of_the_log_without_the_key(locked: Locked) -> None:
    unknown, reader = locked.unknown_key(), locked.key(Scope.READ, projects=[OTHER])
    before = len(locked.server.log)
    locked.ask("/api/runs", unknown)
    locked.ask("/api/runs", reader, params={"project": PROJECT})
    locked.ask("/v1/logs", reader, "POST", content=b"")
    locked.ask("/healthz", None)
    until(lambda: sum("refused" in line for line in locked.server.log[before:]) >= 3)
    lines = [line for line in locked.server.log[before:] if "refused" in line]
    assert [status in line for line, status in zip(lines, ("status=401", "question", "status=403"), strict=True)]
    assert not [line for line in locked.server.log for key in (unknown, reader) if key.split("_")[2] in line]
