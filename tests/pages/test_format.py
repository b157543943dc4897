"""How values are written, and that telemetry stays text in every sink."""

import html
import re
from datetime import UTC, datetime

import pytest

from pages.shared import format as written
from tests.pages.hostile import HOSTILE_TEXTS


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (None, "—"),
        (0.0, "0 ms"),
        (0.02, "<0.1 ms"),
        (0.4, "0.4 ms"),
        (9.96, "10 ms"),
        (850.0, "850 ms"),
        (999.7, "1.00 s"),
        (1240.0, "1.24 s"),
        (59_960.0, "1 min 00 s"),
        (125_000.0, "2 min 05 s"),
        (11_400_000.0, "3 h 10 min"),
    ],
)
def test_a_duration_is_written_in_the_unit_one_would_say(milliseconds: float | None, words: str) -> None:
    assert written.duration(milliseconds) == words


@pytest.mark.parametrize(
    ("usd", "words"),
    [(None, "—"), (0.0, "$0"), (0.00003, "<$0.0001"), (0.0042, "$0.0042"), (12.3, "$12.30"), (1234.5, "$1,234.50")],
)
def test_an_unknown_cost_is_a_dash_and_a_small_one_is_not_zero(usd: float | None, words: str) -> None:
    assert written.cost(usd) == words


def test_a_rate_of_nothing_is_a_dash() -> None:
    assert written.percent(0, 0) == "—"
    assert written.percent(1, 8) == "12.5%"


def test_a_moment_is_written_on_the_viewers_clock_and_in_utc() -> None:
    at = datetime(2026, 7, 1, 22, 30, 5, 120_000, tzinfo=UTC)
    assert written.local_time(at, "Europe/Berlin") == "Thu 02 Jul 2026, 00:30:05"
    assert written.utc_time(at) == "2026-07-01 22:30:05.120 UTC"


def test_marks_that_hide_or_reorder_text_are_made_visible() -> None:
    assert written.plain("a\u202eb\x1b[31m\u200bc") == "a\\u202eb␛[31m\\u200bc"
    assert written.plain("two\nlines\tand\r\ntabs") == "two\nlines\tand\ntabs"
    assert written.plain(None) == "—"


def test_one_line_folds_and_cuts() -> None:
    assert written.one_line(" a\n\n b ", 10) == "a b"
    assert written.one_line("x" * 50, 10) == "x" * 9 + "…"


@pytest.mark.parametrize("hostile", HOSTILE_TEXTS)
def test_chart_text_holds_no_sign_that_plotly_reads_and_decodes_to_the_same_words(hostile: str) -> None:
    text = written.chart_text(hostile, 500)
    assert not re.search(r"[<>$%{}]|#(?!\d+;)|&(?!#\d+;)", text)
    assert html.unescape(text) == written.one_line(hostile, 500)


@pytest.mark.parametrize("hostile", [*HOSTILE_TEXTS, "", "..", "a/b\\c"])
def test_a_file_name_leads_nowhere_else(hostile: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}", written.file_name(hostile))


def test_every_status_has_a_sign_and_a_word() -> None:
    for status, label in written.STATUS_LABELS.items():
        assert label.endswith(status)
        assert len(label.split()) == 2
