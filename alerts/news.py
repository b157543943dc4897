"""Messages that are no alerts: something is there to be read. They go to channels the way that alerts do."""

import secrets
import time
from collections.abc import Callable, Sequence

from alerts import words
from alerts.kept import Kept, Notification

_ID_BYTES = 8
_MOST_LETTERS = 400


class News:
    """Tells some channels, whatever they are sent by rules. Safe to use from several threads."""

    def __init__(
        self, kept: Kept, channels: Sequence[str], app_url: str, clock_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self._kept = kept
        self._channels = channels
        self._app_url = app_url
        self._clock_ns = clock_ns

    def tell(self, project: str, subject: str, title: str, lines: Sequence[str], page: str) -> None:
        """A message to each channel: `lines`, in which telemetry may have its say, and a link to a page of the app, by
        its path and query without the project."""
        told = [words.harmless(line, _MOST_LETTERS) for line in lines]
        address = f"{self._app_url}{page}{'&' if '?' in page else '?'}project={project}"
        body = "\n".join([*told, "", f"To read: {address}"])
        now_ns = self._clock_ns()
        messages = [
            Notification(
                project, secrets.token_hex(_ID_BYTES), subject, "told", "info", [], channel, title, body, now_ns
            )
            for channel in self._channels
        ]
        self._kept.save(project, [], [], messages)
