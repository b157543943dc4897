"""What is typed, and how it ends. Whatever takes long to load is loaded by the command that needs it.

Exit codes: 0 answered, 1 nothing found, 2 not understood (here or by the server), 3 no answer from the server, 4 the
server refuses the key, 5 anything else that the server says, 130 interrupted.
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
    if arguments[:1] == ["report"]:
        from queries.weekly_report import main as report

        return report(arguments[1:])
    options = parser().parse_args(_with_times(arguments))
    command: Command = options.command
    try:
        return FOUND if _carried_out(command, options) else NOTHING
    except KeyboardInterrupt:
        return FOUND if command.is_watched else INTERRUPTED


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    whole = argparse.ArgumentParser(
        prog="python -m queries",
        description="Ask a Runlight server. The server and its key are told by --url and --key, or by RUNLIGHT_URL and "
        "RUNLIGHT_API_KEY.",
        epilog="Exit codes: 0 answered, 1 nothing found, 2 not understood, 3 no answer from the server, "
        "4 key refused, 5 the server failed, 130 interrupted.",
    )
    commands = whole.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for name, command in COMMANDS.items():
        one = commands.add_parser(name, help=command.help, description=f"{command.help[0].upper()}{command.help[1:]}.")
        one.set_defaults(command=command)
        _add_common(one, command.formats)
        if command.has_window:
            _add_window(one)
        if command.has_filters:
            _add_filters(one)
        command.add_options(one)
    commands.add_parser("report", help="the weekly report as a file, as `python -m queries.weekly_report` has it")
    return whole


def _add_common(parser: argparse.ArgumentParser, formats: Sequence[str]) -> None:
    parser.add_argument("--url", help="the server [RUNLIGHT_URL]")
    parser.add_argument("--key", help="API key [RUNLIGHT_API_KEY, which other users of the machine cannot see]")
    parser.add_argument("--project", help="project (the key's only one, else default)")
    parser.add_argument("--format", choices=formats, default=formats[0], help="form (%(default)s)")


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


def _carried_out(command: Command, options: argparse.Namespace) -> bool:
    from queries.cli.session import Session, Unusable
    from queries.client import ApiError, BadRequest, KeyRefused, NotFound, ServerDown

    try:
        with Session(options) as session:
            return command.run(session)
    except (BadRequest, Unusable) as error:
        return _fail(MISUNDERSTOOD, error)
    except NotFound as error:
        return _fail(NOTHING, error)
    except ServerDown as error:
        return _fail(NO_SERVER, error)
    except KeyRefused as error:
        return _fail(REFUSED, error)
    except ApiError as error:
        return _fail(FAILED, error)


def _fail(code: int, error: Exception) -> bool:
    from queries.cli.terminal import visible

    sys.stderr.write(f"{visible(str(error))}\n")
    sys.exit(code)
