"""What a request's headers, or a call's metadata, say about who sends it."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from ingest.errors import Forbidden, Unauthenticated
from ingest.projects import HEADER
from roles import PERSON_HEADERS
from settings import is_loopback

INSTANCE_HEADER = "x-runlight-instance"  # names the server whose own telemetry this is

_TOLD = frozenset({"authorization", "x-api-key", "host", "origin", HEADER, INSTANCE_HEADER, *PERSON_HEADERS})
_SHOWN = 100  # characters


def told(headers: Mapping[str, str]) -> dict[str, str]:
    """Those that matter here, named in small letters as they came; one that is repeated reads `first, second`."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        if name in _TOLD:
            found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def sent_key(headers: Mapping[str, str]) -> str:
    """The key of `Authorization: Bearer …` or `x-api-key`. Raises Unauthenticated if there is none, or two."""
    scheme, _, token = headers.get("authorization", "").strip().partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    plain = headers.get("x-api-key", "").strip()
    if not bearer and not plain:
        raise Unauthenticated("this server asks for an API key, sent as Authorization: Bearer KEY or as x-api-key: KEY")
    if bearer and plain and bearer != plain:
        raise Unauthenticated("two different API keys were sent, one as Authorization: Bearer and one as x-api-key")
    return bearer or plain


def expect_this_machine(headers: Mapping[str, str]) -> None:
    """Without keys, only programs of this machine are served, and pages that a browser got from it.

    A page from elsewhere can point its own name at this machine and have the browser ask under that name, which then
    stands in Host. Raises Forbidden.
    """
    host = headers.get("host", "")
    if not _is_local_host(host):
        raise Forbidden(
            "without API keys only this machine is served: Host must be localhost or a loopback address, "
            f"not {host[:_SHOWN]!r}"
        )
    origin = headers.get("origin")
    if origin is not None and not _is_local_origin(origin):
        raise Forbidden(f"without API keys no page from elsewhere is served: Origin is {origin[:_SHOWN]!r}")


def expect_no_foreign_page(headers: Mapping[str, str]) -> None:
    """A page that a browser got from another site may change nothing here. Raises Forbidden."""
    origin = headers.get("origin")
    if origin is None or _is_local_origin(origin) or origin.partition("://")[2] == headers.get("host"):
        return
    raise Forbidden(f"a page from another site may change nothing here: Origin is {origin[:_SHOWN]!r}")


def _is_local_origin(origin: str) -> bool:
    scheme, separator, host = origin.partition("://")
    return bool(separator) and scheme in ("http", "https") and _is_local_host(host)


def _is_local_host(host: str) -> bool:
    """Of `name`, `name:port` or `[address]:port`, and nothing else."""
    try:
        parts = urlsplit(f"//{host}")
        name = parts.hostname or ""
        is_plain = parts.netloc == host and parts.username is None and (parts.port is None or parts.port >= 0)
    except ValueError:
        return False
    return is_plain and is_loopback(name)
