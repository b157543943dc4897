"""What is typed, and how it ends. Whatever takes long to load is loaded by the command that needs it.

Exit codes: 0 answered, 1 nothing found, 2 not understood (here or by the server) or not written, 3 no answer from the
server, 4 the server refuses the key, 5 anything else that the server says, 130 interrupted.
"""

import argparse
import sys
from collections.abc import Sequence

from queries.cli.commands import COMMANDS, Command

FOUND, NOTHING, MISUNDERSTOOD, NO_SERVER, REFUSED, FAILED, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

_FILTERS = {
    "workflow": "workflow name",
    "agent": "name of any step's agent",
    "service": "service name",
    "environment": "deployment environment",
    "release": "service version",
    "model": "requested or served model",
    "tool": "tool name",
    "user": "user id",
    "conversation": "conversation id",
}


def main(arguments: Sequence[str]) -> int:
    """Carry out a command. Returns the exit code."""
    options = parser().parse_args(_with_times(arguments))
    command: Command = options.command
    try:
        return _carried_out(command, options)
    except KeyboardInterrupt:
        return FOUND if command.is_watched else INTERRUPTED


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    whole = argparse.ArgumentParser(
        prog="python -m queries",
        description="Ask a Runlight server. The server and its key are told by --url and --key, or by RUNLIGHT_URL and "
        "RUNLIGHT_API_KEY.",
        epilog="Exit codes: 0 answered, 1 nothing found, 2 not understood or not written, 3 no answer from the "
        "server, 4 key refused, 5 the server failed, 130 interrupted.",
    )
    commands = whole.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for name, command in COMMANDS.items():
        one = commands.add_parser(name, help=command.help, description=f"{command.help[0].upper()}{command.help[1:]}.")
        one.set_defaults(command=command)
        _add_common(one, command)
        if command.has_window:
            _add_window(one)
        if command.has_filters:
            _add_filters(one)
        command.add_options(one)
    return whole


def _add_common(parser: argparse.ArgumentParser, command: Command) -> None:
    parser.add_argument("--url", help="the server [RUNLIGHT_URL]")
    parser.add_argument("--key", help="API key [RUNLIGHT_API_KEY, which other users of the machine cannot see]")
    parser.add_argument("--project", help="project (the key's only one, else default)")
    usual = None if command.has_form_of_file else command.formats[0]
    told = usual or "by the ending of --out, else md"
    parser.add_argument("--format", choices=command.formats, default=usual, help=f"form ({told})")


def _add_window(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", help="start of the window: -24h, 2026-01-31, RFC 3339 (7 days before its end)")
    parser.add_argument("--until", help="end of the window, not included (now)")


def _add_filters(parser: argparse.ArgumentParser) -> None:
    narrowing = parser.add_argument_group("only runs with")
    for name, meaning in _FILTERS.items():
        narrowing.add_argument(f"--{name}", help=meaning)
    narrowing.add_argument("--status", action="append", help="status; may be repeated")
    narrowing.add_argument("--evidence", choices=("explicit", "content", "inferred"), help="approvals and corrections")
    narrowing.add_argument("--attr", action="append", default=[], metavar="KEY=VALUE", help="attribute, tag, metadata")


def _with_times(arguments: Sequence[str]) -> list[str]:
    """`--since -24h` as `--since=-24h`, since a time that begins with a dash would be taken for an option."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] in ("--since", "--until"):
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def _carried_out(command: Command, options: argparse.Namespace) -> int:
    from queries.cli.output import CannotWrite
    from queries.cli.session import Session, Unusable
    from queries.client import ApiError, BadRequest, KeyRefused, NotFound, ServerDown
    from settings import SettingsError

    try:
        with Session(options) as session:
            return FOUND if command.run(session) else NOTHING
    except (BadRequest, Unusable, CannotWrite, SettingsError) as error:
        return _failed(MISUNDERSTOOD, error)
    except NotFound as error:
        return _failed(NOTHING, error)
    except ServerDown as error:
        return _failed(NO_SERVER, error)
    except KeyRefused as error:
        return _failed(REFUSED, error)
    except ApiError as error:
        return _failed(FAILED, error)


def _failed(code: int, error: Exception) -> int:
    from queries.cli.terminal import visible

    sys.stderr.write(f"{visible(str(error))}\n")
    return code
