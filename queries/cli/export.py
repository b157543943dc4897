"""Writes a window into a file, as it comes in: Parquet or whole records."""

import gzip
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from tqdm import tqdm

from queries.cli.session import Session, Unusable


def export(session: Session) -> bool:
    """Whether anything was written. What is written only in part is removed."""
    options = session.options
    what = "otlp" if options.format == "otlp" else f"{options.table}.parquet"
    written_bytes = 0
    with _opened(options.out) as out, tqdm(unit="B", unit_scale=True, desc=what, disable=None) as progress:
        for chunk in session.client.exported(what, **session.asked):
            out.write(chunk)
            written_bytes += len(chunk)
            progress.update(len(chunk))
    if options.out != "-":
        sys.stderr.write(f"{written_bytes:,} bytes of {what} written to {options.out}\n")
    return written_bytes > 0


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdout.buffer
        return
    path = Path(name)
    part = path.with_name(f"{path.name}.part")
    try:
        with gzip.open(part, "wb") if name.endswith(".gz") else part.open("wb") as out:
            yield cast(BinaryIO, out)
        part.replace(path)
    except OSError as error:
        raise Unusable(f"{name}: cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
