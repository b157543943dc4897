"""Asks a rule's question for so long and no longer, and says in plain words why there is no answer."""

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from alerts.measures import Inquiry, measure
from alerts.readings import Reading
from alerts.rules import AnyRule
from queries.patience import Question, Stopped

log = logging.getLogger(__name__)

_STOP_AGAIN_SECONDS = 0.05
Answer = TypeVar("Answer")


class NotEvaluated(Exception):
    """Why there is nothing to judge by."""


def ask(rule: AnyRule, inquiry: Inquiry, seconds: float, stopping: threading.Event) -> Reading:
    """What the rule's question says now. Raises NotEvaluated if it fails, takes longer, or once `stopping` is set."""
    try:
        return _within(seconds, stopping, lambda: measure(rule, inquiry))
    except Stopped:
        raise NotEvaluated(f"the question took more than {seconds:g} seconds") from None
    except Exception as error:
        log.exception("alert question failed kind=%s project=%s", rule.kind, inquiry.project)
        raise NotEvaluated("the question failed; the server's log says why") from error


def _within(seconds: float, stopping: threading.Event, question: Callable[[], Answer]) -> Answer:
    at_work, is_done = Question(), threading.Event()

    def watch() -> None:
        waited_seconds = 0.0
        while not is_done.wait(_STOP_AGAIN_SECONDS):
            waited_seconds += _STOP_AGAIN_SECONDS
            if stopping.is_set() or waited_seconds >= seconds:
                at_work.stop()  # again and again: a statement that begins just after a stop knows nothing of it

    watcher = threading.Thread(target=watch, name="alert-patience")
    watcher.start()
    try:
        return at_work.answer(question)
    finally:
        is_done.set()
        watcher.join()
