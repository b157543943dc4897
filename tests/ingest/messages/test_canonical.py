from ingest.messages.canonical import input_text, output_text, tool_answers
from tests.ingest.messages.expected import ANSWERED, ASKED, CALLED, SAID, answer, text


def test_input_text_is_the_last_user_message_with_text() -> None:
    result_for_the_model = {"role": "user", "parts": [answer("x")]}
    assert input_text([text("user", "first"), SAID, text("user", "second"), result_for_the_model]) == "second"
    assert input_text([text("system", "Be brief."), ANSWERED]) == "Be brief."
    assert input_text([CALLED]) is None
    assert input_text([]) is None


def test_output_text_is_the_last_assistant_message() -> None:
    assert output_text([SAID, text("user", "and?")]) == "Yes, at 9 °C."
    assert output_text([SAID, CALLED]) is None
    assert output_text([ASKED]) is None


def test_answers_are_listed_as_text() -> None:
    found = [{"role": "tool", "parts": [answer("rain"), answer({"c": 9}, None), answer([1, None], "c3")]}]
    assert tool_answers(found) == [
        {"id": "c1", "result": "rain"},
        {"id": None, "result": '{"c":9}'},
        {"id": "c3", "result": "[1,null]"},
    ]
