"""Writes a window into a file, as it comes in: Parquet or whole records."""

import sys

from tqdm import tqdm

from queries.cli.output import STANDARD_OUTPUT, opened
from queries.cli.session import Session


def export(session: Session) -> bool:
    """Whether anything was written. What is written only in part is removed."""
    options = session.options
    what = "otlp" if options.format == "otlp" else f"{options.table}.parquet"
    written_bytes = 0
    with opened(options.out) as out, tqdm(unit="B", unit_scale=True, desc=what, disable=None) as progress:
        for chunk in session.client.exported(what, **session.asked):
            out.write(chunk)
            written_bytes += len(chunk)
            progress.update(len(chunk))
    if options.out != STANDARD_OUTPUT:
        sys.stderr.write(f"{written_bytes:,} bytes of {what} written to {options.out}\n")
    return written_bytes > 0
