"""Every route and gRPC method × every kind of key: nothing is open that should not be."""

from typing import Any

import grpc
import httpx
import pytest

from access.keys import Scope
from ingest.grpc_receiver import SERVICES
from tests.access.conftest import MARK, OTHER, PROJECT, Locked
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
    right = {scope: locked.key(scope, projects=[PROJECT]) for scope in Scope}
    wrong = {scope: locked.key(*(set(Scope) - {scope}), projects=[PROJECT]) for scope in Scope}
    revoked, unknown = locked.revoke(locked.key(*Scope, projects=None)), locked.unknown_key()
    other = locked.key(*Scope, projects=[OTHER])
    return {
        "none": dict.fromkeys(Scope),
        "unknown": dict.fromkeys(Scope, unknown),
        "revoked": dict.fromkeys(Scope, revoked),
        "wrong scope": dict(wrong),
        "other project": dict.fromkeys(Scope, other),
        "right": dict(right),
    }


def ask(locked: Locked, one: Served, key: str | None) -> httpx.Response:
    asked = one.parameters | ({"project": PROJECT} if one.names_project else {})
    headers = {"x-runlight-project": PROJECT} | ({} if key is None else {"authorization": f"Bearer {key}"})
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
        is_refused = answer.status_code == status and MARK not in answer.text and said_in_its_form(one, answer)
        # What is of no one project answers with what the key may see of it.
        is_all = who == "other project" and not one.names_project and one.needs != "ingest" and answer.is_success
        if not is_refused and not (is_all and MARK not in answer.text and PROJECT not in answer.text):
            wrong.append((str(one), answer.status_code, answer.text[:200]))
    assert wrong == []


def said_in_its_form(one: Served, answer: httpx.Response) -> bool:
    assert ("www-authenticate" in answer.headers) == (answer.status_code == 401)
    if one.method == "HEAD":
        return not answer.content
    if one.needs == "ingest":
        return answer.headers["content-type"] == "application/x-protobuf" and 0 < len(answer.content) < 500
    return list(answer.json()) == ["error"]


def test_every_route_answers_the_right_key(
    locked: Locked, table: list[Served], keys: dict[str, dict[Scope, str | None]]
) -> None:
    wrong = []
    for one in table:
        # A backup is of all projects.
        is_of_all = one.path == "/api/admin/backup"
        key = locked.key(Scope.ADMIN, projects=None) if is_of_all else keys["right"][Scope(one.needs)]
        answer = ask(locked, one, key)
        if not answer.is_success and answer.status_code != 405:
            wrong.append((str(one), answer.status_code, answer.text[:200]))
    assert wrong == []


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
