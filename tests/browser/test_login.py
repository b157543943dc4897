"""People log in at a real identity provider, and each sees and does what their role and projects allow."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from access.admin import order_of_server
from access.keys import Scope
from queries.client import Client
from tests.browser.conftest import PATIENCE_MS
from tests.browser.running import running_app, running_provider
from tests.pages.agents import refund_that_fails, tracing_to
from tests.serving import RunningServer, running_server

PEOPLE = {
    "ada": {"email": "ada@example.org", "groups": ["runlight-admins"]},
    "rex": {"email": "rex@example.org", "groups": ["on-call"]},
    "ray": {"email": "ray@example.org", "groups": ["on-call"]},
    "vera": {"email": "Vera@Example.org", "email_verified": True},
    "stranger": {"email": "stranger@example.org", "groups": ["sales"]},
}
LOGIN = """
[auth]
redirect_uri = "http://127.0.0.1:{{port}}/oauth2callback"
cookie_secret = "{secret}"
client_id = "runlight"
client_secret = "not told to anybody"
server_metadata_url = "{provider}/.well-known/openid-configuration"

[[people]]
claim = "groups"
values = ["runlight-admins"]
role = "admin"
projects = ["*"]

[[people]]
claim = "groups"
values = ["on-call"]
role = "reviewer"
projects = ["shop", "vault"]

[[people]]
values = ["vera@example.org"]
role = "viewer"
projects = ["shop", "vault"]
"""
SECRET = "a secret of forty letters, as a test has"

Visiting = Callable[[], AbstractContextManager[Page]]


@dataclass
class Guarded:
    """An app with a login before a server with keys; one failed run in each of the projects shop, support and vault, of
    which the content of the last is restricted."""

    app: str
    server: RunningServer
    runs: dict[str, str]
    log: Path
    key: str


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    tmp_path = tmp_path_factory.mktemp("guarded")
    with (
        running_provider(PEOPLE, tmp_path / "provider.log") as provider,
        running_server(tmp_path / "runlight.duckdb", restricted_content="vault") as server,
    ):
        login_file, log = tmp_path / "login.toml", tmp_path / "app.log"
        login_file.write_text(LOGIN.format(secret=SECRET, provider=provider))
        runs = {project: _failed_run(server, project) for project in ("shop", "support", "vault")}
        scopes = [Scope.READ, Scope.REVIEW, Scope.ADMIN, Scope.ACT]
        made = order_of_server(server.database, {"do": "add", "name": "app", "scopes": scopes, "projects": None})
        assert made
        with running_app(server.url, log, api_key=made["key"], login_file=login_file) as app:
            yield Guarded(app, server, runs, log, made["key"])
        assert SECRET not in log.read_text()


def _failed_run(server: RunningServer, project: str) -> str:
    with tracing_to(server, project) as tracer:
        return refund_that_fails(tracer, f"What of {project}?")


@pytest.fixture
def visiting(browser: Browser) -> Visiting:
    """A browser of somebody's own, which fetches nothing from outside this machine (`FLAGS`)."""

    @contextmanager
    def visit() -> Iterator[Page]:
        context = browser.new_context(viewport={"width": 1400, "height": 1000}, timezone_id="UTC", locale="en-GB")
        context.set_default_timeout(PATIENCE_MS)
        yield context.new_page()
        context.close()

    return visit


