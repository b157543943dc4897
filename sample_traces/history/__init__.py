"""Six weeks of work before a given `now`: made on the fly, the same for the same `now`, with totals that are known.

Seven workflows with a daily and a weekly rhythm; among them a bad release and its rollback, a night in which one agent
ran in circles, a model that is silently served by another one, and a better prompt.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Literal

from sample_traces.history import encode, plan
from sample_traces.history.shapes import DAYS
from sample_traces.history.totals import Totals, count

_RUNS_PER_REQUEST = 100  # about 900 spans, 1 MB


def requests(now: datetime, days: int = DAYS) -> Iterator[tuple[Literal["traces", "logs"], bytes]]:
    """Every export request of the last `days` days as (signal, OTLP protobuf), newest day first."""
    runs = plan.runs(now, days)
    changes = plan.changes(now, days)
    while batch := list(islice(runs, _RUNS_PER_REQUEST)):
        yield "traces", encode.traces(batch)
        if events := encode.logs(batch, changes):
            yield "logs", events
        changes = []


def totals(now: datetime, days: int = DAYS) -> Totals:
    """What `requests` of the same arguments holds, from the generator's own bookkeeping."""
    return count(plan.runs(now, days), plan.changes(now, days), now)


__all__ = ["DAYS", "Totals", "requests", "totals"]
