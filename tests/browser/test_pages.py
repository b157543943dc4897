"""What only a browser shows: what is drawn, what is fetched, where the way back leads, what lives on by itself."""

import re
import subprocess
import sys
from urllib.parse import quote, urlsplit

import httpx
import pytest
from playwright.sync_api import expect

from pages.shared import menu
from tests.browser.conftest import PATIENCE_MS, Visitor
from tests.pages.agents import refund_that_fails, refund_that_works, tracing_to
from tests.pages.hostile import HOSTILE_TEXTS, hostile_calls, hostile_metric, hostile_run
from tests.serving import ROOT, RunningServer

TABS = ("Timeline", "Steps", "Tool calls", "Cost and latency", "Session")
WIDTHS = (420, 1600)
FITS = "width => innerWidth === width && document.querySelector('[data-testid=stMain]').scrollWidth <= width"
VIEWS = ("Content", "Attributes", "Events", "Logs", "Raw")


def test_hostile_telemetry_is_text_wherever_it_is_shown_and_makes_nothing_wider_than_the_screen(
    shared_app: str, server: RunningServer, visitor: Visitor
) -> None:
    """The visitor's fixture sees to it that nothing was fetched from outside and no script failed."""
    first = HOSTILE_TEXTS[0]
    run_id = tell_hostile(server)
    conversation = server.ask(f"runs/{run_id}", project="hostile")["conversation_id"]
    visitor.page.goto(f"{shared_app}/runs?project=hostile")
    expect(visitor.rows()).to_have_count(2)
    expect_harmless(visitor)
    visitor.page.goto(f"{shared_app}/run?project=hostile&run={run_id}")
    for name in (*VIEWS, *TABS):
        visitor.page.get_by_role("tab", name=name).click()
        expect(visitor.page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
        visitor.expect_at_rest()
        expect(visitor.texts().filter(has_text=first).first).to_be_attached()
        expect_harmless(visitor)
    others = (
        f"compare?project=hostile&a={run_id}&b={run_id}&row=1",
        f"search?project=hostile&for={quote(first)}",
        f"conversation?project=hostile&session={quote(conversation)}",
    )
    for address in others:
        visitor.page.goto(f"{shared_app}/{address}")
        expect(visitor.page.get_by_test_id("stMain").locator("h1").first).to_be_visible()
        visitor.expect_at_rest()
        expect(visitor.texts().filter(has_text=first).first).to_be_attached()
        expect_harmless(visitor)
    for entry in (entry for entry in menu.ENTRIES if not entry.hidden):
        visitor.open(entry)
        visitor.expect_at_rest()
        MORE.get(entry, nothing_more)(visitor)
        expect_harmless(visitor)


def expect_harmless(visitor: Visitor) -> None:
    """What is shown is only text, and no wider than a telephone or a large screen."""
    visitor.expect_only_text()
    usual = visitor.page.viewport_size
    assert usual
    for width in WIDTHS:
        visitor.page.set_viewport_size({"width": width, "height": usual["height"]})
        visitor.page.wait_for_function(FITS, arg=width)  # charts and tables follow a little later
    visitor.page.set_viewport_size(usual)


def tell_hostile(server: RunningServer) -> str:
    """A hostile run, whose trace id is returned, a metric, an alert that fires and a saved view, in a project."""
    first, project = HOSTILE_TEXTS[0], {"x-runlight-project": "hostile"}
    with tracing_to(server, "hostile", service=first, version=HOSTILE_TEXTS[1]) as tracer:
        run_id = hostile_run(tracer)
        hostile_calls(tracer)
    httpx.post(f"{server.url}/v1/metrics", json=hostile_metric(), headers=project, timeout=60).raise_for_status()
    saved = {"name": first, "address": f"/runs?window=7d&agent={quote(first)}"}
    httpx.post(f"{server.url}/api/views?project=hostile", json=saved, timeout=60).raise_for_status()
    server.settle("hostile")
    told = httpx.post(f"{server.url}/api/alerts/evaluate?project=hostile", timeout=PATIENCE_MS / 1000).json()
    assert told["fired"]
    return run_id


def expect_hostile_alert(visitor: Visitor) -> None:
    expect(visitor.texts().filter(has_text=HOSTILE_TEXTS[0]).first).to_be_attached()


def expect_report_without_elements(visitor: Visitor) -> None:
    report = visitor.page.frame_locator("iframe").locator("body")
    expect(report).to_contain_text(HOSTILE_TEXTS[0])
    expect(report.locator("script, img[src*='outside'], a[href*='outside'], b, i")).to_have_count(0)


def ask_in_sql(visitor: Visitor) -> None:
    visitor.page.get_by_role("textbox", name="SELECT statement").fill("select * from steps")
    visitor.page.get_by_role("textbox", name="SELECT statement").press("Control+Enter")
    visitor.page.get_by_role("button", name="Run", exact=True).click()
    expect(visitor.page.get_by_role("button", name="Download CSV")).to_be_visible()
    visitor.expect_at_rest()


def choose_first_row(visitor: Visitor) -> None:
    visitor.click_row(0)
    visitor.expect_at_rest()


def nothing_more(visitor: Visitor) -> None:
    """The page has been looked at."""


# What of a page is only seen after a click, or stands in a document of its own.
MORE = {
    menu.ALERTS: expect_hostile_alert,
    menu.REPORTS: expect_report_without_elements,
    menu.TOOLS: choose_first_row,
    menu.SQL: ask_in_sql,
}


def test_a_deep_link_is_followed_by_the_first_visitor_of_a_process(
    app: str, fresh_server: RunningServer, visitor: Visitor
) -> None:
    with tracing_to(fresh_server, "default") as tracer:
        run_id = refund_that_fails(tracer)
    visitor.page.goto(f"{app}/run?run={run_id}&tab=Steps")
    expect(visitor.text("tool find_order")).to_be_visible()
    expect(visitor.rows()).to_have_count(3)


@pytest.mark.parametrize("name", ["q", "agent", "attr", "window", "project", "cursor"])
def test_a_hostile_address_is_text(shared_app: str, visitor: Visitor, name: str) -> None:
    visitor.page.goto(f"{shared_app}/runs?{name}={quote(' '.join(HOSTILE_TEXTS))}")
    expect(visitor.page.get_by_role("heading", name="Runs")).to_be_visible()
    visitor.expect_at_rest()
    visitor.expect_only_text()


def test_the_way_back_leads_to_the_runs_as_they_were_left(
    shared_app: str, server: RunningServer, visitor: Visitor
) -> None:
    with tracing_to(server, "back") as tracer:
        refund_that_fails(tracer)
        refund_that_works(tracer)
    visitor.page.goto(f"{shared_app}/runs?project=back&window=7d&status=error")
    expect(visitor.rows()).to_have_count(1)
    visitor.click_row(0)
    expect(visitor.text("tool find_order")).to_be_visible()
    visitor.page.go_back()
    expect(visitor.rows()).to_have_count(1)
    expect(visitor.text("Only status error")).to_be_visible()
    expect(visitor.page).to_have_url(re.compile("window=7d"))


def test_window_and_filters_go_along_from_page_to_page(
    shared_app: str, server: RunningServer, visitor: Visitor
) -> None:
    with tracing_to(server, "along") as tracer:
        refund_that_fails(tracer)
        refund_that_works(tracer)
    menu = visitor.page.get_by_test_id("stSidebar")
    visitor.page.goto(f"{shared_app}/runs?project=along&window=7d&status=error&tool=find_order")
    expect(visitor.rows()).to_have_count(1)
    menu.get_by_role("link", name="Ingest").click()
    expect(visitor.page.get_by_role("heading", name="Ingest")).to_be_visible()
    expect(visitor.page).to_have_url(f"{shared_app}/ingest?project=along&window=7d")
    menu.get_by_role("link", name="Runs").click()
    expect(visitor.text("Only status error · tool find_order")).to_be_visible()
    expect(visitor.rows()).to_have_count(1)
    for part in ("window=7d", "status=error", "tool=find_order"):
        expect(visitor.page).to_have_url(re.compile(part))
    visitor.page.go_back()
    expect(visitor.page.get_by_role("heading", name="Ingest")).to_be_visible()
    visitor.page.go_back()
    expect(visitor.text("Only status error · tool find_order")).to_be_visible()


def test_each_step_back_undoes_one_choice(shared_app: str, server: RunningServer, visitor: Visitor) -> None:
    with tracing_to(server, "undo") as tracer:
        refund_that_fails(tracer)
        refund_that_works(tracer)
    visitor.page.goto(f"{shared_app}/runs?project=undo")
    expect(visitor.rows()).to_have_count(2)
    visitor.choose("error")
    expect(visitor.rows()).to_have_count(1)
    visitor.choose("7d")
    expect(visitor.page).to_have_url(re.compile("window=7d"))
    visitor.search("no such words")
    expect(visitor.text("No run began in the last 7 days and passes the filters.")).to_be_visible()
    visitor.page.go_back()
    expect(visitor.rows()).to_have_count(1)
    expect(visitor.page.get_by_role("searchbox")).to_have_value("")
    visitor.page.go_back()
    expect(visitor.page).not_to_have_url(re.compile("window="))
    visitor.page.go_back()
    expect(visitor.rows()).to_have_count(2)


def test_a_link_to_the_page_that_is_shown_changes_its_address(
    shared_app: str, server: RunningServer, visitor: Visitor
) -> None:
    with tracing_to(server, "again") as tracer:
        refund_that_works(tracer)
    visitor.page.goto(f"{shared_app}/runs?project=again&q=nothing&sort=dearest&window=7d")
    expect(visitor.text("No run began in the last 7 days and passes the filters.")).to_be_visible()
    visitor.page.get_by_test_id("stSidebar").get_by_role("link", name="Runs").click()
    expect(visitor.rows()).to_have_count(1)
    expect(visitor.page).to_have_url(f"{shared_app}/runs?project=again&window=7d")
    visitor.page.go_back()
    expect(visitor.page.get_by_role("searchbox")).to_have_value("nothing")


def test_the_runs_are_turned_over_page_by_page(shared_app: str, server: RunningServer, visitor: Visitor) -> None:
    with tracing_to(server, "pages") as tracer:
        for _ in range(51):
            refund_that_works(tracer)
    visitor.page.goto(f"{shared_app}/runs?project=pages")
    expect(visitor.text("51")).to_be_visible()
    visitor.page.get_by_role("button", name="Next").click()
    expect(visitor.rows()).to_have_count(1)
    expect(visitor.page).to_have_url(re.compile("cursor="))
    visitor.page.get_by_role("button", name="Previous").click()
    expect(visitor.rows()).not_to_have_count(1)
    expect(visitor.page).not_to_have_url(re.compile("cursor="))


def test_live_can_be_paused(shared_app: str, server: RunningServer, visitor: Visitor) -> None:
    address = f"{shared_app}/runs?project=live"
    live = visitor.page.get_by_test_id("stCheckbox").filter(has_text="Live")
    with tracing_to(server, "live") as tracer:
        refund_that_works(tracer)
    visitor.page.goto(address)
    expect(visitor.rows()).to_have_count(1)
    live.click()
    expect(visitor.page).to_have_url(re.compile("live=false"))
    with tracing_to(server, "live") as tracer:
        refund_that_works(tracer)
    watching = visitor.page.context.new_page()
    watching.goto(address)
    expect(watching.get_by_test_id("stDataFrame").locator("tbody tr")).to_have_count(2)
    expect(visitor.rows()).to_have_count(1)
    live.click()
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
        expect(visitor.text("Nothing has arrived yet")).to_be_visible()
        process.terminate()


def test_the_samples_are_shown_as_soon_as_they_come(app: str, fresh_server: RunningServer, visitor: Visitor) -> None:
    visitor.page.goto(app)
    expect(visitor.text("Nothing has arrived yet")).to_be_visible()
    with tracing_to(fresh_server, "demo") as tracer:
        refund_that_works(tracer)
    expect(visitor.text("These are samples.")).to_be_visible()
    expect(visitor.page.get_by_test_id("stMetricValue").first).to_have_text("1")
    expect(visitor.page).to_have_url(f"{app}/?project=demo")


def test_a_bar_of_cost_leads_to_its_runs(shared_app: str, server: RunningServer, visitor: Visitor) -> None:
    with tracing_to(server, "spent") as tracer:
        refund_that_works(tracer)
        hostile_run(tracer)
    visitor.page.goto(f"{shared_app}/cost?project=spent&by=agent")
    expect(visitor.page.get_by_text("The most expensive runs")).to_be_visible()
    visitor.expect_at_rest()
    visitor.expect_only_text()
    visitor.click_bar(0)
    expect(visitor.page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    expect(visitor.rows()).to_have_count(1)
    expect(visitor.page).to_have_url(re.compile("window=custom"))
    expect(visitor.page).to_have_url(re.compile("agent=refund-agent"))


def test_the_box_of_every_page_leads_to_where_an_id_or_words_belong(
    shared_app: str, server: RunningServer, visitor: Visitor
) -> None:
    with tracing_to(server, "find") as tracer:
        run_id = refund_that_fails(tracer)
        refund_that_fails(tracer)

    def find(text: str) -> None:
        visitor.page.get_by_role("textbox", name="Find").fill(text)
        visitor.page.get_by_role("textbox", name="Find").press("Enter")

    visitor.page.goto(f"{shared_app}/ingest?project=find")
    find(run_id.upper())
    expect(visitor.text("tool find_order")).to_be_visible()
    expect(visitor.page).to_have_url(re.compile(f"run={run_id}"))
    find("call-1")
    expect(visitor.page.get_by_role("heading", name="Search")).to_be_visible()
    expect(visitor.rows()).to_have_count(2)
    find(HOSTILE_TEXTS[0])
    expect(visitor.page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    expect(visitor.page.get_by_role("searchbox")).to_have_value(HOSTILE_TEXTS[0])
    visitor.expect_only_text()
    visitor.page.go_back()
    expect(visitor.page.get_by_role("heading", name="Search")).to_be_visible()
    expect(visitor.rows()).to_have_count(2)


def test_a_group_of_errors_leads_to_the_failed_step_of_each_of_its_runs(
    shared_app: str, server: RunningServer, visitor: Visitor
) -> None:
    with tracing_to(server, "groups") as tracer:
        hostile_run(tracer)
        refund_that_fails(tracer)
        refund_that_fails(tracer)
    visitor.page.goto(f"{shared_app}/?project=groups")
    visitor.expect_at_rest()
    visitor.expect_only_text()
    visitor.page.get_by_test_id("stSidebar").get_by_role("link", name="Errors").click()
    expect(visitor.page.get_by_role("heading", name="Errors")).to_be_visible()
    visitor.expect_at_rest()
    visitor.expect_only_text()
    visitor.click_row(0)  # the only group with two runs
    expect(visitor.page).to_have_url(re.compile("group="))
    expect(visitor.page.get_by_test_id("stDataFrame")).to_have_count(3)
    visitor.click_row(1, table=1)
    expect(visitor.page.get_by_role("heading", name="Run", exact=True)).to_be_attached()
    expect(visitor.text("tool find_order")).to_be_visible()
    expect(visitor.page).to_have_url(re.compile("step="))


def test_a_run_leads_to_the_last_good_one_beside_it_and_back_to_its_step(
    shared_app: str, server: RunningServer, visitor: Visitor
) -> None:
    with tracing_to(server, "compare") as tracer:
        refund_that_works(tracer)
        failed = refund_that_fails(tracer)
    visitor.page.goto(f"{shared_app}/run?project=compare&run={failed}")
    visitor.page.get_by_role("button", name="Compare").click()
    expect(visitor.text("The last good run of its workflow")).to_be_visible()
    visitor.expect_at_rest()
    visitor.click_row(2, table=1)
    expect(visitor.text("Arguments")).to_be_visible()
    expect(visitor.page).to_have_url(re.compile("row=2"))
    visitor.page.get_by_role("button", name="Open in this run").click()
    expect(visitor.text("tool find_order")).to_be_visible()
    expect(visitor.page).to_have_url(re.compile("/run.*step="))


def test_a_conversation_is_followed_from_its_user_to_its_runs_and_its_texts_stay_text(
    shared_app: str, server: RunningServer, visitor: Visitor
) -> None:
    with tracing_to(server, "talks") as tracer:
        hostile_run(tracer)
    visitor.page.goto(f"{shared_app}/users?project=talks&by=conversation")
    expect(visitor.rows()).to_have_count(1)
    visitor.expect_only_text()
    visitor.click_row(0)
    expect(visitor.page.get_by_role("heading", name="Conversation")).to_be_visible()
    expect(visitor.page.get_by_role("button", name="Open run")).to_be_visible()
    visitor.expect_only_text()
    visitor.page.get_by_role("button", name="Open run").click()
    expect(visitor.page.get_by_role("tab", name="Timeline")).to_be_visible()
    visitor.page.go_back()
    expect(visitor.page.get_by_role("heading", name="Conversation")).to_be_visible()
    expect(visitor.page.get_by_role("button", name="Open run")).to_be_visible()
