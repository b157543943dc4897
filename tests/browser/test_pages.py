"""What only a browser shows: what is drawn, what is fetched, where the way back leads, what lives on by itself."""

import re
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.pages.agents import refund_that_fails, refund_that_works, tracing
from tests.pages.hostile import HOSTILE_TEXTS, hostile_run
from tests.serving import ROOT, RunningServer

TABS = ("Timeline", "Steps", "Tool calls", "Cost and latency", "Session")
VIEWS = ("Content", "Attributes", "Events", "Logs", "Raw")


def test_hostile_telemetry_is_text_wherever_it_is_shown(
    app: str, fresh_server: RunningServer, visitor: Visitor
) -> None:
    """The visitor's fixture sees to it that nothing was fetched from outside and no script failed."""
    page = visitor.page
    with tracing(OTLPSpanExporter(f"{fresh_server.url}/v1/traces"), service=HOSTILE_TEXTS[0]) as tracer:
        run_id = hostile_run(tracer)
    page.goto(app)
    expect(visitor.rows()).to_have_count(1)
    visitor.expect_only_text()
    for tab in TABS:
        for view in VIEWS if tab == "Timeline" else VIEWS[:1]:
            page.goto(f"{app}/run?run={run_id}&tab={tab}&view={view}")
            expect(page.get_by_role("tab", name=view)).to_have_attribute("aria-selected", "true")
            expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
            assert any(HOSTILE_TEXTS[0] in text for text in visitor.texts())
            visitor.expect_only_text()
    for text in HOSTILE_TEXTS:
        page.goto(f"{app}/?q={text}")
        expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
        visitor.expect_only_text()


def test_the_way_back_leads_to_the_runs_as_they_were_left(
    app: str, fresh_server: RunningServer, visitor: Visitor
) -> None:
    page = visitor.page
    with tracing(OTLPSpanExporter(f"{fresh_server.url}/v1/traces")) as tracer:
        refund_that_fails(tracer)
        refund_that_works(tracer)
    page.goto(f"{app}/?window=7d&status=error")
    expect(visitor.rows()).to_have_count(1)
    visitor.click_row(0)
    expect(visitor.text("tool find_order")).to_be_visible()
    page.go_back()
    expect(visitor.rows()).to_have_count(1)
    expect(visitor.text("Only status error")).to_be_visible()
    expect(page).to_have_url(re.compile("window=7d"))


def test_live_can_be_paused(app: str, fresh_server: RunningServer, visitor: Visitor) -> None:
    url = f"{fresh_server.url}/v1/traces"
    with tracing(OTLPSpanExporter(url)) as tracer:
        refund_that_works(tracer)
    visitor.page.goto(app)
    expect(visitor.rows()).to_have_count(1)
    visitor.page.get_by_test_id("stCheckbox").filter(has_text="Live").click()
    expect(visitor.page).to_have_url(re.compile("live=false"))
    with tracing(OTLPSpanExporter(url)) as tracer:
        refund_that_works(tracer)
    watching = visitor.page.context.new_page()
    watching.goto(app)
    expect(watching.get_by_test_id("stDataFrame").locator("tbody tr")).to_have_count(2)
    expect(visitor.rows()).to_have_count(1)
    visitor.page.get_by_test_id("stCheckbox").filter(has_text="Live").click()
    expect(visitor.rows()).to_have_count(2)


def test_the_page_recovers_by_itself_when_the_server_is_back(
    app: str, fresh_server: RunningServer, visitor: Visitor
) -> None:
    visitor.page.goto(app)
    expect(visitor.text("Nothing has arrived yet")).to_be_visible()
    fresh_server.kill()
    expect(visitor.text("The Runlight server does not answer")).to_be_visible()
    again = [sys.executable, "server.py", "--http-port", str(urlsplit(fresh_server.url).port), "--grpc-port", "0"]
    with subprocess.Popen([*again, "--database", str(fresh_server.database)], cwd=ROOT) as process:
        expect(visitor.text("Nothing has arrived yet")).to_be_visible(timeout=60_000)
        process.terminate()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [420, 1600])
def test_nothing_is_wider_than_the_screen(
    app: str, fresh_server: RunningServer, visitor: Visitor, width: int, theme: str
) -> None:
    page = visitor.page
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 900})
    with tracing(OTLPSpanExporter(f"{fresh_server.url}/v1/traces")) as tracer:
        run_id = hostile_run(tracer)
    for address in (app, f"{app}/run?run={run_id}"):
        page.goto(address)
        expect(page.get_by_test_id("stDataFrame").first).to_be_visible()
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= width
