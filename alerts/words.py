"""Messages in plain text. What telemetry calls things is one short line in them, and nothing that a receiver obeys."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote

from alerts.episodes import Episode
from alerts.kept import Change
from alerts.rules import AnyRule, Unit
from queries.words import count, duration, share, usd

_MOST_GROUPS, _MOST_LETTERS = 10, 120
# Chat programs take these for markup, mentions and links.
_OBEYED = {"<": "‹", ">": "›", "@": "＠", "`": "ˋ", "](": "] (", "://": ":∕∕", "www.": "www·"}
_WRITTEN: Mapping[Unit, Callable[[float], str]] = {"usd": usd, "rate": share, "count": count, "ms": duration}


def title(rule: str, project: str, change: Change, episodes: Sequence[Episode]) -> str:
    """One line: what changed, for whom, in which project."""
    who = group(episodes[0]) if len(episodes) == 1 else f"{len(episodes)} groups"
    return f"[{'firing' if change == 'fired' else 'resolved'}] {rule}: {who} (project {project})"


def body(name: str, rule: AnyRule, project: str, change: Change, episodes: Sequence[Episode], app_url: str) -> str:
    """A line for each group with its number, where to look, and what the rule says; what matters most first, since some
    receivers take no more than a thousand letters."""
    lines = [_line(change, episode) for episode in episodes[:_MOST_GROUPS]]
    if len(episodes) > _MOST_GROUPS:
        lines.append(f"and {len(episodes) - _MOST_GROUPS} more")
    of = f"alert={episodes[0].alert_id}" if len(episodes) == 1 else f"rule={quote(name)}"
    lines += ["", f"Alert: {app_url}/alerts?project={project}&{of}", f"Severity: {rule.severity}"]
    if rule.owner:
        lines.append(f"Owner: {rule.owner}")
    if rule.runbook:
        lines.append(f"Runbook: {rule.runbook}")
    lines.append(f"What is measured: {rule.about}")
    if len(episodes) == 1:
        address = episodes[0].address
        lines.append(f"Behind it: {app_url}{address}{'&' if '?' in address else '?'}project={project}")
    return "\n".join(lines)


def group(episode: Episode) -> str:
    """What telemetry calls the group, harmless."""
    return harmless(episode.group_name) or "(no name)"


def harmless(text: str, letters: int = _MOST_LETTERS) -> str:
    """Telemetry as one line of at most so many visible letters, without what a receiver takes for markup or a link."""
    visible = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in text[: 4 * letters])
    for sign, harmless_sign in _OBEYED.items():
        visible = visible.replace(sign, harmless_sign)
    line = " ".join(visible.split())
    return line if len(line) <= letters else line[: letters - 1] + "…"


def number(value: float, unit: Unit) -> str:
    """A number in its unit: $12.30, 35.0%, 4.20 s, 1 h 05 min, 1,234."""
    return _WRITTEN[unit](value)


def _line(change: Change, episode: Episode) -> str:
    """The last number that was told, since what is over has often none any more."""
    value, threshold = number(episode.value, episode.unit), number(episode.threshold, episode.unit)
    last = "" if change == "fired" else "last "
    return f"{group(episode)}: {last}{value}, threshold {threshold} ({episode.detail})"
