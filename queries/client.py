"""The app's and the scripts' way to ask the server."""

import copy
import ssl
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import polars as pl

_ARROW, _JSON = "application/vnd.apache.arrow.stream", "application/json"
_BEGINNING = "1970-01-01T00:00:00Z"
_TIMEOUT_SECONDS = 60.0
_REPORT_SECONDS = 600.0  # for the many questions of a report together
# Kept open without a number: past one, httpcore closes idle connections, among them those just given to a request.
_CONNECTIONS = httpx.Limits(max_connections=100, max_keepalive_connections=None)


class ApiError(Exception):
    """The server answered, but not with what was asked for."""


class NotFound(ApiError):
    """Nothing has this id."""


class BadRequest(ApiError):
    """A parameter cannot be read; the text says what would be right."""


class KeyRefused(ApiError):
    """The server asks for an API key and takes not the one that was sent, or takes it for something else."""


class ContentRestricted(KeyRefused):
    """What was asked for holds content, and whoever asks is not shown it in this project."""


class ServerDown(Exception):
    """No answer, or one that says the server cannot answer now."""


class Client:
    """Asks one server. Safe to use from several threads.

    Lists come as polars frames with times in UTC. Every method raises ServerDown, BadRequest, NotFound, KeyRefused or
    ApiError.
    Where questions take `asked`, these are the read API's parameters by name; None is left out, but `since=None`
    asks for all time, and a tuple repeats its parameter.
    """

    def __init__(self, url: str, key: str | None = None, ca_file: Path | None = None) -> None:
        """`ca_file` is the authority behind a server with TLS, if it is none that this machine trusts anyway."""
        headers = {b"authorization": f"Bearer {key.strip()}".encode()} if key else {}
        self._person: Mapping[str, str] = {}
        try:
            self._http = httpx.Client(
                base_url=url.rstrip("/"),
                headers=headers,
                timeout=_TIMEOUT_SECONDS,
                limits=_CONNECTIONS,
                verify=_trusting(url, ca_file),
            )
        except httpx.InvalidURL as error:
            raise ServerDown(f"{url} is no URL of a server: {error}") from None

    def acting_for(self, person: Mapping[str, str]) -> "Client":
        """The same client, which asks for a person: the headers name them. Its key must be one of scope `act`."""
        acting = copy.copy(self)
        acting._person = dict(person)
        return acting

    def close(self) -> None:
        """Give its connections back."""
        self._http.close()

    def runs(self, **asked: Any) -> tuple[pl.DataFrame, str | None]:
        """A page of runs and the cursor of the next page, if any."""
        return self._page("/api/runs", asked)

    def ask(self, question: str, **asked: Any) -> pl.DataFrame:
        """The answer of a question of `queries/catalogue.py`, by its name."""
        return self._table(f"/api/{question.replace('_', '-')}", asked)

    def search(self, *, q: str, **asked: Any) -> pl.DataFrame:
        """kind, id, run_id, step_id, label, started_at, run_count of what goes by `q`, the words last."""
        return self._table("/api/search", asked | {"q": q})

    def conversation(self, **asked: Any) -> pl.DataFrame:
        """The runs of a `conversation` in their order, after the turn `after`, at most `limit`."""
        return self._table("/api/conversation", asked)

    def summary(self, **asked: Any) -> pl.DataFrame:
        """One row of totals over runs."""
        return self._table("/api/summary", asked)

    def tool_calls(self, **asked: Any) -> tuple[pl.DataFrame, str | None]:
        """A page of tool calls and the cursor of the next page, if any."""
        return self._page("/api/tool-calls", asked)

    def approvals(self, **asked: Any) -> tuple[pl.DataFrame, str | None]:
        """A page of questions put to humans and policies, and the cursor of the next page, if any."""
        return self._page("/api/approvals", asked)

    def corrections(self, **asked: Any) -> tuple[pl.DataFrame, str | None]:
        """A page of corrections and the cursor of the next page, if any."""
        return self._page("/api/corrections", asked)

    def error_runs(self, **asked: Any) -> tuple[pl.DataFrame, str | None]:
        """A page of the runs that the group of errors of a `fingerprint` affects, and the cursor of the next page."""
        return self._page("/api/error-runs", asked)

    def error_marks(self, *, project: str, fingerprint: str) -> pl.DataFrame:
        """What people said of a group of errors, the newest first."""
        return self._table("/api/error-marks", {"project": project, "fingerprint": fingerprint})

    def evaluation_runs(self, **asked: Any) -> pl.DataFrame:
        """The judged runs, the worst first; by judgements of a `name` and `evaluator` where asked for."""
        return self._table("/api/evaluation-runs", asked)

    def filter_values(self, **asked: Any) -> pl.DataFrame:
        """field, value, run_count"""
        return self._table("/api/filter-values", asked)

    def label_keys(self, **asked: Any) -> pl.DataFrame:
        """key, run_count, value_count"""
        return self._table("/api/label-keys", asked)

    def label_values(self, *, key: str, **asked: Any) -> pl.DataFrame:
        """key, value, run_count, the most frequent first."""
        return self._table("/api/label-values", asked | {"key": key})

    def version(self, **asked: Any) -> pl.DataFrame:
        """batch_id, waiting_count: changes when answers about the window may have changed."""
        return self._table("/api/version", asked)

    def projects(self) -> pl.DataFrame:
        """project, run_count, last_activity_at, last_commit_at, waiting_count"""
        return self._table("/api/projects", {})

    def delete_project(self, name: str) -> None:
        """Remove a project's data; the server allows it for the samples only."""
        self._send("DELETE", f"/api/projects/{quote(name, safe='')}", {}, _JSON)

    def record_correction(self, *, project: str, run_id: str, **told: Any) -> None:
        """Record what a human corrected in a run: kind, step_id, before, after, reason, as far as known."""
        self._record(project, run_id, "corrections", told)

    def record_feedback(self, *, project: str, run_id: str, **told: Any) -> None:
        """Record a `rating` of a run, up or down, and a note."""
        self._record(project, run_id, "feedback", told)

    def mark_error(self, *, project: str, fingerprint: str, **told: Any) -> None:
        """Say of a group of errors who sees to it (`assigned_to`), its `state` and `release`, or a `note`."""
        self._send("POST", "/api/error-marks", {"project": project}, _JSON, told | {"fingerprint": fingerprint})

    def removal(self, **asked: Any) -> pl.DataFrame:
        """One row of what would go with a `run`, `conversation` or `user`: counts, first_at and last_at."""
        return self._table("/api/removal", asked)

    def delete_run(self, *, project: str, run_id: str) -> None:
        """Remove a run for good."""
        self._send("DELETE", _run_path(run_id), {"project": project}, _JSON)

    def delete_conversation(self, *, project: str, conversation: str) -> None:
        """Remove the runs of a conversation for good."""
        self._send("DELETE", f"/api/conversations/{quote(conversation, safe='')}", {"project": project}, _JSON)

    def delete_user(self, *, project: str, user: str) -> None:
        """Remove all that names a user for good, by id or address."""
        self._send("DELETE", f"/api/users/{quote(user, safe='')}", {"project": project}, _JSON)

    def pin_run(self, *, project: str, run_id: str, is_pinned: bool) -> None:
        """Keep a run whatever retention says, or let it go with the others."""
        self._send("POST" if is_pinned else "DELETE", _run_path(run_id, "pin"), {"project": project}, _JSON)

    def saved_views(self, *, project: str) -> pl.DataFrame:
        """view_id, name, address, saved_at of the views of the app that people named, by name."""
        return self._table("/api/views", {"project": project})

    def save_view(self, *, project: str, name: str, address: str) -> None:
        """Keep the address of a page under a name, in place of the view that had it before."""
        self._send("POST", "/api/views", {"project": project}, _JSON, {"name": name, "address": address})

    def delete_view(self, *, project: str, view_id: str) -> None:
        """Forget a saved view."""
        self._send("DELETE", f"/api/views/{quote(view_id, safe='')}", {"project": project}, _JSON)

    def alerts(self, *, project: str) -> pl.DataFrame:
        """What fires now, or is about to, with its number and the silence that covers it."""
        return self._table("/api/alerts", {"project": project})

    def alert_history(
        self, *, project: str, rule: str | None = None, alert: str | None = None, limit: int = 100
    ) -> pl.DataFrame:
        """What fired, the newest first; of a rule, or the one with an id."""
        return self._table("/api/alerts/history", {"project": project, "rule": rule, "alert": alert, "limit": limit})

    def alert_rules(self, *, project: str) -> pl.DataFrame:
        """The rules, and how each was evaluated last in the project."""
        return self._table("/api/alerts/rules", {"project": project})

    def alert_notifications(self, *, project: str) -> pl.DataFrame:
        """The messages about alerts, those that wait first, then the newest."""
        return self._table("/api/alerts/notifications", {"project": project})

    def alert_silences(self, *, project: str) -> pl.DataFrame:
        """silence_id, rule, group_name, until_at, reason, made_by, made_at of the silences that hold."""
        return self._table("/api/alerts/silences", {"project": project})

    def silence_alerts(self, *, project: str, until: str, reason: str, by: str | None, **of: str | None) -> None:
        """Have nobody told of a `rule` and `group`, None for any, until then; of a person who is logged in, the server
        takes their own name for `by`."""
        told = {"until": until, "reason": reason, "by": by, **of}
        self._send("POST", "/api/alerts/silences", {"project": project}, _JSON, told)

    def end_silence(self, *, project: str, silence_id: str) -> None:
        """Have people told again."""
        self._send("DELETE", f"/api/alerts/silences/{quote(silence_id, safe='')}", {"project": project}, _JSON)

    def audit(self, **asked: Any) -> pl.DataFrame:
        """done_at, who, via, role, key_id, act, about, project of what was done, the newest first; by a `who` or `act`
        where asked for."""
        return self._table("/api/audit", asked)

    def note_export(self, *, project: str, name: str) -> None:
        """Say that a table is taken along as a file of this name."""
        self._send("POST", "/api/exports", {"project": project}, _JSON, {"name": name})

    def weekly_reports(self, *, project: str, week: str | None = None) -> pl.DataFrame:
        """week, tz, workflow, version, made_at, is_final, kept_at of the weekly reports that were made."""
        return self._table("/api/reports/weekly", {"project": project, "week": week})

    def weekly_report(
        self,
        *,
        project: str | None,
        week: str,
        form: str,
        workflow: str | None = None,
        made_at: str | None = None,
    ) -> bytes:
        """The weekly report as a file of this form: the one made last or at `made_at`, else made now or as of then."""
        asked = {"project": project, "workflow": workflow, "made_at": made_at}
        path = f"/api/reports/weekly/{quote(week, safe='')}.{quote(form, safe='')}"
        return self._send("GET", path, asked, "*/*", seconds=_REPORT_SECONDS).content

    def make_weekly_report(
        self, *, project: str | None, week: str, workflow: str | None = None, made_at: str | None = None
    ) -> None:
        """Make a weekly report anew, which is kept beside those that were made before."""
        asked = {"project": project, "workflow": workflow, "made_at": made_at}
        self._send("POST", f"/api/reports/weekly/{quote(week, safe='')}", asked, _JSON, seconds=_REPORT_SECONDS)

    def metric_names(self, **asked: Any) -> pl.DataFrame:
        """The metrics of a window, by name, with type, unit and services."""
        return self._table("/api/metrics", asked)

    def metric_labels(self, **asked: Any) -> pl.DataFrame:
        """key, value_count, series_count of the attributes of a `metric`."""
        return self._table("/api/metrics/labels", asked)

    def metric_trend(self, **asked: Any) -> pl.DataFrame:
        """What a `metric` of this `type` and `unit` told over time, by the attribute `group`."""
        return self._table("/api/metrics/trend", asked)

    def ingest(self, *, part: str, **asked: Any) -> pl.DataFrame:
        """A `part` of the ledger: totals, services, batches, and others that the API lists."""
        return self._table("/api/ingest", asked | {"part": part})

    def ingest_health(self, *, project: str) -> pl.DataFrame:
        """One row: when something last arrived, what was refused since a day, and which service fell silent."""
        return self._table("/api/ingest-health", {"project": project})

    def sql(self, *, sql: str, **asked: Any) -> tuple[pl.DataFrame, int | None]:
        """What a SELECT statement comes to over the rows of a project and window; and after how many rows it was cut,
        None if that is all of it."""
        response = self._send("POST", "/api/sql", asked, _ARROW, {"sql": sql})
        cut_at = response.headers.get("x-runlight-cut-at")
        return pl.read_ipc_stream(response.content), None if cut_at is None else int(cut_at)

    def sql_tables(self, *, project: str) -> dict[str, Any]:
        """`tables`: what SQL and exports know, with their columns; `limits` of SQL, None where it is off."""
        return self._document("/api/sql/tables", {"project": project})

    def exported(self, what: str, **asked: Any) -> Iterator[bytes]:
        """Everything of a window as it comes in: of `otlp`, or of `<table>.parquet`."""
        try:
            with self._http.stream(
                "GET", f"/api/export/{what}", params=_parameters(asked), headers=self._person
            ) as response:
                if not response.is_success:
                    response.read()
                    raise _refusal(response)
                yield from response.iter_bytes()
        except httpx.TransportError as error:
            raise ServerDown(f"no answer from {self._http.base_url}, or not all of it: {error}") from error

    def run(self, *, project: str, run_id: str) -> dict[str, Any]:
        """One run with its `approvals`, `corrections` and `pins`; times are datetimes."""
        run = _with_times(self._document(_run_path(run_id), {"project": project}))
        for name in ("approvals", "corrections", "pins"):
            run[name] = [_with_times(row) for row in run[name]]
        return run

    def compare(self, *, project: str, a: str, b: str | None = None) -> dict[str, Any]:
        """Run `a` against `b`, else against the last good run of its workflow: the facts of both as `a` and `b` (None
        if there is none), `numbers` and `facts` that differ, and `rows`, the aligned steps."""
        found = self._document("/api/compare", {"project": project, "a": a, "b": b})
        return found | {side: found[side] and _with_times(found[side]) for side in "ab"}

    def steps(self, *, project: str, run_id: str) -> pl.DataFrame:
        """The run's steps in the waterfall's order."""
        return self._table(_run_path(run_id, "steps"), {"project": project})

    def step(self, *, project: str, run_id: str, step_id: str) -> dict[str, Any]:
        """Everything of one step, as JSON has it."""
        return self._document(_run_path(run_id, "steps", step_id), {"project": project})

    def logs(self, *, project: str, run_id: str) -> pl.DataFrame:
        """The run's log records."""
        return self._table(_run_path(run_id, "logs"), {"project": project})

    def conversation_runs(self, *, project: str, run_id: str) -> pl.DataFrame:
        """The other runs of the run's conversation, oldest first."""
        return self._table(_run_path(run_id, "conversation"), {"project": project})

    def otlp(self, *, project: str, run_id: str) -> bytes:
        """The run as OTLP/JSON."""
        return self._send("GET", _run_path(run_id, "otlp"), {"project": project}, _JSON).content

    def _record(self, project: str, run_id: str, what: str, told: Mapping[str, Any]) -> None:
        body = {name: value for name, value in told.items() if value}
        self._send("POST", _run_path(run_id, what), {"project": project}, _JSON, body)

    def _document(self, path: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        document: dict[str, Any] = self._send("GET", path, asked, _JSON).json()
        return document

    def _table(self, path: str, asked: Mapping[str, Any]) -> pl.DataFrame:
        return self._page(path, asked)[0]

    def _page(self, path: str, asked: Mapping[str, Any]) -> tuple[pl.DataFrame, str | None]:
        response = self._send("GET", path, asked, _ARROW)
        return pl.read_ipc_stream(response.content), response.headers.get("x-runlight-next")

    def _send(
        self,
        method: str,
        path: str,
        asked: Mapping[str, Any],
        accept: str,
        body: Mapping[str, Any] | None = None,
        *,
        seconds: float = _TIMEOUT_SECONDS,
    ) -> httpx.Response:
        try:
            headers = {"accept": accept, **self._person}
            response = self._http.request(
                method, path, params=_parameters(asked), headers=headers, json=body, timeout=seconds
            )
        except httpx.TransportError as error:
            raise ServerDown(f"no answer from {self._http.base_url}: {error}") from error
        if not response.is_success:
            raise _refusal(response)
        return response


def _trusting(url: str, ca_file: Path | None) -> ssl.SSLContext | bool:
    if ca_file is None and url.startswith("http://"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody; to load all authorities takes long
    try:
        return True if ca_file is None else ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise ServerDown(f"RUNLIGHT_CA_FILE: {ca_file} cannot be used ({error.strerror})") from None


def _refusal(response: httpx.Response) -> ApiError | ServerDown:
    message = _message(response)
    match response.status_code:
        case 404:
            return NotFound(message)
        case 400 | 406 | 422:
            return BadRequest(message)
        case 403 if response.headers.get("x-runlight-content") == "restricted":
            return ContentRestricted(message)
        case 401 | 403:
            return KeyRefused(message)
        case 502 | 503 | 504:
            return ServerDown(message)
    return ApiError(f"{response.status_code}: {message}")


def _run_path(run_id: str, *more: str) -> str:
    return "/".join(["/api/runs", *(quote(part, safe="") for part in (run_id, *more))])


def _parameters(asked: Mapping[str, Any]) -> httpx.QueryParams:
    found: list[tuple[str, str | int | float | bool | None]] = []
    for name, value in asked.items():
        values = (
            value if isinstance(value, (list, tuple)) else [_BEGINNING if name == "since" and value is None else value]
        )
        found += [(name, _text(one)) for one in values if one is not None]
    return httpx.QueryParams(found)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _message(response: httpx.Response) -> str:
    try:
        return str(response.json()["error"])
    except (ValueError, KeyError, TypeError):
        return " ".join(response.text[:500].split())


def _with_times(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if name.endswith("_at") and isinstance(value, str) else value
        for name, value in row.items()
    }
