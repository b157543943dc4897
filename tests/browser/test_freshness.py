"""A signal page follows what arrives, and leaves alone what its visitor opened."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.pages.agents import refund_that_fails, refund_that_works, tracing_to
from tests.serving import RunningServer


def test_a_signal_page_follows_new_commits_and_what_was_opened_stays_open(
    shared_app: str, server: RunningServer, visitor: Visitor
) -> None:
    page = visitor.page
    with tracing_to(server, "fresh") as tracer:
        refund_that_fails(tracer)
    page.goto(f"{shared_app}/errors?project=fresh")
    in_error = page.get_by_test_id("stMetric").filter(has_text="Runs in error")
    expect(in_error).to_contain_text("1 of 1")
    expect(page.get_by_test_id("stMain").get_by_text(re.compile(r"^as of \d\d:\d\d:\d\d$"))).to_be_visible()
    opened = page.get_by_test_id("stExpander").first
    opened.locator("summary").click()
    expect(opened.get_by_role("button", name="Download CSV", exact=True)).to_be_visible()
    with tracing_to(server, "fresh") as tracer:
        refund_that_works(tracer)
    expect(in_error).to_contain_text("1 of 2")
    expect(opened.get_by_role("button", name="Download CSV", exact=True)).to_be_visible()
