"""The headers of every answer of the app: a browser runs and fetches nothing but what the app itself serves, and where
people reach the app by HTTPS, it sends the app's cookies by nothing else."""

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The pages whose inline scripts may run: Streamlit's one page, and ours that keeps the browser's history in order.
_WITH_SCRIPTS = (
    Path(streamlit.__file__).parent / "static" / "index.html",
    Path(__file__).with_name("history.html"),
)
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class SafeHeaders:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._headers = {
            "content-security-policy": _policy(),
            "cross-origin-opener-policy": "same-origin",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and put the headers on what is answered."""

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, send_safely if scope["type"] == "http" else send)


class SecureCookies:
    """ASGI middleware. Streamlit marks a cookie as one for HTTPS only where it has the certificate itself, and that
    of a login never."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and mark the cookies that the answer sets."""

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [_marked(name, value) for name, value in message["headers"]]}
            await send(message)

        await self._app(scope, receive, send_marked if scope["type"] == "http" else send)


def _marked(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    attributes = {attribute.strip().lower() for attribute in value.split(b";")[1:]}
    is_open = name.lower() == b"set-cookie" and b"secure" not in attributes
    return name, value + b"; Secure" if is_open else value


def _policy() -> str:
    """Scripts are named by file or by hash; styles cannot be, since Streamlit makes them as it goes."""
    scripts = " ".join(found for page in _WITH_SCRIPTS for found in _hashes(page.read_text()))
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "media-src 'self'",
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "frame-src 'self' data:",  # a weekly report is a document of its own, and under these rules too
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _hashes(page: str) -> Iterator[str]:
    for script in _INLINE_SCRIPT.findall(page):
        yield f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
