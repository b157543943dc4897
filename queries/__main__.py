"""The questions on the command line: `python -m queries runs --since -24h --status error`."""

import signal
import sys

from queries.cli.main import main

if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `… | head` ends it without a word
    sys.exit(main(sys.argv[1:]))
