"""The weekly reliability report in all of its forms, and those that were made before."""

from dataclasses import replace
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from queries import questions
from queries.encoding import MediaType
from queries.filters import BadFilter, expect, read_time
from queries.routes.asking import Asker, Asking, Encoding, Limit, Project
from queries.weekly.document import Report
from queries.weekly.forms import FORMS
from queries.weekly.keeping import Wanted, WeeklyReports
from queries.weekly.weeks import Week
from queries.words import file_name

router = APIRouter(tags=["reports"])

_QUESTIONS = 10  # a report asks some fifty, of which few take long
_S_NS = 10**9


async def _weekly(request: Request) -> WeeklyReports:
    weekly: WeeklyReports = request.app.state.weekly
    return weekly


_Weekly = Annotated[WeeklyReports, Depends(_weekly)]
_Week = Annotated[str | None, Query(description="Week, such as 2026-W46. Default: any.")]
_Workflow = Annotated[str | None, Query(min_length=1, description="Workflow name. Default: all together.")]
_MadeAt = Annotated[
    str | None,
    Query(description="The report that was made then, else made as of then: RFC 3339. Default: the last, else now."),
]


@router.get("/api/reports/weekly", summary="Which weekly reports were made?")
async def weekly_reports(
    asker: Asking, encoding: Encoding, project: Project, weekly: _Weekly, week: _Week = None, limit: Limit = 100
) -> Response:
    name = None if week is None else weekly.week(week).name
    return await asker.table(encoding, lambda: questions.weekly_reports(asker.database, project, name, limit))


@router.get("/api/reports/weekly/{week}.{form}", summary="The weekly report: html, pdf, md, zip of CSV, xlsx or json")
async def weekly_report(
    asker: Asking,
    project: Project,
    weekly: _Weekly,
    week: str,
    form: str,
    workflow: _Workflow = None,
    made_at: _MadeAt = None,
) -> Response:
    """The one that was made last is served again; it is made and kept if there is none, or only one from before its
    week was over. With `made_at` and no report of that moment it is made as of then, and not kept."""
    expect("the form of a report", form, FORMS)
    now_ns = asker.clock_ns()
    wanted = _wanted(project, weekly.week(week), workflow, made_at, now_ns)

    def answer() -> bytes:
        return FORMS[form].render(weekly.report(asker.database, wanted, now_ns))

    asker.act("fetched a report", f"{week}.{form} {workflow or ''}".rstrip(), project)
    body = await _patient(asker).ask(answer)
    return Response(body, headers=_headers(week, form, workflow), media_type=FORMS[form].media_type)


@router.post("/api/reports/weekly/{week}", summary="Make a weekly report anew", status_code=201)
async def make_weekly_report(
    asker: Asking,
    project: Project,
    weekly: _Weekly,
    week: str,
    workflow: _Workflow = None,
    made_at: _MadeAt = None,
) -> Response:
    """It is kept beside those that were made before, and lists what changed since the last one."""
    now_ns = asker.clock_ns()
    wanted = _wanted(project, weekly.week(week), workflow, made_at, now_ns)

    def answer() -> Report:
        asker.acts.write()
        return weekly.made_anew(asker.database, wanted, now_ns)

    asker.act("made a report", f"{week} {workflow or ''}".rstrip(), project)
    report = await _patient(asker).ask(answer)
    told = {"week": report.week, "made_at": report.made_at, "is_final": report.is_final}
    return Response(orjson.dumps(told), 201, media_type=MediaType.JSON.value)


def _wanted(project: str, week: Week, workflow: str | None, made_at: str | None, now_ns: int) -> Wanted:
    if week.since_ns >= now_ns:
        raise BadFilter(f"the week {week.name} has not begun yet")
    made_ns = None if made_at is None else read_time("made_at", made_at, now_ns) // _S_NS * _S_NS
    return Wanted(project, week, workflow, made_ns)


def _patient(asker: Asker) -> Asker:
    """With the time that the many questions of a report may take together."""
    return replace(asker, most_seconds=_QUESTIONS * asker.most_seconds)


def _headers(week: str, form: str, workflow: str | None) -> dict[str, str]:
    """What a browser saves it as. HTML is for looking at, in a page that may do nothing else."""
    if form == "html":
        return {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"}
    name = file_name(workflow or "")
    return {"content-disposition": f'attachment; filename="{week}{f"-{name}" if name else ""}.{form}"'}
