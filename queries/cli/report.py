"""Fetches the weekly reliability report; on a terminal it tells for how long it has been waited for."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from queries.cli.commands import REPORT_FORMS
from queries.cli.output import STANDARD_OUTPUT, opened
from queries.cli.session import Session, Unusable

_TELL_SECONDS = 0.5


def report(session: Session) -> bool:
    """Always true: of a week in which nothing ran the report says so."""
    options = session.options
    form = options.format or _form_of(options.out)
    names = ("project", "week", "workflow", "made_at")
    asked = {name: getattr(options, name) for name in names}
    with _waiting(f"report of {options.week}"):
        if options.anew:
            session.client.make_weekly_report(**asked)
        found = session.client.weekly_report(form=form, **asked)
    with opened(options.out) as out:
        out.write(found)
    return True


def _form_of(out: str) -> str:
    ending = "md" if out == STANDARD_OUTPUT else Path(out).suffix.removeprefix(".")
    if ending not in REPORT_FORMS:
        raise Unusable(f"--out ends in none of {', '.join(REPORT_FORMS)}; say --format")
    return ending


@contextmanager
def _waiting(what: str) -> Iterator[None]:
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
