"""Messages on their way to receivers that are there, are not, and refuse; and what nobody is to read of their URLs."""

import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from email.message import Message

import pytest
from apprise.plugins.opsgenie import OPSGENIE_API_LOOKUP, OpsgenieRegion
from apprise.plugins.pagerduty import PAGERDUTY_API_LOOKUP, PagerDutyRegion
from pydantic import SecretStr

from alerts.alerting import Alerting
from alerts.channels import ChannelError, read_channels
from alerts.delivery import FIRST_WAIT_SECONDS, MOST_ATTEMPTS, Delivery
from queries import questions
from queries.database import Database
from settings import Settings
from tests.alerts.receivers import Webhook, mail_server, webhook
from tests.alerts.watching import PROJECT, Watched, error_rate, runs
from tests.queries.records import SECOND, Telling

SECRET = "hunter2-token"


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as listening:
        yield listening


@pytest.fixture
def fired(watched: Watched) -> Watched:
    """A store in which one message to each channel waits."""
    watched.tell(runs(Telling(), "w", 600, good=0, bad=4))
    watched.evaluation(errors=error_rate()).evaluate(PROJECT)
    return watched


def delivery(watched: Watched, **urls: str) -> Delivery:
    told = SecretStr(" ".join(f"{name}={url}" for name, url in urls.items()))
    return Delivery(watched.kept, read_channels(told), lambda: watched.now_ns)


def outbox(watched: Watched, channel: str) -> dict[str, object]:
    rows = questions.alert_notifications(Database(watched.connection), PROJECT).to_pylist()
    (row,) = [row for row in rows if row["channel"] == channel]
    return row


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def test_a_message_that_is_longer_than_a_service_takes_is_cut_rather_than_refused(
    fired: Watched, hook: Webhook
) -> None:
    (message,) = [one for one in fired.kept.due(fired.now_ns) if one.channel == "ops"]
    channel = read_channels(SecretStr(f"ops=json://127.0.0.1:{hook.port}"))["ops"]
    assert channel.send(replace(message, body="w" * 40_000)) == ""
    assert hook.told[0]["message"] == "w" * 32_768, "as much as Apprise knows of such a receiver"


@pytest.mark.parametrize(
    ("url", "addresses", "region"),
    [
        ("pagerduty://key@api", PAGERDUTY_API_LOOKUP, PagerDutyRegion.US),
        ("opsgenie://8b799edf-6f98-4d3a-9be7-2862fb4e5752", OPSGENIE_API_LOOKUP, OpsgenieRegion.US),
    ],
)
def test_an_incident_is_opened_once_for_a_rule_and_closed_when_nothing_of_it_fires(
    watched: Watched, hook: Webhook, monkeypatch: pytest.MonkeyPatch, url: str, addresses: dict[str, str], region: str
) -> None:
    monkeypatch.setitem(addresses, region, f"http://127.0.0.1:{hook.port}")
    sending, evaluation = delivery(watched, ops=url), watched.evaluation(errors=error_rate(severity="info"))
    for good, bad, workflows in ((0, 4, "vw"), (8, 0, "v"), (8, 0, "w")):
        for workflow in workflows:
            watched.tell(runs(Telling(), workflow, 600 + good, good, bad))
        watched.now_ns += 60 * SECOND
        evaluation.evaluate(PROJECT)
        sending.deliver()
    if url.startswith("pagerduty"):
        assert [one["event_action"] for one in hook.told] == ["trigger", "trigger", "resolve"]
        assert {one["dedup_key"] for one in hook.told} == {"runlight default errors"}
    else:
        assert [one.get("alias") for one in hook.told] == ["runlight default errors"] * 2 + [None]
        assert hook.paths == ["/", "/", "/request/close"]


def test_a_webhook_is_told_once(fired: Watched, hook: Webhook) -> None:
    sending = delivery(fired, ops=f"json://127.0.0.1:{hook.port}/{SECRET}")
    sending.deliver()
    sending.deliver()
    assert hook.titles == ["[firing] errors: w (project default)"]
    assert hook.told[0]["message"].startswith("w: 100.0%, threshold 50.0% (4 of 4 finished runs failed)")
    assert hook.told[0]["type"] == "warning"
    assert outbox(fired, "ops")["state"] == "sent"
    assert outbox(fired, "mail")["last_error"] == "there is no channel of this name any more"


def test_what_a_server_that_ended_had_not_sent_is_sent_by_the_next(fired: Watched, hook: Webhook) -> None:
    url = f"json://127.0.0.1:{hook.port}/"
    ended = delivery(fired, ops=url)
    ended.stop()
    ended.deliver()
    assert hook.told == []
    for _ in range(2):
        delivery(fired, ops=url).deliver()
    assert len(hook.told) == 1


def test_a_mail_has_the_message_as_plain_text(fired: Watched) -> None:
    with mail_server() as (port, mails):
        to = f"mailto://127.0.0.1:{port}/?from=runlight@example.com&to=oncall@example.com&mode=insecure&format=text"
        delivery(fired, mail=to).deliver()
    (mail,) = mails
    assert (mail["subject"], mail["to"]) == ("[firing] errors: w (project default)", "oncall@example.com")
    (text,) = [part for part in mail.walk() if not part.is_multipart()]
    assert text.get_content_type() == "text/plain"
    assert plain(text).startswith("w: 100.0%, threshold 50.0% (4 of 4 finished runs failed)")


