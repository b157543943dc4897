"""HTTP as uvicorn speaks it, but for a bound on what comes before a request's body: nobody is known by then."""

import logging

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

log = logging.getLogger(__name__)

MOST_HEAD_BYTES = 64 * 1024


class BoundedHead(HttpToolsProtocol):
    """A connection that is closed when a request line and its headers do not end."""

    _is_in_head = True
    _head_bytes = 0

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._is_in_head or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        if self._head_bytes > MOST_HEAD_BYTES:
            log.warning("request refused client=%s status=400 reason='its head does not end'", (self.client or "-")[0])
            self.send_400_response(f"what comes before the body is larger than {MOST_HEAD_BYTES} bytes")

    def on_message_begin(self) -> None:
        self._is_in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        certificate = self.transport.get_extra_info("peercert")
        if certificate:  # checked against the authority that the settings name, else there is none
            self.scope["extensions"] = {"tls": {"client_cert_name": str(certificate.get("subject", ""))}}
        super().on_headers_complete()
