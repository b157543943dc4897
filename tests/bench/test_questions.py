"""Whatever the API answers is measured."""

from bench.asking import Asker, routes
from bench.questions import Known, questions, unasked
from bench.serving import Server
from tests.serving import RunningServer

KNOWN = Known([("run", "step")], ("large", "step"), "conversation", {"a word": "word"})


def test_every_route_of_the_api_is_asked_under_a_name_of_its_own(server: RunningServer) -> None:
    with Asker(Server(server.process, server.url)) as asker:
        offered = routes(asker)
    asked = questions(KNOWN, offered)
    assert unasked(offered, asked) == [], "bench/questions.py does not know what to ask of it"
    assert len({question.name for question in asked}) == len(asked)
