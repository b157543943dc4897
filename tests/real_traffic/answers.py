"""What the read API answers about one project, gathered for comparison."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from tests.serving import settle

Row = dict[str, Any]


@dataclass(frozen=True)
class Answers:
    """Rows of a project: its runs, the steps of all of them (each with `run_id`), its tool calls, and step details."""

    runs: list[Row]
    steps: list[Row]
    tool_calls: list[Row]
    details: dict[tuple[str, str], Row] = field(default_factory=dict)  # by run_id, step_id

    def detail(self, step: Row) -> Row:
        """Everything of one step; empty for a step whose detail was not asked for."""
        return self.details.get((step["run_id"], step["step_id"]), {})


def answers(http: httpx.Client, project: str, *, with_details: bool = True) -> Answers:
    """What the server says about a project; details are asked for agent and counted model steps only."""
    runs = all_rows(http, "/api/runs", project)
    steps = [
        {**step, "run_id": run["run_id"]}
        for run in runs
        for step in all_rows(http, f"/api/runs/{_segment(run['run_id'])}/steps", project)
    ]
    details = {
        (step["run_id"], step["step_id"]): _step(http, project, step)
        for step in steps
        if with_details and (step["kind"] == "agent" or (step["kind"] == "llm" and step["counted"]))
    }
    return Answers(runs, steps, all_rows(http, "/api/tool-calls", project), details)


def settled_answers(http: httpx.Client, project: str, *, with_details: bool = True) -> Answers:
    """The answers once the lists have caught up with the last commit."""
    settle(http, project)
    return answers(http, project, with_details=with_details)


def all_rows(http: httpx.Client, path: str, project: str) -> list[Row]:
    """All rows of a question, over all its pages."""
    rows: list[Row] = []
    cursor: str | None = None
    while True:
        parameters = {"project": project} | ({"cursor": cursor} if cursor else {})
        page = http.get(path, params=parameters).raise_for_status().json()
        rows += page["rows"]
        cursor = page.get("next")
        if not cursor:
            return rows


def run_otlp(http: httpx.Client, project: str, run_id: str) -> bytes:
    """A run as OTLP/JSON."""
    return http.get(f"/api/runs/{_segment(run_id)}/otlp", params={"project": project}).raise_for_status().content


def _step(http: httpx.Client, project: str, step: Row) -> Row:
    path = f"/api/runs/{_segment(step['run_id'])}/steps/{_segment(step['step_id'])}"
    answer: Row = http.get(path, params={"project": project}).raise_for_status().json()
    return answer


def _segment(text: str) -> str:
    return quote(text, safe="")
