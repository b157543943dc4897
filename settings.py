"""Every setting, read once from the environment and flags into a frozen object."""

import argparse
import ipaddress
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

SERVER_FLAGS = ("http_host", "http_port", "grpc_host", "grpc_port", "database")


class SettingsError(Exception):
    """One line that names the setting, or the place in the file that it names, and what is wrong with it."""


class Settings(BaseSettings):
    """What the server and the app can be told, by `RUNLIGHT_…` variables; the server's flags override."""

    model_config = SettingsConfigDict(env_prefix="RUNLIGHT_", frozen=True, extra="ignore")

    http_host: str = Field("127.0.0.1", description="Address of OTLP/HTTP and the read API.")
    http_port: int = Field(4318, ge=0, le=65535, description="Port of OTLP/HTTP and the read API; 0 picks a free one.")
    grpc_host: str = Field("127.0.0.1", description="Address of OTLP/gRPC.")
    grpc_port: int = Field(4317, ge=0, le=65535, description="Port of OTLP/gRPC; 0 picks a free one.")
    app_port: int = Field(
        8501, ge=0, le=65535, description="Port of the app when `run.py` starts it; 0 picks a free one."
    )
    database: Path = Field(Path("data/runlight.duckdb"), description="The DuckDB file.")
    max_body_bytes: int = Field(
        64 * 1024 * 1024, gt=0, description="Largest OTLP request, measured after inflating, in bytes."
    )
    max_value_bytes: int = Field(
        16 * 1024 * 1024, gt=0, description="Longest value of an attribute, in bytes; a longer one is cut, and says so."
    )
    queue_bytes: int = Field(
        256 * 1024 * 1024, gt=0, description="Bodies waiting for their commit, in bytes; more are told to return."
    )
    gather_ms: int = Field(5, ge=0, description="How long requests are gathered before they travel on together.")
    question_seconds: float = Field(
        45, gt=0, description="Longest a question may take before it is stopped; the app waits for a minute."
    )
    store_memory_bytes: int = Field(
        640 * 1024**2,
        ge=256 * 1024**2,
        description="Memory of commits and questions in the store, which spills beyond; the process has as much again.",
    )
    store_threads: int = Field(
        1,
        ge=1,
        le=64,
        description="Threads of one commit or question; several run side by side anyway, and small ones cost twice as "
        "much when shared out.",
    )
    checkpoint_bytes: int = Field(
        128 * 1024**2,
        ge=64 * 1024,
        description="The log beside the database is written into it when it has grown to this: the longer, the more "
        "memory and the slower a start after a crash, but the less work.",
    )
    sql: bool = Field(
        False, description="Whether people may ask questions of their own in SQL, by `/api/sql` and its page."
    )
    sql_seconds: float = Field(10, gt=0, le=50, description="Longest a question in SQL may take before it is stopped.")
    sql_rows: int = Field(
        10_000,
        gt=0,
        le=100_000,
        description="Most rows that a question in SQL is answered with; more are cut off, and it says so.",
    )
    sql_memory_bytes: int = Field(
        1024**3,
        ge=128 * 1024**2,
        description="Memory of the process that answers one question in SQL, of which two may be at work; half of it "
        "may be filled with the window's rows.",
    )
    personal_data: Literal["off", "mark"] = Field(
        "off",
        description="`mark`: e-mail addresses, card and phone numbers and IBANs are replaced before they are stored.",
    )
    redaction_file: Path | None = Field(
        None, description="JSON file of own rules for what is replaced, and of what is allowed to stay."
    )
    redaction_dry_run: bool = Field(
        False, description="Only count what would be replaced, and store all of it unchanged, secrets too."
    )
    content_off: str = Field(
        "",
        description="Projects whose content is not stored but as sizes and hashes, with commas between; `*` for all.",
    )
    restricted_content: str = Field(
        "",
        description="Projects whose content is shown to reviewers and admins alone, who are noted in the audit log; "
        "with commas between, `*` for all.",
    )
    price_file: Path | None = Field(None, description="JSON file of own prices, which override the built-in list.")
    objectives_file: Path | None = Field(
        None, description="YAML or JSON file of what workflows are held to, for the weekly report."
    )
    report_tz: str = Field("UTC", description="Time zone in which the weeks of reports begin, on Monday at midnight.")
    report_schedule: str | None = Field(
        None,
        description="When the last week's reports are written, in cron's words, such as `0 6 * * mon`; in that zone.",
    )
    report_folder: Path = Field(Path("data/reports"), description="Where they are written, in a folder a project.")
    report_channels: str = Field(
        "", description="Receivers of alerts, by name with spaces between, that are told when reports were written."
    )
    alert_rules: Path | None = Field(None, description="YAML file of alert rules, which change or add to the built-in.")
    alert_channels: SecretStr | None = Field(
        None, description="Receivers of alerts by name, as `name=URL` of Apprise with spaces between; a secret."
    )
    alert_seconds: int = Field(
        60, ge=0, description="How often alert rules are evaluated; 0: only when `/api/alerts/evaluate` is called."
    )
    alert_days: int = Field(
        400, ge=1, le=36_500, description="How many days alerts that are over, their messages and silences are kept."
    )
    audit_days: int = Field(
        400, ge=1, le=36_500, description="How many days the audit log keeps what people and holders of keys did."
    )
    app_url: str | None = Field(
        None, description="The app as people reach it, for links in messages; else 127.0.0.1 at its port."
    )
    login_file: Path | None = Field(
        None,
        description="TOML file of the app's login and of who may do what in it; without one the app listens on this "
        "machine alone.",
    )
    retention: str = Field(
        "",
        description="How long what is kept, by project, as `*: traces 90d, logs 30d, metrics 400d, size 20GB; demo: "
        "traces 7d`; what is not named is kept for ever.",
    )
    backup_folder: Path | None = Field(None, description="Where `/api/admin/backup` writes its copies of the store.")
    url: str = Field("http://127.0.0.1:4318", description="The server, as the app and scripts reach it.")
    api_key: str | None = Field(None, description="Key that the app and the replay of samples send to the server.")
    ca_file: Path | None = Field(
        None, description="PEM file of the authority behind the server's certificate, for the app and scripts."
    )
    tls_cert: Path | None = Field(
        None,
        description="PEM file of the server's certificate and those between it and its authority: TLS on both ports.",
    )
    tls_key: Path | None = Field(None, description="PEM file of the certificate's key, without a passphrase.")
    tls_client_ca: Path | None = Field(
        None,
        description="PEM file of an authority: telemetry is taken only from whoever has a certificate of it (mTLS).",
    )
    log_format: Literal["text", "json"] = Field("text", description="Log lines as `text` or as one `json` object each.")
    telemetry_url: str | None = Field(
        None, description="Where the server sends its own traces and metrics by OTLP; nowhere unless set."
    )
    telemetry_protocol: Literal["http", "grpc"] = Field("http", description="OTLP over `http` or `grpc` to that place.")
    telemetry_headers: SecretStr | None = Field(
        None, description="Headers for that place, as `name=value` with commas between; a secret."
    )


