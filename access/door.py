"""Who may do what: the one place that decides, for HTTP and gRPC alike.

As long as no key was ever made, everything is allowed to this machine. From the first key on, everything needs one.
"""

from collections.abc import Mapping

from access.headers import INSTANCE_HEADER, expect_no_foreign_page, expect_this_machine, sent_key, told
from access.keyring import Keyring
from access.keys import Projects, Scope, shown
from ingest.errors import Forbidden, Unauthenticated
from ingest.projects import DEFAULT, HEADER, project_of

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Door:
    """Lets requests in by the keys of a keyring. Every method raises Unauthenticated and Forbidden."""

    def __init__(self, keyring: Keyring, instance_id: str = "") -> None:
        """`instance_id` is that of this server, whose own telemetry is refused: it would tell of telling."""
        self._keyring = keyring
        self._instance_id = instance_id

    def admit(self, headers: Mapping[str, str], scope: Scope, method: str) -> Projects:
        """The projects that an HTTP request with these headers may do this in."""
        return self._admit_request(told(headers), scope, method)

    def project_of_request(self, headers: Mapping[str, str]) -> str:
        """The project that telemetry sent over HTTP with these headers goes to. Raises MalformedProject too."""
        known = told(headers)
        self._expect_not_own(known)
        return _project(known, self._admit_request(known, Scope.INGEST, "POST"))

    def project_of_call(self, headers: Mapping[str, str]) -> str:
        """The same for gRPC with this metadata. No browser can make such a call."""
        known = told(headers)
        self._expect_not_own(known)
        return _project(known, self._admit_key(known, Scope.INGEST) if self._keyring else None)

    def _expect_not_own(self, headers: Mapping[str, str]) -> None:
        if self._instance_id and headers.get(INSTANCE_HEADER) == self._instance_id:
            raise Forbidden("this is the server's own telemetry; RUNLIGHT_TELEMETRY_URL must lead to another backend")

    def _admit_request(self, headers: Mapping[str, str], scope: Scope, method: str) -> Projects:
        if not self._keyring:
            expect_this_machine(headers)
            return None
        projects = self._admit_key(headers, scope)
        if method not in _SAFE_METHODS:
            expect_no_foreign_page(headers)
        return projects

    def _admit_key(self, headers: Mapping[str, str], scope: Scope) -> Projects:
        key = self._keyring.find(sent_key(headers))
        if key is None:
            raise Unauthenticated("this API key is unknown or was revoked")
        if scope not in key.scopes:
            raise Forbidden(f"the API key {key.key_id} lacks the scope {scope}, which this needs")
        return key.projects


def _project(headers: Mapping[str, str], projects: Projects) -> str:
    """The project that is named, else the only one of the key, else `default`."""
    only = next(iter(projects)) if projects is not None and len(projects) == 1 else DEFAULT
    project = project_of(headers, only)
    if projects is not None and project not in projects:
        raise Forbidden(f"this API key is not for project {project}; {HEADER} names one of its own: {shown(projects)}")
    return project
