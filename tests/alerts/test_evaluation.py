"""What is kept and told when rules are evaluated: each change once, whatever happens in between."""

import threading
from collections import Counter
from collections.abc import Callable

import pytest

from alerts.evaluation import Evaluation
from alerts.kept import Silence
from queries import questions
from queries.database import Database
from tests.alerts.watching import HOUR_NS, NOW_NS, PROJECT, Watched, error_rate, rule, runs
from tests.queries.records import SECOND, Telling

FIRED, OVER = "[firing] errors: w (project default)", "[resolved] errors: w (project default)"


def failing(*workflows: str) -> Telling:
    """Four runs of each, of which two failed."""
    telling = Telling()
    for workflow in workflows:
        runs(telling, workflow, 600, good=2, bad=2)
    return telling


def done(**counts: int) -> Counter[str]:
    return Counter({"evaluated": 1, "failed": 0, "fired": 0, "resolved": 0} | counts)


def test_each_change_is_told_once_to_each_channel_over_a_restart_in_between(watched: Watched) -> None:
    watched.tell(failing("w"))
    evaluation = watched.evaluation(errors=error_rate())
    assert evaluation.evaluate(PROJECT) == done(fired=1)
    assert evaluation.evaluate(PROJECT) == done()
    restarted = watched.evaluation(errors=error_rate())
    assert restarted.evaluate(PROJECT) == done()
    assert watched.titles() == [FIRED]

    watched.now_ns = NOW_NS + HOUR_NS  # by now the runs are older than the window
    assert restarted.evaluate(PROJECT) == done(resolved=1)
    assert watched.evaluation(errors=error_rate()).evaluate(PROJECT) == done()
    assert watched.titles() == [FIRED, OVER]
    sent = questions.alert_notifications(Database(watched.connection), PROJECT).to_pylist()
    assert Counter(row["channel"] for row in sent) == {"ops": 2, "mail": 2}
    (row,) = questions.alert_history(Database(watched.connection), PROJECT).to_pylist()
    assert (row["state"], row["group_name"], row["value"], row["sample_count"]) == ("resolved", "w", 0.5, 4)


def test_groups_that_change_at_once_are_one_message(watched: Watched) -> None:
    watched.tell(failing(*(f"w{number:02}" for number in range(12))))
    assert watched.evaluation(errors=error_rate()).evaluate(PROJECT) == done(fired=12)
    (message,) = [one for one in watched.kept.due(watched.now_ns) if one.channel == "ops"]
    lines = message.body.splitlines()
    assert message.title == "[firing] errors: 12 groups (project default)"
    assert len(message.alert_ids) == 12
    assert lines[0] == "w00: 50.0%, threshold 50.0% (2 of 4 finished runs failed)"
    assert lines[9:11] == ["w09: 50.0%, threshold 50.0% (2 of 4 finished runs failed)", "and 2 more"]


def test_a_message_says_whose_it_is_what_to_do_and_where_to_look(watched: Watched) -> None:
    watched.tell(failing("w"))
    asked = error_rate(owner="team-shop", runbook="https://wiki.example/errors", severity="critical", notify=["mail"])
    watched.evaluation(errors=asked).evaluate(PROJECT)
    (message,) = watched.kept.due(watched.now_ns)
    (episode,) = watched.open()
    assert (message.channel, message.severity, message.change) == ("mail", "critical", "fired")
    assert message.body.splitlines()[2:] == [
        f"Alert: http://app.example/alerts?project=default&alert={episode.alert_id}",
        "Severity: critical",
        "Owner: team-shop",
        "Runbook: https://wiki.example/errors",
        "What is measured: share of a workflow's finished runs that failed",
        f"Behind it: http://app.example{episode.address}&project=default",
    ]


def test_a_silence_tells_nothing_of_what_it_covers_and_what_outlasts_it_is_told(watched: Watched) -> None:
    watched.tell(failing("v", "w"))
    told = {"until_ns": NOW_NS + 60 * SECOND, "reason": "known", "made_by": "kim", "now_ns": NOW_NS}
    silence_id = watched.kept.silence(PROJECT, Silence("errors", "w"), **told)
    watched.kept.silence("other", Silence(None, None), **told)
    evaluation = watched.evaluation(errors=error_rate())
    assert evaluation.evaluate(PROJECT) == done(fired=2)
    assert watched.titles() == ["[firing] errors: v (project default)"]
    silenced = questions.alerts(Database(watched.connection), PROJECT, NOW_NS).to_pylist()
    assert {row["group_name"] for row in silenced if row["silenced_until_at"]} == {"w"}

    watched.now_ns += 61 * SECOND
    evaluation.evaluate(PROJECT)
    assert watched.titles()[1:] == [FIRED]
    watched.kept.end_silence(PROJECT, silence_id, watched.now_ns)
    assert watched.kept.silences(PROJECT, NOW_NS) == []


