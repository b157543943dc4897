"""Processor time of functions that are called inside one another, each without those it calls."""

import functools
import importlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any


class Timers:
    """Seconds by name. The time of the whole process counts, so only one thread may be at work at a time."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._open = threading.local()

    @contextmanager
    def running(self, name: str) -> Iterator[None]:
        """Charge the block to the name, but for what other timers inside it take."""
        stack = self._open.__dict__.setdefault("stack", [])
        stack.append(0.0)
        begun = time.process_time()
        try:
            yield
        finally:
            whole = time.process_time() - begun
            within = stack.pop()
            self.seconds[name] = self.seconds.get(name, 0.0) + whole - within
            if stack:
                stack[-1] += whole

    @contextmanager
    def around(self, functions: Iterable[tuple[str, str, str]]) -> Iterator[list[str]]:
        """Time functions given as (name, module, attribute) inside the block; `{1}` in a name is the argument there.

        Gives the names whose function is not there, as after a change of the code they belong to.
        """
        originals: list[tuple[Any, str, Any]] = []
        missing = []
        for name, module, path in functions:
            *owners, attribute = path.split(".")
            owner: Any = importlib.import_module(module)
            for part in owners:
                owner = getattr(owner, part, None)
            function = getattr(owner, attribute, None)
            if function is None:
                missing.append(name)
                continue
            originals.append((owner, attribute, function))
            setattr(owner, attribute, self._timed(name, function))
        try:
            yield missing
        finally:
            for owner, attribute, function in originals:
                setattr(owner, attribute, function)

    def _timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            with self.running(name.format(*arguments)):
                return function(*arguments, **named)

        return timed
