"""Questions at work: each can be stopped at whichever statement it is."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeVar

import duckdb

Answer = TypeVar("Answer")


class Interruptible(Protocol):
    """What a question works with: a cursor, or a process."""

    def interrupt(self) -> None:
        """Have it give up."""
        ...


class Stopped(Exception):
    """The question was stopped before its answer was there."""


class Question:
    """A question that one thread works on, and that any other may stop."""

    def __init__(self) -> None:
        self._at_work: list[Interruptible] = []
        self._is_stopped = False
        self._lock = threading.Lock()

    def answer(self, question: Callable[[], Answer]) -> Answer:
        """What the question comes to. Raises `Stopped`."""
        before = _at_work.set(self)
        try:
            return question()
        except duckdb.InterruptException:
            raise Stopped from None
        finally:
            _at_work.reset(before)

    def stop(self) -> None:
        """Interrupt the statement at work and let no other begin; call it again while the thread goes on."""
        with self._lock:
            self._is_stopped = True
            for one in self._at_work:
                one.interrupt()

    def opened(self, one: Interruptible) -> None:
        """From now on `stop` interrupts this one. Raises `Stopped` if that is past."""
        with self._lock:
            if self._is_stopped:
                raise Stopped
            self._at_work.append(one)

    def closed(self, one: Interruptible) -> None:
        """It may be closed now."""
        with self._lock:
            self._at_work = [other for other in self._at_work if other is not one]


_at_work: ContextVar[Question | None] = ContextVar("question", default=None)


@contextmanager
def stoppable(one: Interruptible) -> Iterator[None]:
    """Whatever it is asked in here ends with the question that this thread works on."""
    question = _at_work.get()
    if question is None:
        yield
        return
    question.opened(one)
    try:
        yield
    finally:
        question.closed(one)
