"""Persons whom the app acts for: named by headers that only a key of scope `act` may send."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from access.keys import Projects
from ingest.errors import MalformedPerson
from ingest.projects import is_project
from roles import ALL_PROJECTS, LONGEST_NAME, PERSON_HEADERS, Role

_MOST_PROJECTS = 1_000
_ENCODED = re.compile(r"(?:[A-Za-z0-9_.~-]|%[0-9A-F]{2})+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a request is made for."""

    name: str
    role: Role
    projects: Projects


def named_person(headers: Mapping[str, str]) -> Person | None:
    """The person whom these headers name; None if they name nobody. Raises MalformedPerson.

    The name is percent-encoded UTF-8, so that no name can be more than one header. A header that came twice has a comma
    and a space in it, which none of the three may have.
    """
    if not any(name in headers for name in PERSON_HEADERS):
        return None
    user, role, projects = (headers.get(name, "") for name in PERSON_HEADERS)
    if role not in list(Role):
        raise MalformedPerson(f"{PERSON_HEADERS[1]} must be one of {', '.join(Role)}")
    return Person(_name(user), Role(role), _projects(projects))


def _name(encoded: str) -> str:
    name = ""
    if _ENCODED.fullmatch(encoded):
        name = unquote(encoded, errors="replace")
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable() or name != name.strip() or "\ufffd" in name:
        raise MalformedPerson(
            f"{PERSON_HEADERS[0]} must be 1 to {LONGEST_NAME} readable characters, percent-encoded as in an address"
        )
    return name


def _projects(listed: str) -> Projects:
    if listed == ALL_PROJECTS:
        return None
    names = listed.split(",") if listed else []
    if len(names) > _MOST_PROJECTS or not all(map(is_project, names)):
        raise MalformedPerson(f"{PERSON_HEADERS[2]} must be {ALL_PROJECTS}, or names of projects with commas between")
    return frozenset(names)
