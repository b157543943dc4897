"""What the questions about many runs are narrowed by: a window and filters, as the address says them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from pages.shared import address, data, links, menu

DEFAULT_WINDOW = "24h"
WINDOWS = {
    "1h": "the last hour",
    "6h": "the last 6 hours",
    "24h": "the last 24 hours",
    "7d": "the last 7 days",
    "30d": "the last 30 days",
    "all": "all time",
    "custom": "the chosen time",
}
STATUSES = ("error", "waiting", "running", "abandoned", "ok")
EVIDENCE = ("explicit", "content", "inferred")
FIELDS = {
    "workflow": "Workflow",
    "agent": "Agent",
    "service": "Service",
    "environment": "Environment",
    "release": "Release",
    "model": "Model",
    "tool": "Tool",
    "user": "User",
    "conversation": "Conversation",
}
_LABELS = {"status": "Status", **FIELDS, "evidence": "Evidence", "attr": "Attribute"}
_KNOWN = {"window": WINDOWS, "status": STATUSES, "evidence": EVIDENCE}


@dataclass(frozen=True)
class Filters:
    """What a page asks: `asked` by the read API's names, the `window` in words, and the `narrowing` beyond it, label →
    value; `zone` is the viewer's clock, `bounds` the ends of a window that was chosen by hand."""

    project: str
    zone: str
    asked: Mapping[str, Any]
    window: str
    narrowing: Mapping[str, str]
    bounds: tuple[datetime | None, datetime | None]

    @property
    def is_all_time(self) -> bool:
        return bool(self.asked["since"] == data.ALL_TIME and self.asked["until"] is None)

    def shorter_windows(self) -> list[tuple[str, str]]:
        """The windows that end now, as this one does, and are shorter, the shortest first: how to ask for them since
        when, and in words."""
        ends = {f"-{name}": told for name, told in WINDOWS.items()} | {data.ALL_TIME: WINDOWS["all"]}
        if self.asked["until"] is not None or self.asked["since"] not in ends:
            return []
        return list(takewhile(lambda end: end[0] not in (self.asked["since"], "-all"), ends.items()))


def current() -> Filters:
    """What `app.py` settled for this page; handed over once per run of the page."""
    settled: Filters | None = st.session_state.pop("settled_filters", None)
    if settled is None:
        menu.enter_by_app()
    return settled


def settle(project: str, entry: menu.Entry) -> Filters:
    """Reads the address, as far as the page takes it, and complains about what it cannot read."""
    for name, known in _KNOWN.items():
        if name in entry.takes:
            links.complain_unless_among(name, known)
    window = address.text("window", DEFAULT_WINDOW, WINDOWS)
    bounds = (_moment("since"), _moment("until")) if window == "custom" else (None, None)
    chosen = _chosen() if "status" in entry.takes else {}
    asked = {"project": project, **_since_and_until(window, *bounds), **_asked(chosen)}
    narrowing = {_LABELS[name]: ", ".join(values) for name, values in chosen.items()}
    settled = Filters(project, viewer_zone(), asked, WINDOWS[window], narrowing, bounds)
    st.session_state["settled_filters"] = settled
    return settled


def clear() -> None:
    """Lifts every filter but project and window, the page's own search too."""
    address.change(q=None, **dict.fromkeys(address.FILTERS))


def widen() -> None:
    """Asks for all time."""
    address.change(window="all", since=None, until=None)


def viewer_zone() -> str:
    """The browser's time zone; UTC until it has told, or where it tells of one that nobody knows."""
    try:
        return ZoneInfo(st.context.timezone or "UTC").key
    except (ZoneInfoNotFoundError, ValueError):
        return "UTC"


def rfc_3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _moment(name: str) -> datetime | None:
    text = address.text(name)
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        links.complain("A bound of the window reads like 2026-01-31T09:00:00Z, this one does not:", text)
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _since_and_until(window: str, since: datetime | None, until: datetime | None) -> dict[str, str | None]:
    if window not in ("all", "custom"):
        return {"since": f"-{window}", "until": None}
    return {"since": rfc_3339(since) if since else data.ALL_TIME, "until": rfc_3339(until) if until else None}


def _chosen() -> dict[str, list[str]]:
    """The filters of the address, name → values."""
    chosen = {
        "status": sorted(address.texts("status", STATUSES)),
        **{name: address.texts(name)[-1:] for name in FIELDS},
        "evidence": address.texts("evidence", EVIDENCE)[-1:],
        "attr": _attributes(),
    }
    return {name: values for name, values in chosen.items() if values}


def _attributes() -> list[str]:
    """`key=value` each; of one key the value that was chosen last."""
    pairs = {}
    for pair in address.texts("attr"):
        key, equals, _ = pair.partition("=")
        if key and equals:
            pairs[key] = pair
        else:
            links.complain("An attribute filter reads key=value, this one does not:", pair)
    return list(pairs.values())


def _asked(chosen: Mapping[str, list[str]]) -> dict[str, Any]:
    asked: dict[str, Any] = {name: values[0] for name, values in chosen.items() if name not in ("status", "attr")}
    if "status" in chosen:
        asked["status"] = tuple(chosen["status"])
    for key, _, value in (pair.partition("=") for pair in chosen.get("attr", ())):
        asked[f"attr.{key}"] = value
    return asked
