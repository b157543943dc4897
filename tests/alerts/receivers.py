"""Receivers of messages on this machine: a webhook and a mail server."""

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from aiosmtpd.smtp import SMTP


@dataclass
class Webhook:
    """What a webhook was told, in order and at which paths, and what it answers; it may be down."""

    port: int = 0
    status: int = 200
    told: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    @property
    def titles(self) -> list[str]:
        """The titles of what it took."""
        return [one["title"] for one in self.told]


@contextmanager
def webhook() -> Iterator[Webhook]:
    """One that listens."""
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if hook.status == 200:
                hook.told.append(body)
                hook.paths.append(urlsplit(self.path).path)
            self.send_response(hook.status)
            self.send_header("location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()
            self.wfile.write(b'{"requestId": "request"}')

        def log_message(self, format: str, *args: Any) -> None:
            """A test needs no line for each request."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hook.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield hook
        finally:
            server.shutdown()
            thread.join()


class _Mailbox:
    def __init__(self) -> None:
        self.mails: list[Message] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 taken"


@contextmanager
def mail_server() -> Iterator[tuple[int, list[Message]]]:
    """The port of a mail server, and the mails that it took."""
    mailbox, loop, is_over = _Mailbox(), asyncio.new_event_loop(), asyncio.Event()
    port: Future[int] = Future()

    async def serve() -> None:
        server = await loop.create_server(lambda: SMTP(mailbox), "127.0.0.1", 0)
        async with server:
            port.set_result(server.sockets[0].getsockname()[1])
            await is_over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    yield port.result(), mailbox.mails
    loop.call_soon_threadsafe(is_over.set)
    thread.join()
    loop.close()
