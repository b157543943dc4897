"""Who somebody is by what an identity provider says, and what the file of the login must be."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from access.keys import Scope
from access.persons import named_person
from pages.shared.login import expect_closed_or_local
from pages.shared.people import Login, Person, is_fresh, name_of, person_of, read_login
from roles import ALLOWS, Role
from settings import SettingsError
from tests.serving import ROOT

AUTH = """
[auth]
redirect_uri = "https://runlight.example.org/oauth2callback"
cookie_secret = "forty letters that nobody else may know!"
client_id = "runlight"
client_secret = "hush"
server_metadata_url = "https://login.example.org/.well-known/openid-configuration"
"""
PEOPLE = """
[[people]]
values = ["Kim@Example.org"]
role = "admin"
projects = ["*"]

[[people]]
claim = "groups"
values = ["on-call", "leads"]
role = "reviewer"
projects = ["shop", "support"]

[[people]]
claim = "sub"
provider = "staff"
values = ["7"]
role = "viewer"
projects = ["shop"]
"""


@pytest.fixture
def login(tmp_path: Path) -> Login:
    return read_login(written(tmp_path, AUTH + PEOPLE))


def written(folder: Path, text: str) -> Path:
    path = folder / "login.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"email": "kim@example.ORG", "sub": "1"}, Person("kim@example.org", "admin", ("*",))),
        ({"email": "kim@example.org", "email_verified": True}, Person("kim@example.org", "admin", ("*",))),
        ({"email": "kim@example.org", "email_verified": False, "sub": "1"}, None),
        ({"email": "kim@example.org", "email_verified": "false", "sub": "1"}, None),
        ({"groups": ["sales", "leads"], "sub": "2"}, Person("2", "reviewer", ("shop", "support"))),
        ({"groups": "on-call", "sub": "2"}, Person("2", "reviewer", ("shop", "support"))),
        ({"groups": ["On-Call", "on", "on-call,leads"], "sub": "2"}, None),
        ({"groups": {"on-call": True}, "sub": "2"}, None),
        ({"email": "kim@example.org", "groups": ["on-call"]}, Person("kim@example.org", "admin", ("*",))),
        ({"sub": "7", "provider": "staff"}, Person("7", "viewer", ("shop",))),
        ({"sub": "7", "provider": "guests"}, None),
        ({"sub": "7"}, None),
        ({"sub": 7}, None),
        ({"email": ["kim@example.org"], "sub": "1"}, None),
        ({"groups": ["leads"], "sub": "a\nb"}, None),
        ({"groups": ["leads"], "sub": "x" * 201}, None),
        ({"groups": ["leads"], "sub": "a\u202eb"}, None),
        ({"groups": ["leads"]}, None),
        ({}, None),
    ],
    ids=str,
)
def test_the_first_rule_that_names_somebody_decides(login: Login, claims: dict[str, Any], expected: Person) -> None:
    assert person_of(claims, login) == expected


def test_the_server_reads_a_person_as_the_app_names_it() -> None:
    for role in Role:
        for name in ("kim@example.org", "Zoë, admin", "%41&x=1"):
            person = Person(name, role, ("shop", "support"))
            named = named_person(person.headers)
            assert named is not None
            assert (named.name, named.role, named.projects) == (name, role, {"shop", "support"})
            assert {scope for scope in Scope if person.may(scope)} == ALLOWS[role] != set()
    assert name_of({"sub": " 7"}) is None


def test_a_login_ends_after_its_hours(login: Login) -> None:
    assert is_fresh({"iat": 1_000}, login, 1_000 + 12 * 3_600 - 1)
    assert not is_fresh({"iat": 1_000}, login, 1_000 + 12 * 3_600)
    assert not any(is_fresh(claims, login, 0.0) for claims in ({}, {"iat": None}, {"iat": "1000"}))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "auth: Field required"),
        ("[auth", "is no TOML"),
        (AUTH, "people: Field required"),
        (AUTH.replace("/oauth2callback", ""), "auth.redirect_uri: "),
        (AUTH.replace("forty letters that nobody else may know!", "hush"), "auth.cookie_secret: "),
        (AUTH.replace("client_secret", "secret") + PEOPLE, "client_secret: Field required"),
        (AUTH + PEOPLE.replace('"viewer"', '"hush"'), "people.2.role: "),
        (AUTH + PEOPLE.replace('["shop"]', "[]"), "people.2.projects: "),
        (AUTH + PEOPLE + 'color = "hush"', "people.2.color: Extra inputs"),
        ("hours = 0\n" + AUTH + PEOPLE, "hours: "),
    ],
)
def test_a_file_that_will_not_do_is_named_without_what_is_in_it(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_login(written(tmp_path, text))
    assert str(refused.value).startswith(f"RUNLIGHT_LOGIN_FILE: {tmp_path / 'login.toml'}")
    assert says in str(refused.value)
    assert "hush" not in str(refused.value)


def test_several_providers_are_told_apart_by_name(tmp_path: Path) -> None:
    general, _, of_one = AUTH.partition("client_id")
    several = "".join(f"[auth.{name}]\nclient_id{of_one}" for name in ("staff", "guests"))
    assert read_login(written(tmp_path, general + several + PEOPLE)).providers == ["staff", "guests"]
    with pytest.raises(SettingsError, match="client_id: Field required"):
        read_login(written(tmp_path, general + PEOPLE))


def test_without_a_login_the_app_listens_on_this_machine_alone() -> None:
    for address in ("127.0.0.1", "::1", "localhost"):
        expect_closed_or_local(address, has_login=False)
    for address in ("0.0.0.0", "", "::", "10.0.0.7", "runlight.example.org", "unix:///tmp/app"):
        with pytest.raises(SettingsError, match="can be reached from other machines, and without a login"):
            expect_closed_or_local(address, has_login=False)
        expect_closed_or_local(address, has_login=True)


def test_an_app_that_others_could_reach_without_a_login_is_not_served() -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("RUNLIGHT_", "STREAMLIT_"))}
    command = [sys.executable, "-m", "streamlit", "run", "serve_app.py", "--server.address=0.0.0.0", "--server.port=0"]
    started = subprocess.run(command, cwd=ROOT, env=inherited, capture_output=True, text=True)
    assert started.returncode == 2
    assert "runlight: server.address: '0.0.0.0' can be reached from other machines" in started.stderr
