"""Whatever telemetry calls a group, a message has it as one short line that no receiver obeys."""

import pytest

from alerts import words
from alerts.episodes import advanced
from alerts.readings import Measured, Reading
from alerts.rules import Unit
from tests.alerts.watching import error_rate
from tests.pages.hostile import HOSTILE_TEXTS

OBEYED = ("<", ">", "@", "://", "www.", "`", "](")
MENTION, HEADER = "<!channel> @everyone", "a\u2028b\r\nSubject: c"


@pytest.mark.parametrize("text", [*HOSTILE_TEXTS, "x" * 5_000, MENTION, HEADER, "\n", ""])
def test_telemetry_in_a_message_is_one_short_harmless_line(text: str) -> None:
    measured = {text: Measured(text, 0.5, 4, "/runs?workflow=w", "2 of 4 finished runs")}
    episode = advanced("it", error_rate(), None, Reading("runs_by", "/api/runs-by", measured), text, 1)
    assert episode
    title = words.title("it", "shop", "fired", [episode])
    line = words.body("it", error_rate(), "shop", "fired", [episode], "http://app.example").splitlines()[0]
    for told in (title, line):
        assert len(told) < 250
        assert told.isprintable()
        assert not [sign for sign in OBEYED if sign in told]
    assert line.endswith(": 50.0%, threshold 50.0% (2 of 4 finished runs)")


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (1234.5, "usd", "$1,234.50"),
        (0.123, "rate", "12.3%"),
        (1234, "count", "1,234"),
        (4_200, "ms", "4.20 s"),
        (90_000, "ms", "1 min 30 s"),
        (3_900_000, "ms", "1 h 05 min"),
    ],
)
def test_a_number_is_told_in_its_unit(value: float, unit: Unit, said: str) -> None:
    assert words.number(value, unit) == said
