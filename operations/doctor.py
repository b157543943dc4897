"""`python server.py doctor`: looks at a set-up, changes nothing, and says in plain words what is wrong with it."""

import argparse
from collections.abc import Iterator, Sequence

from operations.checks import CHECKS, Finding, Level
from settings import SERVER_FLAGS, SettingsError, read_settings, unknown_variables

_EXIT_CODES = {Level.OK: 0, Level.WARNING: 1, Level.WRONG: 2}


def doctor_command(arguments: Sequence[str]) -> int:
    """Print a line per finding. Returns the exit code: 2 if something is wrong, 1 if something wants a look, else 0."""
    parser = argparse.ArgumentParser(
        prog="server.py doctor",
        description="Says what is wrong with a set-up, and changes nothing. Exit code 0: all is well; 1: something "
        "wants a look; 2: something is wrong.",
    )
    worst = Level.OK
    for finding in _findings(parser, arguments):
        print(f"{finding.level:<8} {finding.about:<10} {finding.text}")
        worst = max(worst, finding.level, key=lambda level: _EXIT_CODES[level])
    return _EXIT_CODES[worst]


def _findings(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> Iterator[Finding]:
    for name in unknown_variables():
        yield Finding(Level.WARNING, "settings", f"{name} is set, and no setting has this name")
    try:
        settings = read_settings(parser, SERVER_FLAGS, arguments)
    except SettingsError as error:
        yield Finding(Level.WRONG, "settings", str(error))
        return
    yield Finding(Level.OK, "settings", "can be read")
    for check in CHECKS:
        yield from check(settings)
