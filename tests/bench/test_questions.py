"""Whatever the API answers is measured."""

from bench.asking import Asker, routes
from bench.questions import Known, questions, unasked
from bench.serving import Server
from tests.serving import RunningServer


def test_every_route_of_the_api_is_asked(server: RunningServer) -> None:
    asked = questions(Known([("run", "step")], ("large", "step"), "conversation"))
    with Asker(Server(server.process, server.url)) as asker:
        assert unasked(routes(asker), asked) == []


def test_every_question_has_a_name_of_its_own() -> None:
    names = [question.name for question in questions(Known([("run", "step")], ("large", "step"), "c", {"w": "w"}))]
    assert len(names) == len(set(names))