def log_in(page: Page, address: str, name: str) -> None:
    """Opens the address, is asked to log in, and does."""
    page.goto(address)
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name=name, exact=True).click()  # at the identity provider
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def log_out(page: Page, app: str) -> None:
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="End session").click()  # at the identity provider
    page.wait_for_url(f"{app}/**")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_people_see_and_do_what_their_role_allows_and_strangers_nothing(guarded: Guarded, visiting: Visiting) -> None:
    app, runs = guarded.app, guarded.runs
    with visiting() as page:
        log_in(page, f"{app}/run?project=shop&run={runs['shop']}", "stranger")
        expect(page.get_by_role("heading", name="You have no role here")).to_be_visible()
        expect(page.get_by_text("You are logged in as stranger@example.org.")).to_be_visible()
        expect(page.get_by_test_id("stSidebar")).to_have_count(0)
        page.goto(f"{app}/run?project=shop&run={runs['shop']}")
        expect(page.get_by_role("heading", name="You have no role here")).to_be_visible()
        assert "shop" not in page.locator("body").inner_text()
        log_out(page, app)

    with visiting() as page:  # what is kept at hand from here on must not be shown to others
        log_in(page, f"{app}/run?project=support&run={runs['support']}", "ada")
        page.goto(f"{app}/run?project=support&run={runs['support']}")
        expect(page.get_by_text("What of support?").first).to_be_visible()

    with visiting() as page:
        log_in(page, app, "vera")
        side = page.get_by_test_id("stSidebar")
        expect(side.get_by_text("vera@example.org · viewer")).to_be_visible()
        expect(side.get_by_role("link", name="Audit")).to_have_count(0)
        page.goto(f"{app}/run?project=shop&run={runs['shop']}")
        expect(page.get_by_text("What of shop?").first).to_be_visible()
        for button in ("Correct or rate", "Keep or remove", "Save this view"):
            expect(page.get_by_role("button", name=button)).to_have_count(0)
        page.goto(f"{app}/reports?project=shop")
        expect(page.get_by_text("Made before")).to_be_visible()
        expect(page.get_by_role("button", name="Make it anew")).to_have_count(0)
        for elsewhere in (f"run?project=support&run={runs['support']}", "audit?project=shop"):
            page.goto(f"{app}/{elsewhere}")
            expect(page.get_by_text("Your role does not allow this.").first).to_be_visible()
            assert "What of support?" not in page.locator("body").inner_text()

    with visiting() as page:
        log_in(page, app, "rex")
        page.goto(f"{app}/run?project=shop&run={runs['shop']}")
        page.get_by_role("button", name="Correct or rate").click()
        page.get_by_role("button", name="Record", exact=True).click()
        expect(page.get_by_text("Recorded", exact=True)).to_be_visible()
        page.get_by_role("button", name="Keep or remove").click()
        expect(page.get_by_role("button", name="Keep it")).to_be_visible()
        expect(page.get_by_text("Remove for good")).to_have_count(0)

    with visiting() as page:
        log_in(page, f"{app}/?project=shop", "ada")
        page.get_by_test_id("stSidebar").get_by_role("link", name="Audit").click()
        expect(page.get_by_role("heading", name="Audit")).to_be_visible()
        expect(page.locator("tbody tr", has_text="rated a run")).to_contain_text("rex@example.org")
        expect(page.get_by_text("Table and CSV")).to_have_count(1)  # what the page before drew is gone
        page.get_by_text("Table and CSV").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Download CSV").click()
        assert "rex@example.org" in download.value.path().read_text()
        page.reload()
        log = page.get_by_test_id("stDataFrame").first
        expect(log.locator("tbody tr", has_text="exported a table")).to_contain_text("audit.csv")
        row = log.locator("tbody tr", has_text="rated a run")
        expect(row).to_contain_text("rex@example.org")
        expect(row).to_contain_text(runs["shop"])


def test_restricted_content_is_shown_to_reviewers_whose_looks_are_noted(guarded: Guarded, visiting: Visiting) -> None:
    address = f"{guarded.app}/run?project=vault&run={guarded.runs['vault']}"
    with visiting() as page:
        log_in(page, guarded.app, "vera")
        page.goto(address)
        expect(page.get_by_text("Content is restricted in this project", exact=True)).to_be_visible()
        expect(page.get_by_text("Content is restricted in this project.", exact=True)).to_be_visible()  # of the step
        expect(page.get_by_text("OrderNotFound").first).to_be_visible()
        assert "What of vault?" not in page.locator("body").inner_text()
        page.goto(f"{guarded.app}/reports?project=vault")  # which is refused as a whole
        expect(page.get_by_text("Content is restricted in this project", exact=True)).to_be_visible()
    for name in ("rex", "ray"):  # what is kept at hand for the one is asked for anew for the other
        with visiting() as page:
            log_in(page, guarded.app, name)
            page.goto(address)
            expect(page.get_by_text("What of vault?").first).to_be_visible()
    admin = {"x-runlight-user": "ada", "x-runlight-role": "admin", "x-runlight-projects": "*"}
    log = Client(guarded.server.url, guarded.key).acting_for(admin)
    seen = log.audit(project="vault", act="looked at content").filter(about=f"run {guarded.runs['vault']}")
    log.close()
    assert sorted(seen["who"]) == ["ray@example.org", "rex@example.org"]
