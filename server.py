"""Wires the service: settings → store → OTLP receivers and the read API. No logic."""

# ruff: noqa: E402

import gc

gc.disable()  # what is imported stays; to look for what could go meanwhile takes a fifth of the start

import argparse
import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import grpc
import uvicorn
import uvloop
from fastapi import FastAPI
from tqdm import tqdm

from access.admin import AdminSocket
from access.audit import COMMAND, AuditLog
from access.binding import expect_closed_or_local
from access.commands import CannotOrder, keys_command
from access.door import Door
from access.gate import Gate, acts_of, projects_of, sees_content
from access.keyring import Keyring
from access.protocol import BoundedHead
from alerts.alerting import Alerting
from alerts.routes import router as alert_routes
from ingest.acts import recorder
from ingest.backups import Backups
from ingest.checkpoints import Checkpoints
from ingest.content_off import ContentOff, projects_without_content
from ingest.conventions import conventions
from ingest.grpc_receiver import start_grpc
from ingest.kept_reports import KeptReports
from ingest.pins import Pins
from ingest.prepare import Preparer
from ingest.prices import PriceList
from ingest.pseudonyms import Pseudonyms
from ingest.receiver import otlp_routes
from ingest.redact import Redactor
from ingest.redaction_file import read_own_rules
from ingest.removal import Removal, places
from ingest.renormalise import renormalise
from ingest.retention import Retention, Rule, read_rules
from ingest.saved_views import SavedViews
from ingest.store import Store, StoreError, file_bytes
from ingest.stored import Records
from ingest.writer import Writer
from operations.copies import COMMANDS, copies_command
from operations.doctor import doctor_command
from operations.logs import start_logging
from operations.measuring import Gauges, Measuring
from operations.sending import expect_elsewhere
from operations.tls import Tls, read_tls
from queries.api import create_api
from queries.content import restricted_projects
from queries.database import Database
from queries.removing import Part
from queries.routes.keeping import Keeping, NoBackup
from queries.routes.keeping import router as keeping_routes
from queries.sql.asking import SqlLimits
from queries.summaries import DERIVED, Summaries, rebuild
from queries.tidying import tidy
from queries.timing import Timed
from queries.weekly.reporting import Reporting
from settings import SERVER_FLAGS, Settings, SettingsError, flag, read_settings, variable

gc.freeze()
gc.enable()

