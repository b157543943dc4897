"""Where an answer goes: a file, which is there as a whole or as it was before, or standard output."""

import gzip
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

STANDARD_OUTPUT = "-"


class CannotWrite(Exception):
    """Says where to, and why not."""


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """The file of this name, compressed if it ends in .gz, or standard output. Raises CannotWrite."""
    if name == STANDARD_OUTPUT:
        with standard_output() as out:
            yield out
        return
    path = Path(name)
    part = path.with_name(f".{path.name}.part")
    try:
        with gzip.open(part, "wb") if name.endswith(".gz") else part.open("wb") as file:
            yield cast(BinaryIO, file)
        part.replace(path)
    except OSError as error:
        raise CannotWrite(f"{name}: cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def standard_output() -> Iterator[BinaryIO]:
    """All that is written in it is out at its end. Raises CannotWrite."""
    try:
        yield sys.stdout.buffer
        sys.stdout.flush()
    except OSError as error:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # else what is left is tried again when Python ends
        raise CannotWrite(f"standard output cannot be written: {error.strerror}") from None
