"""What people record about a run: a correction, or whether it was good."""

from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from queries import questions
from queries.filters import BadFilter
from queries.opening import OpenedRun
from queries.routes.asking import Asker, Asking, Project

router = APIRouter(tags=["corrections"])

_Text = Annotated[str, Field(min_length=1, max_length=100_000)]
_Reference = Annotated[
    str, Field(min_length=1, max_length=200, description="An opaque reference; no name, no address.")
]


class Act(BaseModel):
    """What both have in common."""

    model_config = ConfigDict(extra="forbid")

    step_id: str | None = Field(None, description="The step it is about; default: the run's first.")
    by: _Reference | None = None
    source: Literal["app", "api"] = "api"


class Correction(Act):
    """What a human changed, refused, redid or marked down."""

    kind: Literal[
        "modified_args",
        "edited_output",
        "rejected_action",
        "rejected_output",
        "override",
        "takeover",
        "rerun",
        "rollback_by_user",
        "negative_feedback",
    ]
    target: Literal["tool_call", "output", "plan", "route", "run"] | None = None
    before: _Text | None = None
    after: _Text | None = None
    reason: _Text | None = None

    @model_validator(mode="after")
    def _says_what_changed(self) -> Self:
        if self.kind in ("modified_args", "edited_output") and self.after is None:
            raise ValueError(f"{self.kind} needs `after`: what it was changed to")
        if self.after is not None and self.after == self.before:
            raise ValueError("`before` and `after` are the same")
        return self


class Feedback(Act):
    """Thumbs up or down, with a note; down counts as a correction of kind negative_feedback."""

    rating: Literal["up", "down"]
    note: _Text | None = None


@router.post("/api/runs/{run_id:path}/corrections", summary="Record a human correction of a run", status_code=201)
async def record_correction(asker: Asking, project: Project, run_id: str, correction: Correction) -> Response:
    told = {
        "correction_kind": correction.kind,
        "correction_target": correction.target,
        "correction_before": correction.before,
        "correction_after": correction.after,
        "correction_reason": correction.reason,
        "correction_by": correction.by,
    }
    asker.act("recorded a correction", run_id, project)
    return await _record(asker, project, run_id, "oversight.correction", correction, told)


@router.post("/api/runs/{run_id:path}/feedback", summary="Record whether a run was good", status_code=201)
async def record_feedback(asker: Asking, project: Project, run_id: str, feedback: Feedback) -> Response:
    is_good = feedback.rating == "up"
    told = {
        "evaluation_name": "user_feedback",
        "evaluation_score": 1.0 if is_good else 0.0,
        "evaluation_label": "positive" if is_good else "negative",
        "evaluation_explanation": feedback.note,
        "evaluator_type": "human",
        "correction_reason": None if is_good else feedback.note,
        "correction_by": feedback.by,
    }
    asker.act("rated a run", run_id, project)
    return await _record(asker, project, run_id, "gen_ai.evaluation.result", feedback, told)


async def _record(asker: Asker, project: str, run_id: str, event: str, act: Act, told: dict[str, Any]) -> Response:
    record = asker.record
    if record is None:
        raise HTTPException(403, "this server takes nothing in")
    place = await asker.ask(asker.opened(project, run_id, lambda opened: _place(opened, act.step_id)))
    refusal = await asker.finish(lambda: record(project, event, place | told | {"source": act.source}))
    if refusal:
        raise HTTPException(503, refusal)
    return Response(status_code=201)


def _place(opened: OpenedRun, step_id: str | None) -> dict[str, Any]:
    """Where in the run's telemetry the act belongs: span, service and tool call of the step, and the step's trace; or
    the run itself, if its agent sends log events without a trace. Its conversation goes on and would lead elsewhere."""
    steps = [step for step in questions.run_steps(opened).to_pylist() if step["kind"] not in ("human", "evaluation")]
    step = next((step for step in steps if step_id in (None, step["step_id"])), None)
    if step is None:
        raise BadFilter(f"step_id: the run has no step {step_id[:80]!r}" if step_id else "the run has no step yet")
    is_tool = step["kind"] == "tool"
    call = {"tool_call_id": step["tool_call_id"]} if is_tool and step_id else {}
    names = ("trace_id", "conversation_id") if step["trace_id"] else ()
    run = {name: step[name] for name in names} or {"run_id": opened.run_id}
    return run | {"service_name": step["service_name"], "span_id": step["step_id"]} | call
