"""The questions on the command line: `python -m queries runs --since -24h --status error`."""

import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from queries.cli.main import main


def run(arguments: Sequence[str]) -> NoReturn:
    """Carry out a command, and end as it does."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `… | head` ends it without a word
    sys.exit(main(arguments))


if __name__ == "__main__":
    run(sys.argv[1:])
