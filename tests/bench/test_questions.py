"""Whatever the API answers is measured."""

from pathlib import Path
from urllib.parse import urlencode

import pytest

from bench.asking import Asker, GivenUp, routes
from bench.question_rounds import told
from bench.questions import WEEK, Known, Question, questions, unasked
from bench.serving import Server
from tests.serving import RunningServer, running_server

KNOWN = Known([("run", "step")], ("large", "step"), "conversation", {"a word": "word"})


def test_every_route_of_the_api_is_asked_under_a_name_of_its_own(server: RunningServer) -> None:
    with Asker(Server(server.process, server.url)) as asker:
        offered = routes(asker)
    asked = questions(KNOWN, offered)
    assert unasked(offered, asked) == [], "bench/questions.py does not know what to ask of it"
    assert len({question.name for question in asked}) == len(asked)


def test_what_the_server_gives_up_is_no_failure_of_the_benchmark(tmp_path: Path) -> None:
    question = Question("runs", "/api/runs", [f"/api/runs?{urlencode(WEEK)}"])
    with (
        running_server(tmp_path / "runlight.duckdb", question_seconds=1e-6) as server,
        Asker(Server(server.process, server.url)) as asker,
    ):
        for _ in range(2):
            with pytest.raises(GivenUp):
                asker.ask(question, 1, 0)
    assert "given up" in told({"warm": None})
