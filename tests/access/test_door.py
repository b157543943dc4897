"""Who is let in, decided from headers alone: malformed ones, other projects, and pages that a browser got elsewhere."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from starlette.datastructures import Headers

from access.door import Door
from access.keyring import Keyring
from access.keys import Scope
from ingest.errors import Forbidden, MalformedProject, Refused, Unauthenticated
from ingest.store import Store

LOCAL_HOSTS = ["localhost", "LOCALHOST:4318", "app.localhost:80", "127.0.0.1:4318", "127.8.8.8", "[::1]:4318", "[::1]"]
FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:4318",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evil.example@localhost",
    "localhost@evil.example",
    "0.0.0.0:4318",
    "192.168.1.7:4318",
    "[::ffff:10.0.0.1]",
    "::1",
    "localhost:port",
    "localhost:1/../evil",
    "localhost, evil.example",
    "",
]
LOCAL_ORIGINS = ["http://localhost:8501", "http://127.0.0.1:3000", "https://[::1]:8501"]
FOREIGN_ORIGINS = ["https://evil.example", "http://localhost.evil.example", "null", "", "file://", "localhost:8501"]


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[Keyring]:
    store = Store.open(tmp_path / "runlight.duckdb")
    yield Keyring(store.cursor())
    store.close()


@pytest.fixture
def door(keyring: Keyring) -> Door:
    return Door(keyring)


def sent(*pairs: tuple[str, str]) -> Headers:
    """Headers as they come off a socket, where one may be repeated."""
    return Headers(raw=[(name.encode(), value.encode("latin-1")) for name, value in (("host", "localhost"), *pairs)])


def outcome(ask: Callable[[], object]) -> object:
    try:
        return ask()
    except Refused as refused:
        return type(refused)


def test_without_keys_programs_of_this_machine_may_do_everything(door: Door) -> None:
    for host in LOCAL_HOSTS:
        for scope in Scope:
            assert door.admit({"host": host}, scope, "DELETE").projects is None, host
        sent = {"host": host, "x-runlight-project": "shop", "x-api-key": "for a proxy"}
        assert door.project_of_request(sent) == "shop"


def test_without_keys_a_name_that_a_page_has_pointed_at_this_machine_is_refused(door: Door) -> None:
    for host in FOREIGN_HOSTS:
        asked = {"host": host}
        assert outcome(partial(door.admit, asked, Scope.READ, "GET")) is Forbidden, host
        assert outcome(partial(door.project_of_request, asked)) is Forbidden, host
    assert outcome(partial(door.admit, {}, Scope.READ, "GET")) is Forbidden


def test_without_keys_only_pages_of_this_machine_are_served(door: Door) -> None:
    for method in ("GET", "POST"):
        for origin in LOCAL_ORIGINS:
            assert door.admit({"host": "localhost", "origin": origin}, Scope.READ, method).projects is None
        for origin in FOREIGN_ORIGINS:
            asked = {"host": "localhost", "origin": origin}
            assert outcome(partial(door.admit, asked, Scope.READ, method)) is Forbidden


def test_with_keys_any_name_is_served_but_no_page_from_elsewhere_changes_anything(door: Door, keyring: Keyring) -> None:
    key = {"host": "runlight.example", "x-api-key": keyring.add("app", [Scope.REVIEW], None)}
    for origin in (*LOCAL_ORIGINS, "https://runlight.example"):
        assert door.admit(key | {"origin": origin}, Scope.REVIEW, "POST").projects is None
    for origin in FOREIGN_ORIGINS:
        assert outcome(partial(door.admit, key | {"origin": origin}, Scope.REVIEW, "POST")) is Forbidden
        assert door.admit(key | {"origin": origin}, Scope.REVIEW, "GET").projects is None


def test_a_key_is_taken_in_either_header_and_in_no_other_form(door: Door, keyring: Keyring) -> None:
    key, other = (keyring.add("agents", [Scope.INGEST], frozenset({"shop"})) for _ in range(2))
    bearer, plain = ("authorization", f"Bearer {key}"), ("x-api-key", key)
    taken = [(bearer,), (plain,), (bearer, plain), (("authorization", f"bEARER  {key} "),)]
    taken += [(plain, ("authorization", "Basic dXNlcjpwYXNz"))]  # a proxy's own login
    refused = [
        (),
        (("authorization", key),),
        (("authorization", f"Basic {key}"),),
        (("authorization", "Bearer"),),
        (("x-api-key", ""),),
        (("x-api-key", f"Bearer {key}"),),
        (("x-api-key", key.upper()),),
        (("x-api-key", key + key),),
        (("x-api-key", "é" + key[1:]),),
        (("x-api-key", "\xff" * 80),),
        (("x-api-key", "k" * 10_000_000),),
        (bearer, ("x-api-key", other)),
        (plain, ("x-api-key", other)),
        (plain, plain),
        (bearer, bearer),
        (("x-runlight-key", key),),
    ]
    outcomes = [[outcome(partial(door.project_of_request, sent(*pairs))) for pairs in way] for way in (taken, refused)]
    assert outcomes == [["shop"] * len(taken), [Unauthenticated] * len(refused)]


def test_telemetry_goes_to_a_project_of_its_key(door: Door, keyring: Keyring) -> None:
    table: list[tuple[set[str] | None, str | None, object]] = [
        (None, None, "default"),
        (None, "any", "any"),
        ({"shop"}, None, "shop"),
        ({"shop"}, "shop", "shop"),
        ({"shop"}, "default", Forbidden),
        ({"shop"}, "shop, default", MalformedProject),
        ({"shop"}, "../shop", MalformedProject),
        ({"shop", "stage"}, "stage", "stage"),
        ({"shop", "stage"}, None, Forbidden),
        ({"shop", "default"}, None, "default"),
    ]
    for projects, named, project in table:
        key = keyring.add("agents", [Scope.INGEST], None if projects is None else frozenset(projects))
        headers = {"host": "localhost", "x-api-key": key} | ({} if named is None else {"x-runlight-project": named})
        assert outcome(partial(door.project_of_request, headers)) == project, (projects, named)
        assert outcome(partial(door.project_of_call, headers)) == project, (projects, named)
