"""What the browser is told to refuse, whatever a page might one day be made to show."""

import socket

import httpx
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.serving import RunningServer

INJECT_SCRIPT = """() => {
    const script = document.createElement('script');
    script.textContent = 'window.hacked = true';
    document.body.append(script);
    return window.hacked ?? null;
}"""
INJECT_HANDLER = """() => {
    document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.hacked = true">');
    return new Promise(done => setTimeout(() => done(window.hacked ?? null)));
}"""
FETCH = "url => fetch(url, {mode: 'no-cors'}).then(() => 'fetched', () => 'refused')"


def test_a_script_that_gets_into_a_page_neither_runs_nor_reaches_another_address(
    shared_app: str, server: RunningServer, visitor: Visitor
) -> None:
    visitor.page.goto(f"{shared_app}/runs")
    expect(visitor.page.get_by_test_id("stMain").locator("h1").first).to_be_visible()
    visitor.expect_at_rest()
    assert visitor.errors == []

    assert visitor.page.evaluate(INJECT_SCRIPT) is None
    assert visitor.page.evaluate(INJECT_HANDLER) is None
    assert visitor.page.evaluate(FETCH, f"{server.url}/healthz") == "refused"
    assert visitor.errors
    assert all("Content Security Policy" in error for error in visitor.errors), visitor.errors
    visitor.errors.clear()


def test_a_foreign_page_can_neither_frame_the_app_nor_reach_it_by_a_name_of_its_own(shared_app: str) -> None:
    headers = httpx.get(shared_app).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"

    port = httpx.URL(shared_app).port
    assert port is not None
    assert _websocket_status("localhost", port) == 101
    assert _websocket_status("rebound.example", port) == 403


def _websocket_status(host: str, port: int) -> int:
    """What the app answers to a page of that host which asks for the connection that all data comes over."""
    lines = (
        "GET /_stcore/stream HTTP/1.1",
        f"Host: {host}:{port}",
        f"Origin: http://{host}:{port}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall("\r\n".join((*lines, "", "")).encode())
        return int(connection.recv(64).split()[1])
