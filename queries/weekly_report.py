"""Fetches the weekly reliability report from the server: `python -m queries.weekly_report --week 2026-W46 --out FILE`.

Exit codes as of `python -m queries`: 0 written, 2 not understood or cannot be written, 3 no answer from the server, 4
the server refuses the key, 5 anything else that the server says.
"""

import argparse
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tqdm import tqdm

from queries.cli.terminal import visible
from queries.client import ApiError, BadRequest, Client, KeyRefused, ServerDown
from settings import Settings

_TELL_SECONDS = 0.5
FORMS = ("html", "pdf", "md", "zip", "xlsx", "json")


def main(arguments: Sequence[str]) -> int:
    """Writes the report as the command line asks; returns the exit code."""
    options = _options(arguments)
    client = Client(options.url, options.key, options.ca_file)
    asked = {"project": options.project, "workflow": options.workflow, "made_at": options.made_at}
    try:
        with _waiting(f"report of {options.week}"):
            if options.anew:
                client.make_weekly_report(week=options.week, **asked)
            found = client.weekly_report(week=options.week, form=options.format, **asked)
        _write(options.out, found)
    except (ApiError, ServerDown) as error:
        sys.stderr.write(f"weekly_report: {visible(str(error))}\n")
        return next(code for kind, code in _EXIT_CODES.items() if isinstance(error, kind))
    except OSError as error:
        out = options.out or "standard output"
        sys.stderr.write(f"weekly_report: {out}: cannot be written: {error.strerror}\n")
        return 2
    finally:
        client.close()
    return 0


_EXIT_CODES = {BadRequest: 2, ServerDown: 3, KeyRefused: 4, ApiError: 5}


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    settings = Settings()
    parser = argparse.ArgumentParser(
        prog="python -m queries.weekly_report", description="Fetches the weekly reliability report from the server."
    )
    parser.add_argument(
        "--week", default=_last_week(), help="ISO week, Monday to Monday [default: the last, %(default)s]"
    )
    parser.add_argument("--format", choices=FORMS, help="[default: by the ending of --out, else md]")
    parser.add_argument("--out", type=Path, help="the file to write [default: standard output]")
    parser.add_argument("--project", help="[default: the only one of the API key, else `default`]")
    parser.add_argument("--workflow", help="of this workflow alone")
    parser.add_argument(
        "--made-at", help="as of this moment, such as 2026-11-16T06:00:00Z [default: as it was made last]"
    )
    parser.add_argument("--anew", action="store_true", help="make it anew, with what changed since it was last made")
    parser.add_argument("--url", default=settings.url, help="the server [default: %(default)s]")
    parser.add_argument("--key", default=settings.api_key, help="API key [RUNLIGHT_API_KEY, which others cannot see]")
    options = parser.parse_args(arguments)
    ending = options.out.suffix.removeprefix(".") if options.out else "md"
    options.format = options.format or ending
    if options.format not in FORMS:
        parser.error(f"--out ends in none of {', '.join(FORMS)}; say --format")
    options.ca_file = settings.ca_file
    return options


def _last_week() -> str:
    year, week, _ = (datetime.now(UTC) - timedelta(weeks=1)).isocalendar()
    return f"{year}-W{week:02}"


@contextmanager
def _waiting(what: str) -> Iterator[None]:
    """Tells on a terminal how long it has been waited for already."""
    is_over = threading.Event()
    with tqdm(desc=what, bar_format="{desc}: {elapsed}", leave=False, disable=None) as progress:

        def tell() -> None:
            while not is_over.wait(_TELL_SECONDS):
                progress.refresh()

        telling = threading.Thread(target=tell, name="waiting")
        telling.start()
        try:
            yield
        finally:
            is_over.set()
            telling.join()


def _write(path: Path | None, found: bytes) -> None:
    """All of it or nothing: a file that was there stays until the new one is whole."""
    if path is None:
        sys.stdout.buffer.write(found)
        return
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_bytes(found)
    os.replace(unfinished, path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
