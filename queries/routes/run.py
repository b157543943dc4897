"""Questions about one run. An id may hold slashes, so the longest paths come first."""

import orjson
from fastapi import APIRouter, Response

from queries import details, questions
from queries.encoding import MediaType, encode_table, rows_json
from queries.routes.asking import MOST_ROWS, Asking, Encoding, Limit, Project

router = APIRouter(tags=["run"])


@router.get("/api/runs/{run_id:path}/steps/{step_id}", summary="Everything of one step")
async def step(asker: Asking, project: Project, run_id: str, step_id: str) -> Response:
    question = asker.opened(
        project, run_id, lambda opened: details.step_detail(asker.records, opened, step_id, asker.price_of)
    )
    return Response(await asker.ask(question), media_type=MediaType.JSON.value)


@router.get("/api/runs/{run_id:path}/steps", summary="The steps of a run")
async def steps(asker: Asking, encoding: Encoding, project: Project, run_id: str) -> Response:
    question = asker.opened(project, run_id, lambda opened: details.public(questions.run_steps(opened)))
    return await asker.table(encoding, question)


@router.get("/api/runs/{run_id:path}/logs", summary="The log records of a run")
async def logs(asker: Asking, encoding: Encoding, project: Project, run_id: str, limit: Limit = MOST_ROWS) -> Response:
    question = asker.opened(project, run_id, lambda opened: details.public(questions.run_logs(opened, limit=limit)))
    return await asker.table(encoding, question)


@router.get("/api/runs/{run_id:path}/conversation", summary="The other runs of its conversation")
async def conversation_runs(asker: Asking, encoding: Encoding, project: Project, run_id: str) -> Response:
    now_ns = asker.clock_ns()
    question = asker.opened(project, run_id, lambda opened: questions.conversation_runs(opened, now_ns))
    return await asker.table(encoding, question)


@router.get("/api/runs/{run_id:path}/otlp", summary="The run as OTLP/JSON, as it came in")
async def otlp(asker: Asking, project: Project, run_id: str) -> Response:
    asker.act("exported a run", run_id, project)
    question = asker.opened(project, run_id, lambda opened: details.run_otlp(asker.records, opened))
    return Response(await asker.ask(question), media_type=MediaType.JSON.value)


@router.get("/api/runs/{run_id:path}", summary="One run, by its id or any of its trace ids")
async def run(asker: Asking, encoding: Encoding, project: Project, run_id: str) -> Response:
    now_ns = asker.clock_ns()

    def answer() -> bytes:
        found = questions.run(asker.database, asker.opener, project, run_id, now_ns)
        if encoding is not MediaType.JSON:
            return encode_table(found, encoding)
        name = found["run_id"][0].as_py()
        (told,) = orjson.loads(rows_json(found))
        told["is_content_restricted"] = asker.database.sight.withholds(project)
        told["approvals"] = orjson.Fragment(rows_json(questions.run_approvals(asker.database, project, name)))
        told["pins"] = orjson.Fragment(rows_json(questions.run_pin(asker.database, project, name)))
        told["corrections"] = orjson.Fragment(rows_json(questions.run_corrections(asker.database, project, name)))
        return orjson.dumps(told)

    return Response(await asker.ask(answer), media_type=encoding.value)
