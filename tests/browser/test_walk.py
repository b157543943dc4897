"""A walk through every page with the samples loaded, from numbers to the runs behind them."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Position, expect

from ingest import replay
from pages.shared import menu
from queries.client import Client
from tests.browser.conftest import MAIN, ROW_PIXELS, Visitor
from tests.browser.running import running_app
from tests.serving import running_server

TELLS_OF_NO_RUNS = ("Alerts", "Audit")
EVERY_CHART_HAS_POINTS = """() => [...document.querySelectorAll('[data-testid=stPlotlyChart]')].every(chart => {
    const drawn = chart.querySelector('.js-plotly-plot');
    const told = [undefined, null, false];
    return drawn?.calcdata?.some(trace => trace.some(
        point => point._nodes?.length || point.z?.length || !told.includes(point.x) && !told.includes(point.y)));
})"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an app in front of a server with every scenario of the samples, moved to now."""
    home = tmp_path_factory.mktemp("demo")
    files = [str(path) for path in sorted(replay.SAMPLES.glob("*.jsonl"))]
    with (
        running_server(home / "runlight.duckdb", sql=True) as server,
        running_app(server.url, home / "app.log") as url,
        closing(Client(server.url)) as client,
    ):
        now = datetime.now(UTC).isoformat()
        assert replay.main([server.url, *files, "--now", now, "--project", "demo"]) == 0
        client.save_view(project="demo", name="What failed", address="/runs?status=error&window=7d")
        yield url


def test_every_page_is_drawn_and_leads_from_a_number_to_its_runs(demo: str, visitor: Visitor) -> None:
    """The visitor's fixture sees to it that nothing is fetched from outside and no error is told."""
    for entry in (entry for entry in menu.ENTRIES if not entry.hidden):
        try:
            path = "" if entry is menu.OVERVIEW else Path(entry.script).stem
            visitor.page.goto(f"{demo}/{path}?project=demo&window=7d")
            walk(visitor, entry)
        except (AssertionError, PlaywrightError) as error:
            error.add_note(f"on the page {entry.title}, {visitor.page.url}")
            raise


def test_the_pages_without_a_place_in_the_menu_are_drawn(demo: str, visitor: Visitor) -> None:
    page, reached = visitor.page, {menu.RUN, menu.COMPARE, menu.CONVERSATION, menu.SEARCH}
    assert reached == {entry for entry in menu.ENTRIES if entry.hidden}
    page.goto(f"{demo}/runs?project=demo&window=7d&status=error")
    expect_all_drawn(visitor)
    visitor.click_row(0)
    expect(page.get_by_role("tab", name="Timeline")).to_be_visible()
    expect_all_drawn(visitor)
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="Compare", exact=True)).to_be_visible()
    expect_all_drawn(visitor)
    page.get_by_role("textbox", name="Find").fill("ticket-90377")
    page.get_by_role("textbox", name="Find").press("Enter")
    expect(page.get_by_role("heading", name="Conversation")).to_be_visible()
    expect_all_drawn(visitor)
    expect(page.get_by_role("button", name="Open run")).to_have_count(2)
    page.goto(f"{demo}/search?project=demo&for=no-such-id")
    expect(page.get_by_role("heading", name="Search", exact=True)).to_be_visible()
    expect_all_drawn(visitor)


def walk(visitor: Visitor, entry: menu.Entry) -> None:
    expect(visitor.page.locator(MAIN).get_by_role("heading", level=1).first).to_be_visible()
    expect_all_drawn(visitor)
    if entry is menu.SQL:
        asks_in_sql(visitor)
    elif entry.title not in TELLS_OF_NO_RUNS:
        WAYS.get(entry, by_row())(visitor)
        expect_runs(visitor)


def expect_all_drawn(visitor: Visitor) -> None:
    """The page is at rest, without a box that tells of trouble, and with points in every chart."""
    visitor.expect_at_rest()
    trouble = visitor.page.locator("[data-testid=stException], [data-testid=stAlertContentError]")
    assert trouble.all_inner_texts() == []
    visitor.page.wait_for_function(EVERY_CHART_HAS_POINTS)


def expect_runs(visitor: Visitor) -> None:
    """The list of runs with one at least, or a single run."""
    a_list = visitor.page.get_by_role("heading", name="Runs", exact=True)
    a_run = visitor.page.get_by_role("tab", name="Timeline")
    expect(a_list.or_(a_run)).to_be_visible()
    expect_all_drawn(visitor)
    expect(visitor.rows().or_(a_run).first).to_be_attached()


def by_row(table: int = 0) -> Callable[[Visitor], None]:
    return lambda visitor: visitor.click_row(0, table)


def by_link(name: str) -> Callable[[Visitor], None]:
    return lambda visitor: visitor.page.locator(MAIN).get_by_role("link", name=name).first.click()


def by_button(name: str) -> Callable[[Visitor], None]:
    return lambda visitor: visitor.page.locator(MAIN).get_by_role("button", name=name).first.click()


def by_group_of_errors(visitor: Visitor) -> None:
    visitor.click_row(0)
    visitor.page.wait_for_url("**group=**")
    visitor.expect_at_rest()
    visitor.click_row(0, table=1)


def by_price(visitor: Visitor) -> None:
    """The row of the model without a price; below the ledger, with as many tables as there is something to tell."""
    unpriced = visitor.page.locator(".st-key-unpriced").get_by_test_id("stDataFrame")
    place: Position = {"x": 60, "y": ROW_PIXELS * 1.5}
    unpriced.hover(position=place)
    expect(unpriced.get_by_test_id("stElementToolbar").first).to_be_visible()
    unpriced.click(position=place)


def by_bar(visitor: Visitor) -> None:
    visitor.click_bar(0)


def asks_in_sql(visitor: Visitor) -> None:
    """Its answers are rows, not runs."""
    visitor.page.locator(MAIN).get_by_role("textbox", name="SELECT statement").fill("select count(*) as n from runs")
    visitor.page.keyboard.press("Control+Enter")
    expect(visitor.page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    visitor.page.get_by_role("button", name="Run", exact=True).click()
    expect(visitor.page.get_by_test_id("stDataFrame")).to_have_count(2)
    expect_all_drawn(visitor)


WAYS: dict[menu.Entry, Callable[[Visitor], None]] = {
    menu.OVERVIEW: by_link("Failed runs"),
    menu.REPORTS: by_link("Runs of this week"),
    menu.VIEWS: by_button("Open"),
    menu.METRICS: by_bar,
    menu.INGEST: by_price,
    menu.ERRORS: by_group_of_errors,
    menu.CORRECTIONS: by_button("Open run"),
    menu.EVALUATIONS: by_row(table=1),
}
"""How a page's numbers lead to runs, where it is not the first row of its first table."""
