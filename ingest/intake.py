"""The door that both receivers hand bytes to: what a request is, and what it is answered with."""

from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

Encoding = Literal["protobuf", "json"]


class Signal(StrEnum):
    """The kinds of records that OTLP carries and we keep, named as they are stored."""

    SPAN = "span"
    LOG = "log"
    METRIC = "metric"


@dataclass(frozen=True, slots=True)
class Request:
    """One export request, inflated but undecoded."""

    signal: Signal
    body: bytes
    encoding: Encoding
    project: str
    received_ns: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a committed request is answered with: records that could not be kept, and why ('' when all were)."""

    rejected_count: int = 0
    message: str = ""


class Intake(Protocol):
    """Whoever takes requests in."""

    def submit(self, request: Request) -> "Future[Receipt]":
        """A future that holds the receipt once the request is committed, or raises why it was refused.

        Raises `errors.Busy` or `errors.ShuttingDown` at once when the request is not taken at all.
        """
        ...
