"""Which project a request's telemetry belongs to."""

import re
from collections.abc import Mapping

from ingest.errors import MalformedProject

HEADER = "x-runlight-project"
DEFAULT = "default"

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def project_of(headers: Mapping[str, str], unnamed: str = DEFAULT) -> str:
    """The project named by the HTTP header or gRPC metadata, else `unnamed`. Raises `MalformedProject`."""
    name = headers.get(HEADER, unnamed)
    if not is_project(name):
        raise MalformedProject(f"{HEADER} must be 1 to 64 of a-z, 0-9, _ and -, and begin with a letter or a digit")
    return name


def is_project(name: str) -> bool:
    """Whether a project can have this name."""
    return _NAME.fullmatch(name) is not None
