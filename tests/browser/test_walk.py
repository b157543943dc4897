"""A walk through every page with the samples loaded, as a visitor takes it: by the menu, and from numbers to runs."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from ingest import replay
from pages.shared import menu
from tests.browser.conftest import MAIN, Visitor
from tests.browser.running import running_app
from tests.serving import running_server

TELLS_OF_NO_RUNS = (menu.VIEWS, menu.ALERTS, menu.METRICS, menu.INGEST, menu.SQL)
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
    with running_server(home / "runlight.duckdb") as server, running_app(server.url, home / "app.log") as url:
        now = datetime.now(UTC).isoformat()
        assert replay.main([server.url, *files, "--now", now, "--project", "demo"]) == 0
        yield url


def test_every_page_is_drawn_and_leads_from_a_number_to_its_runs(demo: str, visitor: Visitor) -> None:
    """The visitor's fixture sees to it that nothing is fetched from outside and no error is told."""
    for entry in (entry for entry in menu.ENTRIES if not entry.hidden):
        try:
            visitor.page.goto(f"{demo}/?project=demo&window=7d")
            walk(visitor, entry)
        except (AssertionError, PlaywrightError) as error:
            error.add_note(f"on the page {entry.title}, {visitor.page.url}")
            raise


def test_the_pages_without_a_place_in_the_menu_are_drawn(demo: str, visitor: Visitor) -> None:
    page, reached = visitor.page, {menu.RUN, menu.COMPARE, menu.CONVERSATION, menu.SEARCH}
    assert reached == {entry for entry in menu.ENTRIES if entry.hidden}
    page.goto(f"{demo}/?project=demo&window=7d&status=error")
    visitor.open(menu.RUNS)
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


def test_one_window_has_the_same_numbers_on_every_page(demo: str, visitor: Visitor) -> None:
    visitor.page.goto(f"{demo}/?project=demo&window=7d")
    told = {}
    for entry in (menu.OVERVIEW, menu.RUNS, menu.ERRORS, menu.COST, menu.LATENCY):
        visitor.open(entry)
        expect_all_drawn(visitor)
        told[entry] = numbers(visitor)
    overview, runs = told[menu.OVERVIEW], told[menu.RUNS]
    for name in ("Runs", "Error rate", "p95 duration", "Cost"):
        assert overview[name] == runs[name]
    assert told[menu.ERRORS]["Runs in error"] == overview["Error rate"]
    assert told[menu.COST]["Cost"] == overview["Cost"]
    assert told[menu.LATENCY]["p95 run"] == overview["p95 duration"]


def walk(visitor: Visitor, entry: menu.Entry) -> None:
    visitor.open(entry)
    expect_all_drawn(visitor)
    if entry not in TELLS_OF_NO_RUNS:
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


def numbers(visitor: Visitor) -> dict[str, str]:
    """What each metric of the page says, by its label."""
    labels, values = (visitor.page.get_by_test_id(f"stMetric{part}").all_inner_texts() for part in ("Label", "Value"))
    return {label.strip(): value.strip() for label, value in zip(labels, values, strict=True)}


WAYS: dict[menu.Entry, Callable[[Visitor], None]] = {
    menu.OVERVIEW: by_link("Failed runs"),
    menu.REPORTS: by_link("Runs of this week"),
    menu.ERRORS: by_group_of_errors,
    menu.CORRECTIONS: by_button("Open run"),
    menu.EVALUATIONS: by_row(table=1),
}
"""How a page's numbers lead to runs, where it is not the first row of its first table."""