_BACKLOG = 2048
_DRAIN_SECONDS = 10  # what orchestrators give before they kill is more
_IDLE_SECONDS = 75  # exporters send every few seconds, proxies keep connections for a minute: neither meets the closing


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGINT or SIGTERM, or carry out a command. Returns the exit code: 2 if it could not start."""
    if arguments[:1] == ["doctor"]:
        return doctor_command(arguments[1:])
    if arguments[:1] == ["keys"]:
        return keys_command(arguments[1:], _keys_of)
    if arguments[:1] and arguments[0] in COMMANDS:
        return copies_command(arguments)
    parser = argparse.ArgumentParser(
        prog="server.py", description="Runlight: receives OTLP, keeps it, answers questions."
    )
    parser.add_argument(
        "command",
        nargs="?",
        choices=("serve", "renormalise"),
        default="serve",
        help="serve (default), or read all kept records anew under today's conventions while no server runs; "
        "API keys are made, listed and revoked by `server.py keys`; see also `server.py backup --help`, `restore` and "
        "`compact`",
    )
    try:
        settings = read_settings(parser, SERVER_FLAGS, arguments)
        command = parser.parse_args(arguments).command
        start_logging(settings.log_format)
        listener = _bound(settings) if command == "serve" else None
        parts = _opened(settings)
        if listener is not None:
            expect_closed_or_local(settings, parts.keyring)
            listener.listen(_BACKLOG)
    except (OSError, SettingsError, StoreError) as error:
        print(f"runlight: {error}", file=sys.stderr)
        return 2
    if listener is None:
        return _renormalise(parts)
    return uvloop.run(_serve(parts, listener))


@dataclass(frozen=True, slots=True)
class _Parts:
    """What must be there before anything is served, since a setting or the file may be why it cannot be."""

    settings: Settings
    tls: Tls | None
    retention_rules: Mapping[str, Rule]
    store: Store
    database: Database
    keyring: Keyring
    pseudonyms: Pseudonyms
    preparer: Preparer
    alerting: Alerting
    reporting: Reporting


def _opened(settings: Settings) -> _Parts:
    """Raises SettingsError and StoreError."""
    expect_elsewhere(settings)
    restricted_projects(settings)  # read anew by the API, which nothing can keep from starting then
    tls, retention_rules = read_tls(settings), read_rules(settings.retention)
    store = Store.open(settings.database, settings.store_memory_bytes, settings.store_threads)
    pseudonyms = Pseudonyms(store.pseudonym_key())
    redactor = Redactor.configured(
        read_own_rules(settings.redaction_file),
        pseudonyms.of,
        marks_persons=settings.personal_data == "mark",
        is_dry_run=settings.redaction_dry_run,
    )
    content_off = ContentOff(projects_without_content(settings), store.pseudonym_key())
    prices = PriceList(settings.price_file)
    database = Database(store.cursor())
    alerting = Alerting(settings, database, store.cursor())
    news = alerting.news("report_channels", settings.report_channels.split())
    return _Parts(
        settings=settings,
        tls=tls,
        retention_rules=retention_rules,
        store=store,
        database=database,
        keyring=Keyring(store.cursor()),
        pseudonyms=pseudonyms,
        preparer=Preparer(prices, redactor, pseudonyms, settings.max_value_bytes, content_off),
        alerting=alerting,
        reporting=Reporting(settings, database, KeptReports(store.cursor()), news.tell),
    )


@contextmanager
def _keys_of(database: Path) -> Iterator[Keyring]:
    """The keys in a file that no server has open."""
    try:
        store = Store.open(database)
    except StoreError as error:
        raise CannotOrder(str(error)) from None
    yield Keyring(store.cursor())
    store.close()


def _renormalise(parts: _Parts) -> int:
    store = parts.store
    checkpoints = Checkpoints(store.cursor(), parts.settings.checkpoint_bytes)
    AuditLog(store.cursor()).add(COMMAND, "read all records anew", "of all projects")
    with tqdm(desc="blocks read anew", unit=" blocks", disable=None) as progress:  # on a terminal alone
        for done, blocks in renormalise(store, parts.preparer):
            progress.total = blocks
            progress.update(done - progress.n)
            checkpoints.take_if_due()
    with store.cursor() as cursor, tqdm(desc="runs derived anew", unit=" rounds", disable=None) as progress:
        while rebuild(cursor):
            progress.update()
            checkpoints.take_if_due()
    print("runlight: done")
    store.close()
    return 0


async def _serve(parts: _Parts, listener: socket.socket) -> int:
    settings, store, keyring, tls = parts.settings, parts.store, parts.keyring, parts.tls
    lost = _Lost()
    summaries = Summaries(store.cursor(), _between_rebuilds(store.cursor(), settings.checkpoint_bytes, lost.tell))
    writer = Writer(
        store,
        parts.preparer,
        queue_bytes=settings.queue_bytes,
        gather_ms=settings.gather_ms,
        on_commit=summaries.wake,
        on_lost=lost.tell,
    )
    audit = AuditLog(store.cursor())
    retention = Retention(
        parts.retention_rules, store.cursor(), writer, also=lambda: audit.forget_older(settings.audit_days)
    )
    backups = Backups(store.cursor(), settings.backup_folder)
    measuring = Measuring(settings)
    door = Door(keyring, measuring.instance_id)
    admin = AdminSocket(settings.database, keyring, _answering(backups, audit))
    api = http_api(settings, store, parts.database, writer, door, parts.pseudonyms, parts.alerting, parts.reporting)
    api.state.keeping = _keeping(store, writer, backups)
    api.state.measured = measuring.families
    measuring.start(_gauges(settings, writer, summaries))
    summaries.start()
    writer.start()
    keyring.start()
    try:
        grpc_server, grpc_port = await start_grpc(
            writer, settings, door.project_of_call, tls.grpc_credentials() if tls else None
        )
    except RuntimeError:
        print(f"runlight: {_busy(settings.grpc_host, settings.grpc_port, 'grpc_port')}", file=sys.stderr)
        writer.stop()
        summaries.stop()
        keyring.stop()
        store.close()
        return 2
    await admin.start()
    config = uvicorn.Config(
        Gate(Timed(api), door, audit),
        http=BoundedHead,
        ws="none",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
        timeout_keep_alive=_IDLE_SECONDS,
        server_header=False,
        ssl_context_factory=(lambda *_: tls.context()) if tls else None,
    )
    scheme = "https" if tls else "http"
    http = _HttpServer(
        config,
        grpc_server,
        f"runlight http listening url={scheme}://{_address(settings.http_host, listener.getsockname()[1])}\n"
        f"runlight grpc listening address={_address(settings.grpc_host, grpc_port)}",
    )
    by_schedule = (parts.alerting, parts.reporting, retention)
    for scheduled in by_schedule:
        scheduled.start()
    gc.freeze()  # what is there by now stays, and the collector need not look at it again
    for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn takes them over, and raises them again when it is done
        signal.signal(number, lambda *_: http.stop_soon())
    await http.serve(sockets=[listener])
    await admin.stop()
    for one in (*by_schedule, writer):  # meanwhile the loop lets go of the calls that were cut off
        await asyncio.to_thread(one.stop)
    summaries.stop()
    keyring.stop()
    await asyncio.to_thread(measuring.stop)
    if lost.is_told:
        return 3
    store.close()
    return 0


class _Lost:
    """Whether this process has lost its store, which the next process finds whole."""

    def __init__(self) -> None:
        self.is_told = False

    def tell(self) -> None:
        """Have the server end, so that whoever watches over it starts it again."""
        if not self.is_told:
            self.is_told = True
            print("runlight: the store can only be used again by a new process; this one ends", file=sys.stderr)
            os.kill(os.getpid(), signal.SIGTERM)


def _between_rebuilds(
    connection: duckdb.DuckDBPyConnection, log_bytes: int, on_lost: Callable[[], None]
) -> Callable[[], None]:
    """Looks after the file while the rebuild does not change rows."""
    checkpoints = Checkpoints(connection, log_bytes)

    def look_after() -> None:
        try:
            if checkpoints.take_if_due():
                with suppress(duckdb.TransactionException):  # something is being removed: the next time will do
                    tidy(connection, DERIVED)
        except duckdb.FatalException:
            on_lost()
            raise

    return look_after


def _keeping(store: Store, writer: Writer, backups: Backups) -> Keeping:
    def remove(part: Part) -> None:
        going = Removal(
            part.project,
            part.reason,
            places(part.places),
            part.run_ids,
            part.trace_ids,
            part.needles,
            part.names,
        )
        writer.remove(lambda _: going)

    def backup_path() -> Path:
        try:
            return backups.next_path()
        except StoreError as error:
            raise NoBackup(str(error)) from None

    def back_up(path: Path) -> dict[str, Any]:
        try:
            return backups.make(path)
        except StoreError as error:
            raise NoBackup(str(error)) from None

    return Keeping(remove, writer.checkpoint, Pins(store.cursor()), backup_path, back_up)


def _answering(backups: Backups, audit: AuditLog) -> Callable[[Path], dict[str, Any]]:
    """Makes a backup where an order says, and tells why if there is none."""

    def answer(path: Path) -> dict[str, Any]:
        try:
            with audit.doing(COMMAND, "made a backup", str(path)):
                return backups.make(path)
        except StoreError as error:
            return {"error": str(error)}

    return answer


def _gauges(settings: Settings, writer: Writer, summaries: Summaries) -> Gauges:
    """Of this process: name, unit and meaning → what tells it."""
    return {
        ("runlight.queue", "By", "Bytes of requests that wait for their commit."): lambda: writer.waiting_bytes,
        ("runlight.store", "By", "Size of the database file and the log beside it."): lambda: file_bytes(
            settings.database
        ),
        ("runlight.rebuild.lag", "s", "Age of the oldest commit whose runs have no new summary yet."): (
            summaries.lag_seconds
        ),
    }


def http_api(
    settings: Settings,
    store: Store,
    database: Database,
    writer: Writer,
    door: Door,
    pseudonyms: Pseudonyms,
    alerting: Alerting,
    reporting: Reporting,
) -> FastAPI:
    """Everything that is served over HTTP, OTLP first; it belongs behind the gate."""
    api = create_api(
        database,
        Records(database),
        most_seconds=settings.question_seconds,
        waiting_bytes=lambda: writer.waiting_bytes,
        remove_project=writer.remove_project,
        record=recorder(writer),
        pseudonym=pseudonyms.of,
        saved_views=SavedViews(store.cursor()),
        price_of=PriceList(settings.price_file).explain,
        projects_of=projects_of,
        acts_of=acts_of,
        restricted=restricted_projects(settings),
        sees_content=sees_content,
        database_bytes=lambda: file_bytes(settings.database),
        read_keys=sorted(conventions().keys),
        sql_limits=_sql_limits(settings) if settings.sql else None,
        weekly=reporting.weekly,
    )
    api.state.alerting = alerting
    api.include_router(alert_routes)
    api.include_router(keeping_routes)
    api.router.routes[:0] = otlp_routes(writer, settings, door.project_of_request)
    return api


def _sql_limits(settings: Settings) -> SqlLimits:
    memory_bytes = settings.sql_memory_bytes
    return SqlLimits(settings.sql_seconds, settings.sql_rows, memory_bytes, window_bytes=memory_bytes // 2)


class _HttpServer(uvicorn.Server):
    """Says `announcement` once a signal would stop it, and stops the gRPC server with itself, so that both drain
    in the same seconds."""

    def __init__(self, config: uvicorn.Config, grpc_server: grpc.aio.Server, announcement: str) -> None:
        super().__init__(config)
        self._grpc_server = grpc_server
        self._announcement = announcement

    def stop_soon(self) -> None:
        """Have it stop as soon as it runs, or now if it does."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(self._announcement, flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await asyncio.gather(super().shutdown(sockets), self._grpc_server.stop(_DRAIN_SECONDS))


def _bound(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.http_host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.http_host, settings.http_port))
    except OSError as error:
        raise OSError(f"{_busy(settings.http_host, settings.http_port, 'http_port')} ({error.strerror})") from None
    return listener


def _busy(host: str, port: int, name: str) -> str:
    return f"cannot listen on {_address(host, port)}: choose another port with {flag(name)} or {variable(name)}"


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
