"""What the browser is told to refuse, whatever a page might one day be made to show."""

import httpx
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.running import websocket_status
from tests.serving import RunningServer

INJECT_SCRIPT = """() => {
    const script = document.createElement('script');
    script.textContent = 'window.hacked = true';
    document.body.append(script);
    return window.hacked ?? null;
}"""
INJECT_HANDLER = """() => {
    document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.hacked = true">');
    const image = document.body.lastElementChild;
    return new Promise(done => image.addEventListener('error', () => done(window.hacked ?? null)));
}"""
FETCH = "url => fetch(url, {mode: 'no-cors'}).then(() => 'fetched', () => 'refused')"


def test_a_script_that_gets_into_a_page_neither_runs_nor_reaches_another_address(
    shared_app: str, server: RunningServer, visitor: Visitor
) -> None:
    page, refusals = visitor.page.context.new_page(), []  # one whose console may tell of errors
    page.goto(f"{shared_app}/runs")
    expect(page.get_by_test_id("stMain").locator("h1").first).to_be_visible()
    Visitor(page).expect_at_rest()
    page.on("console", lambda said: refusals.append(said.text))

    assert page.evaluate(INJECT_SCRIPT) is None
    assert page.evaluate(INJECT_HANDLER) is None
    with page.expect_console_message(lambda said: "/healthz" in said.text):
        assert page.evaluate(FETCH, f"{server.url}/healthz") == "refused"
    assert len(refusals) >= 3
    assert all("Content Security Policy" in refusal for refusal in refusals), refusals


def test_a_foreign_page_can_neither_frame_the_app_nor_reach_it_by_a_name_of_its_own(shared_app: str) -> None:
    headers = httpx.get(shared_app, timeout=60).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"

    port = httpx.URL(shared_app).port
    assert websocket_status(shared_app, "localhost", f"http://localhost:{port}") == 101
    assert websocket_status(shared_app, "rebound.example", f"http://rebound.example:{port}") == 403
    assert websocket_status(shared_app, "localhost", "http://elsewhere.example") == 403
