"""Who may open the connection that all data comes over: the app's own pages, and pages of this machine."""

import logging
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

log = logging.getLogger(__name__)

_OF_THIS_MACHINE = {"localhost", "127.0.0.1"}


class OwnPages:
    """ASGI middleware. Streamlit itself would refuse others too, but only after it has asked a server elsewhere for the
    address of this machine."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless a page from elsewhere asks for a connection."""
        if scope["type"] == "websocket" and _is_foreign(Headers(scope=scope)):
            log.warning("connection refused to a page from elsewhere: Origin and Host differ")
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._app(scope, receive, send)


def _is_foreign(headers: Headers) -> bool:
    origin = urlsplit(headers.get("origin", ""))
    return bool(origin.scheme) and origin.netloc != headers.get("host") and origin.hostname not in _OF_THIS_MACHINE
