"""Follows new runs: each is told when it first shows, and again when its status changes."""

import sys
import time

import polars as pl

from queries.cli import terminal
from queries.cli.session import Session, dollars, moment, seconds, words
from queries.client import ServerDown
from queries.encoding import MediaType, encode_table, rows_json

_LOOK_BACK = "-1h"  # runs that began earlier are no news
_MOST = 500


def follow(session: Session) -> bool:
    """Goes on until it is interrupted; a server that is away for a while is asked again."""
    seen: dict[str, str] = {}
    tell = _FORMS[session.options.format]
    is_first = True
    while True:
        try:
            found, _ = session.client.runs(**session.asked | {"since": _LOOK_BACK}, limit=_MOST)
        except ServerDown as error:
            if is_first:
                raise
            sys.stderr.write(f"{terminal.visible(str(error))}; asking again\n")
        else:
            news = [row["run_id"] for row in found.iter_rows(named=True) if seen.get(row["run_id"]) != row["status"]]
            if not is_first:
                told = found.filter(pl.col("run_id").is_in(news)).reverse()
                for row in range(told.height):
                    session.write(tell(told.slice(row, 1)))
            seen = dict(found.select("run_id", "status").iter_rows())
            if is_first:
                sys.stderr.write("following new runs; Ctrl-C ends it\n")
            is_first = False
        time.sleep(session.options.every)


def _line(one: pl.DataFrame) -> str:
    told = one.row(0, named=True)
    cells = [moment(told["started_at"]), words(told["status"]), words(told["run_id"]), seconds(told["duration_ms"])]
    return "  ".join([*cells, dollars(told["cost_usd"]), words(told["name"]), words(told["error_message"])])


def _json(one: pl.DataFrame) -> str:
    return rows_json(one.to_arrow()).decode()[1:-1]


def _csv(one: pl.DataFrame) -> str:
    """The row without the names, which would come again with each."""
    return encode_table(one.to_arrow(), MediaType.CSV).decode().partition("\n")[2].rstrip("\n")


_FORMS = {"table": _line, "json": _json, "csv": _csv}
