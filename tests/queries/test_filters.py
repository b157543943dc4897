"""What questions are narrowed by, read from text."""

import pytest

from queries.filters import BadFilter, read_filters, read_time

NOW = 1_795_341_600 * 10**9  # 2026-11-22T10:00:00Z


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW),
        ("-90s", NOW - 90 * 10**9),
        ("-24h", NOW - 86_400 * 10**9),
        ("-2w", NOW - 14 * 86_400 * 10**9),
        ("2026-11-22", NOW - 10 * 3_600 * 10**9),
        ("2026-11-22T10:00:00Z", NOW),
        ("2026-11-22T11:00:00+01:00", NOW),
        ("2026-11-22t10:00:00.000000001z", NOW + 1),
        ("2026-11-22 10:00:00.5Z", NOW + 500_000_000),
        ("1970-01-01T00:00:00Z", 0),
        ("-999999999w", 0),
    ],
)
def test_times_keep_their_nanoseconds(text: str, expected: int) -> None:
    assert read_time("since", text, NOW) == expected


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "-24",
        "24h",
        "2026-11-22T10:00:00",
        "2026-13-01",
        "2026-02-30T00:00:00Z",
        "1969-12-31",
        "9999-01-01",
        "١",
    ],
)
def test_other_times_are_refused_with_the_form_that_would_do(text: str) -> None:
    with pytest.raises(BadFilter, match="since"):
        read_time("since", text, NOW)


def test_the_window_is_the_last_seven_days_unless_asked_otherwise() -> None:
    filters = read_filters(NOW)

    assert (filters.since_ns, filters.until_ns) == (NOW - 7 * 86_400 * 10**9, NOW)
    assert read_filters(NOW, until="-1d").since_ns == NOW - 8 * 86_400 * 10**9


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"since": "now", "until": "-1h"}, "ends before it begins"),
        ({"project": "No Spaces"}, "project"),
        ({"tz": "Mars/Olympus"}, "tz"),
        ({"tz": "../etc/passwd"}, "tz"),
        ({"evidence": "guessed"}, "evidence is one of"),
    ],
)
def test_what_cannot_be_read_is_named(asked: dict[str, object], complaint: str) -> None:
    with pytest.raises(BadFilter, match=complaint):
        read_filters(NOW, **asked)  # type: ignore[arg-type]
