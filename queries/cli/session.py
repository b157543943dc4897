"""One command at work: its options, the server it asks, and where the answer goes."""

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import Any, Self

import polars as pl

from queries.cli import terminal
from queries.cli.output import standard_output
from queries.client import Client
from queries.encoding import MediaType, encode_table, rows_json
from settings import Terminal, settings_of_environment

_ASKED = ["project", "since", "until", "workflow", "agent", "service", "environment", "release", "model", "tool"]
_ASKED += ["user", "conversation", "status", "evidence"]


class Unusable(Exception):
    """An option that makes no sense; its text says what would."""


class Session:
    """Asks a server as the options say, and writes what comes of it."""

    def __init__(self, options: argparse.Namespace) -> None:
        settings = settings_of_environment()
        self.options = options
        self.client = Client(options.url or settings.url, options.key or settings.api_key, settings.ca_file)
        self.is_terminal = sys.stdout.isatty()
        self._with_colours = self.is_terminal and not Terminal().no_color

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    @property
    def project(self) -> str:
        """The project that is meant; where the key sees one only, that one."""
        if self.options.project:
            return str(self.options.project)
        seen = self.client.projects()["project"].to_list()
        return str(seen[0]) if len(seen) == 1 else "default"

    @property
    def asked(self) -> dict[str, Any]:
        """What the options narrow a question to, by the API's names."""
        told = vars(self.options)
        asked = {name: told[name] for name in _ASKED if told.get(name) is not None}
        for pair in told.get("attr", ()):
            key, equals, value = pair.partition("=")
            if not key or not equals:
                raise Unusable(f"--attr reads KEY=VALUE, not {pair}")
            asked[f"attr.{key}"] = value
        return asked

    def show(self, found: pl.DataFrame, columns: Mapping[str, Callable[[Any], str]]) -> bool:
        """Write an answer in the form that was asked for, as a table these `columns` of it. Whether there was a row."""
        form = self.options.format
        if form == "json":
            self.write(rows_json(found.to_arrow()).decode())
        elif form == "csv":
            self.write(encode_table(found.to_arrow(), MediaType.CSV).decode().rstrip("\n"))
        elif found.is_empty():
            sys.stderr.write("nothing found\n")
        else:
            self.show_rows(found, columns)
        if found.height == vars(self.options).get("limit"):
            sys.stderr.write(f"there may be more than these {found.height:,} rows; --limit says how many at most\n")
        return not found.is_empty()

    def show_rows(self, found: pl.DataFrame, columns: Mapping[str, Callable[[Any], str]]) -> None:
        """A table, whatever form was asked for."""
        heads = {name: name.removesuffix("_ms") for name in columns}  # cells tell their units
        rows = [
            {heads[name]: shown(row[name]) for name, shown in columns.items()} for row in found.iter_rows(named=True)
        ]
        self._put(terminal.table(rows, with_colours=self._with_colours))

    def write(self, text: str) -> None:
        """Put a text out: into a file or pipe as it is, on a terminal with nothing in it that a terminal obeys."""
        self._put(terminal.visible(text) if self.is_terminal else text)

    def _put(self, text: str) -> None:
        with standard_output():
            terminal.write(sys.stdout, text)


def words(value: Any) -> str:
    """A text or a list of them."""
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return "-" if value in (None, "") else terminal.one_line(str(value))


def number(value: Any) -> str:
    return "-" if value is None else f"{value:,}"


def dollars(value: Any) -> str:
    return "-" if value is None else f"${value:,.4f}"


def percent(value: Any) -> str:
    return "-" if value is None else f"{value:.1%}"


def seconds(value: Any) -> str:
    """Of milliseconds."""
    return "-" if value is None else f"{value / 1000:,.2f} s"


def moment(value: Any) -> str:
    """UTC to the second, of a datetime."""
    return "-" if value is None else f"{value:%Y-%m-%d %H:%M:%S}"
