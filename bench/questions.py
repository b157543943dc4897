"""Every question of the read API, as pages and scripts ask it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

ARROW, JSON = "application/vnd.apache.arrow.stream", "application/json"

PROJECT = "bench"
WEEK = {"since": "2026-11-16T00:00:00Z", "until": "2026-11-24T00:00:00Z"}  # and what arrives after it meanwhile
LAST_DAY = {"since": "2026-11-22T00:00:00Z", "until": "2026-11-23T00:00:00Z"}

# Not about what is stored, or not asked by anyone who waits.
_LEFT_OUT = {"/healthz", "/readyz"}


@dataclass(frozen=True, slots=True)
class Question:
    """What is measured under one name: the URLs, asked in turn, of one route of the API."""

    name: str
    route: str
    urls: Sequence[str]
    accept: str = ARROW


@dataclass(frozen=True, slots=True)
class Known:
    """What is in the store: runs all over the week, each with a step that has messages; a run of many steps; words."""

    runs: Sequence[tuple[str, str]]
    large_run: tuple[str, str]
    conversation: str
    words: dict[str, str] = field(default_factory=dict)


def questions(known: Known) -> list[Question]:
    """All of them."""
    return [*_lists(known), *_ledger(), *_of_runs(known)]


def unasked(routes: Sequence[str], asked: Sequence[Question]) -> list[str]:
    """The routes of the API that are in no question."""
    return sorted(set(routes) - {question.route for question in asked} - _LEFT_OUT)


def _lists(known: Known) -> list[Question]:
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
    found = [_of_both("runs", "/api/runs", {})]
    found += [[_list(f"runs, {name}, 7 days", "/api/runs", WEEK | more)] for name, more in narrowed.items()]
    found += [
        [_list(f"runs, {name}, {span}", "/api/runs", window | {"q": word})]
        for name, word in known.words.items()
        for span, window in (("7 days", WEEK), ("24 hours", LAST_DAY))
    ]
    found += [
        _of_both("summary", "/api/summary", {}),
        _of_both("tool calls", "/api/tool-calls", {}),
        [_list("tool calls, one tool's errors, 7 days", "/api/tool-calls", WEEK | _TOOL_ERRORS)],
        _of_both("filter values", "/api/filter-values", {}),
        _of_both("label keys", "/api/label-keys", {}),
        _of_both("label values", "/api/label-values", {"key": "app.tenant"}),
        [_list("version, 7 days", "/api/version", WEEK)],
    ]
    return [question for several in found for question in several]


_TOOL_ERRORS = {"tool": "track_parcel", "status": "error"}


def _of_both(name: str, route: str, parameters: dict[str, str]) -> list[Question]:
    return [
        _list(f"{name}, 7 days", route, WEEK | parameters),
        _list(f"{name}, 24 hours", route, LAST_DAY | parameters),
    ]


def _list(name: str, route: str, parameters: dict[str, str]) -> Question:
    return Question(name, route, [f"{route}?{urlencode(parameters | {'project': PROJECT})}"])


def _ledger() -> list[Question]:
    return [
        Question("projects", "/api/projects", ["/api/projects"]),
        Question("ledger, 7 days", "/api/ingest", [f"/api/ingest?{urlencode(WEEK | {'project': PROJECT})}"], JSON),
        Question("metrics", "/metrics", ["/metrics"], "*/*"),
    ]


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
        ]
    return found


_RUN = "/api/runs/{run_id}"


def _url(run: str, *more: str) -> str:
    path = "/".join(["/api/runs", quote(run, safe=""), *more])
    return f"{path}?{urlencode({'project': PROJECT})}"
