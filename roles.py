"""The people of an app with a login: what each role may do, and how the app tells the server whom it asks for.

The server decides by it, and the app hides by it what would be refused."""

from collections.abc import Mapping
from enum import StrEnum

ALL_PROJECTS = "*"
LONGEST_NAME = 200  # of a person
PERSON_HEADERS = ("x-runlight-user", "x-runlight-role", "x-runlight-projects")  # the name percent-encoded, as UTF-8


class Role(StrEnum):
    """What a person may do: see; say something of what is seen as well; everything."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    ADMIN = "admin"


# Of what the app's key is for, by the names of scopes. Nobody sends telemetry through the app.
ALLOWS: Mapping[Role, frozenset[str]] = {
    Role.VIEWER: frozenset({"read"}),
    Role.REVIEWER: frozenset({"read", "review"}),
    Role.ADMIN: frozenset({"read", "review", "admin"}),
}
