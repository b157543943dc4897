"""Takes the pictures of README.md of an app with samples: `python -m tests.browser.screenshots http://127.0.0.1:8501`."""

import sys

from playwright.sync_api import expect, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS, MAIN, Visitor
from tests.serving import ROOT

IMAGES = ROOT / "docs" / "images"


def main(url: str) -> None:
    """Writes docs/images/*.png: 1280 wide, light, of the last seven days."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(
            viewport={"width": 1280, "height": 900},
            color_scheme="light",
            timezone_id="Europe/Berlin",
            locale="en-GB",
        )
        visitor = Visitor(page)
        for name, address in (("overview", ""), ("cost", "cost"), ("run", "runs")):
            page.goto(f"{url}/{address}?project=demo&window=7d" + ("&status=error" if name == "run" else ""))
            expect(page.locator(f"{MAIN} .main-svg, {MAIN} canvas").first).to_be_visible()
            visitor.expect_at_rest()
            if name == "run":
                visitor.click_row(0)
                expect(visitor.bars().first).to_be_visible()
                visitor.expect_at_rest()
            page.screenshot(path=IMAGES / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
