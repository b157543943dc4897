"""Prints the totals of a history as the table of the README: `python -m sample_traces.history 2026-11-22T12:00:00Z`."""

import sys
from datetime import datetime

from sample_traces.history import totals
from sample_traces.history.totals import as_table

if __name__ == "__main__":
    print(as_table(totals(datetime.fromisoformat(sys.argv[1]))))
