"""Views that people name are kept by a real server, for one project each, and lead nowhere outside the app."""

from collections.abc import Iterator
from itertools import count

import pytest

from queries.client import BadRequest, Client
from tests.serving import RunningServer

_numbers = count(1)


@pytest.fixture
def client(server: RunningServer) -> Iterator[Client]:
    client = Client(server.url)
    yield client
    client.close()


@pytest.fixture
def project() -> str:
    return f"views-{next(_numbers)}"


def listed(client: Client, project: str) -> list[tuple[str, str]]:
    return list(client.saved_views(project=project).select("name", "address").iter_rows())


def test_a_view_is_kept_by_its_name_until_it_is_deleted(client: Client, project: str) -> None:
    client.save_view(project=project, name="refunds that failed", address="/?status=error&workflow=refund%20%C3%A9")
    client.save_view(project=project, name=" Cost ", address="/cost?window=7d")
    client.save_view(project=project, name="Cost", address="/cost?window=30d&by=model")
    kept = [("Cost", "/cost?window=30d&by=model"), ("refunds that failed", "/?status=error&workflow=refund%20%C3%A9")]
    assert listed(client, project) == kept
    assert listed(client, f"{project}-other") == []

    view_id = client.saved_views(project=project)["view_id"][0]
    client.delete_view(project=f"{project}-other", view_id=view_id)
    assert listed(client, project) == kept
    client.delete_view(project=project, view_id=view_id)
    client.delete_view(project=project, view_id=view_id)
    assert listed(client, project) == kept[1:]


@pytest.mark.parametrize(
    "address",
    [
        "https://outside.invalid/",
        "//outside.invalid/cost",
        "/\\outside.invalid",
        "javascript:alert(1)",
        "cost",
        "/cost/../secret",
        "/cost#here",
        "/cost?x=<b>",
        "/cost?x=\n1",
        "/cost?x=\0",
        "/cost?project=other",
        "/?" + "x" * 4_000,
    ],
)
def test_an_address_that_is_no_page_of_the_app_is_refused(client: Client, project: str, address: str) -> None:
    with pytest.raises(BadRequest):
        client.save_view(project=project, name="away", address=address)
    assert listed(client, project) == []


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "two\nlines", "hidden \u202e"])
def test_a_name_is_one_readable_line(client: Client, project: str, name: str) -> None:
    with pytest.raises(BadRequest):
        client.save_view(project=project, name=name, address="/cost")