def test_nobody_is_told_that_something_is_over_that_they_were_not_told_of(watched: Watched) -> None:
    watched.tell(failing("w"))
    told = {"until_ns": NOW_NS + 60 * SECOND, "reason": "known", "made_by": "kim", "now_ns": NOW_NS}
    watched.kept.silence(PROJECT, Silence(None, None), **told)
    evaluation = watched.evaluation(errors=error_rate())
    evaluation.evaluate(PROJECT)
    watched.now_ns = NOW_NS + HOUR_NS
    assert evaluation.evaluate(PROJECT) == done(resolved=1)
    assert watched.titles() == []


def never_done(watched: Watched) -> None:
    """From now on every question about runs goes on for ever."""
    watched.connection.execute("alter table runs rename to told_runs")
    watched.connection.execute("create view runs as select told_runs.* from told_runs, range(1000000), range(1000000)")


def broken(watched: Watched) -> None:
    """From now on every question about runs fails."""
    watched.connection.execute("drop table runs")


@pytest.mark.parametrize(("spoil", "why"), [(never_done, "took more than 0.1 seconds"), (broken, "question failed")])
def test_a_question_without_an_answer_is_a_failure_and_ends_nothing(
    watched: Watched, spoil: Callable[[Watched], None], why: str
) -> None:
    watched.tell(failing("w"))
    watched.evaluation(errors=error_rate()).evaluate(PROJECT)
    evaluation = watched.evaluation(most_seconds=0.1, errors=error_rate())
    spoil(watched)
    for _ in range(3):
        assert evaluation.evaluate(PROJECT) == done(evaluated=0, failed=1)
    assert (watched.firing(), watched.titles()) == (["w"], [FIRED])
    last = evaluation.last(PROJECT, "errors")
    assert last
    assert why in last.failure
    assert last.failing_since_ns == NOW_NS


def test_a_server_that_stops_gives_up_the_question_that_is_being_asked(watched: Watched) -> None:
    watched.tell(failing("w"))
    evaluation = watched.evaluation(most_seconds=3_600, errors=error_rate())
    never_done(watched)
    evaluating = threading.Thread(target=evaluation.evaluate, args=(PROJECT,))
    evaluating.start()
    evaluation.stop()
    evaluating.join()
    assert watched.open() == []


def test_one_rule_that_fails_does_not_hold_up_the_others(watched: Watched) -> None:
    watched.tell(failing("w"))
    evaluation = watched.evaluation(refused=rule(kind="rejecting", threshold_records=1), errors=error_rate())
    watched.connection.execute("drop table ingest_batches")
    assert evaluation.evaluate(PROJECT) == done(failed=1, fired=1)


def test_what_a_rule_leaves_behind_that_is_gone_is_over(watched: Watched) -> None:
    watched.tell(failing("w"))
    watched.evaluation(errors=error_rate()).evaluate(PROJECT)
    assert watched.evaluation(errors=error_rate(enabled=False)).evaluate(PROJECT) == Counter(done(evaluated=0))
    assert watched.open() == []
    assert watched.titles() == [FIRED]


def test_the_samples_are_watched_by_no_rule_that_does_not_name_them(watched: Watched) -> None:
    for project in ("demo", "shop"):
        watched.tell(runs(Telling(project), "w", 60, good=0, bad=4))
    watched.evaluation(errors=error_rate(), samples=error_rate(projects=["demo"])).evaluate_due()
    watched.evaluation(errors=error_rate()).evaluate_due()
    assert [one.rule for one in watched.kept.open_episodes("shop")] == ["errors"]
    fired = watched.connection.execute("select rule from alerts where project = 'demo' and fired_at is not null")
    assert fired.fetchall() == [("samples",)]


def test_a_service_is_not_silent_because_the_server_was_not_there_to_hear_it(watched: Watched) -> None:
    watched.tell(runs(Telling(), "w", 0, good=4, bad=0))
    silent = rule(kind="silent_service", threshold_minutes=30.0, unusual_only=False)
    evaluation = watched.evaluation(silent=silent)
    assert evaluation.evaluate(PROJECT) == done(evaluated=0)
    last = evaluation.last(PROJECT, "silent")
    assert last
    assert last.failure == "it waits until the server has listened for 30 min"
    watched.now_ns += 30 * 60 * SECOND
    assert evaluation.evaluate(PROJECT) == done(fired=1)


def test_a_rule_is_evaluated_by_schedule_as_often_as_it_says(watched: Watched) -> None:
    watched.tell(failing("w"))
    evaluation = watched.evaluation(errors=error_rate(every_minutes=5))

    def evaluated_ns(evaluation: Evaluation) -> int:
        evaluation.evaluate_due()
        last = evaluation.last(PROJECT, "errors")
        assert last
        return last.at_ns

    assert evaluated_ns(evaluation) == NOW_NS
    watched.now_ns += 4 * 60 * SECOND
    assert evaluated_ns(evaluation) == NOW_NS
    watched.now_ns += 60 * SECOND
    assert evaluated_ns(evaluation) == watched.now_ns


def test_a_change_and_its_messages_are_kept_together_or_not_at_all(watched: Watched) -> None:
    watched.tell(failing("w"))
    watched.connection.execute("drop table alert_notifications")
    assert watched.evaluation(errors=error_rate()).evaluate(PROJECT) == done(evaluated=0, failed=1)
    assert watched.open() == []
