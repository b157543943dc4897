"""The weekly report as a file: it opens from disk without a network or an error, light or dark, wide or narrow."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Visitor
from tests.pages.agents import refund_that_fails, tracing_to
from tests.pages.hostile import HOSTILE_TEXTS, hostile_run
from tests.serving import RunningServer

PROJECT = "report"


@pytest.fixture(scope="module")
def report(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That of this week, of an agent that fails and one that is hostile."""
    with tracing_to(server, PROJECT, service=HOSTILE_TEXTS[0], version=HOSTILE_TEXTS[1]) as tracer:
        refund_that_fails(tracer)
        hostile_run(tracer)
    year, week, _ = datetime.now(UTC).isocalendar()
    address = f"{server.url}/api/reports/weekly/{year}-W{week:02}.html?project={PROJECT}"
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_bytes(httpx.get(address, timeout=60).raise_for_status().content)
    return path


@pytest.mark.parametrize(
    "seen",
    [
        {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
        {"color_scheme": "dark", "viewport": {"width": 420, "height": 900}},
    ],
    ids=["light", "dark and narrow"],
)
def test_it_opens_from_disk_without_a_network(browser: Browser, report: Path, seen: dict[str, Any]) -> None:
    context = browser.new_context(offline=True, **seen)
    page, said, asked = context.new_page(), [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report.as_uri())
    expect(page.get_by_role("heading", level=1)).to_have_text("Weekly reliability report, " + week_of(report))
    expect(page.get_by_role("table", name="The week against the week before")).to_be_visible()
    expect(page.get_by_role("img", name="Runs by outcome per day")).to_be_visible()
    expect(page.locator("script, main a:not([href^='#']), b, i")).to_have_count(0)
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.documentElement.scrollWidth") <= seen["viewport"]["width"]
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation")).to_be_hidden()
    assert said == []
    assert asked == [report.as_uri()]
    context.close()


def test_the_app_shows_it_in_a_frame_that_has_no_way_to_the_app(
    shared_app: str, report: Path, visitor: Visitor
) -> None:
    visitor.page.goto(f"{shared_app}/reports?project={PROJECT}&week={week_of(report)}")
    shown = visitor.page.frame_locator("iframe[src^='data:text/html']")
    expect(shown.get_by_role("heading", level=1)).to_have_text("Weekly reliability report, " + week_of(report))
    expect(shown.get_by_role("img", name="Runs by outcome per day")).to_be_visible()
    assert shown.locator("html").evaluate("() => window.origin") == "null"
    visitor.expect_at_rest()
    visitor.expect_only_text()


def week_of(report: Path) -> str:
    return report.read_text().partition("<h1>")[2].partition("</h1>")[0].rpartition(" ")[2]
