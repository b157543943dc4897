"""Who may do what: the one place that decides, for HTTP and gRPC alike.

As long as no key was ever made, everything is allowed to this machine. From the first key on, everything needs one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from access.audit import LOCAL, Via, Who
from access.headers import INSTANCE_HEADER, expect_no_foreign_page, expect_this_machine, sent_key, told
from access.keyring import Keyring
from access.keys import Key, Projects, Scope, common, shown
from access.persons import Person, named_person
from ingest.errors import Forbidden, Unauthenticated
from ingest.projects import DEFAULT, HEADER, project_of
from roles import ALLOWS

_SEEING = frozenset({Scope.REVIEW, Scope.ADMIN})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who was let in, to which projects, and whether to their content too where it is restricted."""

    who: Who
    projects: Projects
    sees_content: bool


class Door:
    """Lets requests in by the keys of a keyring. Every method raises Unauthenticated and Forbidden."""

    def __init__(self, keyring: Keyring, instance_id: str = "") -> None:
        """`instance_id` is that of this server, whose own telemetry is refused: it would tell of telling."""
        self._keyring = keyring
        self._instance_id = instance_id

    def admit(self, headers: Mapping[str, str], scope: Scope, method: str) -> Admitted:
        """Who makes an HTTP request with these headers, and the projects that it may do this in."""
        return self._admit_request(told(headers), scope, method)

    def project_of_request(self, headers: Mapping[str, str]) -> str:
        """The project that telemetry sent over HTTP with these headers goes to. Raises MalformedProject too."""
        known = told(headers)
        self._expect_not_own(known)
        return _project(known, self._admit_request(known, Scope.INGEST, "POST").projects)

    def project_of_call(self, headers: Mapping[str, str]) -> str:
        """The same for gRPC with this metadata. No browser can make such a call."""
        known = told(headers)
        self._expect_not_own(known)
        return _project(known, self._admit_key(known, Scope.INGEST).projects if self._keyring else None)

    def _expect_not_own(self, headers: Mapping[str, str]) -> None:
        if self._instance_id and headers.get(INSTANCE_HEADER) == self._instance_id:
            raise Forbidden("this is the server's own telemetry; RUNLIGHT_TELEMETRY_URL must lead to another backend")

    def _admit_request(self, headers: Mapping[str, str], scope: Scope, method: str) -> Admitted:
        if not self._keyring:
            expect_this_machine(headers)
            if named_person(headers) is not None:
                raise Forbidden("without API keys nobody can act for a person: make a key with --scope act first")
            return Admitted(LOCAL, None, sees_content=True)
        admitted = self._admit_key(headers, scope)
        if method not in _SAFE_METHODS:
            expect_no_foreign_page(headers)
        return admitted

    def _admit_key(self, headers: Mapping[str, str], scope: Scope) -> Admitted:
        key = self._keyring.find(sent_key(headers))
        if key is None:
            raise Unauthenticated("this API key is unknown or was revoked")
        if scope not in key.scopes:
            raise Forbidden(f"the API key {key.key_id} lacks the scope {scope}, which this needs")
        person = named_person(headers)
        if Scope.ACT in key.scopes:
            return _acting(key, person, scope)
        if person is not None:
            raise Forbidden(f"the API key {key.key_id} lacks the scope act, which acting for a person needs")
        who = Who(key.name, Via.KEY, key_id=key.key_id)
        return Admitted(who, key.projects, sees_content=bool(_SEEING & key.scopes))


def _acting(key: Key, person: Person | None, scope: Scope) -> Admitted:
    """What both the key and the person may do. A key for acting is for nothing else."""
    if person is None:
        raise Forbidden(f"the API key {key.key_id} acts for persons (scope act), and this request names none")
    if scope not in ALLOWS[person.role]:
        raise Forbidden(f"the role {person.role} does not allow this, which needs the scope {scope}")
    who = Who(person.name, Via.APP, person.role, key.key_id)
    sees_content = any(seeing in ALLOWS[person.role] for seeing in _SEEING & key.scopes)
    return Admitted(who, common(key.projects, person.projects), sees_content)


def _project(headers: Mapping[str, str], projects: Projects) -> str:
    """The project that is named, else the only one of the key, else `default`."""
    only = next(iter(projects)) if projects is not None and len(projects) == 1 else DEFAULT
    project = project_of(headers, only)
    if projects is not None and project not in projects:
        raise Forbidden(f"this API key is not for project {project}; {HEADER} names one of its own: {shown(projects)}")
    return project
