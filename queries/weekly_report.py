"""The weekly reliability report as a file: `python -m queries report` under a name of its own."""

import sys

from queries.__main__ import run

if __name__ == "__main__":
    run(["report", *sys.argv[1:]])
