"""Words on the page of runs: what there is so far is told of shorter windows, in the end of the whole one."""

import pytest

from ingest.receiver import MEDIA_TYPES
from pages.shared.filters import WINDOWS, Filters
from queries.routes.asking import MOST_MENTIONS
from tests.hostile.posts import TRACE, Post
from tests.ingest.otlp_samples import spans
from tests.test_app import Shown, shown

__all__ = ["shown"]


@pytest.mark.parametrize("window", ["1h", "24h", "7d", "all", "custom"])
def test_the_totals_of_a_search_are_those_of_the_whole_window(shown: Shown, window: str) -> None:
    shown.send("works", "fails", "fails")
    bounds = {"since": "2026-01-01T00:00:00Z"} if window == "custom" else {}
    app = shown.open("pages/runs.py", q="order 7", window=window, **bounds)
    assert not app.exception
    found = shown.client.summary(project=shown.project, since=None, q="order 7")["run_count"].item()
    assert found
    assert {metric.label: metric.value for metric in app.metric}["Runs"] == str(found)
    assert app.dataframe[0].value.shape[0] == found


def test_totals_of_a_search_that_finds_too_much_are_told_to_be_of_the_newest(shown: Shown) -> None:
    request = spans(*[TRACE] * MOST_MENTIONS)
    first = request.resource_spans[0].scope_spans[0].spans[0]
    first.attributes.add(key="gen_ai.operation.name").value.string_value = "invoke_agent"
    body = request.SerializeToString()
    assert Post(body, MEDIA_TYPES["protobuf"], "identity", project=shown.project).send(shown.server.url).is_success
    shown.server.settle(shown.project)
    app = shown.open("pages/runs.py", q="work", window="all")
    assert not app.exception
    (runs,) = [metric for metric in app.metric if metric.label == "Runs"]
    assert (runs.value, runs.delta) == ("≥ 1", "the newest alone")


@pytest.mark.parametrize(
    ("since", "until", "shorter"),
    [
        ("-1h", None, []),
        ("-24h", None, ["1h", "6h"]),
        ("1970-01-01", None, ["1h", "6h", "24h", "7d", "30d"]),
        ("-24h", "2026-11-23T00:00:00Z", []),
        ("2026-11-22T00:00:00Z", None, []),
    ],
)
def test_only_windows_that_end_now_have_shorter_ones(since: str, until: str | None, shorter: list[str]) -> None:
    asked = Filters("shop", "UTC", {"since": since, "until": until}, "", {}, (None, None))
    assert asked.shorter_windows() == [(f"-{name}", WINDOWS[name]) for name in shorter]
