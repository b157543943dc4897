"""The browser's way back and forward: every step of the visitor is one step of the history, and leads where it was."""

from collections.abc import Callable

from playwright.sync_api import expect

from pages.shared import menu
from tests.browser.conftest import Visitor
from tests.pages.agents import refund_that_fails, refund_that_works, tracing_to
from tests.serving import RunningServer


def test_back_and_forward_lead_through_every_place_once(
    shared_app: str, server: RunningServer, visitor: Visitor
) -> None:
    with tracing_to(server, "back-and-forth") as tracer:
        refund_that_works(tracer)
        failed = refund_that_fails(tracer)
    page = visitor.page
    page.goto(f"{shared_app}/?project=back-and-forth&window=7d")
    steps: list[tuple[str, Callable[[], None]]] = [
        ("/tools?", lambda: visitor.open(menu.TOOLS)),
        ("/runs?project=back-and-forth&window=7d&tool=find_order", lambda: visitor.click_row(0)),
        ("&status=error", lambda: visitor.choose("error")),
        (f"/run?project=back-and-forth&run={failed}", lambda: visitor.click_row(0)),
        ("&tab=Steps", lambda: page.get_by_role("tab", name="Steps").click()),
        ("&step=", lambda: visitor.click_row(1)),
        ("/compare?", lambda: page.get_by_role("button", name="Compare").click()),
        ("/run?", lambda: page.get_by_role("button", name="Open run").nth(1).click()),
    ]
    places = [place(visitor)]
    for address, go in steps:
        go()
        page.wait_for_function("part => location.href.includes(part)", arg=address)
        places.append(place(visitor))
    for there in reversed(places[:-1]):
        drawn_anew(visitor, page.go_back)
        expect_at(visitor, there)
    for there in places[1:]:
        drawn_anew(visitor, page.go_forward)
        expect_at(visitor, there)


def test_what_was_chosen_before_the_way_back_can_be_chosen_again(
    shared_app: str, server: RunningServer, visitor: Visitor
) -> None:
    with tracing_to(server, "twice") as tracer:
        run_id = refund_that_fails(tracer)
    visitor.page.goto(f"{shared_app}/run?project=twice&run={run_id}&tab=Steps")
    for _ in range(2):
        expect(visitor.rows()).to_have_count(3)
        visitor.expect_at_rest()
        visitor.click_row(1)
        visitor.page.wait_for_url("**step=**")
        visitor.expect_at_rest()
        visitor.page.go_back()
        visitor.page.wait_for_url("**tab=Steps")


def place(visitor: Visitor) -> tuple[str, str]:
    """Where the visitor is: the address and the heading, once all is drawn."""
    expect(visitor.page.locator("h1").first).to_be_attached()
    visitor.expect_at_rest()
    return visitor.page.url, visitor.page.locator("h1").first.inner_text()


def drawn_anew(visitor: Visitor, go: Callable[[], object]) -> None:
    """Goes, and waits until the page was drawn once more: nobody looks away before."""
    visitor.page.evaluate(
        """() => {
            const app = document.querySelector("[data-testid=stApp]");
            window.wasDrawn = false;
            const look = () => { window.wasDrawn ||= app.dataset.testScriptState === "notRunning"; };
            new MutationObserver(look).observe(app, {attributes: true, attributeFilter: ["data-test-script-state"]});
        }"""
    )
    go()
    visitor.page.wait_for_function("() => window.wasDrawn")


def expect_at(visitor: Visitor, there: tuple[str, str]) -> None:
    address, heading = there
    expect(visitor.page).to_have_url(address)
    expect(visitor.page.locator("h1").first).to_have_text(heading)
    visitor.expect_at_rest()