class Terminal(BaseSettings):
    """What terminals tell every program."""

    no_color: str = Field("", description="Not empty: without colours.")


def read_settings(parser: argparse.ArgumentParser, names: Sequence[str], arguments: Sequence[str] | None) -> Settings:
    """The environment's settings, overridden by the flags that `names` are added to the parser as.

    Raises `SettingsError`. What else the parser knows is left to its owner.
    """
    for name in names:
        field = Settings.model_fields[name]
        about = f"{field.description} [{variable(name)}; default {field.default}]"
        parser.add_argument(flag(name), default=argparse.SUPPRESS, help=about)
    parsed = vars(parser.parse_args(arguments))
    return settings_of_environment(**{name: parsed[name] for name in names if name in parsed})


def settings_of_environment(**given: Any) -> Settings:
    """The environment's settings, but for those that are given. Raises `SettingsError`."""
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingsError(f"{variable(str(first['loc'][0]))}: {first['msg']}") from None


def unknown_variables() -> list[str]:
    """What is set in the environment as if it were a setting, and is none."""
    known = {variable(name) for name in Settings.model_fields}
    return sorted(name for name in os.environ if name.upper().startswith("RUNLIGHT_") and name.upper() not in known)


def is_loopback(host: str) -> bool:
    """Whether this name or address means the machine itself, and can be reached from no other."""
    name = host.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def flag(name: str) -> str:
    """A setting as a flag: `http_port` → `--http-port`."""
    return f"--{name.replace('_', '-')}"


def variable(name: str) -> str:
    """A setting as an environment variable: `http_port` → `RUNLIGHT_HTTP_PORT`."""
    return f"RUNLIGHT_{name.upper()}"
