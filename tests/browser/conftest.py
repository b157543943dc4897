"""A browser, and the app in front of a server."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Position, expect, sync_playwright

from pages.shared import menu
from tests.browser.running import running_app
from tests.serving import RunningServer

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",  # no name leads off this machine
]
ROW_PIXELS = 36
MAIN = "[data-testid=stMain]"
PATIENCE_MS = 90_000
# Where a page is opened by its own address, Streamlit first asks whether the app lives below it, and needs this 404.
PROBE = re.compile(r"/\w+/_stcore/(health|host-config)$")

expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Visitor:
    """Someone who looks at the app; what the page asked for outside this machine, and the errors of its scripts."""

    page: Page
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def text(self, words: str) -> Locator:
        return self.page.get_by_test_id("stMain").get_by_text(words, exact=True)

    def texts(self) -> Locator:
        """All that the main part of the page says as plain text, from top to bottom."""
        return self.page.get_by_test_id("stMain").get_by_test_id("stText")

    def rows(self) -> Locator:
        """The rows of the first table, as screen readers are told of them."""
        return self.page.get_by_test_id("stDataFrame").first.locator("tbody tr")

    def bars(self) -> Locator:
        """The rows of the timeline."""
        return self.page.locator(".js-plotly-plot .barlayer > .trace:first-child .point")

    def click_bar(self, row: int) -> None:
        """Points at the middle of a row of the timeline, then clicks it."""
        box = self.bars().nth(row).bounding_box()
        assert box is not None
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(*middle)
        self.page.mouse.click(*middle)

    def open(self, entry: menu.Entry) -> None:
        """Goes to a page by the menu."""
        self.page.get_by_test_id("stSidebar").get_by_role("link", name=entry.title).click()
        path = "/" if entry is menu.OVERVIEW else f"/{Path(entry.script).stem}"
        self.page.wait_for_function("path => location.pathname === path", arg=path)
        expect(self.page.get_by_test_id("stMain").locator("h1").first).to_be_visible()

    def choose(self, option: str) -> None:
        """Presses one of the window's or the statuses' buttons."""
        self.page.get_by_test_id("stButtonGroup").get_by_text(option, exact=True).click()

    def search(self, words: str) -> None:
        """Types into the page's search and asks."""
        self.page.get_by_role("searchbox").fill(words)
        self.page.get_by_role("searchbox").press("Enter")

    def expect_at_rest(self) -> None:
        """All that was asked for is drawn."""
        expect(self.page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
        expect(self.page.get_by_test_id("stSkeleton")).to_have_count(0)

    def expect_only_text(self) -> None:
        """Nothing that telemetry says became an element, a link, a picture, a formula or a script that ran."""
        main = self.page.get_by_test_id("stMain")
        links = "a[href*='//outside.invalid'], a[href*='//www.outside.invalid'], a[href^='javascript']"
        expect(main.locator(f"{links}, img[src*='outside'], script, .katex, b, i")).to_have_count(0)
        assert self.page.evaluate("window.hacked") is None

    def click_row(self, row: int, table: int = 0) -> None:
        """Points at a row of a table, then clicks it; tables are drawn on a canvas and want both."""
        drawn = self.page.get_by_test_id("stDataFrame").nth(table)
        place: Position = {"x": 60, "y": ROW_PIXELS * (row + 1.5)}
        drawn.hover(position=place)
        expect(self.page.get_by_test_id("stElementToolbar").first).to_be_visible()
        drawn.click(position=place)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For the browser tests alone: while Playwright runs, no other event loop can."""
    if CHROMIUM is None:
        pytest.skip(
            "NOT RUN: pages are drawn in a real browser, and no chromium is installed (Debian: apt install chromium)"
        )
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visitor]:
    """A visitor in Berlin; nothing may be fetched from outside, and neither scripts nor the console tell of errors."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, timezone_id="Europe/Berlin", locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    visitor = Visitor(context.new_page())
    context.on("request", lambda request: visitor.outside.append(request.url) if _leaves(request.url) else None)
    visitor.page.on("pageerror", lambda error: visitor.errors.append(str(error)))
    visitor.page.on("console", lambda said: visitor.errors.append(said.text) if _is_error(said) else None)
    yield visitor
    context.close()
    assert visitor.outside == []
    assert visitor.errors == []


@pytest.fixture(scope="session")
def shared_app(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the app in front of `server`, for tests that keep to a project of their own."""
    with running_app(server.url, tmp_path_factory.mktemp("app") / "app.log") as url:
        yield url


@pytest.fixture
def app(fresh_server: RunningServer, tmp_path: Path) -> Iterator[str]:
    """The URL of the app in front of `fresh_server`."""
    with running_app(fresh_server.url, tmp_path / "app.log") as url:
        yield url


def _is_error(said: ConsoleMessage) -> bool:
    return said.type == "error" and not PROBE.search(said.location["url"])


def _leaves(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "data:", "blob:"))
