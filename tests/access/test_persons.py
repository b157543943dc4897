"""Persons whom the app acts for: who may name them, what can be a name, and what is left of both rights."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.datastructures import Headers

from access.audit import Via
from access.door import Door
from access.keyring import Keyring
from access.keys import Scope
from ingest.errors import Forbidden, MalformedPerson, Refused
from ingest.store import Store

Named = dict[str, str]


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[Keyring]:
    store = Store.open(tmp_path / "runlight.duckdb")
    yield Keyring(store.cursor())
    store.close()


def named(user: str = "kim", role: str = "viewer", projects: str = "*") -> Named:
    return {"x-runlight-user": quote(user, safe=""), "x-runlight-role": role, "x-runlight-projects": projects}


def sent(key: str, *more: tuple[str, str]) -> Headers:
    return Headers(raw=[(name.encode(), value.encode("latin-1")) for name, value in (("x-api-key", key), *more)])


def refusal(ask: Callable[[], object]) -> type[Refused] | object:
    try:
        return ask()
    except Refused as refused:
        return type(refused)


def test_a_person_may_do_what_both_the_role_and_the_key_allow_in_projects_of_both(keyring: Keyring) -> None:
    door = Door(keyring)
    few = frozenset({"shop", "support"})
    full = keyring.add("app", Scope, None)
    narrow = keyring.add("narrow app", [Scope.ACT, Scope.READ], few)

    def projects(key: str, scope: Scope, **of: str) -> object:
        return refusal(lambda: door.admit({"x-api-key": key} | named(**of), scope, "GET").projects)

    assert projects(full, Scope.READ) is None
    assert projects(full, Scope.READ, projects="shop") == {"shop"}
    assert projects(full, Scope.READ, projects="") == frozenset()
    assert projects(narrow, Scope.READ) == few
    assert projects(narrow, Scope.READ, projects="shop,other") == {"shop"}
    assert projects(narrow, Scope.READ, projects="other") == frozenset()
    allowed = {
        role: {scope for scope in Scope if projects(full, scope, role=role) is None}
        for role in ("viewer", "reviewer", "admin")
    }
    assert allowed == {
        "viewer": {Scope.READ},
        "reviewer": {Scope.READ, Scope.REVIEW},
        "admin": {Scope.READ, Scope.REVIEW, Scope.ADMIN},
    }
    assert projects(narrow, Scope.ADMIN, role="admin") is Forbidden


def test_only_a_key_for_it_acts_for_persons_and_only_for_persons(keyring: Keyring) -> None:
    door = Door(keyring)
    assert refusal(lambda: door.admit({"host": "localhost"} | named(), Scope.READ, "GET")) is Forbidden
    acting, other = keyring.add("app", Scope, None), keyring.add("script", [Scope.READ], None)
    assert refusal(lambda: door.admit({"x-api-key": other} | named(), Scope.READ, "GET")) is Forbidden
    assert refusal(lambda: door.admit({"x-api-key": acting}, Scope.READ, "GET")) is Forbidden
    assert refusal(lambda: door.project_of_call({"x-api-key": acting} | named(role="admin"))) is Forbidden

    who = door.admit({"x-api-key": acting} | named("kim@example.org"), Scope.READ, "GET").who
    assert (who.name, who.via, who.role) == ("kim@example.org", Via.APP, "viewer")
    assert door.admit({"x-api-key": other}, Scope.READ, "GET").who.name == "script"


@pytest.mark.parametrize("name", ["kim", "Zoë Ñandú", "李雷", "o'neil+x@example.org", "a, b", "%41", "x" * 200])
def test_any_readable_name_arrives_as_it_is(keyring: Keyring, name: str) -> None:
    key = keyring.add("app", Scope, None)
    assert Door(keyring).admit({"x-api-key": key} | named(name), Scope.READ, "GET").who.name == name


@pytest.mark.parametrize(
    "headers",
    [
        named(""),
        named(" "),
        named("kim "),
        named("kim\r\nx-runlight-role: admin"),
        named("kim\x00"),
        named("kim\u202egnimda"),
        named("kim\u200b"),
        named("x" * 201),
        named() | {"x-runlight-user": "kim@example.org"},  # not encoded
        named() | {"x-runlight-user": "%ff"},
        named() | {"x-runlight-user": "%4"},
        named(role=""),
        named(role="Admin"),
        named(role="owner"),
        named(projects="shop, support"),
        named(projects="shop,"),
        named(projects="*,shop"),
        named(projects="Shop"),
        named(projects="../shop"),
        {"x-runlight-user": "kim"},
        {"x-runlight-role": "admin", "x-runlight-projects": "*"},
    ],
    ids=repr,
)
def test_what_names_nobody_clearly_is_refused(keyring: Keyring, headers: Named) -> None:
    key = keyring.add("app", Scope, None)
    assert refusal(lambda: Door(keyring).admit({"x-api-key": key} | headers, Scope.READ, "GET")) is MalformedPerson


@pytest.mark.parametrize(
    "again", [("x-runlight-user", "lou"), ("x-runlight-role", "admin"), ("x-runlight-projects", "shop")]
)
def test_a_header_that_comes_twice_names_nobody(keyring: Keyring, again: tuple[str, str]) -> None:
    key = keyring.add("app", Scope, None)
    headers = sent(key, *named(projects="demo").items(), again)
    assert refusal(lambda: Door(keyring).admit(headers, Scope.READ, "GET")) is MalformedPerson
