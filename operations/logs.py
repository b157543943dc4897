"""The server's log: one line an event, as text or as JSON, without anything that telemetry says.

What an exception says may quote a value that it stumbled over, so its kind and its place are logged, and its text only
where it comes from the system: a full disk must be told.
"""

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SYSTEM = ("IOException", "OutOfMemoryException", "TransactionException")  # of the store: files, memory, conflicts
_LONGEST_TEXT = 300
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def start_logging(log_format: Literal["text", "json"]) -> None:
    """From now on the log goes to standard error in this form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log_format == "json" else TextLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


class TextLines(logging.Formatter):
    """`time LEVEL logger event key=value …`, and below it where an exception came from."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line, whatever control characters are in it."""
        return _CONTROL.sub(" ", super().formatMessage(record))

    def formatException(self, ei: _ExcInfo) -> str:
        """Kind and place."""
        return "\n".join(f"  {line}" for line in _told(ei[1]))


class JsonLines(logging.Formatter):
    """A JSON object a line: time, level, logger, message, and where an exception came from."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[1] is not None:
            told["exception"] = _told(record.exc_info[1])
        return json.dumps(told)


def _told(error: BaseException | None) -> list[str]:
    """The exception's kind, its text if it is the system's, and its places, the innermost first; then its cause's."""
    lines: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        lines.append(type(error).__name__ + (f": {_text(error)}" if _is_of_system(error) else ""))
        frames = reversed(traceback.extract_tb(error.__traceback__))
        lines += [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        error = error.__cause__ or error.__context__
    return lines


def _is_of_system(error: BaseException) -> bool:
    is_of_store = type(error).__module__.lstrip("_").startswith("duckdb") and type(error).__name__ in _SYSTEM
    return isinstance(error, OSError) or is_of_store


def _text(error: BaseException) -> str:
    return _CONTROL.sub(" ", str(error))[:_LONGEST_TEXT]
