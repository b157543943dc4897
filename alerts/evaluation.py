"""Asks every rule's question, each for itself, and keeps what changed together with the messages that tell it."""

import logging
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import duckdb

from alerts import words
from alerts.asking import NotEvaluated, ask
from alerts.episodes import Episode, advanced, resolved
from alerts.kept import Change, Kept, Notification, RemovedMeanwhile
from alerts.measures import Inquiry
from alerts.readings import Reading
from alerts.rules import AnyRule, Rules
from queries import questions
from queries.database import Database

log = logging.getLogger(__name__)

_ID_BYTES = 8
_MOST_TRIES, _REMOVAL_SECONDS = 100, 0.1  # a removal takes some hundred milliseconds a step
_MINUTE_NS = 60 * 10**9


@dataclass(frozen=True, slots=True)
class Evaluated:
    """How a rule was evaluated last: when, how long that took, and if it was not, why and since when."""

    at_ns: int
    took_ms: float
    failure: str = ""
    failing_since_ns: int | None = None


class Evaluation:
    """The rules of a server, evaluated on whichever thread asks for it, one at a time."""

    def __init__(
        self,
        rules: Rules,
        channels: Collection[str],
        database: Database,
        kept: Kept,
        *,
        app_url: str,
        most_seconds: float,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """A question may take `most_seconds`; messages go to `channels` and lead to `app_url`."""
        self._rules = rules
        self._channels = sorted(channels)
        self._database = database
        self._kept = kept
        self._app_url = app_url.rstrip("/")
        self._most_seconds = most_seconds
        self._clock_ns = clock_ns
        self._started_ns = clock_ns()
        self._last: dict[tuple[str, str], Evaluated] = {}
        self._evaluating = threading.Lock()
        self._stopping = threading.Event()

    def evaluate_due(self) -> None:
        """Evaluate in every project the rules whose time has come."""
        for project in questions.projects(self._database)["project"].to_pylist():
            if not self._stopping.is_set():
                self._evaluate(project, self._is_due)

    def evaluate(self, project: str) -> Counter[str]:
        """Evaluate all rules in a project now; how many were `evaluated` and `failed`, and how many groups of theirs
        `fired` and `resolved`."""
        return self._evaluate(project, lambda _project, _name: True)

    def last(self, project: str, name: str) -> Evaluated | None:
        """How a rule was evaluated last in a project since the server started."""
        return self._last.get((project, name))

    def stop(self) -> None:
        """Interrupt the question that is being asked, and begin no other."""
        self._stopping.set()

    def _is_due(self, project: str, name: str) -> bool:
        last = self._last.get((project, name))
        wait_ns = self._rules[name].every_minutes * _MINUTE_NS
        return last is None or self._clock_ns() - last.at_ns >= wait_ns - _MINUTE_NS // 2

    def _evaluate(self, project: str, is_wanted: Callable[[str, str], bool]) -> Counter[str]:
        done = Counter(evaluated=0, failed=0, fired=0, resolved=0)
        with self._evaluating:
            watching = {name: rule for name, rule in self._rules.items() if rule.watches(project)}
            for name, rule in watching.items():
                if is_wanted(project, name) and not self._stopping.is_set():
                    done.update(self._evaluate_rule(project, name, rule))
            self._close_all_but(project, watching)
        return done

    def _evaluate_rule(self, project: str, name: str, rule: AnyRule) -> Counter[str]:
        now_ns, begun = self._clock_ns(), time.monotonic()
        if now_ns - self._started_ns < rule.listens_minutes * _MINUTE_NS:
            why = f"it waits until the server has listened for {rule.listens_minutes:g} min"
            self._last[project, name] = Evaluated(now_ns, 0, why, self._started_ns)
            return Counter()
        done: Counter[str] = Counter()
        failure = ""
        try:
            done = self._advance(project, name, rule, now_ns)
        except NotEvaluated as error:
            failure = str(error)
            log.warning("alert rule not evaluated project=%s rule=%s reason=%r", project, name, failure)
        except duckdb.Error:  # such as the project's removal at the same time
            failure = "what changed could not be kept; the server's log says why"
            log.exception("alerts not kept project=%s rule=%s", project, name)
        last = self._last.get((project, name))
        since_ns = (last and last.failing_since_ns) or now_ns
        took_ms = (time.monotonic() - begun) * 1000
        self._last[project, name] = Evaluated(now_ns, took_ms, failure, since_ns if failure else None)
        return done + Counter(failed=1) if failure else done + Counter(evaluated=1)

    def _advance(self, project: str, name: str, rule: AnyRule, now_ns: int) -> Counter[str]:
        """Asks again where something is removed meanwhile."""
        for _ in range(_MOST_TRIES):
            try:
                return self._advance_once(project, name, rule, now_ns)
            except RemovedMeanwhile:
                self._stopping.wait(_REMOVAL_SECONDS)
        raise NotEvaluated("records were being removed all the time; it is tried again")

    def _advance_once(self, project: str, name: str, rule: AnyRule, now_ns: int) -> Counter[str]:
        seen = self._kept.removals()
        known = [episode for episode in self._kept.open_episodes(project) if episode.rule == name]
        inquiry = Inquiry(self._database, project, now_ns)
        reading = ask(rule, inquiry, self._most_seconds, self._stopping)
        changed, gone = _changes(name, rule, known, reading, now_ns)
        fired, over = self._to_tell(project, changed, now_ns)
        told = {episode.alert_id for episode in fired}
        self._kept.save(
            project,
            [replace(episode, is_told=episode.is_told or episode.alert_id in told) for episode in changed],
            gone,
            [
                *self._messages(project, name, rule, "fired", fired, now_ns),
                *self._messages(project, name, rule, "resolved", over, now_ns),
            ],
            seen=seen,
        )
        done = _counted(known, changed)
        if done.total():
            log.info("alerts project=%s rule=%s fired=%d resolved=%d", project, name, done["fired"], done["resolved"])
        return done

    def _to_tell(
        self, project: str, changed: Sequence[Episode], now_ns: int
    ) -> tuple[Sequence[Episode], Sequence[Episode]]:
        """What fires and nobody was told of, and what is over that somebody was; but for what is silenced."""
        silences = self._kept.silences(project, now_ns)
        audible = [episode for episode in changed if not any(silence.covers(episode) for silence in silences)]
        fired = [episode for episode in audible if episode.state == "firing" and not episode.is_told]
        return fired, [episode for episode in audible if episode.state == "resolved" and episode.is_told]

    def _messages(
        self, project: str, name: str, rule: AnyRule, change: Change, episodes: Sequence[Episode], now_ns: int
    ) -> Iterator[Notification]:
        """One for each channel of the rule, however many groups changed at once."""
        if not episodes:
            return
        title = words.title(name, project, change, episodes)
        body = words.body(name, rule, project, change, episodes, self._app_url)
        alert_ids = [episode.alert_id for episode in episodes]
        for channel in self._channels:
            if rule.notify is None or channel in rule.notify:
                message_id = secrets.token_hex(_ID_BYTES)
                yield Notification(
                    project, message_id, name, change, rule.severity, alert_ids, channel, title, body, now_ns
                )

    def _close_all_but(self, project: str, watching: Collection[str]) -> None:
        """What is left of rules that were removed, or look elsewhere now, is over, and nobody is told."""
        seen, now_ns = self._kept.removals(), self._clock_ns()
        left = [episode for episode in self._kept.open_episodes(project) if episode.rule not in watching]
        if left:
            pending = [episode for episode in left if episode.state == "pending"]
            firing = [resolved(episode, now_ns) for episode in left if episode.state == "firing"]
            with suppress(RemovedMeanwhile):  # the next evaluation finds what is left then
                self._kept.save(project, firing, pending, [], seen=seen)
            log.info("alerts closed project=%s count=%d reason='no rule'", project, len(left))


def _changes(
    name: str, rule: AnyRule, known: Sequence[Episode], reading: Reading, now_ns: int
) -> tuple[list[Episode], list[Episode]]:
    """The episodes as they are now, and those that came to nothing."""
    before = {episode.group_name: episode for episode in known}
    groups = sorted(before.keys() | reading.measured.keys())
    after = {group: advanced(name, rule, before.get(group), reading, group, now_ns) for group in groups}
    changed = [episode for episode in after.values() if episode is not None]
    return changed, [episode for group, episode in before.items() if after[group] is None]


def _counted(known: Sequence[Episode], changed: Sequence[Episode]) -> Counter[str]:
    """How many began to fire, and how many are over."""
    fired_before = {episode.alert_id for episode in known if episode.state == "firing"}
    return Counter(
        fired=sum(one.state == "firing" and one.alert_id not in fired_before for one in changed),
        resolved=sum(one.state == "resolved" for one in changed),
    )
