"""What the doctor looks at: each check yields its findings about these settings, and changes nothing."""

import os
import shutil
import socket
import ssl
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import httpx

from access.admin import order_of_server
from access.binding import expect_closed_or_local
from access.keyring import Keyring
from alerts.channels import expect_known, read_channels
from alerts.rule_file import read_rules as read_alert_rules
from ingest.content_off import projects_without_content
from ingest.prices import PriceList
from ingest.redaction_file import read_own_rules
from ingest.retention import read_rules as read_retention
from ingest.store import SCHEMA_VERSION, StoreError, file_bytes, looking_into, version_in
from operations.sending import expect_elsewhere
from operations.tls import authorities_until, read_tls
from pages.shared.people import Person, read_login
from queries.content import restricted_projects
from queries.weekly.reporting import expect_usable
from roles import ALL_PROJECTS, Role
from settings import Settings, SettingsError, is_loopback, variable

_LEAST_FREE_BYTES, _FEW_FREE_BYTES = 1024**3, 5 * 1024**3
_SOON = timedelta(days=21)
_RELEASED_AT = datetime(2026, 1, 1, tzinfo=UTC).timestamp()  # a clock before it is wrong
_SECONDS = 5.0
_OTHERS = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: how bad, about what, and in plain words."""

    level: Level
    about: str
    text: str


def check_files(settings: Settings) -> Iterator[Finding]:
    """The folder of the database and the file in it can be written, by this user and nobody else."""
    database, folder = settings.database, settings.database.absolute().parent
    existing = _existing(folder)
    if not os.access(existing, os.W_OK | os.X_OK):
        yield Finding(Level.WRONG, "files", f"{existing} cannot be written by this user")
    if database.exists():
        if not os.access(database, os.R_OK | os.W_OK):
            yield Finding(Level.WRONG, "files", f"{database} cannot be read and written by this user")
        if database.stat().st_mode & _OTHERS:
            yield Finding(
                Level.WARNING, "files", f"{database} can be read by other users: chmod 600, or umask 077 for the server"
            )
    free = shutil.disk_usage(existing).free
    told = f"{free / 1024**3:.1f} GiB are free at {existing}"
    if free < _LEAST_FREE_BYTES:
        yield Finding(Level.WRONG, "disk", f"{told}: too little to go on with")
    elif free < max(_FEW_FREE_BYTES, file_bytes(database) if database.exists() else 0):
        yield Finding(Level.WARNING, "disk", f"{told}: little, and a copy of the database needs its size")
    else:
        yield Finding(Level.OK, "disk", told)


def _existing(folder: Path) -> Path:
    """The folder, or that of those above it which is there."""
    return next(parent for parent in (folder, *folder.parents) if parent.exists())


def check_database(settings: Settings) -> Iterator[Finding]:
    """Who has the file open, which version it is, and whether there are the keys that its addresses need."""
    if _is_running(settings.database):
        yield Finding(Level.OK, "database", f"a server is running on {settings.database}")
        return
    if not settings.database.exists():
        yield Finding(Level.OK, "database", f"{settings.database} does not exist yet; the server makes it")
        if not is_loopback(settings.http_host) or not is_loopback(settings.grpc_host):
            yield Finding(
                Level.WRONG, "keys", "there is no API key, which these addresses need: server.py keys add --help"
            )
        return
    try:
        with looking_into(settings.database) as connection:
            version = version_in(connection)
            yield _about_version(version)
            if version == SCHEMA_VERSION:
                expect_closed_or_local(settings, Keyring(connection))
                yield Finding(Level.OK, "keys", "the addresses and the API keys go together")
    except SettingsError as error:
        yield Finding(Level.WRONG, "keys", str(error))
    except StoreError as error:
        yield Finding(Level.WRONG, "database", str(error).replace("\n", "; "))


def _about_version(version: int | None) -> Finding:
    if version is None:
        return Finding(Level.WRONG, "database", "the file is a DuckDB file, but none of Runlight's")
    if version > SCHEMA_VERSION:
        return Finding(
            Level.WRONG, "database", f"schema {version} is newer than this Runlight knows ({SCHEMA_VERSION})"
        )
    older = "" if version == SCHEMA_VERSION else f"; the next start brings it to {SCHEMA_VERSION}, so keep a copy"
    return Finding(Level.OK, "database", f"schema {version}{older}")


def check_ports(settings: Settings) -> Iterator[Finding]:
    """Both ports are free, or ours."""
    if _is_running(settings.database):
        return
    for host, port, name in (
        (settings.http_host, settings.http_port, "http_port"),
        (settings.grpc_host, settings.grpc_port, "grpc_port"),
    ):
        try:
            family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
            yield Finding(Level.OK, "ports", f"{host}:{port} is free")
        except OSError as error:
            yield Finding(Level.WRONG, "ports", f"{variable(name)}: {host}:{port} cannot be used ({error.strerror})")


def check_clock(settings: Settings) -> Iterator[Finding]:
    """The clock is not before what it must be after."""
    now = time.time()
    if now < _RELEASED_AT:
        yield Finding(Level.WRONG, "clock", f"it is not {datetime.now(UTC):%Y-%m-%d}: the clock is wrong")
    elif settings.database.exists() and settings.database.stat().st_mtime > now + 60:
        yield Finding(Level.WARNING, "clock", "the database was last written in the future: the clock was set back")
    else:
        yield Finding(Level.OK, "clock", f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC; those of senders should agree")


def check_given(settings: Settings) -> Iterator[Finding]:
    """Each rule and file that the settings name can be used, and goes with the others."""
    for read in _READ:
        try:
            read(settings)
        except SettingsError as error:
            yield Finding(Level.WRONG, "settings", str(error))
    if settings.http_port and settings.http_port == settings.grpc_port:
        yield Finding(Level.WRONG, "settings", f"{variable('http_port')} and {variable('grpc_port')} are the same")
    for name in ("url", "app_url"):
        told = getattr(settings, name)
        if told is not None and not told.startswith(("http://", "https://")):
            yield Finding(
                Level.WRONG, "settings", f"{variable(name)}: {told!r} begins with neither http:// nor https://"
            )
    if settings.redaction_dry_run:
        yield Finding(Level.WARNING, "settings", "a dry run of redaction: what it finds, secrets too, is stored")


def _read_alerts(settings: Settings) -> None:
    channels = read_channels(settings.alert_channels)
    read_alert_rules(settings.alert_rules, channels)
    expect_known("report_channels", settings.report_channels.split(), channels)


# Each raises SettingsError.
_READ: tuple[Callable[[Settings], object], ...] = (
    expect_elsewhere,
    projects_without_content,
    restricted_projects,
    expect_usable,
    _read_alerts,
    lambda settings: PriceList(settings.price_file),
    lambda settings: read_own_rules(settings.redaction_file),
    lambda settings: read_retention(settings.retention),
)


def check_links(settings: Settings) -> Iterator[Finding]:
    """Links in alert messages lead to where their readers reach the app."""
    if settings.alert_channels and not settings.app_url:
        told = "is not set: links in messages lead to 127.0.0.1, which is the machine of whoever reads them"
        yield Finding(Level.WARNING, "alerts", f"{variable('app_url')} {told}")


def check_tls(settings: Settings) -> Iterator[Finding]:
    """The files of TLS can be used, and for how much longer."""
    try:
        tls = read_tls(settings)
        if tls is not None:
            yield _about_end("the certificate", tls.valid_until)
    except SettingsError as error:
        yield Finding(Level.WRONG, "tls", str(error))
    for name in ("tls_client_ca", "ca_file"):
        path: Path | None = getattr(settings, name)
        if path is not None:
            yield from _about_authorities(name, path)


def _about_authorities(name: str, path: Path) -> Iterator[Finding]:
    try:
        until = authorities_until(path)
    except OSError as error:
        reason = "no certificate in PEM form" if isinstance(error, ssl.SSLError) else error.strerror
        yield Finding(Level.WRONG, "tls", f"{variable(name)}: {path} cannot be used ({reason})")
    else:
        if until is not None:
            yield _about_end(f"{variable(name)}: the authority", until)


def _about_end(what: str, until: datetime) -> Finding:
    left = until - datetime.now(UTC)
    if left < timedelta(0):
        return Finding(Level.WRONG, "tls", f"{what} has expired on {until:%Y-%m-%d}")
    return Finding(Level.WARNING if left < _SOON else Level.OK, "tls", f"{what} is valid for {left.days} more days")


def check_folders(settings: Settings) -> Iterator[Finding]:
    """What is to be written beside the database can be."""
    wanted = {"backup_folder": settings.backup_folder}
    if settings.report_schedule is not None:
        wanted["report_folder"] = settings.report_folder
    for name, folder in wanted.items():
        if folder is not None:
            existing = _existing(folder.absolute())
            if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
                text = f"{variable(name)}: {existing} is no folder that this user can write to"
                yield Finding(Level.WRONG, "files", text)


def check_memory(settings: Settings) -> Iterator[Finding]:
    """What the server may take at most is there."""
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    sql = 2 * settings.sql_memory_bytes if settings.sql else 0  # so many are asked at once
    most = settings.store_memory_bytes + settings.queue_bytes + sql
    if most > there:
        names = ("store_memory_bytes", "queue_bytes", *(("sql_memory_bytes",) if settings.sql else ()))
        told = f"may take {most / 1024**3:.1f} GiB together, and this machine has {there / 1024**3:.1f}"
        yield Finding(Level.WARNING, "memory", f"{', '.join(map(variable, names))} {told}")


def check_app(settings: Settings) -> Iterator[Finding]:
    """The file of the app's login can be used; the server that the app asks answers, and takes its key."""
    try:
        trusted = ssl.create_default_context(cafile=settings.ca_file) if settings.ca_file else True
        headers = {"x-api-key": settings.api_key.strip()} if settings.api_key else {}
        if settings.login_file is not None:
            read_login(settings.login_file)
            headers |= Person("doctor", Role.VIEWER, (ALL_PROJECTS,)).headers
        answer = httpx.get(f"{settings.url.rstrip('/')}/api/version", headers=headers, timeout=_SECONDS, verify=trusted)
    except SettingsError as error:
        yield Finding(Level.WRONG, "login", str(error))
    except OSError as error:
        reason = f"{variable('ca_file')}: {settings.ca_file} cannot be used ({error.strerror})"
        yield Finding(Level.WRONG, "app", reason)
    except (httpx.TransportError, httpx.InvalidURL) as error:
        level = Level.WRONG if _is_running(settings.database) else Level.WARNING
        yield Finding(level, "app", f"{variable('url')}: no answer from {settings.url} ({str(error)[:200]})")
    else:
        yield _about_answer(settings, answer)


def _about_answer(settings: Settings, answer: httpx.Response) -> Finding:
    if answer.is_success:
        return Finding(Level.OK, "app", f"{settings.url} answers, and takes the app's key")
    if answer.status_code in (401, 403):
        key = "is not set" if settings.api_key is None else "is refused"
        return Finding(Level.WRONG, "app", f"{settings.url} asks for a key, and {variable('api_key')} {key}")
    return Finding(Level.WRONG, "app", f"{settings.url} answers with status {answer.status_code}: is it Runlight?")


def _is_running(database: Path) -> bool:
    try:
        return order_of_server(database, {"do": "list"}) is not None
    except OSError:
        return False


CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    check_files,
    check_database,
    check_ports,
    check_clock,
    check_given,
    check_links,
    check_tls,
    check_folders,
    check_memory,
    check_app,
)
