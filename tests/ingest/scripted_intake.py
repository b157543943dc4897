"""An intake that answers as the test says, for what a healthy server does not do on demand."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from ingest.intake import Receipt, Request


@dataclass
class Script:
    """Answers each request with `answer`, and keeps it."""

    answer: Callable[[Request], "Future[Receipt]"]
    requests: list[Request] = field(default_factory=list)

    def submit(self, request: Request) -> "Future[Receipt]":
        """What `answer` gives or raises."""
        self.requests.append(request)
        return self.answer(request)


def answered(receipt: Receipt) -> "Future[Receipt]":
    """Committed already."""
    future: Future[Receipt] = Future()
    future.set_result(receipt)
    return future


def refused(reason: Exception) -> "Future[Receipt]":
    """Not taken at all."""
    raise reason


def failed_later(reason: Exception) -> "Future[Receipt]":
    """Taken, but not committed."""
    future: Future[Receipt] = Future()
    future.set_exception(reason)
    return future
