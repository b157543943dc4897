"""Where messages go: receivers by their names, each behind a URL of apprise that is as secret as a password."""

import logging
import re
import threading
from collections.abc import Collection, Iterable
from typing import Any

from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType, OverflowMode
from pydantic import SecretStr

from alerts.incidents import tell_incident
from alerts.kept import Notification
from settings import SettingsError, variable

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}", re.ASCII)
_HTTP_STATUS = re.compile(r"error=(\d{3})\b")
_TYPES = {"info": NotifyType.INFO, "warning": NotifyType.WARNING, "critical": NotifyType.FAILURE}
# Nothing is fetched for a message, and no receiver passes it on elsewhere.
_ASSET: dict[str, Any] = {
    "app_id": "Runlight",
    "app_desc": "Runlight",
    "http_redirects": False,
    "image_url_mask": None,
    "image_url_logo": None,
}


class ChannelError(SettingsError):
    """One line that names the channel and what is wrong, without its URL."""


class Channel:
    """One receiver."""

    def __init__(self, name: str, url: SecretStr) -> None:
        """Raises ChannelError for a URL that apprise does not know."""
        self.name = name
        self._receiver = Apprise(asset=AppriseAsset(**_ASSET))
        if not self._receiver.add(url.get_secret_value()):
            raise ChannelError(f"{variable('alert_channels')}: channel {name!r} has no URL that Apprise knows")
        for service in self._receiver:
            if service.overflow_mode is OverflowMode.UPSTREAM:
                service.overflow_mode = OverflowMode.TRUNCATE  # a service refuses what is longer than it takes

    def send(self, message: Notification, *, is_over: bool = False) -> str:
        """Hand a message over; '' if it was taken, else why not, in words that hold nothing of the URL. `is_over` says
        that nothing of its rule fires any more in its project."""
        for service in self._receiver:
            tell_incident(service, f"runlight {message.project} {message.rule}", is_over=is_over)
        kind = NotifyType.SUCCESS if message.change == "resolved" else _TYPES[message.severity]
        with _HEARD as said:
            is_taken = self._receiver.notify(
                body=message.body, title=message.title, notify_type=kind, body_format=NotifyFormat.TEXT
            )
            return "" if is_taken else _reason(said)


def expect_known(setting: str, names: Iterable[str], channels: Collection[str]) -> None:
    """Raises ChannelError for a name that the setting asks for and that is no channel's."""
    for name in names:
        if name not in channels:
            known = ", ".join(sorted(channels)) or "none"
            raise ChannelError(f"{variable(setting)}: there is no channel {name!r}; there are: {known}")


def read_channels(told: SecretStr | None) -> dict[str, Channel]:
    """The channels of a setting such as `ops=slack://… mail=mailtos://…`, by name. Raises ChannelError."""
    channels: dict[str, Channel] = {}
    for number, part in enumerate(told.get_secret_value().split() if told else (), 1):
        name, equals, url = part.partition("=")
        if not equals or not _NAME.fullmatch(name):
            raise ChannelError(
                f"{variable('alert_channels')}: part {number} does not read name=URL, "
                "with a name of 1 to 32 of a-z 0-9 _ -"
            )
        if name in channels:
            raise ChannelError(f"{variable('alert_channels')}: channel {name!r} comes twice")
        channels[name] = Channel(name, SecretStr(url))
    return channels


def _reason(said: list[str]) -> str:
    """What apprise logs of a failure may hold parts of a URL, so only what kind of failure it is goes on."""
    for line in said:
        if status := _HTTP_STATUS.search(line):
            return f"the receiver answered {status[1]}"
        if "onnection error" in line or "imed out" in line:
            return "the receiver cannot be reached"
    return "the receiver did not take it"


class _Heard(logging.Filter):
    """Takes in what Apprise logs, so that none of it reaches a log of ours, and has what it sends with keep silent."""

    def __init__(self) -> None:
        super().__init__()
        self._sending = threading.Lock()
        self._lines: list[str] = []
        logging.getLogger("apprise").setLevel(logging.WARNING)
        logging.getLogger("apprise").addFilter(self)
        for name in ("urllib3", "requests", "requests_oauthlib", "oauthlib"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)

    def filter(self, record: logging.LogRecord) -> bool:
        """Note the line, and let nobody else have it."""
        self._lines.append(record.getMessage())
        return False

    def __enter__(self) -> list[str]:
        self._sending.acquire()
        self._lines = []
        return self._lines

    def __exit__(self, *_: object) -> None:
        self._lines = []
        self._sending.release()


_HEARD = _Heard()
