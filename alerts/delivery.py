"""Sends the messages that wait, and tries again where a receiver does not take one.

At least once: a message is noted as sent after its receiver has taken it, so that one may come twice if the server is
killed in between, and none is lost.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping

from alerts.channels import Channel
from alerts.kept import Kept, Notification

log = logging.getLogger(__name__)

FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 10, 3_600
MOST_ATTEMPTS = 32  # with waits that double up to an hour: about a day


class Delivery:
    """The messages kept in `kept`, on their way to `channels`."""

    def __init__(
        self, kept: Kept, channels: Mapping[str, Channel], clock_ns: Callable[[], int] = time.time_ns
    ) -> None:  # fmt: skip
        self._kept = kept
        self._channels = channels
        self._clock_ns = clock_ns
        self._is_stopping = threading.Event()

    def deliver(self) -> None:
        """Try what is due, once; a receiver that fails is asked no more in this round. From one thread at a time."""
        failing: set[str] = set()
        for message in self._kept.due(self._clock_ns()):
            if self._is_stopping.is_set():
                return
            if message.channel not in failing and not self._send(message):
                failing.add(message.channel)

    def stop(self) -> None:
        """Begin no other message."""
        self._is_stopping.set()

    def _send(self, message: Notification) -> bool:
        channel = self._channels.get(message.channel)
        if channel is None:
            self._kept.failed(message, "there is no channel of this name any more", None)
            return False
        error = channel.send(message, is_over=self._is_over(message))
        if not error:
            self._kept.sent(message, self._clock_ns())
            log.info("notification sent id=%s channel=%s", message.notification_id, message.channel)
            return True
        log.warning("notification failed id=%s channel=%s reason=%r", message.notification_id, message.channel, error)
        is_over = message.attempt_count + 1 >= MOST_ATTEMPTS
        self._kept.failed(message, error, None if is_over else self._clock_ns() + wait_ns(message.attempt_count))
        return False

    def _is_over(self, message: Notification) -> bool:
        """Whether nothing that was told of its rule in its project fires any more."""
        found = self._kept.open_episodes(message.project) if message.change == "resolved" else []
        fires = any(one.rule == message.rule and one.state == "firing" and one.is_told for one in found)
        return message.change == "resolved" and not fires


def wait_ns(attempt_count: int) -> int:
    """How long to wait after one more failure than those."""
    seconds: int = min(_LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2**attempt_count)
    return seconds * 10**9
