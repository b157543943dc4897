"""Where the server may listen: on this machine alone, as long as nobody needs a key."""

from access.keyring import Keyring
from settings import Settings, SettingsError, is_loopback, variable


def expect_closed_or_local(settings: Settings, keyring: Keyring) -> None:
    """Raises SettingsError if others could reach a server that lets everybody in."""
    for name in ("http_host", "grpc_host"):
        host = getattr(settings, name)
        if not keyring and not is_loopback(host):
            raise SettingsError(
                f"{variable(name)}: {host!r} can be reached from other machines, and without API keys everybody there "
                "could read and send: make a key first (python server.py keys add --help), or listen on 127.0.0.1"
            )
