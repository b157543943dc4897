"""What is over is forgotten in time; what is open never is."""

from pydantic import SecretStr

from alerts.alerting import Alerting
from alerts.kept import Silence
from queries.database import Database
from settings import Settings
from tests.alerts.watching import NOW_NS, PROJECT, Watched, error_rate, runs
from tests.queries.records import Telling

DAY_NS = 86_400 * 10**9


def test_what_was_over_before_the_days_that_are_kept_is_forgotten(watched: Watched) -> None:
    watched.tell(runs(Telling(), "w", 600, good=0, bad=4))
    rule = error_rate(window_minutes=60)
    watched.evaluation(it=rule).evaluate(PROJECT)
    watched.now_ns += DAY_NS
    watched.evaluation(it=rule).evaluate(PROJECT)  # by now there is no data any more, and it is over
    for message in watched.kept.due(watched.now_ns):
        watched.kept.sent(message, watched.now_ns)
    held = {"reason": "", "made_by": "", "now_ns": NOW_NS}
    for days in (1, 30):
        watched.kept.silence(PROJECT, Silence(None, None), until_ns=NOW_NS + days * DAY_NS, **held)
    watched.tell(runs(Telling(), "other", 600 + 86_400, good=0, bad=4))
    watched.evaluation(it=rule).evaluate(PROJECT)
    assert counts(watched) == {"alerts": 2, "alert_notifications": 4, "alert_silences": 2}

    forget(watched, days=9)
    assert counts(watched) == {"alerts": 2, "alert_notifications": 4, "alert_silences": 2}
    forget(watched, days=11)
    left = {"alerts": 1, "alert_notifications": 2, "alert_silences": 1}
    assert counts(watched) == left, "an alert fires, messages wait, and a silence holds"
    forget(watched, days=25)
    assert counts(watched) == left
    assert watched.firing() == ["other"]


def forget(watched: Watched, days: int) -> None:
    """So many days after the start, ten being kept."""
    settings = Settings(alert_days=10, alert_channels=SecretStr("ops=json://127.0.0.1:9"))
    connection = watched.connection
    Alerting(settings, Database(connection), connection.cursor(), lambda: NOW_NS + days * DAY_NS + 1).forget_old()


def counts(watched: Watched) -> dict[str, int]:
    tables = ("alerts", "alert_notifications", "alert_silences")
    found = {table: watched.connection.execute(f"select count(*) from {table}").fetchone() for table in tables}
    return {table: count for table, (count,) in found.items()}
