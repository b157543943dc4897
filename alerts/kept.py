"""What alerts leave in the store: episodes, silences, and messages until they are delivered and after.

A change and the messages that tell it are kept in one transaction, so that a restart neither forgets nor repeats one.
"""

import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Literal

import duckdb

from alerts.episodes import Episode

Change = Literal["fired", "resolved", "told"]  # told: no alert, something to be read

_OPEN = """
    select
        alert_id, rule, group_name, state, streak, value, unit, threshold, sample_count, sample, detail, question,
        asked, address, is_told, epoch_ns(began_at), epoch_ns(evaluated_at), epoch_ns(fired_at), epoch_ns(resolved_at)
    from alerts
    where project = $project and state <> 'resolved'
    order by began_at, alert_id
"""
_FORGET = "delete from alerts where project = $project and alert_id = $alert_id"
_ADD = """
    insert into alerts (
        project, alert_id, rule, group_name, state, streak, value, unit, threshold, sample_count, sample, detail,
        question, asked, address, is_told, began_at, evaluated_at, fired_at, resolved_at
    )
    values (
        $project, $alert_id, $rule, $group_name, $state, $streak, $value, $unit, $threshold, $sample_count, $sample,
        $detail, $question, $asked, $address, $is_told, make_timestamp_ns($began_ns), make_timestamp_ns($evaluated_ns),
        make_timestamp_ns($fired_ns), make_timestamp_ns($resolved_ns)
    )
"""
_NOTE = """
    insert into alert_notifications (
        project, notification_id, rule, change, severity, alert_ids, channel, title, body, created_at, attempt_count,
        next_attempt_at
    )
    values (
        $project, $notification_id, $rule, $change, $severity, $alert_ids, $channel, $title, $body,
        make_timestamp_ns($created_ns), 0, make_timestamp_ns($created_ns)
    )
"""
# Of the messages about one rule the oldest first, so that none is told as resolved before it was told as firing.
_DUE = """
    select
        project, notification_id, rule, change, severity, alert_ids, channel, title, body, epoch_ns(created_at),
        attempt_count
    from alert_notifications
    where sent_at is null and next_attempt_at is not null
    qualify
        row_number() over (partition by project, rule, channel order by created_at, notification_id) = 1
        and next_attempt_at <= make_timestamp_ns($now_ns)
    order by attempt_count, created_at, notification_id
"""
_SENT = """
    update alert_notifications
    set
        sent_at = make_timestamp_ns($now_ns),
        next_attempt_at = null,
        attempt_count = attempt_count + 1,
        last_error = null
    where project = $project and notification_id = $notification_id
"""
_FAILED = """
    update alert_notifications
    set
        attempt_count = attempt_count + 1,
        last_error = $error,
        next_attempt_at = make_timestamp_ns($next_ns)
    where project = $project and notification_id = $notification_id
"""
# What waits for the same receiver waits with the one that failed.
_POSTPONE = """
    update alert_notifications
    set next_attempt_at = greatest(next_attempt_at, make_timestamp_ns($next_ns))
    where channel = $channel and sent_at is null and next_attempt_at is not null
"""

_REMOVALS = "select removal_count from removal_counter"
_UNREMOVED = """
    update removal_counter
    set removal_count = removal_count
    where removal_count = $seen
    returning removal_count
"""

_SILENCES = """
    select rule, group_name
    from alert_silences
    where project = $project and ended_at is null and until_at > make_timestamp_ns($now_ns)
"""
_SILENCE = """
    insert into alert_silences (project, silence_id, rule, group_name, until_at, reason, made_by, made_at)
    values (
        $project, $silence_id, $rule, $group_name, make_timestamp_ns($until_ns), $reason, $made_by,
        make_timestamp_ns($now_ns)
    )
"""
_END_SILENCE = """
    update alert_silences
    set ended_at = make_timestamp_ns($now_ns)
    where project = $project and silence_id = $silence_id and ended_at is null
"""
# What is open stays however old it is: alerts that fire, messages on their way, silences that hold.
_OLD = (
    "delete from alerts where state = 'resolved' and resolved_at < make_timestamp_ns($cut_ns)",
    "delete from alert_notifications "
    "where next_attempt_at is null and coalesce(sent_at, created_at) < make_timestamp_ns($cut_ns)",
    "delete from alert_silences where least(until_at, ended_at) < make_timestamp_ns($cut_ns)",
)
_ID_BYTES = 8


@dataclass(frozen=True, slots=True)
class Notification:
    """A message about changes of one rule, or about something to be read, for one channel."""

    project: str
    notification_id: str
    rule: str
    change: Change
    severity: str
    alert_ids: Sequence[str]
    channel: str
    title: str
    body: str
    created_ns: int
    attempt_count: int = 0