def plain(part: Message) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def test_a_receiver_that_refuses_is_tried_again_later_and_later_and_given_up_in_the_end(
    fired: Watched, hook: Webhook
) -> None:
    hook.status = 503
    sending = delivery(fired, ops=f"json://127.0.0.1:{hook.port}/{SECRET}")
    waits = []
    for _ in range(MOST_ATTEMPTS):
        sending.deliver()
        next_at = outbox(fired, "ops")["next_attempt_at"]
        if next_at is None:
            break
        waits.append((next_at.value - fired.now_ns) / SECOND)  # type: ignore[attr-defined]
        fired.now_ns += round(waits[-1] * SECOND) - 1
        sending.deliver()  # too early by a nanosecond
        fired.now_ns += 1
    assert waits[:4] == [FIRST_WAIT_SECONDS * 2**number for number in range(4)]
    assert max(waits) == 3_600
    row = outbox(fired, "ops")
    assert (row["state"], row["attempt_count"]) == ("given up", MOST_ATTEMPTS)
    assert row["last_error"] == "the receiver answered 503"
    assert hook.told == []


def test_what_waits_is_sent_when_the_receiver_is_back_and_in_the_order_in_which_it_happened(
    fired: Watched, hook: Webhook
) -> None:
    hook.status = 500
    sending = delivery(fired, ops=f"json://127.0.0.1:{hook.port}/")
    sending.deliver()
    evaluation = fired.evaluation(errors=error_rate())
    fired.now_ns += 3_600 * SECOND
    evaluation.evaluate(PROJECT)
    hook.status = 200
    sending.deliver()
    sending.deliver()
    assert hook.titles == ["[firing] errors: w (project default)", "[resolved] errors: w (project default)"]


def test_a_dead_receiver_holds_up_no_other(fired: Watched, hook: Webhook) -> None:
    delivery(
        fired, mail=f"json://127.0.0.1:{unused_port()}/{SECRET}", ops=f"json://127.0.0.1:{hook.port}/"
    ).deliver()  # fmt: skip
    assert len(hook.told) == 1
    dead = outbox(fired, "mail")
    assert (dead["state"], dead["last_error"]) == ("waiting", "the receiver cannot be reached")


def test_nobody_follows_a_receiver_elsewhere(fired: Watched, hook: Webhook) -> None:
    hook.status = 307
    delivery(fired, ops=f"json://127.0.0.1:{hook.port}/").deliver()
    assert outbox(fired, "ops")["last_error"] == "the receiver answered 307"


def test_nothing_of_a_url_is_kept_or_logged(
    fired: Watched, hook: Webhook, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    user = f"kim:{SECRET}@"
    hook.status = 404
    delivery(fired, ops=f"json://{user}127.0.0.1:{hook.port}/{SECRET}?+x-key={SECRET}").deliver()
    fired.now_ns += 3_600 * SECOND
    delivery(fired, ops=f"json://{user}127.0.0.1:{unused_port()}/{SECRET}").deliver()
    kept = fired.connection.execute("select * from alert_notifications").fetchall()
    said = [repr(kept), caplog.text, *capfd.readouterr(), repr(Settings(alert_channels=SecretStr(f"a=b://{SECRET}")))]
    assert outbox(fired, "ops")["attempt_count"] == 2
    assert not [text for text in said if SECRET in text]
    assert not [text for text in said[:2] if "127.0.0.1" in text]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (f"json://127.0.0.1/{SECRET}", "part 1 does not read name=URL"),
        (f"ops=json://127.0.0.1/{SECRET} OPS=json://{SECRET}", "part 2 does not read name=URL"),
        (f"ops=nothing://{SECRET}", "channel 'ops' has no URL that Apprise knows"),
        (f"ops={SECRET}", "channel 'ops' has no URL that Apprise knows"),
        (f"ops=json://127.0.0.1/{SECRET} ops=json://127.0.0.1/{SECRET}", "channel 'ops' comes twice"),
    ],
)
def test_a_mistake_in_the_channels_is_one_line_without_the_url(
    told: str, said: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ChannelError) as error:
        read_channels(SecretStr(told))
    assert str(error.value).startswith("RUNLIGHT_ALERT_CHANNELS: ")
    assert said in str(error.value)
    assert not [text for text in (str(error.value), caplog.text, *capfd.readouterr()) if SECRET in text]


def test_no_channel_is_needed() -> None:
    assert read_channels(None) == {}


def test_what_is_no_alert_goes_to_the_channels_that_it_is_meant_for(hook: Webhook, watched: Watched) -> None:
    urls = f"ops=json://127.0.0.1:{hook.port} mail=json://127.0.0.1:{unused_port()}"
    alerting = Alerting(
        Settings(alert_channels=SecretStr(urls), app_url="https://app.example"),
        Database(watched.connection),
        watched.connection.cursor(),
        lambda: watched.now_ns,
    )
    news = alerting.news("report_channels", ["ops"])
    news.tell(PROJECT, "weekly report", "A title", ["<b>two</b> runs", "@here"], "/reports?week=2026-W47")
    delivery(watched, ops=f"json://127.0.0.1:{hook.port}").deliver()
    assert hook.titles == ["A title"]
    assert hook.told[0]["type"] == "info"
    assert hook.told[0]["message"].splitlines() == [
        "‹b›two‹/b› runs",
        "＠here",
        "",
        "To read: https://app.example/reports?week=2026-W47&project=default",
    ]
    with pytest.raises(
        ChannelError, match="RUNLIGHT_REPORT_CHANNELS: there is no channel 'moon'; there are: mail, ops"
    ):
        alerting.news("report_channels", ["moon"])
