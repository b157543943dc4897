"""Alerts over HTTP: what fires, what did, the rules, silences and messages; and the order to evaluate now."""

from typing import Annotated, Self

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from alerts.alerting import Alerting
from queries import questions
from queries.encoding import MediaType
from queries.filters import BadFilter, read_time
from queries.routes.asking import Asking, Encoding, Limit, Project

router = APIRouter(tags=["alerts"])

_LONGEST_SILENCE_NS = 366 * 86_400 * 10**9


async def _alerting(request: Request) -> Alerting:
    alerting: Alerting = request.app.state.alerting
    return alerting


Alerts = Annotated[Alerting, Depends(_alerting)]


def _readable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("one line of readable characters is expected")
    return text


_Line = Annotated[str, AfterValidator(_readable)]


class NewSilence(BaseModel):
    """Of what nothing is told, until when, why, and who says so."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    rule: str | None = Field(None, description="A rule's name; default: all rules.")
    group: Annotated[str | None, Field(max_length=2_000, description="A group of the rule; default: all.")] = None
    until: Annotated[str, Field(max_length=40, description="RFC 3339, at most a year ahead.")]
    reason: Annotated[_Line, Field(min_length=1, max_length=500)]
    by: Annotated[
        _Line | None,
        Field(
            min_length=1, max_length=100, description="An opaque reference. Of a person who is logged in: their name."
        ),
    ] = None

    @model_validator(mode="after")
    def _group_has_a_rule(self) -> Self:
        if self.group is not None and self.rule is None:
            raise ValueError("`group` goes with `rule`")
        return self


@router.get("/api/alerts", summary="What fires now, or is about to")
async def alerts(asker: Asking, encoding: Encoding, project: Project) -> Response:
    now_ns = asker.clock_ns()
    return await asker.table(encoding, lambda: questions.alerts(asker.database, project, now_ns))


@router.get("/api/alerts/history", summary="What fired, the newest first")
async def history(
    asker: Asking,
    encoding: Encoding,
    project: Project,
    rule: Annotated[str | None, Query(description="Only of this rule.")] = None,
    alert: Annotated[str | None, Query(description="Only the one with this id.")] = None,
    limit: Limit = 100,
) -> Response:
    return await asker.table(
        encoding,
        lambda: questions.alert_history(asker.database, project, rule=rule, alert_id=alert, limit=limit),
    )


@router.get("/api/alerts/rules", summary="The rules, and how each was evaluated last")
async def rules(asker: Asking, alerting: Alerts, encoding: Encoding, project: Project) -> Response:
    return await asker.table(encoding, lambda: alerting.rules(project))


@router.get("/api/alerts/notifications", summary="Messages: those that wait first, then the newest")
async def notifications(asker: Asking, encoding: Encoding, project: Project, limit: Limit = 100) -> Response:
    return await asker.table(encoding, lambda: questions.alert_notifications(asker.database, project, limit))


@router.get("/api/alerts/silences", summary="The silences that hold")
async def silences(asker: Asking, encoding: Encoding, project: Project) -> Response:
    now_ns = asker.clock_ns()
    return await asker.table(encoding, lambda: questions.alert_silences(asker.database, project, now_ns))


@router.post("/api/alerts/silences", summary="Tell nothing of a rule or group until a time", status_code=201)
async def silence(asker: Asking, alerting: Alerts, project: Project, told: NewSilence) -> Response:
    if told.rule is not None and not alerting.knows(told.rule):
        raise BadFilter(f"rule: there is none of the name {told.rule[:80]!r}")
    now_ns = asker.clock_ns()
    until_ns = read_time("until", told.until, now_ns)
    if not now_ns < until_ns <= now_ns + _LONGEST_SILENCE_NS:
        raise BadFilter("until: a silence ends after now and within a year")
    made_by = asker.acts.person or told.by
    if made_by is None:
        raise BadFilter("by: who says so is expected")
    asker.act("silenced alerts", " ".join(filter(None, (told.rule, told.group))) or "of all rules", project)
    silence_id = await asker.finish(
        lambda: alerting.silence(
            project, told.rule, told.group, until_ns=until_ns, reason=told.reason, made_by=made_by
        )
    )  # fmt: skip
    return Response(orjson.dumps({"silence_id": silence_id}), 201, media_type=MediaType.JSON.value)


@router.delete("/api/alerts/silences/{silence_id}", summary="End a silence", status_code=204)
async def end_silence(asker: Asking, alerting: Alerts, project: Project, silence_id: str) -> Response:
    asker.act("ended a silence", silence_id, project)
    await asker.finish(lambda: alerting.end_silence(project, silence_id))
    return Response(status_code=204)


@router.post("/api/alerts/evaluate", summary="Evaluate all rules in a project now, and send what there is to tell")
async def evaluate(asker: Asking, alerting: Alerts, project: Project) -> Response:
    asker.act("had alert rules evaluated", project, project)
    done = await asker.finish(lambda: alerting.evaluate(project))
    return Response(orjson.dumps(done), media_type=MediaType.JSON.value)
