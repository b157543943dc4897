"""Every question of the read API, as pages and scripts ask it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

ARROW, JSON = "application/vnd.apache.arrow.stream", "application/json"

PROJECT = "bench"
WEEK = {"since": "2026-11-16T00:00:00Z", "until": "2026-11-24T00:00:00Z"}  # and what arrives after it meanwhile
LAST_DAY = {"since": "2026-11-22T00:00:00Z", "until": "2026-11-23T00:00:00Z"}

# Not about what is stored, or not asked by anyone who waits.
_LEFT_OUT = {"/healthz", "/readyz", "/api/export/otlp", "/api/export/{table}.parquet"}  # probes; all there is, streamed

# Values for parameters that a route cannot do without.
_METRIC = {"metric": "gen_ai.client.token.usage"}
_NEEDED = {
    "/api/error-marks": {"fingerprint": "0" * 16},
    "/api/error-runs": {"fingerprint": "0" * 16},
    "/api/label-values": {"key": "app.tenant"},
    "/api/removal": {"user": "user-00042"},
    "/api/search": {"q": "user-00042"},
    "/api/metrics/labels": _METRIC,
    "/api/metrics/trend": _METRIC,
}
_AS_JSON = {"/api/ingest": JSON, "/api/removal": JSON, "/metrics": "*/*"}


@dataclass(frozen=True, slots=True)
class Route:
    """A path that the API answers with GET, whether it is asked about a window, and what it cannot do without."""

    path: str
    has_window: bool
    needs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Question:
    """What is measured under one name: the URLs, asked in turn, of one route of the API."""

    name: str
    route: str
    urls: Sequence[str]
    accept: str = ARROW

    @property
    def is_variant(self) -> bool:
        """Whether another question reads the same and more, so that its first answer tells nothing new."""
        is_search = any("&q=" in url for url in self.urls)
        return (self.name.endswith("24 hours") and not is_search) or self.name.startswith("the same run")


@dataclass(frozen=True, slots=True)
class Known:
    """What is in the store: runs all over the week, each with a step that has messages; a run of many steps; words."""

    runs: Sequence[tuple[str, str]]
    large_run: tuple[str, str]
    conversation: str
    words: dict[str, str] = field(default_factory=dict)


def questions(known: Known, routes: Sequence[Route]) -> list[Question]:
    """All of them: each route as it is, the list of runs narrowed in every way, and all that is asked of one run."""
    plain = [question for route in routes for question in _plain(route)]
    return [*plain, *_narrowed(known), *_of_runs(known), _report()]


def unasked(routes: Sequence[Route], asked: Sequence[Question]) -> list[str]:
    """The paths of the API that are in no question."""
    return sorted({route.path for route in routes} - {question.route for question in asked} - _LEFT_OUT)


def _plain(route: Route) -> list[Question]:
    needed = _NEEDED.get(route.path, {})
    if route.path in _LEFT_OUT or not route.needs <= needed.keys():
        return []
    name = route.path.removeprefix("/api/").removeprefix("/").replace("-", " ")
    windows = {", 7 days": WEEK, ", 24 hours": LAST_DAY} if route.has_window else {"": {}}
    return [_list(name + span, route.path, window | needed) for span, window in windows.items()]


def _narrowed(known: Known) -> list[Question]:
    narrowed = {
        "errors": {"status": "error"},
        "model": {"model": "gpt-5.4-mini"},
        "tool": {"tool": "issue_refund"},
        "workflow": {"workflow": "order-support"},
        "agent": {"agent": "triage"},
        "release": {"release": "2.1.0"},
        "user": {"user": "user-00042"},
        "conversation": {"conversation": known.conversation},
        "attribute": {"attr.app.region": "eu-west"},
        "approvals": {"evidence": "explicit"},
        "by cost": {"sort": "cost"},
        "by duration": {"sort": "duration"},
    }
    narrowed |= {name: {"q": words} for name, words in known.words.items()}
    found = [_list(f"runs, {name}, 7 days", "/api/runs", WEEK | more) for name, more in narrowed.items()]
    found += [
        _list(f"runs, {name}, 24 hours", "/api/runs", LAST_DAY | {"q": words}) for name, words in known.words.items()
    ]
    found.append(_list("a conversation", "/api/conversation", {"conversation": known.conversation}))
    found.append(_list("tool calls, one tool's errors, 7 days", "/api/tool-calls", WEEK | _TOOL_ERRORS))
    return found


_TOOL_ERRORS = {"tool": "track_parcel", "status": "error"}


def _list(name: str, route: str, parameters: dict[str, str]) -> Question:
    url = f"{route}?{urlencode(parameters | {'project': PROJECT})}"
    return Question(name, route, [url], _AS_JSON.get(route, ARROW))


def _of_runs(known: Known) -> list[Question]:
    """Of runs all over the week, each asked once; of one run again and again; of the large one."""
    found = []
    for what, runs in (("a run", known.runs), ("the same run", known.runs[:1]), ("a run of 25,000", [known.large_run])):
        found += [
            Question(f"{what}: facts", _RUN, [_url(run) for run, _ in runs], JSON),
            Question(f"{what}: steps", f"{_RUN}/steps", [_url(run, "steps") for run, _ in runs]),
            Question(
                f"{what}: one step", f"{_RUN}/steps/{{step_id}}", [_url(run, "steps", step) for run, step in runs], JSON
            ),
            Question(f"{what}: logs", f"{_RUN}/logs", [_url(run, "logs") for run, _ in runs]),
            Question(f"{what}: conversation", f"{_RUN}/conversation", [_url(run, "conversation") for run, _ in runs]),
            Question(f"{what}: OTLP", f"{_RUN}/otlp", [_url(run, "otlp") for run, _ in runs], JSON),
            Question(f"{what}: compared", "/api/compare", [_compared(run) for run, _ in runs], JSON),
        ]
    return found


def _report() -> Question:
    """Made each time it is asked for, since it is as of a moment at which none was made."""
    asked = urlencode({"project": PROJECT, "made_at": "2026-11-22T00:00:00Z"})
    route = "/api/reports/weekly/{week}.{form}"
    return Question("weekly report", route, [f"{route.format(week='2026-W47', form='json')}?{asked}"], JSON)


_RUN = "/api/runs/{run_id}"


def _compared(run: str) -> str:
    return f"/api/compare?{urlencode({'project': PROJECT, 'a': run})}"


def _url(run: str, *more: str) -> str:
    path = "/".join(["/api/runs", quote(run, safe=""), *more])
    return f"{path}?{urlencode({'project': PROJECT})}"
