"""Follows new runs: each is told when it first shows, and again when its status changes."""

import sys
import time
from collections.abc import Mapping

import polars as pl

from queries.cli import terminal
from queries.cli.session import Session, dollars, moment, seconds, words
from queries.client import ServerDown
from queries.encoding import MediaType, encode_table, rows_json

_LOOK_BACK = "-1h"  # runs that began earlier are no news
_MOST = 500


def follow(session: Session) -> bool:
    """Goes on until it is interrupted; a server that is away for a while is asked again."""
    seen: dict[str, str] | None = None
    is_away = False
    while True:
        try:
            found, _ = session.client.runs(**session.asked | {"since": _LOOK_BACK}, limit=_MOST)
        except ServerDown as error:
            if seen is None:
                raise
            if not is_away:
                sys.stderr.write(f"{terminal.visible(str(error))}; asking again until there is one\n")
            is_away = True
        else:
            is_away = False
            if seen is None:
                _begin(session, found)
            else:
                _tell_news(session, found, seen)
            seen = dict(found.select("run_id", "status").iter_rows())
        time.sleep(session.options.every)


def _begin(session: Session, found: pl.DataFrame) -> None:
    if session.options.format == "csv":
        session.write(_names_and_rows(found.clear())[0])
    sys.stderr.write("following new runs; Ctrl-C ends it\n")


def _tell_news(session: Session, found: pl.DataFrame, seen: Mapping[str, str]) -> None:
    """The oldest first."""
    tell = _FORMS[session.options.format]
    news = [row["run_id"] for row in found.iter_rows(named=True) if seen.get(row["run_id"]) != row["status"]]
    told = found.filter(pl.col("run_id").is_in(news)).reverse()
    for row in range(told.height):
        session.write(tell(told.slice(row, 1)))


def _line(one: pl.DataFrame) -> str:
    told = one.row(0, named=True)
    cells = [moment(told["started_at"]), words(told["status"]), words(told["run_id"]), seconds(told["duration_ms"])]
    return "  ".join([*cells, dollars(told["cost_usd"]), words(told["name"]), words(told["error_message"])])


def _json(one: pl.DataFrame) -> str:
    return rows_json(one.to_arrow()).decode()[1:-1]


def _csv(one: pl.DataFrame) -> str:
    return _names_and_rows(one)[1]


def _names_and_rows(found: pl.DataFrame) -> tuple[str, str]:
    """As CSV."""
    names, _, rows = encode_table(found.to_arrow(), MediaType.CSV).decode().partition("\n")
    return names, rows.rstrip("\n")


_FORMS = {"table": _line, "json": _json, "csv": _csv}