@dataclass(frozen=True, slots=True)
class Silence:
    """Of which rule and group nothing is told; None is any."""

    rule: str | None
    group_name: str | None

    def covers(self, episode: Episode) -> bool:
        """Whether nothing is told of this episode."""
        return self.rule in (None, episode.rule) and self.group_name in (None, episode.group_name)


class RemovedMeanwhile(Exception):
    """What was to be kept may tell of something that is removed: it has to be asked for again."""


class Kept:
    """The tables of alerts behind `connection`, a cursor that nobody else uses. Safe to use from several threads."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def removals(self) -> int:
        """How many removals there were so far. What is kept is made of what was there after this was asked."""
        with self._lock:
            row = self._connection.execute(_REMOVALS).fetchone()
        return int(row[0]) if row else 0

    def open_episodes(self, project: str) -> list[Episode]:
        """What is pending or fires, the oldest first."""
        with self._lock:
            rows = self._connection.execute(_OPEN, {"project": project}).fetchall()
        return [Episode(*row) for row in rows]

    def save(
        self,
        project: str,
        changed: Sequence[Episode],
        gone: Sequence[Episode],
        messages: Sequence[Notification],
        seen: int | None = None,
    ) -> None:
        """Keep episodes as they are now, forget those that came to nothing, and take messages in; all or nothing.

        Raises RemovedMeanwhile for what follows from records, if any went since there were `seen` removals.
        """
        if not (changed or gone or messages):
            return
        with self._transaction():
            if seen is not None:
                self._expect_nothing_removed(seen)
            for episode in [*changed, *gone]:
                self._connection.execute(_FORGET, {"project": project, "alert_id": episode.alert_id})
            for episode in changed:
                self._connection.execute(_ADD, {"project": project, **asdict(episode)})
            for message in messages:
                told = asdict(message)
                self._connection.execute(_NOTE, {name: told[name] for name in told if name != "attempt_count"})

    def silences(self, project: str, now_ns: int) -> list[Silence]:
        """Those that hold now."""
        with self._lock:
            rows = self._connection.execute(_SILENCES, {"project": project, "now_ns": now_ns}).fetchall()
        return [Silence(*row) for row in rows]

    def silence(
        self, project: str, silence: Silence, *, until_ns: int, reason: str, made_by: str, now_ns: int
    ) -> str:  # fmt: skip
        """Keep a silence; its id."""
        silence_id = secrets.token_hex(_ID_BYTES)
        told = {"silence_id": silence_id, "until_ns": until_ns, "reason": reason, "made_by": made_by, "now_ns": now_ns}
        with self._lock:
            self._connection.execute(_SILENCE, {"project": project, **asdict(silence), **told})
        return silence_id

    def end_silence(self, project: str, silence_id: str, now_ns: int) -> None:
        """It holds no longer, if there is one with this id."""
        with self._lock:
            told = {"project": project, "silence_id": silence_id, "now_ns": now_ns}
            self._connection.execute(_END_SILENCE, told)

    def due(self, now_ns: int) -> list[Notification]:
        """The messages to send now, those that were tried least first."""
        with self._lock:
            rows = self._connection.execute(_DUE, {"now_ns": now_ns}).fetchall()
        return [Notification(*row) for row in rows]

    def sent(self, message: Notification, now_ns: int) -> None:
        """The receiver has taken the message."""
        with self._transaction():
            self._connection.execute(_SENT, {**_place(message), "now_ns": now_ns})

    def failed(self, message: Notification, error: str, next_ns: int | None) -> None:
        """It has not; it and all else that waits for the receiver is tried again then. None: it is given up."""
        with self._transaction():
            self._connection.execute(_FAILED, {**_place(message), "error": error, "next_ns": next_ns})
            if next_ns is not None:
                self._connection.execute(_POSTPONE, {"channel": message.channel, "next_ns": next_ns})

    def forget_before(self, cut_ns: int) -> None:
        """Forget what was over before then: alerts, messages that were sent or given up, silences."""
        with self._transaction():
            for statement in _OLD:
                self._connection.execute(statement, {"cut_ns": cut_ns})

    def _expect_nothing_removed(self, seen: int) -> None:
        try:
            found = self._connection.execute(_UNREMOVED, {"seen": seen}).fetchone()
        except duckdb.TransactionException:  # a removal is at work
            found = None
        if found is None:
            raise RemovedMeanwhile

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._connection.begin()
            try:
                yield
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()


def _place(message: Notification) -> dict[str, str]:
    return {"project": message.project, "notification_id": message.notification_id}
