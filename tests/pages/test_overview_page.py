"""The overview, without a browser, in front of a real server; and the words of what changed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from pages.shared import menu, whats_new
from queries.drivers import DRIVERS
from tests.pages.hostile import HOSTILE_TEXTS
from tests.test_app import Shown, codes, shown, shown_empty, texts

__all__ = ["shown", "shown_empty"]

PAGE = "pages/overview.py"
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


def test_it_is_the_page_of_the_address_without_a_path(shown: Shown) -> None:
    shown.send("works", "fails")
    shown.app.query_params["project"] = shown.project
    app = shown.app.run()
    assert not app.exception
    assert app.title[0].value == "Overview"


def test_an_empty_window_offers_to_widen_it(shown: Shown) -> None:
    shown.send("works")
    app = shown.open(PAGE, window="custom", since="2026-01-01T00:00:00Z", until="2026-01-02T00:00:00Z")
    assert app.info[0].value == "No run began in the chosen time."
    app.button(key="widen_window").click().run()
    assert not app.exception
    assert app.metric[0].value == "1"


def test_its_numbers_are_those_of_the_summary_and_not_told_against_half_a_window(shown: Shown) -> None:
    shown.send("works", "fails", "fails")
    app = shown.open(PAGE)
    assert not app.exception
    summary = shown.client.summary(project=shown.project).row(0, named=True)
    numbers = {metric.label: (metric.value, metric.delta) for metric in app.metric}
    assert numbers["Runs"] == (str(summary["run_count"]), "not compared")
    assert numbers["Error rate"] == ("66.7%", f"{summary['error_count']} of {summary['run_count']}")
    assert numbers["Pending approvals"] == ("0", "nobody waits")
    assert numbers["Human correction rate"] == ("—", "0 of 0")
    assert any(caption.value.startswith("No earlier data to compare with:") for caption in app.caption)
    assert "No new errors, no cost or route that moved, no release." in [caption.value for caption in app.caption]


def test_a_bad_value_in_the_address_is_named_and_the_page_still_shows(shown: Shown) -> None:
    shown.send("works")
    app = shown.open(PAGE, window="banana", status="<b>")
    assert not app.exception
    assert codes(app) == ["banana", "<b>"]
    assert app.metric[0].value == "1"
    assert texts(app) == []


def group(**told: Any) -> dict[str, Any]:
    row = {"state": "new", "error_type": "Gone", "pattern": "# is gone", "resolved_in": None, "failed_run_count": 0}
    return row | {"subject": "find", "kind": "tool", "run_count": 1, "fingerprint": "f" * 16} | told


def words(lines: Any) -> list[tuple[str, str]]:
    return [(line.sort, line.words) for line in lines]


def test_regressed_errors_come_first_and_each_leads_to_its_group() -> None:
    groups = pl.DataFrame(
        [
            group(run_count=3, failed_run_count=2),
            group(state="ongoing"),
            group(state="regressed", resolved_in="1.4"),
        ],
        infer_schema_length=None,
    )
    lines = list(whats_new.of_errors(groups))
    assert words(lines) == [
        ("regressed error", "find: Gone: # is gone, after it was resolved in 1.4; 1 run"),
        ("new error", "find: Gone: # is gone; 3 runs, 2 ended in error"),
    ]
    assert {(line.entry, line.narrowing["group"]) for line in lines} == {(menu.ERRORS, "f" * 16)}


def mover(name: str | None, now: float, before: float, **parts: float | None) -> dict[str, Any]:
    told = {"workflow_name": name, "cost_usd": now, "cost_before_usd": before, "change_usd": now - before}
    counts = dict.fromkeys(("run_count", "calls_per_run", "tokens_per_call"), 1.0)
    shares = dict.fromkeys(DRIVERS, 0.0)
    return told | counts | {f"{count}_before": 2.0 for count in counts} | shares | parts


def test_cost_that_moved_is_told_with_its_reasons_and_small_change_is_no_news() -> None:
    movers = pl.DataFrame(
        [
            mover("dear", 30.0, 10.0, calls_per_run_usd=14.0, volume_usd=6.0, calls_per_run=8.5, run_count=3.0),
            mover(None, 0.0, 8.0, volume_usd=-8.0, run_count=None),
            mover("cheap", 1.01, 1.0, volume_usd=0.01),
        ],
        infer_schema_length=None,
    )
    assert words(whats_new.of_cost(movers, pl.DataFrame(), "UTC")) == [
        (
            "cost moved",
            "dear +$20.00: $30.00 instead of $10.00; "
            "70% through more model calls per run (8.5, before 2), 30% through more runs (3, before 2)",
        ),
        ("cost moved", "no workflow −$8.00: $0 instead of $8.00; no run now"),
    ]


def test_only_routes_that_drifted_in_the_window_are_news() -> None:
    route = {"requested_model": "big", "served_model": "small", "call_count": 3, "answered_count": 9, "run_count": 2}
    rows = pl.DataFrame([route | {"started_at": AT}, route | {"started_at": AT - timedelta(days=9)}])
    (line,) = whats_new.of_routes(rows, AT - timedelta(days=1), "Europe/Berlin")
    assert line.words == "big is answered by small since Fri 20 Nov 2026, 10:00: 3 of 9 answers, in 2 runs"
    assert line.narrowing == {"model": "small"}


def test_rollbacks_come_before_releases_and_lead_to_the_runs_since_then() -> None:
    told = {"changed_at": AT, "service_name": "shop", "change_name": "shop", "evidence": "explicit", "run_count": 1}
    release = {"change_kind": "release", "change_subject": "service", "changed_from": "1", "changed_to": "2"}
    back = {"change_kind": "rollback", "change_subject": "prompt", "changed_from": "7", "changed_to": None}
    rows = pl.DataFrame([told | release | {"evidence": "inferred"}, told | back], infer_schema_length=None)
    first, second = whats_new.of_changes(rows, "UTC")
    assert first.words == "prompt shop 7, Fri 20 Nov 2026, 09:00; 1 run since then"
    assert first.narrowing == {"window": "custom", "since": "2026-11-20T09:00:00Z", "service": "shop"}
    assert second.words == "shop 1 → 2, Fri 20 Nov 2026, 09:00 (seen by its first run); 1 run since then"
    assert second.narrowing["release"] == "2"


@pytest.mark.parametrize("hostile", HOSTILE_TEXTS)
def test_hostile_words_stay_in_their_line(hostile: str) -> None:
    (line,) = whats_new.of_errors(pl.DataFrame([group(pattern=hostile, subject=hostile, error_type=hostile)]))
    assert "\n" not in line.words
    assert len(line.words) < 300
