"""`python server.py keys …`: makes, lists and revokes API keys, through the running server or in the file itself."""

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from access.admin import Order, carry_out, order_of_server, socket_path
from access.keyring import Keyring
from access.keys import Scope, shown
from ingest.projects import is_project
from settings import SettingsError, read_settings

_LONGEST_NAME = 100
_USAGE = """
  python server.py keys add --name NAME --scope SCOPE [--scope SCOPE …] (--project PROJECT … | --all-projects)
  python server.py keys list
  python server.py keys revoke ID"""
_HEADINGS = ("ID", "NAME", "SCOPES", "PROJECTS", "CREATED", "LAST USED", "REVOKED")


class CannotOrder(Exception):
    """Why a command about keys came to nothing, in one line."""


def keys_command(arguments: Sequence[str], opened: Callable[[Path], AbstractContextManager[Keyring]]) -> int:
    """Carry out the command; `opened` gives the keys of a file that no server runs on. Returns the exit code: 1 if it
    came to nothing, 2 if the arguments make no sense.

    Prints a new key on standard output, alone on its line, and what there is to say about it on standard error.
    """
    parser = _parser()
    try:
        database = read_settings(parser, ("database",), arguments).database
    except SettingsError as error:
        parser.error(str(error))
    asked = parser.parse_args(arguments)
    order = _order(parser, asked)
    try:
        answer = _ordered(database, order, opened)
    except CannotOrder as error:
        print(f"runlight: {error}", file=sys.stderr)
        return 1
    _tell(asked, answer)
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"runlight: {message}; see python server.py keys --help", file=sys.stderr)
        sys.exit(2)


def _parser() -> _Parser:
    parser = _Parser(prog="server.py keys", usage=_USAGE, description="API keys. A new one is shown once.")
    parser.add_argument("action", choices=("add", "list", "revoke"))
    parser.add_argument("key_id", nargs="?", metavar="ID", help="of the key to revoke; `list` tells it")
    parser.add_argument("--name", help="whom or what the key is for")
    parser.add_argument(
        "--scope",
        action="append",
        choices=[str(scope) for scope in Scope],
        help="ingest: send telemetry; read: ask and see; review: record corrections and feedback; admin: remove; "
        "act: only for the app, which names the person whom it acts for",
    )
    parser.add_argument("--project", action="append", help="may be repeated")
    parser.add_argument("--all-projects", action="store_true", help="also those to come")
    return parser


def _order(parser: _Parser, asked: argparse.Namespace) -> Order:
    given = [name for name in ("name", "scope", "project", "all_projects") if getattr(asked, name)]
    if asked.action != "add" and given:
        parser.error(f"{asked.action} takes no --{given[0].replace('_', '-')}")
    if (asked.action == "revoke") != (asked.key_id is not None):
        parser.error("revoke needs the ID of a key" if asked.key_id is None else f"{asked.action} takes no ID")
    if asked.action == "revoke":
        return {"do": "revoke", "key_id": asked.key_id}
    if asked.action == "list":
        return {"do": "list"}
    return _order_of_new_key(parser, asked)


def _order_of_new_key(parser: _Parser, asked: argparse.Namespace) -> Order:
    name = (asked.name or "").strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        parser.error(f"add needs --name, 1 to {_LONGEST_NAME} printable characters")
    if not asked.scope:
        parser.error(f"add needs --scope, of {', '.join(Scope)}")
    if bool(asked.project) == asked.all_projects:
        parser.error("add needs either --project, once or several times, or --all-projects")
    for project in asked.project or ():
        if not is_project(project):
            parser.error(f"a project's name is 1 to 64 of a-z, 0-9, _ and -, not {project[:80]!r}")
    projects = None if asked.all_projects else sorted(set(asked.project))
    return {"do": "add", "name": name, "scopes": sorted(set(asked.scope)), "projects": projects}


def _ordered(database: Path, order: Order, opened: Callable[[Path], AbstractContextManager[Keyring]]) -> dict[str, Any]:
    try:
        answer = order_of_server(database, order)
    except OSError as error:
        raise CannotOrder(f"the server at {socket_path(database)} gives no answer: {error}") from None
    if answer is None:
        if order["do"] != "add" and not database.exists():
            raise CannotOrder(f"there is no file {database}; name it by --database")
        with opened(database) as keyring:
            answer = carry_out(keyring, order)
    if "error" in answer:
        raise CannotOrder(answer["error"])
    return answer


def _tell(asked: argparse.Namespace, answer: dict[str, Any]) -> None:
    if asked.action == "add":
        print(answer["key"])
        print("runlight: this key is shown only now; whoever has it can use it", file=sys.stderr)
        if answer["is_first"]:
            print("runlight: it is the first, so from now on every request needs a key", file=sys.stderr)
    elif asked.action == "revoke":
        print(f"runlight: revoked {asked.key_id}", file=sys.stderr)
    else:
        _print_table([_HEADINGS, *map(_row, answer["keys"])])


def _row(key: dict[str, Any]) -> tuple[str, ...]:
    projects = None if key["projects"] is None else frozenset(key["projects"])
    times = [_time(key[name]) for name in ("created_ns", "last_used_ns", "revoked_ns")]
    return (key["key_id"], key["name"], ", ".join(key["scopes"]), shown(projects), *times)


def _time(moment_ns: int | None) -> str:
    if moment_ns is None:
        return "-"
    return datetime.fromtimestamp(moment_ns // 10**9, UTC).isoformat().replace("+00:00", "Z")


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
